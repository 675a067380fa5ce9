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
        nearest_codes(self.centred(x), self.layers[0].x)
    }

    /// How many of these inputs are beyond the codes of x.
    #[must_use]
    pub fn clamped_inputs(&self, x: &[f32]) -> u64 {
        clamped_values(self.centred(x), self.layers[0].x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::QFormat;
    use crate::quantize::seeded::random_model;

    #[test]
    fn offsets_are_exact_multiples_and_come_off_before_rounding() {
        let offset = InputOffset::nearest(&[101_325.3, -2.0, 0.0], 3);
        assert_eq!(
            (offset.frac, &offset.codes[..]),
            (3, &[810_602, -16, 0][..])
        );
        assert_eq!(offset.values(), [101_325.25, -2.0, 0.0]);
        assert_eq!(InputOffset::nearest(&[1e30], 3).frac, -32);
        let mut model = random_model(1, 3);
        model.layers[0].input_size = 3;
        model.layers[0].x = QFormat::new(8, 1);
        let x = [101_330.0, 0.25, 1.0, 101_200.0, -2.5, 70.0];
        assert_eq!(model.input_codes(&x[1..2]), [0]);
        model.input_offset = Some(offset);
        assert_eq!(model.input_codes(&x), [10, 4, 2, -128, -1, 127]);
        assert_eq!(model.clamped_inputs(&x), 2);
    }

    #[test]
    fn a_folded_model_is_the_same_function() {
        let layer = crate::import::FloatLayer {
            input_size: 2,
            hidden_size: 1,
            weight_ih: vec![0.5, 0.25, 1.0, 0.0, -1.0, 2.0, 0.0, 0.0],
            weight_hh: vec![0.0; 4],
            bias: vec![1.0, -4.0, 0.5, 3.0],
        };
        let model = FloatModel {
            layers: vec![layer],
            ..FloatModel::default()
        };
        let offset = InputOffset::nearest(&[4.0, 8.0], 0);
        let folded = offset.folded(&model);
        assert_eq!(folded.layers[0].bias, [5.0, 0.0, 12.5, 3.0]);
        assert_eq!(offset.taken_off(&[5.0, 7.0]), [1.0, -1.0]);
    }
}
