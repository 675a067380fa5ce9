//! The table of settings: from a row come the option, the key of the design file, the help, the
//! documentation and the place of an error.

use super::implementation::MOST_CONTEXTS;
use super::kind::{Kind, Value};
use crate::diagnostic::Location;
use std::fmt::{Display, Formatter};

/// One setting of a design.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Dotted key of the design file, `implementation.target_cycles`.
    pub key: &'static str,
    /// Option of the command line, `--target-cycles`.
    pub option: &'static str,
    /// Name of its value in the help.
    pub value_name: &'static str,
    /// Values that it takes.
    pub kind: Kind,
    /// Value where nothing is given.
    pub preset: Preset,
    /// Its effect, in one sentence.
    pub help: &'static str,
}

/// Value of a setting where nothing is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Preset {
    /// Nothing, or another setting has to be given.
    Open,
    /// This number.
    Integer(i64),
    /// This number.
    Number(f64),
    /// This word.
    Word(&'static str),
    /// The program decides as these words say.
    Told(&'static str),
}

impl Display for Preset {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open => Ok(()),
            Self::Integer(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Word(text) | Self::Told(text) => out.write_str(text),
        }
    }
}

/// Multiply-accumulates per cycle and layer when no folding is asked for.
const MACS: i64 = 64;
/// Clock period in ns when none is given: 100 MHz.
pub const DEFAULT_CLOCK_NS: f64 = 10.0;
/// Sizes of vectors, as far as a quantised model may go.
const SIZE: Kind = Kind::Integer(1, 4096);

const fn row(
    key: &'static str,
    option: &'static str,
    value_name: &'static str,
    kind: Kind,
    preset: Preset,
    help: &'static str,
) -> Setting {
    Setting {
        key,
        option,
        value_name,
        kind,
        preset,
        help,
    }
}

/// Tables of the design file, and what their options are called in the help.
pub const GROUPS: [(&str, &str); 3] = [
    ("network", "Network"),
    ("numerics", "Number formats"),
    (
        "implementation",
        "Implementation (never changes an output word)",
    ),
];

