//! Exact dot products of integer codes.

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
/// A product is at most `2^(w_bits - 1 + x_bits - 1)` in magnitude, so `2^31` divided by that, less
/// one, many of them fit an `i32`. The inner loop is the shape compilers turn into multiply-add
/// instructions on pairs of 16-bit lanes.
#[derive(Clone, Copy, Debug)]
pub struct Dot {
    block: usize,
}

/// Blocks shorter than this are not worth the outer loop.
const SHORTEST_BLOCK: usize = 32;

impl Dot {
    /// For weights of `w_bits` and operands of `x_bits`, both at most 16.
    #[must_use]
    pub fn new(w_bits: u32, x_bits: u32) -> Self {
        // One bit has the codes -1 and +1, as large as two bits' largest.
        let product = (w_bits.max(2) - 1) + (x_bits.max(2) - 1);
        Self {
            block: ((1usize << (31 - product)) - 1).min(1 << 16),
        }
    }

    /// The dot product; operands must be codes of the widths given to [`Dot::new`].
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(bits: u32, seed: u64) -> i16 {
        let top = 1i64 << (bits - 1);
        match bits {
            1 => {
                if seed & 1 == 1 {
                    1
                } else {
                    -1
                }
            }
            _ => match seed % 5 {
                0 => -top as i16,
                1 => (top - 1) as i16,
                _ => ((seed >> 3) as i64).rem_euclid(2 * top).wrapping_sub(top) as i16,
            },
        }
    }

    proptest! {
        #[test]
        fn blocks_equal_the_definition(
            w_bits in 1u32..=16, x_bits in 1u32..=16, seeds in proptest::collection::vec(any::<(u64, u64)>(), 0..3000)
        ) {
            let w: Vec<i16> = seeds.iter().map(|s| code(w_bits, s.0)).collect();
            let x: Vec<i16> = seeds.iter().map(|s| code(x_bits, s.1)).collect();
            prop_assert_eq!(Dot::new(w_bits, x_bits).of(&w, &x), exact_dot(&w, &x));
        }
    }

    #[test]
    fn extremes_fill_a_block_without_overflow() {
        for bits in 2..=16 {
            let extreme = vec![(-(1i64 << (bits - 1))) as i16; 70_000];
            let dot = Dot::new(bits, bits);
            assert_eq!(
                dot.of(&extreme, &extreme),
                exact_dot(&extreme, &extreme),
                "{bits} bits"
            );
        }
    }
}
