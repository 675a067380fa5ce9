//! FPGA families and parts: one row a family ([`Facts`]), one line a part ([`Part`]).
//!
//! Everything that the program knows about a family stands in its row: a new family is a row of
//! `family.rs`, its memories in `ram.rs`, and the data that is measured for it.

mod clock;
mod facts;
mod family;
mod parts;
mod placed;
mod ram;

pub use clock::ClockClass;
pub use facts::{Carry, Facts, Multiplier, Route};
pub use family::Family;
pub use parts::Part;
pub use placed::{PlacedPart, synthesis};
pub use ram::RamCell;
