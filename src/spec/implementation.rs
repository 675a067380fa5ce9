//! How the hardware is built. Nothing in here can change an output word.

use crate::device::Family;
use serde::{Deserialize, Serialize};

/// When the hidden and cell state go back to zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "policy", deny_unknown_fields)]
pub enum StatePolicy {
    /// The step after one whose last beat carried TLAST starts from zero.
    Tlast,
    /// Only reset clears the state.
    Never,
    /// A pulse on the port `state_clear` clears it for the next step whose first beat is accepted.
    HostPulse,
    /// Every `steps` steps start from zero.
    FixedWindow {
        /// Steps of a window, at least 1.
        steps: u32,
    },
}

impl StatePolicy {
    /// Its word in the design file and on the command line.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Tlast => "tlast",
            Self::Never => "never",
            Self::HostPulse => "host_pulse",
            Self::FixedWindow { .. } => "fixed_window",
        }
    }
}

/// Parts that the multiply-accumulate array is made of; equal words either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MacStyle {
    /// Distributed arithmetic in LUTs and carry chains.
    Lut,
    /// Several products packed into each DSP block.
    Dsp,
    /// DSP for wide operands where the target has blocks to spare, LUT otherwise.
    Auto,
}

/// How weights and biases get into the memories; activation tables are always inline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryInit {
    /// `$readmemh` of a file beside the sources, checked by digest in simulation.
    Readmemh,
    /// Written into the Verilog as `case` statements.
    Inline,
}

/// How the folding of every layer is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "goal", deny_unknown_fields)]
pub enum FoldingGoal {
    /// `units * 4` rows by `columns` multiply-accumulates in every layer.
    Explicit {
        /// Units computed side by side.
        units: usize,
        /// Vector elements multiplied side by side.
        columns: usize,
    },
    /// The smallest array that takes at most this many cycles a step in every layer.
    TargetCycles {
        /// Cycles per step.
        cycles: u64,
    },
    /// The fastest array of at most this many multiply-accumulates in every layer.
    MaxMacs {
        /// Multiply-accumulates per cycle and layer.
        macs: usize,
    },
}

/// How the hardware is built: folding, style, target, policies, names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Implementation {
    /// Verilog identifier; the top module is `{name}_top`, memories and tables are `{name}_*`.
    pub name: String,
    /// Folding of every layer.
    pub folding: FoldingGoal,
    /// LUT or DSP arrays.
    pub mac: MacStyle,
    /// FPGA family.
    pub target: Family,
    /// When the state is cleared.
    pub state: StatePolicy,
    /// Where weights live in the sources.
    pub memory_init: MemoryInit,
    /// Independent sequences whose steps come in turn, 1 to [`MOST_CONTEXTS`].
    #[serde(default = "one_context", skip_serializing_if = "is_one_context")]
    pub contexts: usize,
    /// Steps of the longest sequence, of a network with a layer that takes steps backward; 1 to 65,536.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Stream elements per beat; `None` takes the smallest that does not slow the array down.
    pub stream_elements: Option<usize>,
}

impl Implementation {
    /// What is usual beside folding, arrays and family: TLAST clears the state, memories are read from files, one sequence
    /// at a time of any length, beats as narrow as keep up.
    #[must_use]
    pub fn usual(name: &str, folding: FoldingGoal, (mac, target): (MacStyle, Family)) -> Self {
        Self {
            name: name.to_string(),
            folding,
            mac,
            target,
            state: StatePolicy::Tlast,
            memory_init: MemoryInit::Readmemh,
            contexts: 1,
            max_steps: None,
            stream_elements: None,
        }
    }
}

/// Most sequences that one core computes in turn.
pub const MOST_CONTEXTS: usize = 16;

/// What a file says that does not name `contexts`.
pub(crate) const fn one_context() -> usize {
    1
}

/// Files do not name `contexts` where there is one.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
pub(crate) const fn is_one_context(contexts: &usize) -> bool {
    *contexts == 1
}
