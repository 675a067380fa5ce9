//! Axes and limits of `explore`, from lists to numbers.

use super::values::{microseconds, number, percent};
use crate::device::{Family, Part};
use crate::diagnostic::Problem;
use crate::explore::{Axes, Deadline, Foldings, Limits, Z_BITS, numbers};
use crate::fixed::LevelRule;
use crate::spec::{CellKind, DirectionKind, Kind, MacStyle, Setting, Value};

/// Axes of a sweep.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Axes (lists)")]
pub struct AxesArgs {
    /// Cell of the layers: lstm, gru
    #[arg(long, value_name = "CELL", default_value = "lstm")]
    cell: String,
    /// Order in which all layers take the steps of a sequence: forward, backward, bidirectional, or several of them
    #[arg(long, value_name = "LIST", default_value = "forward")]
    direction: String,
    /// Steps of the longest sequence, where layers are backward or bidirectional
    #[arg(long, value_name = "N")]
    max_steps: Option<String>,
    /// Bits of weights, activations and inputs alike: of 1 to 8, and 16
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    bits: Option<String>,
    /// Bits of a weight, combined with every --act-bits
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    weight_bits: Option<String>,
    /// Bits of h and x, combined with every --weight-bits
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    act_bits: Option<String>,
    /// Bits of x, where they differ from h, combined with all others
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    input_bits: Option<String>,
    /// Integers of weights, h and x of 1 to 4 bits: even, odd or auto (see gen --help), or several of them
    #[arg(long, value_name = "LIST", default_value = "even")]
    levels: String,
    /// Bits of a multiplier for every row of the weights [default: rows have none]
    #[arg(long, value_name = "B")]
    row_scale_bits: Option<String>,
    /// Bits of z, which addresses the tables, four of them whole: 5 to 12
    #[arg(
        long,
        value_name = "LIST",
        default_value = "8",
        allow_negative_numbers = true
    )]
    z_bits: String,
    /// Units of every layer
    #[arg(
        long,
        value_name = "LIST",
        required = true,
        allow_negative_numbers = true
    )]
    // An option, since the commands below `explore` do without.
    hidden: Option<String>,
    /// Elements of x [default: as --hidden]
    #[arg(long, value_name = "N")]
    input_size: Option<String>,
    /// Layers, stacked
    #[arg(
        long,
        value_name = "LIST",
        default_value = "1",
        allow_negative_numbers = true
    )]
    layers: String,
    /// Units computed side by side
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    units: Option<String>,
    /// Vector elements multiplied side by side
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    columns: Option<String>,
    /// Instead of units and columns: the fastest array of at most this many multiply-accumulates
    #[arg(long, value_name = "LIST", conflicts_with_all = ["units", "columns"], allow_negative_numbers = true)]
    macs: Option<String>,
    /// Build arrays from LUTs, DSP blocks or both: lut, dsp, or lut,dsp
    #[arg(long, value_name = "LIST", default_value = "lut,dsp")]
    mac: String,
    /// Independent sequences that share the core: a step of each in turn
    #[arg(
        long,
        value_name = "LIST",
        default_value = "1",
        allow_negative_numbers = true
    )]
    contexts: String,
}

/// Limits of a point.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Part it must fit, with or without package and speed: xc7a35t, lfe5u-25f, ice40up5k
    #[arg(long, value_name = "PART", conflicts_with = "target")]
    part: Option<String>,
    /// Instead of a part, a family: for every point the smallest part that holds it is named
    #[arg(long, value_name = "FAMILY")]
    target: Option<String>,
    /// Maximum cycles per step
    #[arg(long, value_name = "CYCLES", value_parser = clap::value_parser!(u64).range(1..))]
    max_cycles: Option<u64>,
    /// Maximum time per step at --clock: 1ms, 20us, 500ns
    #[arg(long, value_name = "TIME", conflicts_with = "max_cycles", value_parser = microseconds)]
    max_time: Option<f64>,
    /// Share of the part's LUTs and flip-flops that may be used, percent: routing needs the rest
    #[arg(long, value_name = "PERCENT", default_value_t = 85.0, value_parser = percent())]
    fill: f64,
    /// Clock to convert cycles into time, MHz
    #[arg(long, value_name = "MHZ", default_value_t = 100.0, value_parser = number(0.001, 2000.0, "up to 2000"))]
    pub clock: f64,
}

/// Collects values, and the problems of the others.
pub struct Reader {
    /// All problems so far.
    pub issues: Vec<Problem>,
}

/// Numbers of a setting of a design.
fn kind_of(key: &str) -> Kind {
    Setting::of(key).kind
}

impl Reader {
    /// The numbers of a list; one that is not of this kind is a problem.
    fn list(&mut self, option: &'static str, text: &str, kind: Kind) -> Vec<usize> {
        let list = numbers(option, text).unwrap_or_else(|problem| {
            self.issues.push(problem);
            Vec::new()
        });
        let fits = |&number: &u64| kind.check(Value::Integer(number as i64));
        if let Some(problem) = list.iter().map(fits).find_map(Result::err) {
            self.issues.push(problem.by_flag(option));
        }
        list.into_iter().map(|number| number as usize).collect()
    }

