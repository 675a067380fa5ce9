//! A seeded model for a design.

use super::{Random, SeriesDesign};
use crate::fixed::QFormat;
use crate::quantize::{Layer, QuantizedModel, SplitMix};
use std::collections::BTreeMap;

impl SeriesDesign {
    /// A model of these sizes and widths: weights from two dice, a fraction for every gate.
    #[must_use]
    pub fn model(&self) -> QuantizedModel {
        let mut random = Random(SplitMix(self.seed ^ 0xabad_cafe));
        let [w_bits, x, h, z, a_frac, c] = self.bits;
        let format = |bits: u32| QFormat::new(bits, if bits == 1 { 0 } else { bits as i32 - 1 });
        let top = if w_bits == 1 {
            1
        } else {
            (1i64 << (w_bits - 1)) - 1
        };
        let mut layers = Vec::new();
        let (mut input_size, mut x) = (self.input, format(x));
        for &hidden_size in &self.hidden {
            let mut fractions = || -> [i32; 4] {
                std::array::from_fn(|_| w_bits as i32 - 1 + random.within(0, 1) as i32)
            };
            let (w_frac_ih, w_frac_hh) = (fractions(), fractions());
            let mut weights = |count: usize| -> Vec<i16> {
                (0..count)
                    .map(|_| match w_bits {
                        1 => random.within(0, 1) as i16 * 2 - 1,
                        2 => random.within(-top, top) as i16,
                        _ => {
                            i64::midpoint(random.within(-top, top), random.within(-top, top)) as i16
                        }
                    })
                    .collect()
            };
            let weight_ih = weights(4 * hidden_size * input_size);
            let weight_hh = weights(4 * hidden_size * hidden_size);
            let mut layer = Layer {
                input_size,
                hidden_size,
                x,
                h: format(h),
                w_bits,
                w_frac_ih,
                w_frac_hh,
                z: QFormat::new(z, z as i32 - 4),
                a_frac,
                c: QFormat::new(c, c as i32 - 4),
                weight_ih,
                weight_hh,
                bias: Vec::new(),
                row_scale: None,
            };
            for gate in 0..4 {
                let one = 1i64 << layer.alignment(gate).frac.clamp(0, 24);
                layer
                    .bias
                    .extend((0..hidden_size).map(|_| random.within(-one, one) as i32));
            }
            layers.push(layer);
            (input_size, x) = (hidden_size, format(h));
        }
        QuantizedModel {
            input_offset: None,
            layers,
            head: None,
            passengers: BTreeMap::new(),
        }
    }
}
