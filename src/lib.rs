//! Low-precision LSTMs as plain Verilog, checked bit for bit.
//!
//! The path: a float model is [`import`]ed, [`quantize`]d to integers, made a [`hardware`] design,
//! and then three siblings that never import one another take it: [`mod@reference`] computes it,
//! [`codegen`] writes it as Verilog, [`estimate`] prices it. [`cosim`] compares the first two,
//! [`synth`] checks the third. [`lm`] puts an embedding and a decoder around a model and measures
//! what it predicts of a text.

pub mod cli;
pub mod codegen;
pub mod cosim;
pub mod device;
pub mod diagnostic;
pub mod estimate;
pub mod explore;
pub mod files;
pub mod fit;
pub mod fixed;
pub mod flow;
pub mod hardware;
pub mod import;
pub mod lm;
pub mod ptq;
pub mod quantize;
pub mod reference;
pub mod spec;
pub mod synth;
pub mod tools;
pub mod train;
