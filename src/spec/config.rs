//! A design with every setting decided, and the design file that asks for it.

use super::implementation::{FoldingGoal, Implementation, StatePolicy};
use super::kind::Value;
use super::table::Setting;
use crate::diagnostic::{Location, Problems};
use crate::fixed::{Codes, LevelRule, QFormat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The computation of a recurrent layer's units.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// The long short-term memory without peepholes, `PyTorch`'s `nn.LSTM`.
    #[default]
    Lstm,
    /// The gated recurrent unit whose reset gate acts behind the product with h: `PyTorch`'s `nn.GRU`.
    Gru,
}

impl CellKind {
    /// The gates in `PyTorch`'s order. Of an LSTM: input, forget, cell candidate, output; of a GRU: reset,
    /// update, candidate.
    #[must_use]
    pub const fn gates(self) -> &'static [&'static str] {
        match self {
            Self::Lstm => &["i", "f", "g", "o"],
            Self::Gru => &["r", "u", "n"],
        }
    }

    /// The gate whose parts of x and of h stay apart until the reset gate has met that of h.
    #[must_use]
    pub const fn parted(self) -> Option<usize> {
        match self {
            Self::Lstm => None,
            Self::Gru => Some(2),
        }
    }

    /// Fraction bits of the state of 16 bits, where none are given: c of an LSTM grows beyond 1, s of a GRU does not.
    #[must_use]
    pub const fn state_frac(self) -> i32 {
        match self {
            Self::Lstm => 10,
            Self::Gru => 14,
        }
    }

    /// Its name in settings and file names.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Lstm => "lstm",
            Self::Gru => "gru",
        }
    }

    /// Its name in texts.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Lstm => "LSTM",
            Self::Gru => "GRU",
        }
    }

    /// It is the LSTM, which goes without saying.
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    #[must_use]
    pub const fn is_lstm(&self) -> bool {
        matches!(self, Self::Lstm)
    }
}

/// The order in which a recurrent layer takes the steps of a sequence.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum DirectionKind {
    /// As they come.
    #[default]
    Forward,
    /// From the last to the first.
    Backward,
    /// Both, side by side: two outputs of one step.
    Bidirectional,
}

impl DirectionKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forward, Self::Backward, Self::Bidirectional];

    /// Its name in settings, files and texts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Backward => "backward",
            Self::Bidirectional => "bidirectional",
        }
    }

    /// Outputs of a unit at a step.
    #[must_use]
    pub const fn passes(self) -> usize {
        match self {
            Self::Forward | Self::Backward => 1,
            Self::Bidirectional => 2,
        }
    }

    /// It is forward, which goes without saying.
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    #[must_use]
    pub const fn is_forward(&self) -> bool {
        matches!(self, Self::Forward)
    }
}

/// The order in which a pass backward gives its outputs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum OutputOrder {
    /// That of the steps: they are turned back, the output of the step that was taken first comes last.
    #[default]
    Time,
    /// That in which it takes the steps, so that its last state comes last.
    Processing,
}

impl OutputOrder {
    /// Its name in settings, files and texts.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Processing => "processing",
        }
    }

    /// That of one of so many stacked layers where this is the last one's: those below give their outputs in the order
    /// of time.
    #[must_use]
    pub const fn of_layer(self, layer: usize, layers: usize) -> Self {
        if layer + 1 == layers {
            self
        } else {
            Self::Time
        }
    }

    /// It is that of the steps, which goes without saying.
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    #[must_use]
    pub const fn is_time(&self) -> bool {
        matches!(self, Self::Time)
    }
}

/// The layers of a model that go into the core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorePart {
    /// All that it has in integers.
    #[default]
    Network,
    /// The recurrent ones.
    Recurrent,
}

impl CorePart {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    const fn is_network(&self) -> bool {
        matches!(self, Self::Network)
    }
}

