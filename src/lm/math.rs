//! Elementary functions in single precision that compilers turn into vector instructions.
//!
//! No branch, no fused multiply-add, no call of the system's library: the same digits on every
//! machine. Ranges and coefficients of the polynomials are those of the Cephes library (Moshier,
//! `expf.c` and `tanhf.c`).

/// Adding and subtracting it rounds to a whole number, ties to even.
const ROUND: f32 = 12_582_912.0;

/// `e^x` within 2 units in the last place; not below `2^-126`, not above `e^88`. NaN stays NaN.
#[inline(always)]
#[must_use]
pub fn exp(x: f32) -> f32 {
    const LN_2_HIGH: f32 = 355.0 / 512.0;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.336_54, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = x - k * LN_2_HIGH - k * LN_2_LOW;
    let mut p = 1.987_569_1e-4;
    for coefficient in [
        1.398_199_9e-3,
        8.333_452e-3,
        4.166_579_6e-2,
        0.166_666_65,
        0.5,
    ] {
        p = p * r + coefficient;
    }
    let scale = (shifted
        .to_bits()
        .wrapping_sub(ROUND.to_bits())
        .wrapping_add(127))
        << 23;
    (p * r * r + r + 1.0) * f32::from_bits(scale)
}

/// `1 / (1 + e^-x)`.
#[inline(always)]
#[must_use]
pub fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

/// Hyperbolic tangent, within 3 units in the last place.
#[inline(always)]
#[must_use]
pub fn tanh(x: f32) -> f32 {
    let size = x.abs();
    let far = (1.0 - 2.0 / (exp(2.0 * size) + 1.0)).copysign(x);
    let square = x * x;
    let mut p = -5.704_988_7e-3;
    for coefficient in [2.063_909e-2, -5.373_971_5e-2, 0.133_314_42, -0.333_332_8] {
        p = p * square + coefficient;
    }
    let near = x + x * square * p;
    if size < 0.625 { near } else { far }
}

#[cfg(test)]
mod tests;
