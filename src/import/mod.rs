//! Float models from outside: `PyTorch` state dicts in safetensors.
//!
//! Refuse, never guess: a tensor that is not understood, or that asks for other mathematics than
//! the contract's, is an error that names it.

mod state_dict;
mod tensors;

pub use state_dict::{FloatHead, FloatLayer, FloatModel, Mapping, Passengers, read, read_bytes};
pub use tensors::ImportError;
