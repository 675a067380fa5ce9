//! Hardware against model, bit for bit.
//!
//! [`Toolchain`] compiles a core's Verilog with Verilator into a [`Model`]; [`compare`] feeds any
//! [`Dut`] with a [`Stimulus`] under a [`Pattern`] of idle and stall cycles and compares every
//! output word of every step, TLAST, the number of beats and the exact cycle counts.

mod cache;
mod dut;
mod error;
mod mock;
mod ports;
mod scoreboard;
mod stimulus;
mod toolchain;
mod verilator;

pub use cache::CacheError;
pub use dut::{Capture, Drive, Dut, DutError, Ended, FLAG_CLEAR, FLAG_LAST, TraceRecord};
pub use error::CosimError;
pub use mock::{Compute, Fault, MockDut};
pub use scoreboard::{Agreement, Difference, Outcome, compare};
pub use stimulus::{Mask, Pattern, Stimulus, beat_bytes, pack_step, signed_field};
pub use toolchain::{Core, Probes, Toolchain};
pub use verilator::Model;
