//! Hardware against model, bit for bit.
//!
//! [`Toolchain`] compiles a core's Verilog with Verilator into a [`VerilatedModel`]; [`compare`] feeds any
//! [`Dut`] with a [`Stimulus`] under a [`Pattern`] of idle and stall cycles and compares every
//! output word of every step, TLAST, the number of beats and the exact cycle counts;
//! [`compare_timed`] also the cycle of every beat while source and sink pause. [`check`]
//! does both for a bundle; when something differs it finds the first step, layer, gate and unit
//! by the core's trace ports and leaves a folder that [`replay`] runs again.

mod cache;
mod check;
mod deal;
mod dut;
mod error;
mod failure;
mod feedback;
mod forecast;
mod locate;
mod mock;
mod outcome;
mod pattern;
mod ports;
mod recorder;
mod scoreboard;
mod stimulus;
mod toolchain;
mod verilator;
mod workload;

pub use check::{Request, Verdict, check, replay};
pub use deal::{SequenceStep, deal};
pub use dut::{Capture, Drive, Dut, DutError, FLAG_CLEAR, FLAG_LAST, RunEnded, TraceRecord};
pub use error::CosimError;
pub use feedback::Feedback;
pub use forecast::Pressure;
pub use locate::{Oracle, SequenceOrder, TracedLayer};
pub use mock::{Compute, MockDut, MockFault};
pub use outcome::{Agreement, Difference, Outcome};
pub use pattern::{Following, Pattern, Pauses};
pub use recorder::{Recorder, words_of};
pub use scoreboard::{compare, compare_timed};
pub use stimulus::{Mask, Stimulus, beat_bytes, pack_step, signed_field};
pub use toolchain::{Core, Probes, Toolchain};
pub use verilator::VerilatedModel;
pub use workload::{Tracer, Workload};
