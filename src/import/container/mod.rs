//! Kinds of files, as tensors by name.

pub mod safetensors;
