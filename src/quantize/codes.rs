//! Real numbers to codes, and the fractions with the least squared error.

use super::dense::{Dense, DenseOutput, Emit};
use super::model::{Direction, LARGEST_SHIFT, Layer, Recurrence};
use crate::fixed::{Codes, Levels, QFormat};
use crate::import::{FloatHead, FloatLayer};
use crate::spec::Numerics;

/// Numbers of the linear head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFormat {
    /// It rides along as `decoder.weight` and `decoder.bias`.
    Float,
    /// Integers, weights of this many bits.
    Integer(u32),
}

/// Widths and formats to quantise to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantizeOptions {
    /// Of weights, x, h and the element-wise part.
    pub numerics: Numerics,
    /// The linear head, where the model has one.
    pub head: HeadFormat,
}

/// The nearest of the integers that codes of these levels are, not clamped: ties to even, of odd ones to
/// the upper.
fn nearest(scaled: f64, levels: Levels) -> f64 {
    match levels {
        Levels::Even => scaled.round_ties_even(),
        Levels::Odd => 2.0 * (scaled / 2.0).floor() + 1.0,
    }
}

/// The nearest code, clamped; at one bit the sign, +1 for zero.
fn code(value: f32, format: QFormat, symmetric: bool) -> i64 {
    let near = nearest(
        f64::from(value) * f64::from(format.frac).exp2(),
        format.levels,
    );
    let codes = format.codes();
    let least = if symmetric {
        codes.min_weight()
    } else {
        codes.min_code()
    };
    near.clamp(least as f64, codes.max_code() as f64) as i64
}

/// Codes of real inputs in `format`: the nearest, of two the even or, with odd levels, the upper one.
#[must_use]
pub fn quantize_input(values: &[f32], format: QFormat) -> Vec<i32> {
    nearest_codes(values.iter().map(|&value| f64::from(value)), format)
}

/// [`quantize_input`] of values of double precision.
pub(super) fn nearest_codes(values: impl Iterator<Item = f64>, format: QFormat) -> Vec<i32> {
    let scale = f64::from(format.frac).exp2();
    if format.is_odd() {
        let (least, most) = (format.min_code() as f64, format.max_code() as f64);
        let near =
            values.map(|value| nearest(value * scale, Levels::Odd).clamp(least, most) as i32);
        return near.collect();
    }
    let (least, most) = (format.min_code() as f64, format.max_code() as f64);
    let rounded = values.map(|value| {
        // Clamped before it is rounded: below 2^51, adding and subtracting rounds to even.
        let near = (value * scale).clamp(least - 1.0, most + 1.0);
        ((near + ROUND) - ROUND).clamp(least, most) as i32
    });
    rounded.collect()
}

/// Adding and subtracting it rounds an f64 below `2^51` to the nearest integer, ties to even.
const ROUND: f64 = 1.5 * (1u64 << 52) as f64;

/// Squared error of `values` in `format`, symmetric codes if asked for.
#[must_use]
pub fn squared_error(values: &[f32], format: QFormat, symmetric: bool) -> f64 {
    let ulp = format.ulp();
    values
        .iter()
        .map(|&value| (f64::from(value) - code(value, format, symmetric) as f64 * ulp).powi(2))
        .sum()
}

/// The fraction with the least squared error of these codes on `values`.
///
/// Candidates reach from the one that holds the largest value to six bits finer; clamping a few
/// outliers often pays.
#[must_use]
pub fn best_fraction(values: &[f32], codes: impl Into<Codes>, symmetric: bool) -> i32 {
    let codes = codes.into();
    let largest = values
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return codes.bits as i32 - 1;
    }
    let coarsest = codes.magnitude_bits() as i32 - 1 - largest.log2().floor() as i32;
    let candidates = (coarsest - 1)..=(coarsest + 6);
    let error = |frac: i32| squared_error(values, codes.at(frac), symmetric);
    candidates
        .min_by(|&a, &b| error(a).total_cmp(&error(b)))
        .unwrap_or(coarsest)
}

/// Of these codes those, with their fraction, that have the least squared error on `values`; the first of equal
/// ones.
///
/// # Panics
/// Without codes.
#[must_use]
pub fn best_format(values: &[f32], candidates: &[Codes]) -> QFormat {
    let formats = candidates
        .iter()
        .map(|&codes| codes.at(best_fraction(values, codes, false)));
    let error = |format: QFormat| squared_error(values, format, false);
    let best = formats.min_by(|&a, &b| error(a).total_cmp(&error(b)));
    best.expect("candidates are given")
}

/// How many values lie beyond the codes of `format`, by more than rounding.
#[must_use]
pub fn clamped(values: &[f32], format: QFormat) -> u64 {
    clamped_values(values.iter().map(|&value| f64::from(value)), format)
}

/// [`clamped`] of values of double precision.
pub(super) fn clamped_values(values: impl Iterator<Item = f64>, format: QFormat) -> u64 {
    if format.bits == 1 {
        return 0; // the sign is all there is
    }
    let scale = f64::from(format.frac).exp2();
    let (low, high) = (format.min_code() as f64, format.max_code() as f64);
    let beyond = values
        .map(|value| nearest(value * scale, format.levels))
        .filter(|code| *code < low || *code > high);
    beyond.count() as u64
}

impl Dense {
    /// The sums for the codes of one x, `[output_size]`, exact.
    pub fn of_codes(&self, x: &[i32]) -> impl Iterator<Item = i64> {
        let rows = self.weight.chunks_exact(x.len()).zip(&self.bias);
        rows.map(move |(row, &bias)| {
            let products = row.iter().zip(x);
            let sum: i64 = products.map(|(&w, &x)| i64::from(w) * i64::from(x)).sum();
            sum + i64::from(bias)
        })
    }

