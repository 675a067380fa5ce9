//! Exact cycles, and what they mean at a clock.

use crate::hardware::Design;
use crate::spec::is_one_context;
use serde::Serialize;

/// Exact cycles and what they mean at the given clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimingReport {
    /// Sequences whose steps come in turn; absent where there is one.
    #[serde(skip_serializing_if = "is_one_context")]
    pub contexts: usize,
    /// Steps of the longest sequence; absent where none is held as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Between the last output beats of consecutive steps, whosever they are, in the steady state.
    pub cycles_per_step: u64,
    /// From the first input beat to the last output beat of the first step, both counted.
    pub latency_cycles: u64,
    /// Multiply-accumulates of a step, padding not counted.
    pub macs_per_step: u64,
    /// Multiply-accumulates offered per cycle.
    pub macs_per_cycle: u64,
    /// Done over offered, 0 to 1.
    pub array_use: f64,
    /// Clock period that was given, ns.
    pub clock_ns: f64,
    /// Steps per second at that clock.
    pub steps_per_second: f64,
    /// Latency at that clock, microseconds.
    pub latency_us: f64,
}

impl TimingReport {
    /// The timing of a design at a clock period of `clock_ns` nanoseconds.
    #[must_use]
    pub fn of(design: &Design, clock_ns: f64) -> Self {
        let cycles = design.cycles();
        Self {
            contexts: design.contexts(),
            max_steps: design.max_steps(),
            cycles_per_step: cycles.per_step,
            latency_cycles: cycles.latency,
            macs_per_step: design.macs_per_step(),
            macs_per_cycle: design.macs_per_cycle(),
            array_use: design.array_use(),
            clock_ns,
            steps_per_second: 1e9 / (clock_ns * cycles.per_step as f64),
            latency_us: clock_ns * cycles.latency as f64 / 1000.0,
        }
    }
}
