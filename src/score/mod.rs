//! What answers are worth: targets, metrics, and how they are counted.
//!
//! One count for everybody: `score` and the validation of a training, in real numbers or in integers.

mod answers;
mod metric;
mod targets;

pub use answers::Answers;
pub use metric::{Metric, MetricValue};
pub use targets::{RightAnswers, Targets};
