//! The integer model and its design as a bundle of files: Verilog, memories, scripts.

mod bundle;
mod context;
mod diagram;
mod interface;
mod layer;
mod library;
pub mod literal;
mod package;
mod parameters;
mod report;
mod scripts;
mod testbench;

pub use bundle::Bundle;
pub use interface::{Interface, StreamPort, Timing};
pub use library::{
    Comment, Part, TemplateError, header, library_files, library_prefix, primitives,
};
pub use package::Package;
pub use report::{LayerReport, MemoryReport, Report, TimingReport};
pub use testbench::Vectors;