/// Every setting, in the order in which errors are reported.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    row("network.model", "--model", "FILE", Kind::Text, Preset::Open,
        "Quantised model file (from `quantize`); sizes and widths come from it"),
    row("network.hidden", "--hidden", "UNITS", SIZE, Preset::Open,
        "Without a model: units of every layer; the weights are drawn from --seed"),
    row("network.input_size", "--input-size", "N", SIZE, Preset::Told("as --hidden"),
        "Elements of the input vector x"),
    row("network.layers", "--layers", "N", Kind::Integer(1, 64), Preset::Integer(1),
        "Recurrent layers, stacked"),
    row("network.cell", "--cell", "CELL", Kind::Choice(&["lstm", "gru"]), Preset::Word("lstm"),
        "Cell of the layers: lstm, gru (its reset gate behind the product with h, as in PyTorch)"),
    row("network.direction", "--direction", "DIR",
        Kind::Choice(&["forward", "backward", "bidirectional"]), Preset::Word("forward"),
        "Order in which every layer takes the steps of a sequence: forward, backward (from the last one), bidirectional \
         (both side by side, twice the outputs)"),
    row("network.output_order", "--output-order", "ORDER",
        Kind::Choice(&["time", "processing"]), Preset::Word("time"),
        "Without a model: order in which the last recurrent layer's pass backward gives its outputs: time, processing (as it \
         takes the steps, so that the last output has the last state of each direction)"),
    row("network.vocabulary", "--vocabulary", "N", Kind::Integer(1, 65536), Preset::Open,
        "Without a model: rows of an embedding before the layers; the input then is the index of a row"),
    row("network.outputs", "--outputs", "N", SIZE, Preset::Open,
        "Without a model: rows of a dense layer behind the recurrent ones"),
    row("network.output", "--output", "KIND",
        Kind::Choice(&["sum", "code", "argmax"]), Preset::Word("sum"),
        "What that dense layer gives: sum (exact), code (of the bits of h), argmax (the index of the largest sum)"),
    row("network.emit", "--emit", "WHEN", Kind::Choice(&["step", "last"]), Preset::Word("step"),
        "When it does: step (at every step), last (at the last step of a sequence only)"),
    row("network.seed", "--seed", "N", Kind::Integer(0, i64::MAX), Preset::Integer(1),
        "Seed of the weights"),
    row("network.core", "--core", "PART",
        Kind::Choice(&["network", "recurrent"]), Preset::Word("network"),
        "What goes into the core: network (with the embedding and the dense layers that the model has in integers), \
         recurrent (the recurrent layers alone: x in, h out)"),
    row("numerics.bits", "--bits", "B", Kind::Width, Preset::Integer(8),
        "Bits of weights, activations and inputs alike: 1 to 8, or 16"),
    row("numerics.weight_bits", "--weight-bits", "B", Kind::Width, Preset::Told("as --bits"),
        "Bits of a weight"),
    row("numerics.act_bits", "--act-bits", "B", Kind::Width, Preset::Told("as --bits"),
        "Bits of h, the hidden state and output"),
    row("numerics.input_bits", "--input-bits", "B", Kind::Width, Preset::Told("as --bits"),
        "Bits of x, the input of the first layer"),
    row("numerics.levels", "--levels", "LEVELS",
        Kind::Choice(&["even", "odd", "auto"]), Preset::Word("even"),
        "Integers that codes of 1 to 4 bits are: even, zero among them (one bit is -1, 1); odd, such as \
         -3, -1, 1, 3; auto, odd at 1 and 2 bits"),
    row("numerics.act_levels", "--act-levels", "LEVELS",
        Kind::Choice(&["even", "odd", "auto"]), Preset::Told("as --levels"),
        "Integers that codes of h are, where they are others"),
    row("numerics.h_frac", "--h-frac", "F", Kind::Integer(-32, 32),
        Preset::Told("h reaches just below 1; 0 where its codes are -1, 0, 1"),
        "Fraction bits of h"),
    row("numerics.row_scale_bits", "--row-scale-bits", "B", Kind::Integer(2, 12), Preset::Told("rows have none"),
        "Bits of a multiplier for every row of the weights, which refines its scale; on the lane's multiplier"),
    row("numerics.z.bits", "--z-bits", "B", Kind::Integer(2, 12), Preset::Integer(8),
        "Bits of the pre-activation z, which addresses the tables"),
    row("numerics.z.frac", "--z-frac", "F", Kind::Integer(-8, 16), Preset::Integer(4),
        "Fraction bits of z"),
    row("numerics.gate_frac", "--gate-frac", "F", Kind::Integer(1, 14), Preset::Integer(8),
        "Fraction bits of the outputs of sigmoid and tanh"),
    row("numerics.c.bits", "--c-bits", "B", Kind::Integer(2, 24), Preset::Integer(16),
        "Bits of the cell state c; of a GRU of its state s, of which h is the narrow image"),
    row("numerics.c.frac", "--c-frac", "F", Kind::Integer(-8, 23), Preset::Told("10; of a GRU 14"),
        "Fraction bits of c; of a GRU of s"),
    row("implementation.name", "--name", "NAME", Kind::Text,
        Preset::Told("lstm or gru, the cell of the first recurrent layer"),
        "Prefix of the generated modules; the top module is NAME_top"),
    row("implementation.target", "--target", "FAMILY",
        Kind::Choice(&["xc7", "xcup", "ecp5", "ice40", "generic"]), Preset::Word("xc7"),
        "FPGA family the sources are shaped for: xc7, xcup, ecp5, ice40, generic"),
    row("implementation.mac", "--mac", "KIND",
        Kind::Choice(&["lut", "dsp", "auto"]), Preset::Word("auto"),
        "Build the multiply-accumulate array from LUTs or DSP blocks: lut, dsp, auto"),
    row("implementation.units", "--units", "U", SIZE, Preset::Open,
        "Units computed side by side; each takes 4 rows of the array (with --columns)"),
    row("implementation.columns", "--columns", "S", SIZE, Preset::Open,
        "Vector elements multiplied side by side in each row (with --units)"),
    row("implementation.target_cycles", "--target-cycles", "CYCLES",
        Kind::Integer(1, 1 << 40), Preset::Open,
        "Smallest array that takes at most this many cycles per step in every layer"),
    row("implementation.max_macs", "--max-macs", "MACS",
        Kind::Integer(1, 1 << 20), Preset::Integer(MACS),
        "Fastest array of at most this many multiply-accumulates per layer"),
    row("implementation.state_policy", "--state-policy", "POLICY",
        Kind::Choice(&["tlast", "never", "host_pulse", "fixed_window"]), Preset::Word("tlast"),
        "When h and c go back to zero: tlast (after TLAST), never (only by reset), \
         host_pulse (by a port), fixed_window (every --window steps)"),
    row("implementation.window", "--window", "STEPS",
        Kind::Integer(1, u32::MAX as i64), Preset::Open,
        "Steps of a window, with --state-policy fixed_window"),
    row("implementation.memory_init", "--memory-init", "HOW",
        Kind::Choice(&["readmemh", "inline"]), Preset::Word("readmemh"),
        "Weights by $readmemh of files beside the sources, or inline in the Verilog: \
         readmemh, inline"),
    row("implementation.contexts", "--contexts", "B",
        Kind::Integer(1, MOST_CONTEXTS as i64), Preset::Integer(1),
        "Independent sequences that share the core: a step of each in turn, each with a state of its own"),
    row("implementation.max_steps", "--max-steps", "N",
        Kind::Integer(1, 65536), Preset::Open,
        "Steps of the longest sequence, where a layer is backward or bidirectional: as many are held in memories"),
    row("implementation.stream_elements", "--stream-elements", "N",
        SIZE, Preset::Told("as many as keep the array busy"),
        "Vector elements in one beat of the streams"),
    row("implementation.clock_ns", "--clock-ns", "NS",
        Kind::Positive(1_000_000.0), Preset::Number(DEFAULT_CLOCK_NS),
        "Clock period in ns, for constraints and throughput"),
];

