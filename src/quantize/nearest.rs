//! The nearest values of codes.

use crate::fixed::QFormat;

/// Adding and subtracting it rounds an f32 below `2^22` to the nearest integer, ties to even.
const ROUND_F32: f32 = 1.5 * (1u32 << 23) as f32;

/// Makes `values` the nearest real values in `format`, symmetric codes if asked for.
pub fn nearest(values: &mut [f32], format: QFormat, symmetric: bool) {
    pulp::Arch::new().dispatch(|| nearest_values(values, format, symmetric));
}

#[inline(always)]
fn nearest_values(values: &mut [f32], format: QFormat, symmetric: bool) {
    let scale = (format.frac as f32).exp2();
    let ulp = (-format.frac as f32).exp2();
    let high = format.max_code() as f32;
    if format.is_odd() {
        for value in values {
            // Clamped first: what is rounded stays far below 2^22.
            let half = (*value * scale / 2.0).clamp(-high, high);
            let near = 2.0 * floor(half) + 1.0;
            *value = near.clamp(-high, high) * ulp;
        }
        return;
    }
    let low = if symmetric { -high } else { -high - 1.0 };
    for value in values {
        let scaled = (*value * scale).clamp(low - 1.0, high + 1.0);
        *value = ((scaled + ROUND_F32) - ROUND_F32).clamp(low, high) * ulp;
    }
}

/// The whole number below, of a value below `2^22`: without a call of the system's library, which
/// `f32::floor` is on processors that lack the instruction.
#[inline(always)]
fn floor(value: f32) -> f32 {
    let near = (value + ROUND_F32) - ROUND_F32;
    near - f32::from(u8::from(near > value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[allow(clippy::float_cmp)] // whole numbers
    fn the_whole_number_below_is_that_of_the_library() {
        for code in -4000..4000 {
            for value in [
                code as f32 / 8.0,
                code as f32 / 8.0 + 1e-4,
                code as f32 * 37.7,
            ] {
                assert_eq!(floor(value), value.floor(), "{value}");
            }
        }
        assert!(floor(f32::NAN).is_nan());
    }
}
