//! Outcomes of a comparison.

use super::forecast::Pressure;
use crate::quantize::numbered;
use serde::Serialize;

/// The first thing in which hardware and model differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case", tag = "what")]
pub enum Difference {
    /// An output word.
    #[error("step {step} output {element}: hardware {hardware}, model {model}")]
    Word {
        /// Step, from 0.
        step: usize,
        /// Element of h, from 0.
        element: usize,
        /// Value of the core.
        hardware: i64,
        /// Value of the model.
        model: i64,
    },
    /// A pre-activation, found by the trace ports.
    #[error(
        "step {step} layer {} gate {gate} unit {unit}: hardware {hardware}, model {model}",
        numbered(*layer, *direction)
    )]
    Gate {
        /// Step, from 0.
        step: usize,
        /// Layer, from 0.
        layer: usize,
        /// Direction of the pass, where it does not go without saying.
        #[serde(skip_serializing_if = "Option::is_none")]
        direction: Option<&'static str>,
        /// `i`, `f`, `g` or `o`.
        gate: char,
        /// Unit, from 0.
        unit: usize,
        /// Value of the core.
        hardware: i64,
        /// Value of the model.
        model: i64,
    },
    /// A sum of a dense layer, or the code that it is requantised to, found by the trace ports.
    #[error("step {step} layer {layer} row {row}: hardware {hardware}, model {model}")]
    Row {
        /// Step, from 0.
        step: usize,
        /// Layer, from 0.
        layer: usize,
        /// Row, from 0.
        row: usize,
        /// Value of the core.
        hardware: i64,
        /// Value of the model.
        model: i64,
    },
    /// An output word though all pre-activations before it agree.
    #[error(
        "step {step} layer {} h unit {unit}: hardware {hardware}, model {model}",
        numbered(*layer, *direction)
    )]
    Hidden {
        /// Step, from 0.
        step: usize,
        /// Layer, from 0.
        layer: usize,
        /// Direction of the pass, where it does not go without saying.
        #[serde(skip_serializing_if = "Option::is_none")]
        direction: Option<&'static str>,
        /// Unit, from 0.
        unit: usize,
        /// Value of the core.
        hardware: i64,
        /// Value of the model.
        model: i64,
    },
    /// The part of a step's last beat that no element uses is not zero.
    #[error("step {step}: the unused bits of its last beat are not zero")]
    Padding {
        /// Step, from 0.
        step: usize,
    },
    /// TLAST of an output beat.
    #[error("step {step} beat {beat}: TLAST is {hardware}, should be {model}")]
    Last {
        /// Step, from 0.
        step: usize,
        /// Beat of the step, from 0.
        beat: usize,
        /// Value of the core.
        hardware: bool,
        /// Its right value.
        model: bool,
    },
    /// A beat after the last.
    #[error("cycle {cycle}: an output beat after the last of {steps} steps")]
    Extra {
        /// Cycle since reset.
        cycle: u64,
        /// Steps that were fed in.
        steps: usize,
    },
    /// A rule of AXI4-Stream.
    #[error("cycle {cycle}: {message}")]
    Protocol {
        /// Cycle since reset.
        cycle: u64,
        /// Which.
        message: String,
    },
    /// The latency without stalls.
    #[error("latency is {measured} cycles, the interface says {stated}")]
    Latency {
        /// Cycles, simulated.
        measured: u64,
        /// Cycles, by formula.
        stated: u64,
    },
    /// The cycles per step without stalls.
    #[error("step {step} came {measured} cycles after the one before, the interface says {stated}")]
    CyclesPerStep {
        /// Step, from 0.
        step: usize,
        /// Cycles, simulated.
        measured: u64,
        /// Cycles, by formula.
        stated: u64,
    },
    /// The cycle of an output beat while source and sink pause.
    #[error(
        "step {step}: output beat {beat} left in cycle {measured}, by the schedule {}",
        stated.map_or("never".to_string(), |cycle| format!("in cycle {cycle}"))
    )]
    Beat {
        /// Step, from 0.
        step: usize,
        /// Beat of the whole run, from 0.
        beat: usize,
        /// Cycle since reset, simulated.
        measured: u64,
        /// Cycle since reset by the schedule; none when it is much later or never.
        stated: Option<u64>,
    },
}

/// Extent of a comparison in which nothing differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Steps compared, at least 1.
    pub steps: usize,
    /// Words compared.
    pub words: usize,
    /// Cycles simulated.
    pub cycles: u64,
    /// Latency, checked against the interface; only without stalls.
    #[serde(rename = "latency_cycles")]
    pub latency: Option<u64>,
    /// Cycles per step, checked against the interface; only without stalls and from 4 steps on.
    pub cycles_per_step: Option<u64>,
    /// How often pauses made the core wait, every beat in the cycle that the schedule states; only
    /// with pauses, where the schedule is known.
    pub pressure: Option<Pressure>,
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// Every word is equal.
    Equal(Agreement),
    /// Something differs.
    Different(Difference),
}

impl Difference {
    /// The step it is in, where it has one.
    #[must_use]
    pub const fn step(&self) -> Option<usize> {
        match *self {
            Self::Word { step, .. }
            | Self::Gate { step, .. }
            | Self::Row { step, .. }
            | Self::Hidden { step, .. }
            | Self::Padding { step }
            | Self::Last { step, .. }
            | Self::CyclesPerStep { step, .. }
            | Self::Beat { step, .. } => Some(step),
            Self::Latency { .. } => Some(0),
            Self::Extra { .. } | Self::Protocol { .. } => None,
        }
    }
}
