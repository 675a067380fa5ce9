//! What answers are worth: targets, metrics, and how they are counted.
//!
//! One count for everybody: `score` and the validation of a training, in real numbers or in integers.

mod answers;
mod loss;
mod metric;
mod targets;

pub use answers::Answers;
pub use loss::{cross_entropy, weighted_squares};
pub use metric::Metric;
pub use targets::Targets;
