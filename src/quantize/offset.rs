//! A constant that is taken off x before it is quantised.

use super::codes::{clamped_values, nearest_codes};
use super::model::{InputOffset, QuantizedModel};
use crate::import::FloatModel;

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
        }
    }

    /// The constants, `[input_size]`, exact.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        let ulp = f64::from(-self.frac).exp2();
        self.codes.iter().map(|&code| code as f64 * ulp).collect()
    }

    /// The float model of `x - offset`.
    #[must_use]
    pub fn folded(&self, model: &FloatModel) -> FloatModel {
        let mut model = model.clone();
        let offset = self.values();
        let layer = &mut model.layers[0];
        let rows = layer.weight_ih.chunks_exact(layer.input_size);
        for (bias, row) in layer.bias.iter_mut().zip(rows) {
            let sum: f64 = row
                .iter()
                .zip(&offset)
                .map(|(&w, offset)| f64::from(w) * offset)
                .sum();
            *bias = (f64::from(*bias) + sum) as f32;
        }
        model
    }

    /// `x - offset` for whole vectors.
    #[must_use]
    pub fn taken_off(&self, x: &[f32]) -> Vec<f32> {
        let offset = self.values();
        let vectors = x.chunks_exact(offset.len());
        vectors
            .flat_map(|x| {
                x.iter()
                    .zip(&offset)
                    .map(|(&x, offset)| (f64::from(x) - offset) as f32)
            })
            .collect()
    }
}

impl QuantizedModel {
    /// Real inputs less the offset, for whole vectors.
    fn centred<'a>(&self, x: &'a [f32]) -> Box<dyn Iterator<Item = f64> + 'a> {
        match &self.input_offset {
            None => Box::new(x.iter().map(|&x| f64::from(x))),
            Some(offset) => {
                let offset = offset.values().into_iter().cycle();
                Box::new(
                    x.iter()
                        .zip(offset)
                        .map(|(&x, offset)| f64::from(x) - offset),
                )
            }
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
