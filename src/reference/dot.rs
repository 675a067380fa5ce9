//! Exact dot products of integer codes.

use crate::fixed::Codes;

/// The definition: the sum of `weights[n] * operands[n]`, exact in 64 bits.
///
/// Codes of at most 16 bits and rows of fewer than `2^32` elements cannot overflow.
#[must_use]
pub fn exact_dot(weights: &[i16], operands: &[i16]) -> i64 {
    weights
        .iter()
        .zip(operands)
        .map(|(&w, &x)| i64::from(w) * i64::from(x))
        .sum()
}

/// The same sum, in blocks short enough for 32 bits.
///
/// A product is at most `2^n` in magnitude, `n` the sum of both codes' magnitude bits, so `2^31` divided by that, less
/// one, many of them fit an `i32`. The inner loop is the shape compilers turn into multiply-add
/// instructions on pairs of 16-bit lanes.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    block: usize,
}

/// Blocks shorter than this are not worth the outer loop.
const SHORTEST_BLOCK: usize = 32;

impl Dot {
    /// For weights of `w` and operands of `x`, both of at most 16 bits.
    #[must_use]
    pub fn new(w: impl Into<Codes>, x: impl Into<Codes>) -> Self {
        let product = w.into().magnitude_bits() + x.into().magnitude_bits();
        Self {
            block: ((1usize << (31 - product)) - 1).min(1 << 16),
        }
    }

    /// The dot product; operands must be codes of the kinds given to [`Dot::new`].
    #[inline]
    #[must_use]
    pub fn of(self, weights: &[i16], operands: &[i16]) -> i64 {
        if self.block < SHORTEST_BLOCK {
            return exact_dot(weights, operands);
        }
        let mut total = 0i64;
        for (weights, operands) in weights.chunks(self.block).zip(operands.chunks(self.block)) {
            let block: i32 = weights
                .iter()
                .zip(operands)
                .map(|(&w, &x)| i32::from(w) * i32::from(x))
                .sum();
            total += i64::from(block);
        }
        total
    }
}

#[cfg(test)]
mod tests;
