//! Probability of the next token by a decoder's outputs.

use super::math::exp;
use pulp::{Arch, Simd, WithSimd};

/// Lanes of the sums: fixed, so that the order of addition is.
const LANES: usize = 16;

/// `-ln softmax(logits)[target]` of one row, the sum of exponentials in double precision.
#[must_use]
pub fn negative_log_probability(logits: &[f32], target: usize) -> f64 {
    let (most, sum) = Arch::new().dispatch(ExpSum(logits));
    sum.ln() + f64::from(most) - f64::from(logits[target])
}

/// The largest value, and the sum of `e^(value - largest)`.
struct ExpSum<'a>(&'a [f32]);

impl WithSimd for ExpSum<'_> {
    type Output = (f32, f64);

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> (f32, f64) {
        sum(self.0)
    }
}

#[inline(always)]
fn sum(logits: &[f32]) -> (f32, f64) {
    let (blocks, rest) = logits.as_chunks::<LANES>();
    let mut most = [f32::NEG_INFINITY; LANES];
    for block in blocks {
        for lane in 0..LANES {
            most[lane] = if block[lane] > most[lane] {
                block[lane]
            } else {
                most[lane]
            };
        }
    }
    let most = most
        .iter()
        .chain(rest)
        .fold(f32::NEG_INFINITY, |a, &b| a.max(b));
    let mut sums = [0.0f64; LANES];
    for block in blocks {
        for lane in 0..LANES {
            sums[lane] += f64::from(exp(block[lane] - most));
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(exp(value - most));
    }
    (most, sums.into_iter().sum())
}
