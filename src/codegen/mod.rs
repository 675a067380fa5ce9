//! The integer model and its schedule as a bundle of files: Verilog, memories, scripts.

mod bundle;
mod context;
mod diagram;
mod hardware;
mod interface;
mod library;
pub mod literal;
mod memory;
mod package;
mod parameters;
mod report;
mod scripts;
mod testbench;

pub use bundle::{Bundle, CodegenError};
pub use hardware::LayerHardware;
pub use interface::{Interface, StreamPort, Timing};
pub use library::{Comment, PRIMITIVES, TemplateError, header, library_files, library_prefix};
pub use memory::{Image, LANE_ORDER, bias_image, rom_columns, weight_image};
pub use package::Package;
pub use report::{LayerReport, MemoryReport, Report};
pub use testbench::Vectors;
