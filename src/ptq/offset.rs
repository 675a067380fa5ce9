//! The constant of each element of x that calibration takes off.

use super::sequences::Sequences;
use crate::diagnostic::Problem;
use crate::quantize::InputOffset;

/// Share of the steps whose lowest, and whose highest, values do not count.
const WILD: f64 = 1e-3;
/// Bits of the half range that an offset is rounded to.
const BITS: i32 = 7;

/// The lowest and the highest value of an element, but for its 0.1 % lowest and highest.
///
/// # Panics
/// Without any value.
#[must_use]
pub fn span(inputs: &Sequences, element: usize) -> (f64, f64) {
    let values = inputs.data.iter().skip(element).step_by(inputs.width);
    let mut values: Vec<f32> = values.copied().collect();
    values.sort_unstable_by(f32::total_cmp);
    let cut = (values.len() as f64 * WILD) as usize;
    let last = values.len() - 1 - cut;
    (values[cut].into(), values[last].into())
}

/// The middle of what every element spans on the calibration inputs, but for its 0.1 % lowest and
/// highest values, to a hundredth of the smallest span; 0 where it is less than a quarter of the half
/// span, since codes gain nothing there.
#[must_use]
pub fn middle(inputs: &Sequences) -> InputOffset {
    let mut middles = Vec::with_capacity(inputs.width);
    let mut narrowest = f64::INFINITY;
    for element in 0..inputs.width {
        let (low, high) = span(inputs, element);
        let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
        middles.push(if middle.abs() < half / 4.0 {
            0.0
        } else {
            middle
        });
        if half > 0.0 {
            narrowest = narrowest.min(half);
        }
    }
    let frac = if narrowest.is_finite() {
        BITS - narrowest.log2().floor() as i32
    } else {
        32
    };
    InputOffset::nearest(&middles, frac)
}

/// The offset of an x of `size` elements by constants that are given: one for all, or one for each.
///
/// # Errors
/// Another count of them.
pub fn repeated(values: &[f64], size: usize) -> Result<InputOffset, Problem> {
    let values = match values {
        [one] => vec![*one; size],
        _ if values.len() == size => values.to_vec(),
        _ => {
            let problem = format!("holds {} numbers", values.len());
            return Err(Problem::flag("--input-offset", problem).help(format!(
                "x has {size} elements: give one number for all, or {size}"
            )));
        }
    };
    Ok(InputOffset::nearest(&values, 32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_span_but_for_wild_values() {
        let mut data = Vec::new();
        for step in 0..2001 {
            let at = step as f32 / 1000.0 - 1.0;
            data.extend([101_325.0 + 50.0 * at, at, 7.0, 3.0 + at]);
        }
        data[4 * 100] = 1e7;
        let offset = middle(&Sequences::one(data, 4));
        let found = offset.values();
        assert!((found[0] - 101_325.0).abs() < 0.2, "{found:?}");
        assert_eq!((found[1], found[2]), (0.0, 7.0));
        assert!((found[3] - 3.0).abs() < 0.01, "{found:?}");
    }
}
