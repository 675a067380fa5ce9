//! Quantisation-aware training: of language models, and of networks for other tasks.
//!
//! The forward pass is the hardware's arithmetic (`docs/numerics.md`): weights, operands, gates and
//! states take exactly the values of their codes, products are exact, bits are dropped where the
//! hardware drops them. Gradients go straight through the rounding and stop where something was
//! clamped. Training in real numbers is the same without formats.

mod average;
mod cell;
mod checkpoint;
mod examples;
mod files;
mod fitted;
mod h_format;
mod layout;
mod loss;
mod network;
mod numbers;
mod optimizer;
mod order;
mod pass;
mod plot;
mod sampled;
mod trainer;
mod window;

#[cfg(test)]
mod tests;

pub use checkpoint::CheckpointError;
pub use examples::{Batches, Examples};
pub use files::state_dict;
pub use layout::{ParameterLayout, Sizes};
pub use network::WindowState;
pub use optimizer::Rule;
pub use plot::plot;
pub use sampled::{OutputSampler, SampledOutputs};
pub use trainer::{Diverged, Epoch, TrainOptions, Trainer};
pub use window::{Reading, TextTask, TrainingTask, Window, WindowGoal};
