//! The quantised model: integers only, and how it is made.

mod activation;
mod calibrate;
mod file;
mod model;
mod seeded;
mod validate;

pub use activation::ActivationTables;
pub use calibrate::{
    CalibrationReport, Fractions, HeadFormat, QuantizeOptions, TensorReport, best_fraction,
    calibrate, layer_with, quantize_input,
};
pub use file::{FORMAT, ModelFileError};
pub use model::{Alignment, GATES, Head, Layer, LayerError, QuantizedModel, RowScale};
pub use seeded::{SeededOptions, SplitMix, default_h, random_model, seeded};
pub use validate::{LARGEST_SHIFT, LARGEST_SIZE};