    fn widths(&mut self, option: &'static str, text: &str) -> Vec<u32> {
        let list = self.list(option, text, kind_of("numerics.bits"));
        list.into_iter().map(|bits| bits as u32).collect()
    }

    fn sizes(&mut self, option: &'static str, text: &str) -> Vec<usize> {
        self.list(option, text, kind_of("network.hidden"))
    }

    /// A word that is not one of the choices.
    fn unknown(&mut self, option: &'static str, choices: Kind, word: &str) {
        let problem = choices.check(Value::Text(word.into())).err();
        self.issues
            .extend(problem.map(|problem| problem.by_flag(option)));
    }

    fn one<T: Copy>(&mut self, place: &'static str, list: &[T]) -> Option<T> {
        if list.len() > 1 {
            self.issues
                .push(Problem::flag(place, "is one number, not a list").help("give one"));
        }
        list.first().copied()
    }
}

/// Bits of weights, h and x.
type WidthTriple = (u32, u32, u32);

impl AxesArgs {
    /// The axes; what is wrong with them goes to `reader`.
    pub fn read(&self, reader: &mut Reader) -> Axes {
        let widths = self.widths(reader);
        let hidden = self.hidden.as_deref().unwrap_or_default();
        let hidden = reader.sizes("--hidden", hidden);
        let input_size = self.input_size.as_ref();
        let input_size = input_size.map(|text| reader.sizes("--input-size", text));
        let input_size = input_size.and_then(|list| reader.one("--input-size", &list));
        let layers = reader.list("--layers", &self.layers, kind_of("network.layers"));
        let foldings = self.foldings(reader);
        let row_scale_bits = self.row_scale_bits.as_ref().and_then(|text| {
            let bits = reader.list("--row-scale-bits", text, kind_of("numerics.row_scale_bits"));
            reader
                .one("--row-scale-bits", &bits)
                .map(|bits| bits as u32)
        });
        let contexts = reader.list(
            "--contexts",
            &self.contexts,
            kind_of("implementation.contexts"),
        );
        let directions = self.directions(reader);
        Axes {
            cell: self.cell(reader),
            max_steps: self.max_steps(reader, &directions, &contexts),
            directions,
            widths,
            levels: self.levels(reader),
            row_scale_bits,
            z_bits: self.z_bits(reader),
            hidden,
            input_size,
            layers,
            mac: self.mac(reader),
            foldings,
            contexts,
        }
    }

