//! The quantised model: integers only, and how it is made.

mod model;

pub use model::{Alignment, GATES, Head, Layer, LayerError, QuantizedModel, RowScale};
