//! A design with every setting decided, and the design file that asks for it.

use super::implementation::{FoldingGoal, Implementation, StatePolicy};
use super::settings::find;
use crate::diagnostic::{Location, Problem, Problems};
use crate::fixed::QFormat;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Bits of weights and activations when nothing is said.
pub const DEFAULT_BITS: u32 = 8;
/// Format of z when nothing is said and nothing is calibrated.
pub const DEFAULT_Z: QFormat = QFormat::new(8, 4);
/// Fraction bits of the gate values, likewise.
pub const DEFAULT_GATE_FRAC: u32 = 8;
/// Format of c, likewise.
pub const DEFAULT_C: QFormat = QFormat::new(16, 10);
/// Multiply-accumulates per cycle and layer when no folding is asked for.
pub const DEFAULT_MACS: usize = 64;
/// Clock period in ns when none is given: 100 MHz.
pub const DEFAULT_CLOCK_NS: f64 = 10.0;

/// Number formats that calibration does not choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Numerics {
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of x of the first layer.
    pub input_bits: u32,
    /// Format of the pre-activation z.
    pub z: QFormat,
    /// Fraction bits of the gate values.
    pub gate_frac: u32,
    /// Format of the cell state c.
    pub c: QFormat,
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
    /// Seed of the weights.
    pub seed: u64,
    /// Number formats.
    pub numerics: Numerics,
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
    /// What is computed.
    pub network: Network,
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

/// A word of the design file, as serde writes the choice.
fn word(choice: &impl Serialize) -> String {
    match serde_json::to_value(choice) {
        Ok(serde_json::Value::String(word)) => word,
        _ => unreachable!("choices without fields are written as one word"),
    }
}

impl DesignConfig {
    /// The same problems, with the option or the line that gave each setting in place of its path.
    #[must_use]
    pub fn locate(&self, problems: impl Into<Problems>) -> Problems {
        let given = |path: &str| match self.origins.get(path) {
            Some(place) => place.clone(),
            None => Location::Flag(find(path).flag.into()),
        };
        problems.into().each(|problem| match problem.place {
            Location::Setting(path) => Problem {
                place: given(&path),
                ..problem
            },
            _ => problem,
        })
    }

    /// The design file that asks for this implementation of the model file `model`.
    #[must_use]
    pub fn to_toml(&self, model: &str) -> String {
        let built = &self.implementation;
        let text = |text: &str| toml::Value::String(text.to_string()).to_string();
        let mut lines = vec![
            "[network]".to_string(),
            format!("model = {}", text(model)),
            String::new(),
            "[implementation]".to_string(),
            format!("name = {}", text(&built.name)),
            format!("target = {}", text(&word(&built.target))),
            format!("mac = {}", text(&word(&built.mac))),
        ];
        match built.folding {
            FoldingGoal::Explicit { units, columns } => {
                lines.push(format!("units = {units}"));
                lines.push(format!("columns = {columns}"));
            }
            FoldingGoal::TargetCycles { cycles } => lines.push(format!("target_cycles = {cycles}")),
            FoldingGoal::MaxMacs { macs } => lines.push(format!("max_macs = {macs}")),
        }
        match built.state {
            StatePolicy::Tlast => lines.push("state_policy = \"tlast\"".to_string()),
            StatePolicy::Never => lines.push("state_policy = \"never\"".to_string()),
            StatePolicy::HostPulse => lines.push("state_policy = \"host_pulse\"".to_string()),
            StatePolicy::FixedWindow { steps } => {
                lines.push("state_policy = \"fixed_window\"".to_string());
                lines.push(format!("window = {steps}"));
            }
        }
        lines.push(format!("memory_init = {}", text(&word(&built.memory_init))));
        if let Some(elements) = built.stream_elements {
            lines.push(format!("stream_elements = {elements}"));
        }
        lines.push(format!("clock_ns = {:?}", self.clock_ns));
        lines.join("\n") + "\n"
    }
}
