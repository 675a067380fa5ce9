//! The charts of a sweep.

mod accuracy;
mod latency;
mod limits;

pub use accuracy::memory_against_accuracy;
pub use latency::lut_against_latency;
pub use limits::{LimitBar, limit_bars, limits};