impl Setting {
    /// The setting with this key.
    ///
    /// # Panics
    /// Where there is none: keys are written in this crate.
    #[must_use]
    pub fn of(key: &str) -> &'static Self {
        let mut all = SETTINGS.iter();
        all.find(|setting| setting.key == key)
            .unwrap_or_else(|| unreachable!("no setting {key}"))
    }

    /// The settings of a table of the design file.
    pub fn of_group(group: &str) -> impl Iterator<Item = &'static Self> {
        SETTINGS
            .iter()
            .filter(move |setting| setting.group() == group)
    }

    /// Table of the design file that it stands in.
    #[must_use]
    pub fn group(&self) -> &'static str {
        self.key.split('.').next().unwrap_or_default()
    }

    /// Its option, as the place of a problem.
    #[must_use]
    pub fn place(&self) -> Location {
        Location::Flag(self.option.into())
    }

    /// Its value where nobody gives one.
    #[must_use]
    pub fn preset(&self) -> Option<Value> {
        match self.preset {
            Preset::Open | Preset::Told(_) => None,
            Preset::Integer(value) => Some(Value::Integer(value)),
            Preset::Number(value) => Some(Value::Number(value)),
            Preset::Word(word) => Some(Value::Text(word.into())),
        }
    }

    /// The sentence of the help, with the default.
    #[must_use]
    pub fn long_help(&self) -> String {
        match self.preset {
            Preset::Open => self.help.to_string(),
            preset => self.with_default(preset),
        }
    }

    /// The sentence of the help, with a default of a command's own.
    #[must_use]
    pub fn with_default(&self, default: impl Display) -> String {
        format!("{} [default: {default}]", self.help)
    }
}
