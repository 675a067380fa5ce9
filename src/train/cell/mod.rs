//! The element-wise part of a layer: in real numbers, and in the hardware's.
//!
//! Loops are plain and over slices of equal length, and run under [`pulp`], which compiles them for
//! every set of vector instructions and takes the widest that the machine has. Rust never fuses a
//! product and a sum by itself, so that all of them compute the same.

mod back;
mod float;
mod gru;
mod integer;
mod tape;

pub(super) use back::{Backward, step_back};
pub(super) use float::float_step;
pub(super) use gru::{gru_float_step, gru_integer_step};
pub(super) use integer::integer_step;
pub(super) use tape::{LayerTape, Sums};
