//! Kinds of files, as tensors by name.

pub mod archive;
mod pickle;
pub mod safetensors;
pub mod torch;
