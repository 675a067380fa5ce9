//! What a decoder's outputs say of the next token.

use super::math::exp;

/// Lanes of the sums: fixed, so that the order of addition is.
const LANES: usize = 16;

/// `-ln softmax(logits)[target]` of one row, the sum of exponentials in double precision.
#[must_use]
pub fn negative_log_probability(logits: &[f32], target: usize) -> f64 {
    let mut most = [f32::NEG_INFINITY; LANES];
    for chunk in logits.chunks(LANES) {
        for (most, &value) in most.iter_mut().zip(chunk) {
            *most = if value > *most { value } else { *most };
        }
    }
    let most = most.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let mut sums = [0.0f64; LANES];
    for chunk in logits.chunks(LANES) {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += f64::from(exp(value - most));
        }
    }
    let sum: f64 = sums.into_iter().sum();
    sum.ln() + f64::from(most) - f64::from(logits[target])
}
