//! The quantised model: integers only, and how it is made.

mod activation;
mod model;

pub use activation::ActivationTables;
pub use model::{Alignment, GATES, Head, Layer, LayerError, QuantizedModel, RowScale};
