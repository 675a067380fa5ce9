//! Models with weights from a seed, for sizes without a trained model.

use crate::fixed::QFormat;
use crate::quantize::{Layer, QuantizedModel};
use crate::spec::SeededNetwork;
use std::collections::BTreeMap;

/// The format of x and h in a model without calibration: values from -1 to 1.
fn unit_format(bits: u32) -> QFormat {
    // With two bits the codes -1, 0 and 1 are used, as everywhere else.
    QFormat::new(bits, if bits <= 2 { 0 } else { bits as i32 - 1 })
}

/// A network of the given sizes and widths whose weights are drawn from its seed.
///
/// Weights are uniform over their codes, with fractions that make pre-activations some units
/// wide, so that gates move and cells saturate now and then. Same seed, same model, everywhere:
/// no floating point takes part.
#[must_use]
pub fn model(network: &SeededNetwork) -> QuantizedModel {
    let numerics = network.numerics;
    let mut random = Random(network.seed);
    let h = unit_format(numerics.act_bits);
    let mut layers = Vec::with_capacity(network.layers);
    for index in 0..network.layers {
        let (input_size, x) = if index == 0 {
            (network.input_size, unit_format(numerics.input_bits))
        } else {
            (network.hidden, h)
        };
        let rows = 4 * network.hidden;
        let mut weights = |columns: usize| -> Vec<i16> {
            (0..rows * columns)
                .map(|_| random.weight(numerics.weight_bits))
                .collect()
        };
        let mut layer = Layer {
            input_size,
            hidden_size: network.hidden,
            x,
            h,
            w_bits: numerics.weight_bits,
            w_frac_ih: [fraction(numerics.weight_bits, x.bits, input_size); 4],
            w_frac_hh: [fraction(numerics.weight_bits, h.bits, network.hidden); 4],
            z: numerics.z,
            a_frac: numerics.gate_frac,
            c: numerics.c,
            weight_ih: weights(input_size),
            weight_hh: weights(network.hidden),
            bias: Vec::new(),
            row_scale: None,
        };
        layer.bias = (0..rows)
            .map(|row| {
                // From -1 to 1, as far as 32 bits reach.
                let one = 1i64 << layer.alignment(row / network.hidden).frac.clamp(0, 30);
                random.between(-one, one) as i32
            })
            .collect();
        layers.push(layer);
    }
    QuantizedModel {
        layers,
        head: None,
        passengers: BTreeMap::new(),
    }
}

/// Fraction of weights such that `columns` products sum up to some units: half a bit more for
/// each doubling of their number, one more for operands of few bits, which are never small.
fn fraction(w_bits: u32, x_bits: u32, columns: usize) -> i32 {
    w_bits.max(2) as i32 - 4 + (columns.ilog2() as i32 + 1) / 2 + i32::from(x_bits <= 2)
}

/// Sebastiano Vigna's `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ (value >> 31)
    }

    /// A number from `low` to `high`, less than 2^32 apart.
    fn between(&mut self, low: i64, high: i64) -> i64 {
        let count = (high - low + 1) as u64;
        low + (((self.next() >> 32) * count) >> 32) as i64
    }

    fn weight(&mut self, bits: u32) -> i16 {
        let max = QFormat::new(bits, 0).max_code();
        if bits == 1 {
            return if self.next() >> 63 == 0 { -1 } else { 1 };
        }
        self.between(-max, max) as i16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Lstm;
    use crate::spec::Numerics;

    fn network(weight_bits: u32, act_bits: u32, seed: u64) -> SeededNetwork {
        SeededNetwork {
            hidden: 24,
            input_size: 9,
            layers: 2,
            seed,
            numerics: Numerics {
                weight_bits,
                act_bits,
                input_bits: act_bits,
                z: QFormat::new(8, 4),
                gate_frac: 8,
                c: QFormat::new(16, 10),
            },
        }
    }

    #[test]
    fn a_seed_is_a_model() {
        let one = model(&network(4, 4, 1));
        assert_eq!(one, model(&network(4, 4, 1)));
        assert_ne!(one, model(&network(4, 4, 2)));
        assert_eq!(one.layers.len(), 2);
        assert_eq!(one.layers[1].input_size, 24);
        assert_eq!(one.layers[0].weight_ih.len(), 96 * 9);
    }

    #[test]
    fn gates_move_at_every_width() {
        for w_bits in [1, 2, 3, 4, 8, 16] {
            for act_bits in [1, 2, 4, 8, 16] {
                let model = model(&network(w_bits, act_bits, 3));
                let x = model.layers[0].x;
                let mut random = Random(5);
                let code = |random: &mut Random| loop {
                    let code = random.between(x.min_code(), x.max_code());
                    if x.contains(code) {
                        return code as i32;
                    }
                };
                let inputs: Vec<i32> = (0..9 * 50).map(|_| code(&mut random)).collect();
                let mut lstm = Lstm::new(&model);
                let outputs = lstm.run(&inputs);
                let mut seen: Vec<i32> = outputs.clone();
                seen.sort_unstable();
                seen.dedup();
                let wanted = if act_bits == 1 { 2 } else { 3 };
                assert!(seen.len() >= wanted, "W{w_bits}A{act_bits}: {seen:?}");
                for layer in lstm.saturation() {
                    assert!(layer.z.rate() < 0.3, "W{w_bits}A{act_bits}: {layer:?}");
                }
            }
        }
    }
}
