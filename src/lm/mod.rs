//! Language models: an embedding before the LSTM, a decoder behind it, and what a text costs.
//!
//! The LSTM is computed in floating point or in the hardware's integers; embedding and decoder
//! stand outside the hardware. `docs/language-models.md` has the conventions.

mod beside;
mod decode;
mod evaluate;
mod forward;
mod front;
mod math;
mod model;
mod product;
mod read;
mod softmax;
mod state;
mod text;
mod vocabulary;
mod walk;

pub use evaluate::{EvalOptions, Evaluation, evaluate};
pub use forward::float_layer;
pub use math::{exp, sigmoid, tanh};
pub use model::{Decoder, LanguageModel, Stack, TokenRows};
pub use product::{Element, Matrix, Packed, add_product, product};
pub use read::{is_quantized, read_text};
pub use softmax::negative_log_probability;
pub use state::FloatState;
pub use text::{EOS, Level, characters, written};
pub use vocabulary::{Vocabulary, tokenize};
pub use walk::{Prepared, Round, Walk};
