//! Fixed-point numbers: formats, and the one place where bits are dropped.
//!
//! `sN.F` is a signed two's-complement integer of `N` bits whose value is `q * 2^-F`. See
//! `docs/numerics.md`; everything here is integer arithmetic.

mod format;
mod requantize;

pub use format::QFormat;
pub use requantize::{requantize, rne, saturate};
