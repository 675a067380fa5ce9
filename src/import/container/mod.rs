//! Kinds of files, as tensors by name.

mod pickle;
pub mod safetensors;
pub mod torch;