    fn widths(&self, reader: &mut Reader) -> Vec<WidthTriple> {
        let mut widths = |place: &'static str, text: &Option<String>| {
            text.as_ref().map(|text| reader.widths(place, text))
        };
        let both = widths("--bits", &self.bits);
        let weight = widths("--weight-bits", &self.weight_bits);
        let act = widths("--act-bits", &self.act_bits);
        let input = widths("--input-bits", &self.input_bits);
        let x = |act: u32| input.clone().unwrap_or_else(|| vec![act]);
        let with_x = |w: u32, a: u32| x(a).into_iter().map(move |x| (w, a, x));
        let given = |own: &Option<Vec<u32>>| own.clone().or_else(|| both.clone());
        match (&both, &weight, &act) {
            (None, None, None) => reader.issues.push(
                Problem::flag("--bits", "no widths to sweep")
                    .help("give --bits 2..8, or --weight-bits and --act-bits"),
            ),
            (Some(both), None, None) => {
                return both.iter().flat_map(|&bits| with_x(bits, bits)).collect();
            }
            (_, weight, act) => match (given(weight), given(act)) {
                (Some(weight), Some(act)) => {
                    let pairs = weight
                        .iter()
                        .flat_map(|&w| act.iter().map(move |&a| (w, a)));
                    return pairs.flat_map(|(w, a)| with_x(w, a)).collect();
                }
                (weight, _) => {
                    let missing = match weight {
                        None => "--weight-bits",
                        Some(_) => "--act-bits",
                    };
                    let problem = "the widths of weights and activations need one another";
                    let remedy = format!("give {missing} or --bits too");
                    let problem = Problem::flag(missing, problem).help(remedy);
                    reader.issues.push(problem);
                }
            },
        }
        Vec::new()
    }

    fn foldings(&self, reader: &mut Reader) -> Foldings {
        let mut sizes = |place: &'static str, text: &Option<String>| {
            text.as_ref().map(|text| reader.sizes(place, text))
        };
        let (units, columns) = (
            sizes("--units", &self.units),
            sizes("--columns", &self.columns),
        );
        match &self.macs {
            Some(text) => Foldings::MaxMacs(reader.list("--macs", text, Kind::Integer(4, 1 << 16))),
            None if units.is_none() && columns.is_none() => Foldings::BuiltIn,
            None => Foldings::Explicit { units, columns },
        }
    }

    fn cell(&self, reader: &mut Reader) -> CellKind {
        let cells = [CellKind::Lstm, CellKind::Gru];
        let named = cells.into_iter().find(|cell| cell.word() == self.cell);
        named.unwrap_or_else(|| {
            reader.unknown("--cell", kind_of("network.cell"), &self.cell);
            CellKind::Lstm
        })
    }

    fn directions(&self, reader: &mut Reader) -> Vec<DirectionKind> {
        let mut kinds = Vec::new();
        for word in self.direction.split(',').map(str::trim) {
            match DirectionKind::ALL
                .into_iter()
                .find(|kind| kind.word() == word)
            {
                Some(kind) if kinds.contains(&kind) => {}
                Some(kind) => kinds.push(kind),
                None => reader.unknown("--direction", kind_of("network.direction"), word),
            }
        }
        kinds
    }

    /// Steps of the longest sequence; what does not go with directions that need them is a problem.
    fn max_steps(
        &self,
        reader: &mut Reader,
        directions: &[DirectionKind],
        contexts: &[usize],
    ) -> Option<usize> {
        let given = self.max_steps.as_ref().and_then(|text| {
            let steps = reader.list("--max-steps", text, kind_of("implementation.max_steps"));
            reader.one("--max-steps", &steps)
        });
        let backward = directions.iter().find(|kind| !kind.is_forward());
        let problem = match backward.map(|kind| kind.word()) {
            None if self.max_steps.is_some() => Problem::flag(
                "--max-steps",
                "no layer takes the steps of a sequence backward: nothing holds sequences",
            )
            .help("leave it out, or give --direction"),
            Some(word) if self.max_steps.is_none() => Problem::flag(
                "--max-steps",
                format!("a {word} layer holds whole sequences"),
            )
            .help("give the steps of the longest one: --max-steps N"),
            Some(word) if contexts.iter().any(|&count| count > 1) => Problem::flag(
                "--contexts",
                format!("several sequences in turn through a {word} layer are not built"),
            )
            .help("leave the contexts out"),
            _ => return given,
        };
        reader.issues.push(problem);
        given
    }

    fn levels(&self, reader: &mut Reader) -> Vec<LevelRule> {
        let mut rules = Vec::new();
        for word in self.levels.split(',').map(str::trim) {
            match LevelRule::ALL.into_iter().find(|rule| rule.word() == word) {
                Some(rule) => rules.push(rule),
                None => reader.unknown("--levels", kind_of("numerics.levels"), word),
            }
        }
        rules
    }

    fn z_bits(&self, reader: &mut Reader) -> Vec<u32> {
        let (low, high) = (*Z_BITS.start(), *Z_BITS.end());
        let kind = Kind::Integer(i64::from(low), i64::from(high));
        let list = reader.list("--z-bits", &self.z_bits, kind);
        list.into_iter().map(|bits| bits as u32).collect()
    }

    fn mac(&self, reader: &mut Reader) -> Vec<MacStyle> {
        let mut styles = Vec::new();
        for word in self.mac.split(',').map(str::trim) {
            match word {
                "lut" => styles.push(MacStyle::Lut),
                "dsp" => styles.push(MacStyle::Dsp),
                _ => reader.unknown("--mac", Kind::Choice(&["lut", "dsp", "lut,dsp"]), word),
            }
        }
        styles
    }
}

impl LimitArgs {
    /// Most cycles of a step; a time that holds none goes to `reader`.
    fn deadline(&self, reader: &mut Reader) -> Option<Deadline> {
        let Some(time) = self.max_time else {
            return self.max_cycles.map(Deadline::cycles);
        };
        let deadline = Deadline::time(time, self.clock);
        if deadline.is_none() {
            let problem = format!("{time} us is less than a cycle at {} MHz", self.clock);
            let problem = Problem::flag("--max-time", problem);
            reader
                .issues
                .push(problem.help("give a longer time, or a faster --clock"));
        }
        deadline
    }

    /// Family and limits; what is wrong with them goes to `reader`.
    pub fn read(&self, reader: &mut Reader) -> (Family, Limits) {
        let mut limits = Limits {
            part: None,
            fill: self.fill / 100.0,
            deadline: self.deadline(reader),
            least_accuracy: None,
        };
        let issue = match (&self.part, &self.target) {
            (Some(name), _) => match Part::find(name) {
                Ok(part) => {
                    limits.part = Some(part);
                    return (part.family.sources(), limits);
                }
                Err(unknown) => unknown.by_flag("--part"),
            },
            (None, Some(word)) => match Family::of_word(word) {
                Some(family) if !Part::of_family(family).is_empty() => return (family, limits),
                _ => {
                    let families = Kind::Choice(&["xc7", "xcup", "ecp5", "ice40"]);
                    reader.unknown("--target", families, word);
                    return (Family::Xc7, limits);
                }
            },
            (None, None) => Problem::flag("--part", "no device to explore for")
                .help("give a part such as xc7a35t, or a family by --target"),
        };
        reader.issues.push(issue);
        (Family::Xc7, limits)
    }
}
