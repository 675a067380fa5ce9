//! Float models from outside: state dicts of `PyTorch` in safetensors.
//!
//! Refuse, never guess: a tensor that is not understood, or that asks for other mathematics than
//! the contract's, is an error that names it.

mod container;
mod error;
mod model;
mod state_dict;
mod tensors;

pub use error::ImportError;
pub use model::{
    FloatHead, FloatLayer, FloatModel, ImportOptions, Mapping, Passengers, TrainedFractions,
    TrainedWidths,
};

use std::path::Path;

/// Reads a float model.
pub fn read(path: &Path, options: &ImportOptions) -> Result<FloatModel, ImportError> {
    let bytes = crate::files::read(path).map_err(|source| ImportError::Io {
        path: path.to_owned(),
        source,
    })?;
    read_bytes(&bytes, options)
}

/// Reads a float model from a file's bytes; their kind is known by what they begin with.
pub fn read_bytes(bytes: &[u8], options: &ImportOptions) -> Result<FloatModel, ImportError> {
    let tensors = container::safetensors::read(bytes)?;
    state_dict::read(tensors, options)
}
