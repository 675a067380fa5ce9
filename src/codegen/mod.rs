//! The integer model and its schedule as a bundle of files: Verilog, memories, scripts.

mod interface;

pub use interface::{Interface, StreamPort, Timing};
