//! The quantised model: integers only, and how it is made.

mod activation;
mod codes;
mod dense;
mod ends;
mod file;
mod model;
mod nearest;
mod offset;
mod passes;
mod random;
mod rows;
mod seeded;
mod splitmix;
mod validate;

pub use activation::ActivationTables;
pub use codes::{
    Fractions, HeadFormat, QuantizeOptions, best_format, best_fraction, clamped, layer_with,
    quantize_input, squared_error,
};
pub use dense::{Dense, DenseOutput, Embedding, Emit, LARGEST_VOCABULARY, index_format};
pub use ends::with_random_ends;
pub use file::FORMAT;
pub use model::{
    Alignment, Direction, InputOffset, LARGEST_SHIFT, LARGEST_SIZE, Layer, MOST_V_BITS,
    QuantizedModel, Recurrence, RowScale, V_FINER,
};
pub use nearest::nearest;
pub use passes::{LONGEST_SEQUENCE, Pass, PassPlace, numbered};
pub use random::{
    random_model, random_model_directed, random_model_mixed, random_model_of, random_network,
    with_row_scales,
};
pub use rows::{RealRow, RowMultipliers};
pub use seeded::{default_h, h_format, seeded};
pub use splitmix::SplitMix;
