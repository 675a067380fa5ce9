//! Low-precision LSTMs as plain Verilog, checked bit for bit.
//!
//! The path: a float model is [`import`]ed, [`quantize`]d to integers, made a [`hardware`] design,
//! and then three siblings that never import one another take it: [`mod@reference`] computes it,
//! [`codegen`] writes it as Verilog, [`estimate`] prices it. [`cosim`] compares the first two,
//! [`synth`] checks the third. [`lm`] puts an embedding and a decoder around a model and measures
//! what it predicts of a text, [`score`] what answers are worth. [`flow`] goes the whole path:
//!
//! ```
//! use lprnn_hw::cosim::Workload;
//! use lprnn_hw::flow::{Checking, Silent, build, check, plan};
//! use lprnn_hw::spec::{DesignConfig, read_settings};
//! use std::path::Path;
//!
//! let text = "network = { hidden = 5, input_size = 3 }\nnumerics = { bits = 4 }";
//! let settings = read_settings(text, "design.toml", Path::new("."));
//! let planned = plan(DesignConfig::resolve(settings)?)?; // weights from a seed, folded
//! let built = build(&planned)?; // Verilog, memories, test bench, scripts
//! let (_folder, opened) = built.open()?; // a temporary folder, read back
//! let load = Workload::random(&opened.interface, 32, 1);
//! let checked = check(&opened, &Checking::new(&load, &opened.patterns()), &Silent)?; // by Verilator
//! assert!(checked.equal);
//! assert_eq!(checked.agreed(), Some((2 * 32 * 5, Some(planned.design.cycles().per_step))));
//! # Ok::<(), lprnn_hw::diagnostic::Problems>(())
//! ```

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
pub mod score;
pub mod search;
pub mod spec;
pub mod synth;
pub mod tools;
pub mod train;
