//! `lprnn-hw explore`.

use super::Ended;
use super::error::CliError;
use super::folder::Place;
use super::output::{Console, Results};
use super::progress::Progress;
use crate::explore::report::{Setting, Summary, to_csv};
use crate::explore::{
    Accuracies, Axes, Evaluator, Foldings, Limits, Sweep, nothing_left, numbers, read_accuracies,
};
use crate::spec::{Issue, MacStyle, Numerics, Part, Settings, SpecErrors, Target};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `explore`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore --bits 2..8 --hidden 64,128,256,512 --part xc7a35t
  lprnn-hw explore --bits 4 --hidden 128..512:64 --part lfe5u-25f --max-cycles 2000 -o sweep
  lprnn-hw explore --weight-bits 1,2,4 --act-bits 4,8 --hidden 256 --target xc7 --macs 64,256,1024
  lprnn-hw explore --bits 2..8 --hidden 64..256:64 --part xc7a35t --accuracy results.csv -o sweep

Lists are numbers with commas, ranges 2..8 with both ends, ranges with a step 64..512:64, and mixes.
Every combination is estimated from sizes and widths alone; those that fit the part are kept, and
the Pareto set of them is marked. Without a folding all of units H, H/2, H/4 .. by columns 1, 2, 4 ..
up to 16 384 multiply-accumulates are tried.

With --out, a folder with points.csv, points.json, summary.md and index.html, a page of charts that
needs no network. An accuracy file is a CSV with w_bits and a_bits (or bits), hidden, layers, and one
column of a measure, such as valid_bpc.

Exit status: 0 done, 2 could not: bad input, or no point meets the limits (the nearest is named).")]
pub struct Args {
    #[command(flatten)]
    axes: AxesArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Measured accuracies of networks, CSV
    #[arg(long, value_name = "FILE", help_heading = "Accuracy")]
    accuracy: Option<PathBuf>,
    /// Column of the accuracy file to take, where there are several
    #[arg(
        long,
        value_name = "NAME",
        requires = "accuracy",
        help_heading = "Accuracy"
    )]
    metric: Option<String>,
    /// Folder to write points, summary and page to
    #[arg(short, long, value_name = "FOLDER", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace the folder if it holds an older sweep
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
    /// List the points that miss a limit, too
    #[arg(long, help_heading = "Output")]
    all: bool,
}

/// What is swept.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Axes (lists)")]
struct AxesArgs {
    /// Bits of weights, activations and inputs alike: of 1 to 8, and 16
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    bits: Option<String>,
    /// Bits of a weight, combined with every --act-bits
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    weight_bits: Option<String>,
    /// Bits of h and x, combined with every --weight-bits
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    act_bits: Option<String>,
    /// Bits of x, where they differ from h
    #[arg(long, value_name = "B")]
    input_bits: Option<String>,
    /// Units of every layer
    #[arg(long, value_name = "LIST", required = true, allow_hyphen_values = true)]
    hidden: String,
    /// Elements of x [default: as --hidden]
    #[arg(long, value_name = "N")]
    input_size: Option<String>,
    /// Layers, stacked
    #[arg(
        long,
        value_name = "LIST",
        default_value = "1",
        allow_hyphen_values = true
    )]
    layers: String,
    /// Units computed side by side
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    units: Option<String>,
    /// Vector elements multiplied side by side
    #[arg(long, value_name = "LIST", allow_hyphen_values = true)]
    columns: Option<String>,
    /// Instead of units and columns: fastest arrays of at most so many multiply-accumulates
    #[arg(long, value_name = "LIST", conflicts_with_all = ["units", "columns"], allow_hyphen_values = true)]
    macs: Option<String>,
    /// What arrays are made of: lut, dsp, or both
    #[arg(long, value_name = "LIST", default_value = "lut,dsp")]
    mac: String,
}

/// What is asked of a point.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Limits")]
struct LimitArgs {
    /// Part it must fit, with or without package and speed: xc7a35t, lfe5u-25f, ice40up5k
    #[arg(long, value_name = "PART", conflicts_with = "target")]
    part: Option<String>,
    /// Instead of a part, a family: for every point the smallest part that holds it is named
    #[arg(long, value_name = "FAMILY")]
    target: Option<String>,
    /// Most cycles of a step
    #[arg(long, value_name = "CYCLES", value_parser = clap::value_parser!(u64).range(1..))]
    max_cycles: Option<u64>,
    /// Share of the part's LUTs and flip-flops that may be used, percent: routing needs the rest
    #[arg(long, value_name = "PERCENT", default_value_t = 85.0, value_parser = percent)]
    fill: f64,
    /// Clock that turns cycles into time, MHz
    #[arg(long, value_name = "MHZ", default_value_t = 100.0, value_parser = megahertz)]
    clock: f64,
}

fn percent(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 100.0 => Ok(value),
        _ => Err("give a number above 0, at most 100".to_string()),
    }
}

