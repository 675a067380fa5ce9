//! A constant that is taken off x, and its scale, before it is quantised.

use super::codes::{clamped_values, nearest_codes};
use super::model::{InputOffset, QuantizedModel};
use crate::import::{FloatDirection, FloatFront, FloatLayer, FloatModel};

/// Bits that a code of [`InputOffset::nearest`] has at most.
const BITS: i32 = 40;

impl InputOffset {
    /// The nearest multiples of `2^-frac`, which is made coarser where a code would be too large.
    #[must_use]
    pub fn nearest(values: &[f64], frac: i32) -> Self {
        let most = values
            .iter()
            .fold(0.0f64, |most, value| most.max(value.abs()));
        let finest = if most > 0.0 {
            BITS - 1 - most.log2().floor() as i32
        } else {
            32
        };
        let frac = frac.min(finest).clamp(-32, 32);
        let one = f64::from(frac).exp2();
        Self {
            frac,
            codes: values
                .iter()
                .map(|value| (value * one).round_ties_even() as i64)
                .collect(),
            shift: Vec::new(),
        }
    }

    /// The same with these exponents of powers of two, which the rest is multiplied by.
    #[must_use]
    pub fn scaled(self, shift: Vec<i32>) -> Self {
        let none = shift.iter().all(|&shift| shift == 0);
        let shift = if none { Vec::new() } else { shift };
        Self { shift, ..self }
    }

    /// It changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.shift.is_empty() && self.codes.iter().all(|&code| code == 0)
    }

    /// The constants, `[input_size]`, exact.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let ulp = f64::from(-self.frac).exp2();
        self.codes.iter().map(|&code| code as f64 * ulp).collect()
    }

    /// The float model of `(x - offset) * 2^shift`.
    #[must_use]
    pub fn folded(&self, model: &FloatModel) -> FloatModel {
        let mut model = model.clone();
        for (weight, bias) in first_matrices(&mut model) {
            self.add_offsets(weight, bias, 1.0);
            self.scale_columns(weight, -1);
        }
        model
    }

    /// The float model of x, where `model` is that of `(x - offset) * 2^shift`.
    #[must_use]
    pub fn unfolded(&self, model: &FloatModel) -> FloatModel {
        let mut model = model.clone();
        for (weight, bias) in first_matrices(&mut model) {
            self.scale_columns(weight, 1);
            self.add_offsets(weight, bias, -1.0);
        }
        model
    }

    /// Adds what the weights make of the constants to the biases, `times` 1 or -1.
    fn add_offsets(&self, weight: &[f32], bias: &mut [f32], times: f64) {
        let offset = self.values();
        for (bias, row) in bias.iter_mut().zip(weight.chunks_exact(offset.len())) {
            let products = row.iter().zip(&offset);
            let sum: f64 = products.map(|(&w, offset)| f64::from(w) * offset).sum();
            *bias = (f64::from(*bias) + times * sum) as f32;
        }
    }

    /// Multiplies the columns of the weights by the powers of two, or divides them.
    fn scale_columns(&self, weight: &mut [f32], sign: i32) {
        if self.shift.is_empty() {
            return;
        }
        for row in weight.chunks_exact_mut(self.shift.len()) {
            for (weight, &shift) in row.iter_mut().zip(&self.shift) {
                *weight *= ((sign * shift) as f32).exp2();
            }
        }
    }

    /// `(x - offset) * 2^shift` for whole vectors.
    #[must_use]
    pub fn taken_off(&self, x: &[f32]) -> Vec<f32> {
        self.applied(x).map(|x| x as f32).collect()
    }

    /// The same in double precision.
    fn applied<'a>(&self, x: &'a [f32]) -> impl Iterator<Item = f64> + use<'a> {
        let ulp = f64::from(-self.frac).exp2();
        let shifts = self.shift.iter().chain(std::iter::repeat(&0));
        let both = self.codes.iter().zip(shifts);
        let both = both.map(|(&code, &shift)| (code as f64 * ulp, f64::from(shift).exp2()));
        let both: Vec<(f64, f64)> = both.collect();
        let both = both.into_iter().cycle();
        (x.iter().zip(both)).map(|(&x, (offset, factor))| (f64::from(x) - offset) * factor)
    }
}

/// The weights that x is multiplied by, with their biases: of the first linear layer before the recurrent ones, or of
/// both directions of the first recurrent one.
fn first_matrices(model: &mut FloatModel) -> Vec<(&mut [f32], &mut [f32])> {
    if let Some(FloatFront { linear, .. }) = model.front.first_mut() {
        return vec![(&mut linear.weight, &mut linear.bias)];
    }
    let FloatLayer {
        weight_ih,
        bias,
        direction,
        ..
    } = &mut model.layers[0];
    let mut all: Vec<(&mut [f32], &mut [f32])> = vec![(weight_ih, bias)];
    if let FloatDirection::Bidirectional(other) = direction {
        all.push((&mut other.weight_ih, &mut other.bias));
    }
    all
}

impl QuantizedModel {
    /// Real inputs less the offset, scaled, for whole vectors.
    fn centred<'a>(&self, x: &'a [f32]) -> Box<dyn Iterator<Item = f64> + 'a> {
        match &self.input_offset {
            None => Box::new(x.iter().map(|&x| f64::from(x))),
            Some(offset) => Box::new(offset.applied(x)),
        }
    }

    /// Codes of real inputs `[steps, input_size]`: the offset taken off where there is one, rounded
    /// half to even, clamped.
    #[must_use]
    pub fn input_codes(&self, x: &[f32]) -> Vec<i32> {
        nearest_codes(self.centred(x), self.first_input().1)
    }

    /// How many of these inputs are beyond the codes of x.
    #[must_use]
    pub fn clamped_inputs(&self, x: &[f32]) -> u64 {
        clamped_values(self.centred(x), self.first_input().1)
    }
}

#[cfg(test)]
mod tests;
