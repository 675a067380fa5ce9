//! A GRU's element-wise part, forth in real numbers and in the hardware's, and back.
//!
//! Sums of x and of h are `[3H]` in the order r, u, n; biases `[4H]`, that of n's part of h last.

mod back;
mod float;
mod integer;

pub(super) use back::gru_row_back;
pub use float::gru_float_step;
pub use integer::gru_integer_step;