/// What a dense layer gives of its sums, whatever the formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum OutputKind {
    /// The exact sums.
    #[default]
    #[value(help = "The exact sums")]
    Sum,
    /// Codes, of as many bits as h where nothing else is said.
    #[value(help = "Codes of as many bits as h, in a calibrated format")]
    Code,
    /// The index of the largest sum.
    #[value(help = "The index of the largest sum")]
    Argmax,
}

impl OutputKind {
    /// They are the sums, which goes without saying.
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    #[must_use]
    pub const fn is_sum(&self) -> bool {
        matches!(self, Self::Sum)
    }
}

/// The dense layer behind a seeded network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SeededHead {
    /// Rows.
    pub outputs: usize,
    /// What it gives.
    pub output: OutputKind,
    /// At the last step of a sequence only.
    pub last_only: bool,
}

/// Number formats that calibration does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Numerics {
    /// The cell of every layer.
    #[serde(skip_serializing_if = "CellKind::is_lstm")]
    pub cell: CellKind,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of x of the first layer.
    pub input_bits: u32,
    /// Levels of weights and x, and of h where it has none of its own.
    pub levels: LevelRule,
    /// Levels of h.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act_levels: Option<LevelRule>,
    /// Fraction bits of h; without, it reaches just below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub h_frac: Option<i32>,
    /// Bits of the multipliers of rows, where rows have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_scale_bits: Option<u32>,
    /// Format of the pre-activation z.
    pub z: QFormat,
    /// Fraction bits of the gate values.
    #[serde(rename = "a_frac")]
    pub gate_frac: u32,
    /// Format of the state that a unit keeps beside h: c of an LSTM, s of a GRU.
    pub c: QFormat,
}

impl Numerics {
    /// These bits of weights, of h and of x, and the formats that are taken when none are given.
    #[must_use]
    pub fn of_widths(weight_bits: u32, act_bits: u32, input_bits: u32) -> Self {
        Self {
            weight_bits,
            act_bits,
            input_bits,
            ..Self::default()
        }
    }

    /// These formats for `cell`; where they were for the other one, the state's are those that are taken
    /// when none are given.
    #[must_use]
    pub fn for_cell(self, cell: CellKind) -> Self {
        if cell == self.cell {
            return self;
        }
        let c = QFormat::new(Self::default().c.bits, cell.state_frac());
        Self { cell, c, ..self }
    }
}

/// A network with weights from a seed, for sizes without a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SeededNetwork {
    /// Units of every layer.
    pub hidden: usize,
    /// Elements of x of the first layer.
    pub input_size: usize,
    /// Stacked layers.
    pub layers: usize,
    /// Order of the steps in every layer.
    #[serde(skip_serializing_if = "DirectionKind::is_forward")]
    pub direction: DirectionKind,
    /// Order of the outputs of the last layer's pass backward.
    #[serde(skip_serializing_if = "OutputOrder::is_time")]
    pub output_order: OutputOrder,
    /// Rows of an embedding before them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vocabulary: Option<usize>,
    /// The dense layer behind them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<SeededHead>,
    /// Seed of the weights.
    pub seed: u64,
    /// Number formats.
    pub numerics: Numerics,
}

impl SeededNetwork {
    /// One forward layer of `hidden` units with nothing around it.
    #[must_use]
    pub const fn one_layer(
        (input_size, hidden): (usize, usize),
        numerics: Numerics,
        seed: u64,
    ) -> Self {
        Self {
            hidden,
            input_size,
            layers: 1,
            direction: DirectionKind::Forward,
            output_order: OutputOrder::Time,
            vocabulary: None,
            head: None,
            seed,
            numerics,
        }
    }
}

/// Which network is built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Network {
    /// A quantised model file.
    Model(PathBuf),
    /// Weights from a seed.
    Seeded(SeededNetwork),
}

/// A design that was asked for, with every setting decided.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DesignConfig {
    /// The model.
    pub network: Network,
    /// What of it is built.
    #[serde(skip_serializing_if = "CorePart::is_network")]
    pub core: CorePart,
    /// How it is built.
    pub implementation: Implementation,
    /// Period of the clock in ns, for constraints and throughput.
    pub clock_ns: f64,
    /// Where each setting was given, for what refuses it later.
    #[serde(skip)]
    pub origins: Origins,
}

