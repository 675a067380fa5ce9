//! The bit-exact reference model: what the hardware computes, without any notion of cycles.
//!
//! Everything follows `docs/numerics.md`. Sums and products are exact; bits are dropped only by
//! [`crate::fixed::requantize`].

mod dot;
mod gru;
mod layer;
mod lstm;
mod narrow;
mod network;
mod packed;
mod saturation;
mod sequence;
mod stack;
mod streams;
mod summed;
mod trace;

pub use dot::{Dot, exact_dot};
pub use network::{WholeNetwork, dense_codes, dense_outputs, largest};
pub use saturation::{Saturation, StageCount};
pub use sequence::{SequenceOutputs, StepDone};
pub use stack::{Lstm, State, run_batch};
pub use streams::{StreamInputs, Streams, StreamsState};
pub use trace::{StepTrace, Trace};
