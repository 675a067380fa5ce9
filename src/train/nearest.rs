//! The nearest values of codes.

use crate::fixed::QFormat;

/// Adding and subtracting it rounds an f32 below `2^22` to the nearest integer, ties to even.
const ROUND_F32: f32 = 1.5 * (1u32 << 23) as f32;

/// Makes `values` the nearest real values in `format`, symmetric codes if asked for.
pub(super) fn nearest(values: &mut [f32], format: QFormat, symmetric: bool) {
    let scale = (format.frac as f32).exp2();
    let ulp = (-format.frac as f32).exp2();
    let high = format.max_code() as f32;
    if format.is_odd() {
        for value in values {
            let near = 2.0 * (*value * scale / 2.0).floor() + 1.0;
            *value = near.clamp(-high, high) * ulp;
        }
        return;
    }
    let low = if symmetric { -high } else { -high - 1.0 };
    for value in values {
        // Clamped first: what is rounded stays far below 2^22.
        let scaled = (*value * scale).clamp(low - 1.0, high + 1.0);
        *value = ((scaled + ROUND_F32) - ROUND_F32).clamp(low, high) * ulp;
    }
}