/// Where settings of a design were given, by their paths.
pub type Origins = BTreeMap<&'static str, Location>;

impl Numerics {
    /// Codes of every weight.
    #[must_use]
    pub fn weights(&self) -> Codes {
        self.levels.of(self.weight_bits)
    }

    /// Codes of h.
    #[must_use]
    pub fn h(&self) -> Codes {
        self.act_levels.unwrap_or(self.levels).of(self.act_bits)
    }

    /// Codes of x of the first layer.
    #[must_use]
    pub fn x(&self) -> Codes {
        self.levels.of(self.input_bits)
    }
}

impl DesignConfig {
    /// Where nobody gave a name, it is that of `cell`, of the first recurrent layer.
    #[must_use]
    pub fn named_after(mut self, cell: CellKind) -> Self {
        if !self.origins.contains_key("implementation.name") {
            self.implementation.name = cell.word().into();
        }
        self
    }

    /// The same problems, with the option or the line that gave each setting in place of its key.
    #[must_use]
    pub fn locate(&self, problems: impl Into<Problems>) -> Problems {
        problems.into().each(|mut problem| {
            if let Location::Setting(key) = &problem.place {
                let given = self.origins.get(&**key).cloned();
                problem.place = given.unwrap_or_else(|| Setting::of(key).place());
            }
            problem
        })
    }

    /// The design file that asks for this implementation of the model file `model`.
    #[must_use]
    pub fn to_toml(&self, model: &str) -> String {
        let text = |text: &str| toml::Value::String(text.to_string()).to_string();
        let mut file = format!("[network]\nmodel = {}\n\n[implementation]\n", text(model));
        for setting in Setting::of_group("implementation") {
            let name = setting.key.trim_start_matches("implementation.");
            let value = match self.value(setting.key) {
                Some(Value::Text(word)) => text(&word),
                Some(Value::Number(number)) => format!("{number:?}"),
                Some(number) => number.to_string(),
                None => continue,
            };
            for part in [name, " = ", &value, "\n"] {
                file.push_str(part);
            }
        }
        file
    }

    /// The value that a setting of the implementation has.
    fn value(&self, key: &str) -> Option<Value> {
        let integer = |value: usize| Some(Value::Integer(value as i64));
        let built = &self.implementation;
        match (key, built.folding, built.state) {
            ("implementation.name", ..) => Some(Value::Text(built.name.clone())),
            ("implementation.target", ..) => Some(word(&built.target)),
            ("implementation.mac", ..) => Some(word(&built.mac)),
            ("implementation.units", FoldingGoal::Explicit { units, .. }, _) => integer(units),
            ("implementation.columns", FoldingGoal::Explicit { columns, .. }, _) => {
                integer(columns)
            }
            ("implementation.target_cycles", FoldingGoal::TargetCycles { cycles }, _) => {
                integer(cycles as usize)
            }
            ("implementation.max_macs", FoldingGoal::MaxMacs { macs }, _) => integer(macs),
            ("implementation.state_policy", _, state) => Some(Value::Text(state.word().into())),
            ("implementation.window", _, StatePolicy::FixedWindow { steps }) => {
                integer(steps as usize)
            }
            ("implementation.memory_init", ..) => Some(word(&built.memory_init)),
            ("implementation.contexts", ..) if built.contexts > 1 => integer(built.contexts),
            ("implementation.max_steps", ..) => built.max_steps.and_then(integer),
            ("implementation.stream_elements", ..) => built.stream_elements.and_then(integer),
            ("implementation.clock_ns", ..) => Some(Value::Number(self.clock_ns)),
            _ => None,
        }
    }
}

/// A choice as serde writes it.
fn word(choice: &impl Serialize) -> Value {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(word)) => Value::Text(word),
        _ => unreachable!("choices without fields are written as one word"),
    }
}