fn megahertz(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if (0.001..=2000.0).contains(&value) => Ok(value),
        _ => Err("give a number up to 2000".to_string()),
    }
}

/// Collects values and what is wrong with the others.
struct Reader {
    issues: Vec<Issue>,
}

impl Reader {
    fn list(&mut self, place: &str, text: &str, allowed: &str, fits: fn(u64) -> bool) -> Vec<u64> {
        match numbers(place, text) {
            Ok(list) => {
                if let Some(wrong) = list.iter().find(|&&number| !fits(number)) {
                    let problem = format!("{wrong} is out of range");
                    self.issues
                        .push(Issue::new(place, problem, format!("give {allowed}")));
                }
                list
            }
            Err(issue) => {
                self.issues.push(issue);
                Vec::new()
            }
        }
    }

    fn widths(&mut self, place: &str, text: &str) -> Vec<u32> {
        let fits = |bits| (1..=8).contains(&bits) || bits == 16;
        let list = self.list(place, text, "widths of 1 to 8, or 16", fits);
        list.into_iter().map(|bits| bits as u32).collect()
    }

    fn sizes(&mut self, place: &str, text: &str) -> Vec<usize> {
        let list = self.list(place, text, "whole numbers from 1 to 4096", |size| {
            (1..=4096).contains(&size)
        });
        list.into_iter().map(|size| size as usize).collect()
    }

    fn one<T: Copy>(&mut self, place: &str, list: &[T]) -> Option<T> {
        if list.len() > 1 {
            self.issues
                .push(Issue::new(place, "is one number, not a list", "give one"));
        }
        list.first().copied()
    }
}

impl AxesArgs {
    fn read(&self, reader: &mut Reader) -> Axes {
        let mut widths = |place: &str, text: &Option<String>| {
            text.as_ref().map(|text| reader.widths(place, text))
        };
        let both = widths("--bits", &self.bits);
        let weight = widths("--weight-bits", &self.weight_bits);
        let act = widths("--act-bits", &self.act_bits);
        let input = widths("--input-bits", &self.input_bits);
        let input = input.and_then(|list| reader.one("--input-bits", &list));
        let x = |act: u32| input.unwrap_or(act);
        let mut pairs = Vec::new();
        match (&both, &weight, &act) {
            (None, None, None) => reader.issues.push(Issue::new(
                "--bits",
                "no widths to sweep",
                "give --bits 2..8, or --weight-bits and --act-bits",
            )),
            (Some(both), None, None) => {
                pairs.extend(both.iter().map(|&bits| (bits, bits, x(bits))));
            }
            (both, weight, act) => {
                let given = |own: &Option<Vec<u32>>| own.clone().or_else(|| both.clone());
                match (given(weight), given(act)) {
                    (Some(weight), Some(act)) => {
                        for &w in &weight {
                            pairs.extend(act.iter().map(|&a| (w, a, x(a))));
                        }
                    }
                    (weight, _) => {
                        let missing = if weight.is_none() {
                            "--weight-bits"
                        } else {
                            "--act-bits"
                        };
                        let problem = "the widths of weights and activations need one another";
                        let remedy = format!("give {missing} or --bits too");
                        reader.issues.push(Issue::new(missing, problem, remedy));
                    }
                }
            }
        }
        let hidden = reader.sizes("--hidden", &self.hidden);
        let input_size = self
            .input_size
            .as_ref()
            .map(|text| reader.sizes("--input-size", text));
        let input_size = input_size.and_then(|list| reader.one("--input-size", &list));
        let layers = reader.list("--layers", &self.layers, "1 to 64 layers", |n| {
            (1..=64).contains(&n)
        });
        let mut sizes = |place: &str, text: &Option<String>| {
            text.as_ref().map(|text| reader.sizes(place, text))
        };
        let (units, columns) = (
            sizes("--units", &self.units),
            sizes("--columns", &self.columns),
        );
        let foldings = match &self.macs {
            Some(text) => {
                let allowed = "4 to 65 536 multiply-accumulates";
                let list = reader.list("--macs", text, allowed, |macs| {
                    (4..=1 << 16).contains(&macs)
                });
                Foldings::MaxMacs(list.into_iter().map(|macs| macs as usize).collect())
            }
            None if units.is_none() && columns.is_none() => Foldings::BuiltIn,
            None => Foldings::Explicit { units, columns },
        };
        let mut mac = Vec::new();
        for word in self.mac.split(',').map(str::trim) {
            match word {
                "lut" => mac.push(MacStyle::Lut),
                "dsp" => mac.push(MacStyle::Dsp),
                _ => reader.issues.push(Issue::new(
                    "--mac",
                    format!("`{word}` is no kind of array"),
                    "give lut, dsp, or lut,dsp",
                )),
            }
        }
        Axes {
            widths: pairs,
            hidden,
            input_size,
            layers: layers.into_iter().map(|layers| layers as usize).collect(),
            mac,
            foldings,
        }
    }
}

