//! The hardware in numbers: folding, where every operand sits, widths, memories, and exactly how many
//! cycles a step takes. Every number between the model and the Verilog has one owner, and it is this
//! module; [`Design`] is made once and never changed.

mod array;
mod bits;
mod candidates;
mod cell;
mod control;
mod cycles;
mod dense;
mod dense_search;
mod design;
mod directions;
mod ends;
mod folding;
mod gru;
mod image;
mod images;
mod layer;
mod looks;
mod lstm;
mod memory;
mod op;
mod placed;
mod rated;
mod reservation;
mod search;
mod spec;
mod steady;
mod stream;
#[cfg(test)]
mod tests;
mod timing;
mod widths;

pub use array::{MacArray, Packing};
pub use bits::{bits_for, element_width, log2_up};
pub use candidates::{Layers, candidates};
pub use cell::{Cell, RowSum};
pub use cycles::{Controls, CycleCounts, Moved, Waits, count_cycles};
pub use dense::DENSE;
pub use design::Design;
pub use folding::{ArrayStyle, Folding};
pub use gru::{GRU, GRU_SCALED};
pub use image::Image;
pub use layer::{LayerDesign, RomColumns};
pub use lstm::{LSTM, LSTM_SCALED};
pub use memory::MemoryShape;
pub use op::{Event, Name, Op, Source, TablePort};
pub use rated::{Price, Rated, Wanted};
pub use spec::{DenseEnd, LayerSpec, LayerWeights, RowMultiplier, cell_of, forward_pass};
pub use steady::{SteadyCycles, steady_cycles};
pub use timing::LaneTiming;
pub use widths::{RowBound, Widths};
