//! Tests of `math.rs`.

use super::*;

/// Largest error in units in the last place of `want`, over a fine grid.
fn worst(range: std::ops::Range<i32>, got: impl Fn(f32) -> f32, want: impl Fn(f64) -> f64) -> f64 {
    range
        .map(|step| step as f32 / 1024.0)
        .map(|x| {
            let want = want(f64::from(x));
            let ulp = f64::from(f32::EPSILON) * want.abs().max(1e-30).log2().floor().exp2();
            (f64::from(got(x)) - want).abs() / ulp
        })
        .fold(0.0, f64::max)
}

#[test]
fn functions_are_within_their_bounds() {
    assert!(worst(-87 * 1024..88 * 1024, exp, f64::exp) < 2.0);
    assert!(worst(-20 * 1024..20 * 1024, tanh, f64::tanh) < 3.0);
    assert!(worst(-20 * 1024..20 * 1024, sigmoid, |x| 1.0 / (1.0 + (-x).exp())) < 3.0);
}

#[test]
fn ends_and_nan() {
    let exact = |value: f32, want: f32| assert_eq!(value.to_bits(), want.to_bits());
    exact(tanh(1e30), 1.0);
    exact(tanh(-1e30), -1.0);
    exact(sigmoid(f32::INFINITY), 1.0);
    assert!(sigmoid(f32::NEG_INFINITY) < 1e-37);
    assert!(exp(f32::NAN).is_nan() && tanh(f32::NAN).is_nan() && sigmoid(f32::NAN).is_nan());
    exact(exp(0.0), 1.0);
}
