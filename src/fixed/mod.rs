//! Fixed-point numbers: formats, and the one place where bits are dropped.
//!
//! `sN.F` is a signed two's-complement integer of `N` bits whose value is `q * 2^-F`, `oN.F` an odd
//! integer of N bits and a sign. See `docs/numerics.md`; everything here is integer arithmetic.

mod format;
mod requantize;

pub use format::{Codes, LevelRule, Levels, MOST_ODD_BITS, QFormat, stored_codes};
pub use requantize::{requantize, requantize_odd, rne};