impl LimitArgs {
    fn read(&self, reader: &mut Reader) -> (Target, Limits) {
        let mut limits = Limits {
            part: None,
            fill: self.fill / 100.0,
            max_cycles: self.max_cycles,
        };
        let target = match (&self.part, &self.target) {
            (Some(name), _) => match Part::find(name) {
                Ok(part) => {
                    limits.part = Some(part);
                    part.family
                }
                Err(issue) => {
                    reader.issues.push(issue);
                    Target::Xc7
                }
            },
            (None, Some(word)) => match word.as_str() {
                "xc7" => Target::Xc7,
                "xcup" => Target::Xcup,
                "ecp5" => Target::Ecp5,
                "ice40" => Target::Ice40,
                _ => {
                    reader.issues.push(Issue::new(
                        "--target",
                        format!("`{word}` is no family with parts"),
                        "give xc7, xcup, ecp5 or ice40",
                    ));
                    Target::Xc7
                }
            },
            (None, None) => {
                reader.issues.push(Issue::new(
                    "--part",
                    "no device to explore for",
                    "give a part such as xc7a35t, or a family by --target",
                ));
                Target::Xc7
            }
        };
        (target, limits)
    }
}

/// Reads the accuracy file.
fn accuracies(args: &Args) -> Result<Option<Accuracies>, CliError> {
    let Some(path) = &args.accuracy else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).map_err(|error| CliError::io(path, "read", &error))?;
    let shown = path.display().to_string();
    match read_accuracies(&text, &shown, args.metric.as_deref()) {
        Ok(known) => Ok(Some(known)),
        Err(issues) => Err(SpecErrors(issues).into()),
    }
}

/// Runs a sweep and prints what it has found.
pub fn run(args: &Args, console: Console) -> Result<Ended, CliError> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, limits) = args.limits.read(&mut reader);
    let specs = if reader.issues.is_empty() {
        axes.specs().map_err(|issue| SpecErrors(vec![issue]))?
    } else {
        return Err(SpecErrors(reader.issues).into());
    };
    let known = accuracies(args)?;
    let place = match &args.out {
        Some(out) => Some(Place::marked(out, args.force, MARK)?),
        None => None,
    };
    let evaluator = Evaluator {
        target,
        numerics: Numerics::resolve(Settings::default())?,
    };
    let progress = Progress::bar(console, "estimating", specs.len());
    let sweep = Sweep::run(&evaluator, &specs, limits, known.as_ref(), &|done| {
        progress.at(done);
    });
    drop(progress);
    let Some(sweep) = sweep else {
        return Err(CliError::new("explore", "interrupted"));
    };
    if let Some(known) = &known {
        check_join(known, &sweep, args)?;
    }
    if let Some(issue) = nothing_left(&sweep) {
        return Err(SpecErrors(vec![issue]).into());
    }
    let setting = Setting {
        clock_mhz: args.limits.clock,
        all: args.all,
    };
    let summary = Summary::new(&sweep, known.as_ref(), setting, None);
    if let (Some(place), Some(out)) = (place, &args.out) {
        let files = files(&summary)?;
        place.write(&files)?;
        console.say(format_args!(
            "wrote {} files to {}",
            files.len(),
            out.display()
        ));
    }
    console.print(&summary)?;
    Ok(Ended::Well)
}

/// The file by which a folder of a sweep is known.
const MARK: &str = "points.json";

fn files(summary: &Summary) -> Result<BTreeMap<String, Vec<u8>>, CliError> {
    let mut json = serde_json::to_vec_pretty(summary)
        .map_err(|error| CliError::new("points.json", format!("cannot be written: {error}")))?;
    json.push(b'\n');
    Ok([
        ("points.csv".to_string(), to_csv(&summary.points)),
        (MARK.to_string(), json),
    ]
    .into())
}

/// An accuracy file without a single network of the sweep is the wrong one.
fn check_join(known: &Accuracies, sweep: &Sweep, args: &Args) -> Result<(), CliError> {
    if sweep.judged.iter().any(|judged| judged.accuracy.is_some()) {
        return Ok(());
    }
    let place = args
        .accuracy
        .as_ref()
        .map_or(String::new(), |path| path.display().to_string());
    let rows: Vec<String> = known
        .rows
        .iter()
        .take(3)
        .map(|row| format!("{} {} units x {}", row.widths(), row.hidden, row.layers))
        .collect();
    let points = sweep
        .judged
        .first()
        .map(|judged| judged.point.network.to_string());
    Err(CliError::new(
        place,
        format!(
            "no row is of a network of the sweep: it has {}, the sweep {}",
            rows.join(", "),
            points.unwrap_or_default()
        ),
    )
    .help("sweep the widths, units and layers of the file, or leave --accuracy away"))
}

impl Results for Summary {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        super::explore_text::human(self, out)
    }
}
