//! Float models from outside: state dicts of `PyTorch`, in safetensors or of `torch.save`, Keras
//! and ONNX.
//!
//! Refuse, never guess: a tensor that is not understood, or that asks for other mathematics than
//! the contract's, is an error that names it.

mod container;
mod error;
mod keras;
mod model;
mod onnx;
mod report;
mod state_dict;
mod tensors;

pub use model::{
    EMBEDDING, FloatDirection, FloatFront, FloatGruUnit, FloatHead, FloatLayer, FloatModel,
    FloatRecurrence, FloatUnit, ImportOptions, Mapping, Passengers, TrainedFractions,
};
pub use report::{FrontSizes, ImportReport, LayerSizes};

use crate::diagnostic::Problem;
use crate::files::archive::Archive;
use container::{safetensors, torch};
use state_dict::Known;
use std::path::Path;

/// Reads a float model.
pub fn read(path: &Path, options: &ImportOptions) -> Result<FloatModel, Problem> {
    let bytes = crate::files::load(path)?;
    read_bytes(&bytes, options).map_err(|problem| problem.in_file(path))
}

/// Reads a float model from a file's bytes; their kind is known by what they begin with.
pub fn read_bytes(bytes: &[u8], options: &ImportOptions) -> Result<FloatModel, Problem> {
    let (tensors, known) = if bytes.get(8) == Some(&b'{') {
        // First, since the length of its header before it may look like anything.
        (safetensors::read(bytes)?, Known::default())
    } else if bytes.starts_with(b"PK\x03\x04") {
        let archive = Archive::read(bytes)?;
        if archive.names().any(|name| name == "model.weights.h5") {
            keras::read_archive(bytes, &archive)?
        } else {
            (torch::read(bytes, &archive)?, Known::default())
        }
    } else if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        keras::read_hdf5(bytes)?
    } else if bytes.first() == Some(&8) {
        // Field 1 of a protobuf, the version.
        onnx::read(bytes)?
    } else {
        torch::refuse_pickle(bytes)?;
        (safetensors::read(bytes)?, Known::default())
    };
    state_dict::read(tensors, known, options)
}
