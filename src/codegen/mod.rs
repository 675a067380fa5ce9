//! The integer model and its design as a bundle of files: Verilog, memories, scripts.

mod bundle;
mod context;
mod datapath;
mod diagram;
mod header;
mod interface;
mod layer;
mod layer_files;
mod leaves;
mod library;
pub mod literal;
mod memories;
mod package;
mod parameters;
mod render;
mod report;
mod scripts;
mod signature;
mod testbench;

pub use bundle::Bundle;
pub use header::{Comment, header};
pub use interface::{Interface, PortKind, StreamPort, Timing};
pub use library::{LibraryPart, library_files, library_prefix, primitives};
pub use package::Package;
pub use render::TemplateError;
pub use report::{LayerReport, MemoryReport, Report, TimingReport, cell_title, state_letter};
pub use testbench::Vectors;
