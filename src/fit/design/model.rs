//! A seeded model for a design.

use super::{Random, SeriesDesign};
use crate::fixed::{Codes, QFormat};
use crate::quantize::{Layer, QuantizedModel, Recurrence, SplitMix};

impl SeriesDesign {
    /// A model of these sizes and widths: weights from two dice, a fraction for every gate.
    #[must_use]
    pub fn model(&self) -> QuantizedModel {
        let mut random = Random(SplitMix(self.seed ^ 0xabad_cafe));
        let mut model = QuantizedModel::default();
        let (mut input_size, mut x) = (self.input, operand(self.codes()[1]));
        for &hidden_size in &self.hidden {
            let layer = self.layer(&mut random, (input_size, x), hidden_size);
            (input_size, x) = (hidden_size, layer.h);
            model.layers.push(layer);
        }
        model
    }

    fn layer(
        &self,
        random: &mut Random,
        (input_size, x): (usize, QFormat),
        hidden_size: usize,
    ) -> Layer {
        let [w_bits, _, _, z, a_frac, c] = self.bits;
        let [w_codes, _, h] = self.codes();
        let mut fractions = || -> Vec<i32> {
            let fraction = |_| w_bits as i32 - 1 + random.within(0, 1) as i32;
            (0..4).map(fraction).collect()
        };
        let (w_frac_ih, w_frac_hh) = (fractions(), fractions());
        let mut weights =
            |count: usize| -> Vec<i16> { (0..count).map(|_| weight(random, w_codes)).collect() };
        let mut layer = Layer {
            input_size,
            hidden_size,
            x,
            h: operand(h),
            w_bits,
            w_levels: w_codes.levels,
            w_frac_ih,
            w_frac_hh,
            z: QFormat::new(z, z as i32 - 4),
            a_frac,
            recurrence: Recurrence::Lstm {
                c: QFormat::new(c, c as i32 - 4),
            },
            weight_ih: weights(4 * hidden_size * input_size),
            weight_hh: weights(4 * hidden_size * hidden_size),
            bias: Vec::new(),
            row_scale: None,
        };
        for gate in 0..4 {
            let one = 1i64 << layer.alignment(gate).frac.clamp(0, 24);
            let biases = (0..hidden_size).map(|_| random.within(-one, one) as i32);
            layer.bias.extend(biases);
        }
        layer
    }
}

/// The format of x and h with these codes.
fn operand(codes: Codes) -> QFormat {
    codes.at(codes.unit_frac())
}

/// A weight from one die, or from two where there are many levels.
fn weight(random: &mut Random, codes: Codes) -> i16 {
    let (low, high) = if codes.is_odd() {
        (0, codes.max_code())
    } else {
        (codes.min_weight(), codes.max_code())
    };
    let code = match codes.bits {
        1 | 2 => random.within(low, high),
        _ => i64::midpoint(random.within(low, high), random.within(low, high)),
    };
    let weight = if codes.is_odd() {
        2 * code - high
    } else {
        code
    };
    weight as i16
}
