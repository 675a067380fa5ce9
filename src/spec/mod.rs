//! What was asked for: names, targets, folding and policies of a design, validated.
//!
//! [`Settings`] are collected from the command line and from a design file, the stronger over
//! the weaker; [`DesignConfig::resolve`] decides what was left open and reports everything that
//! is wrong at once.

mod config;
mod file;
mod identifier;
mod implementation;
mod resolve;
mod settings;

pub use config::{
    DEFAULT_BITS, DEFAULT_C, DEFAULT_CLOCK_NS, DEFAULT_GATE_FRAC, DEFAULT_MACS, DEFAULT_Z,
    DesignConfig, Network, Numerics, Origins, SeededNetwork,
};
pub use file::{MAX_BYTES, read_settings};
pub use identifier::{Identifier, IdentifierError, MAX_LENGTH, reserved_word, verilog_words};
pub use implementation::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
pub use settings::{FIELDS, Field, Given, Kind, Settings, Value};
