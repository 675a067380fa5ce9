//! Settings that were asked for: names, targets, folding and policies of a design, validated.
//!
//! [`Settings`] are collected from the command line and from a design file, the stronger over
//! the weaker; [`DesignConfig::resolve`] decides what was left open and reports everything that
//! is wrong at once.

mod config;
mod direction;
mod file;
mod identifier;
mod implementation;
mod kind;
mod resolve;
mod settings;
mod table;

pub use config::{
    CellKind, CorePart, DesignConfig, DirectionKind, Network, Numerics, Origins, OutputKind,
    OutputOrder, SeededHead, SeededNetwork,
};
pub use direction::LayerDirection;
pub use file::{MAX_BYTES, read_settings};
pub use identifier::{Identifier, IdentifierError, MAX_LENGTH, reserved_word, verilog_words};
pub use implementation::{
    FoldingGoal, Implementation, MOST_CONTEXTS, MacStyle, MemoryInit, StatePolicy,
};
pub(crate) use implementation::{is_one_context, one_context};
pub use kind::{Kind, Value};
pub use settings::{Given, Settings};
pub use table::{DEFAULT_CLOCK_NS, GROUPS, Preset, SETTINGS, Setting};
