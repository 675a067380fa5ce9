//! The core's signature, written beside the RTL as `interface.json`; cosimulation drives from it.

use crate::fixed::QFormat;
use crate::spec::StatePolicy;
use serde::{Deserialize, Serialize};

/// One AXI4-Stream port: `{prefix}_tdata`, `_tvalid`, `_tready`, `_tlast`.
///
/// An element is its code, sign-extended to `element_width` bits; element `e` of a beat sits at
/// `tdata[e * element_width +: element_width]`. A step is `ceil(elements / elements_per_beat)`
/// beats; what is left of its last beat is ignored on input and zero on output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPort {
    /// `s_axis` or `m_axis`.
    pub prefix: String,
    /// Elements of one step.
    pub elements: usize,
    /// Elements of one beat.
    pub elements_per_beat: usize,
    /// Bits of one element in TDATA, a multiple of 8.
    pub element_width: usize,
    /// Beats of one step.
    pub beats_per_step: usize,
    /// Number format of an element.
    pub format: QFormat,
}

/// Exact cycle counts with a source that always offers and a sink that always takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Cycles between the last output beats of consecutive steps once the pipeline is full; their
    /// mean, rounded up, where the distances alternate.
    pub cycles_per_step: u64,
    /// Distances of the last output beats from the second step on, until they repeat.
    pub filling: Vec<u64>,
    /// The distances that repeat from then on.
    pub repeating: Vec<u64>,
    /// Cycles from the first accepted input beat after reset to the last output beat of that step,
    /// both counted (1 would be the same cycle).
    pub latency: u64,
    /// Multiply-accumulates done per step.
    pub macs_per_step: u64,
    /// Multiply-accumulates the arrays offer per cycle.
    pub macs_per_cycle: u64,
}

impl Timing {
    /// Cycles from the last output beat of step `step - 1` to that of `step`, which is 1 or more.
    ///
    /// # Panics
    /// For step 0, which has no predecessor.
    #[must_use]
    pub fn distance(&self, step: usize) -> u64 {
        let index = step - 1;
        match index.checked_sub(self.filling.len()) {
            None => self.filling[index],
            Some(late) => self.repeating[late % self.repeating.len()],
        }
    }
}

/// Everything a harness or an integrator needs to know about one generated core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Number of this file's format.
    pub schema: u32,
    /// Name of the top module.
    pub top: String,
    /// Rising-edge clock.
    pub clock: String,
    /// Synchronous, active-low reset.
    pub reset_n: String,
    /// Port that clears the state, with the policy `host_pulse` only.
    pub state_clear: Option<String>,
    /// When the state is cleared.
    pub state: StatePolicy,
    /// Input vectors x.
    pub input: StreamPort,
    /// Output vectors h of the last layer.
    pub output: StreamPort,
    /// Exact cycle counts.
    pub timing: Timing,
    /// Verilog sources, relative to the bundle's directory, in compile order.
    pub sources: Vec<String>,
    /// Memory files, relative to the bundle's directory, with the FNV-1a digest the RTL checks.
    pub memories: Vec<String>,
}