    /// The codes of a float head in `format`, on codes of the format `x`; it gives its sums at every step.
    #[must_use]
    pub fn of(float: &FloatHead, format: QFormat, x: QFormat) -> Self {
        let one = f64::from(format.frac + x.frac).exp2();
        let weight = float.weight.iter();
        let bias = float.bias.iter();
        Self {
            input_size: float.weight.len() / float.output_size,
            output_size: float.output_size,
            x,
            w_bits: format.bits,
            w_levels: format.levels,
            w_frac: format.frac,
            output: DenseOutput::Sum,
            when: Emit::Step,
            weight: weight
                .map(|&value| code(value, format, true) as i16)
                .collect(),
            bias: bias
                .map(|&value| (f64::from(value) * one).round_ties_even() as i32)
                .collect(),
        }
    }
}

/// Fractions of one layer's weights, one a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fractions {
    /// Of `weight_ih`.
    pub ih: Vec<i32>,
    /// Of `weight_hh`.
    pub hh: Vec<i32>,
}

impl Fractions {
    /// Those with the least squared error for weights of these codes, made coarser where products could
    /// not be aligned or a bias would not fit 32 bits. `x` and `h` are the operands' formats.
    #[must_use]
    pub fn fit(float: &FloatLayer, x: QFormat, h: QFormat, weights: Codes) -> Self {
        Self::least_error(float, weights).settled(float, x, h)
    }

    /// Those with the least squared error, whatever the operands are.
    #[must_use]
    pub fn least_error(float: &FloatLayer, codes: Codes) -> Self {
        let of = |weights: &[f32]| {
            let gates = weights.chunks_exact(weights.len() / float.gates());
            gates.map(|gate| best_fraction(gate, codes, true)).collect()
        };
        Self {
            ih: of(&float.weight_ih),
            hh: of(&float.weight_hh),
        }
    }

    /// Made coarser where products could not be aligned or a bias would not fit 32 bits.
    #[must_use]
    pub fn settled(mut self, float: &FloatLayer, x: QFormat, h: QFormat) -> Self {
        let parted = float.recurrence.kind().parted();
        for (gate, bias) in float.bias.chunks_exact(float.hidden_size).enumerate() {
            if parted == Some(gate) {
                // Each part has a bias of its own at the fraction of its product.
                fit_bias(&mut self.ih[gate], x, bias);
                fit_bias(&mut self.hh[gate], h, float.recurrence.bias_n_h());
            } else {
                self.settle(gate, (x, h), bias);
            }
        }
        self
    }

    /// Makes the finer product coarser until both can be aligned and the bias fits.
    fn settle(&mut self, gate: usize, (x, h): (QFormat, QFormat), bias: &[f32]) {
        loop {
            let (of_x, of_h) = (self.ih[gate] + x.frac, self.hh[gate] + h.frac);
            let too_far = of_x.abs_diff(of_h) > LARGEST_SHIFT;
            if !too_far && bias_fits(bias, of_x.max(of_h)) {
                return;
            }
            if of_x > of_h {
                self.ih[gate] -= 1;
            } else {
                self.hh[gate] -= 1;
            }
        }
    }
}

/// `true` if the biases at this fraction fit 32 bits.
fn bias_fits(bias: &[f32], frac: i32) -> bool {
    let largest = bias
        .iter()
        .fold(0.0f64, |most, &value| most.max(f64::from(value).abs()));
    largest * f64::from(frac).exp2() < 2f64.powi(31) - 1.0
}

/// Makes the weights' fraction coarser until the bias at their product's fraction fits.
fn fit_bias(frac: &mut i32, operand: QFormat, bias: &[f32]) {
    while !bias_fits(bias, *frac + operand.frac) {
        *frac -= 1;
    }
}

/// The codes of one layer in these formats: nearest, symmetric, clamped. The cell is that of `float`; v of a
/// GRU follows z as [`Recurrence::of`] says.
#[must_use]
pub fn layer_with(
    float: &FloatLayer,
    x: QFormat,
    h: QFormat,
    numerics: &Numerics,
    fractions: &Fractions,
) -> Layer {
    let weights = numerics.weights();
    let codes = |values: &[f32], fractions: &[i32]| -> Vec<i16> {
        let gates = values.chunks_exact(values.len() / float.gates());
        (gates.zip(fractions))
            .flat_map(|(values, &frac)| {
                let format = weights.at(frac);
                values
                    .iter()
                    .map(move |&value| code(value, format, true) as i16)
            })
            .collect()
    };
    let mut layer = Layer {
        direction: Direction::Forward,
        input_size: float.input_size,
        hidden_size: float.hidden_size,
        x,
        h,
        w_bits: weights.bits,
        w_levels: weights.levels,
        w_frac_ih: fractions.ih.clone(),
        w_frac_hh: fractions.hh.clone(),
        z: numerics.z,
        a_frac: numerics.gate_frac,
        recurrence: Recurrence::of(&Numerics {
            cell: float.recurrence.kind(),
            ..*numerics
        }),
        weight_ih: codes(&float.weight_ih, &fractions.ih),
        weight_hh: codes(&float.weight_hh, &fractions.hh),
        bias: Vec::new(),
        row_scale: None,
    };
    // In the order in which they are drawn: gate after gate, then n's part of h.
    let biases = float.bias.iter().chain(float.recurrence.bias_n_h());
    let mut biases = biases.copied();
    layer.fill_biases(|frac| {
        let one = f64::from(frac).exp2();
        let of_units = biases.by_ref().take(float.hidden_size);
        of_units
            .map(|value| (f64::from(value) * one).round_ties_even() as i32)
            .collect()
    });
    layer
}
