//! The hardware's numbers in training: real values that are exactly codes times powers of two.

use super::layout::ParameterLayout;
use crate::fixed::{Codes, QFormat};
use crate::quantize::{
    ActivationTables, Fractions, Head, HeadFormat, QuantizeOptions, QuantizedModel, best_fraction,
    default_h, layer_with,
};
use std::ops::Range;

/// Adding and subtracting it rounds an f64 below `2^51` to the nearest integer, ties to even.
pub(super) const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
/// The same for an f32 below `2^22`.
const ROUND_F32: f32 = 1.5 * (1u32 << 23) as f32;

/// `rne` of a value below `2^51`.
#[inline]
fn round(value: f64) -> f64 {
    (value + ROUND) - ROUND
}

/// Nearest real values in `format` of `values`, symmetric codes if asked for.
fn nearest(values: &[f32], format: QFormat, symmetric: bool, out: &mut [f32]) {
    let scale = (format.frac as f32).exp2();
    let ulp = (-format.frac as f32).exp2();
    let high = format.max_code() as f32;
    if format.is_odd() {
        for (out, &value) in out.iter_mut().zip(values) {
            let near = 2.0 * (value * scale / 2.0).floor() + 1.0;
            *out = near.clamp(-high, high) * ulp;
        }
        return;
    }
    let low = if symmetric { -high } else { -high - 1.0 };
    for (out, &value) in out.iter_mut().zip(values) {
        // Clamped first: what is rounded stays far below 2^22.
        let scaled = (value * scale).clamp(low - 1.0, high + 1.0);
        *out = ((scaled + ROUND_F32) - ROUND_F32).clamp(low, high) * ulp;
    }
}

/// Formats and constants of one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerNumbers {
    pub x: QFormat,
    pub h: QFormat,
    pub weights: Codes,
    pub fractions: Fractions,
    pub z: QFormat,
    pub c: QFormat,
    /// By the bits of a z code: values of sigmoid and tanh.
    pub sigmoid: Vec<f32>,
    pub tanh: Vec<f32>,
}

/// Formats of a whole model.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub options: QuantizeOptions,
    pub layers: Vec<LayerNumbers>,
    /// Bits and fraction of the decoder's weights, where it is quantised.
    pub head: Option<QFormat>,
}

impl Numbers {
    /// Formats with the least squared error for these parameters.
    pub(super) fn fit(layout: &ParameterLayout, values: &[f32], options: QuantizeOptions) -> Self {
        let model = layout.float_model(values);
        let numerics = options.numerics;
        let embedding = &values[layout.embedding.clone()];
        let x_frac = match numerics.x() {
            Codes { bits: 1, .. } => 0,
            codes => best_fraction(embedding, codes, false),
        };
        let h = default_h(numerics.h());
        let mut x = numerics.x().at(x_frac);
        let tables = ActivationTables::new(numerics.z, numerics.gate_frac);
        let ulp = (-(numerics.gate_frac as f32)).exp2();
        let reals = |table: &[i32]| {
            table
                .iter()
                .map(|&code| code as f32 * ulp)
                .collect::<Vec<_>>()
        };
        let mut layers = Vec::new();
        for layer in &model.layers {
            layers.push(LayerNumbers {
                x,
                h,
                weights: numerics.weights(),
                fractions: Fractions::fit(layer, x, h, numerics.weights()),
                z: numerics.z,
                c: numerics.c,
                sigmoid: reals(&tables.sigmoid),
                tanh: reals(&tables.tanh),
            });
            x = h;
        }
        let head = match options.head {
            HeadFormat::Float => None,
            HeadFormat::Integer(bits) => {
                let weight = &values[layout.decoder.clone()];
                Some(QFormat::new(bits, best_fraction(weight, bits, true)))
            }
        };
        Self {
            options,
            layers,
            head,
        }
    }

    /// All fractions: of x, of the weights layer by layer, of the decoder.
    pub(super) fn fractions(&self) -> Vec<i32> {
        let mut all = vec![self.layers[0].x.frac];
        for layer in &self.layers {
            all.extend(layer.fractions.ih);
            all.extend(layer.fractions.hh);
        }
        all.extend(self.head.map(|format| format.frac));
        all
    }

    /// The same formats with other fractions; `None` where they are not as many.
    pub(super) fn with_fractions(&self, fractions: &[i32]) -> Option<Self> {
        if fractions.len() != self.fractions().len() {
            return None;
        }
        let mut numbers = self.clone();
        let (&x, mut rest) = fractions.split_first()?;
        numbers.layers[0].x.frac = x;
        for layer in &mut numbers.layers {
            let (of_layer, more) = rest.split_at(8);
            layer.fractions.ih.copy_from_slice(&of_layer[..4]);
            layer.fractions.hh.copy_from_slice(&of_layer[4..]);
            rest = more;
        }
        if let (Some(format), Some(&frac)) = (&mut numbers.head, rest.first()) {
            format.frac = frac;
        }
        Some(numbers)
    }

    /// The integer model of these parameters, embedding and decoder riding along.
    pub(super) fn quantized(&self, layout: &ParameterLayout, values: &[f32]) -> QuantizedModel {
        let float = layout.float_model(values);
        let layers = float
            .layers
            .iter()
            .zip(&self.layers)
            .map(|(layer, numbers)| {
                layer_with(
                    layer,
                    numbers.x,
                    numbers.h,
                    &self.options.numerics,
                    &numbers.fractions,
                )
            })
            .collect();
        let mut passengers = float.passengers;
        let head = match (self.head, float.head) {
            (Some(format), Some(head)) => Some(Head::of(
                &head,
                format,
                self.layers[self.layers.len() - 1].h,
            )),
            (None, Some(head)) => {
                let shape = vec![head.output_size, layout.sizes.last()];
                passengers.insert("decoder.bias".into(), (vec![head.output_size], head.bias));
                passengers.insert("decoder.weight".into(), (shape, head.weight));
                None
            }
            (_, None) => None,
        };
        QuantizedModel {
            input_offset: None,
            layers,
            head,
            passengers,
        }
    }

    /// Operands of the products: the parameters, those that the hardware holds as the
    /// values of its codes. Biases stay as they are; [`LayerNumbers::biases`] has theirs.
    pub(super) fn effective(&self, layout: &ParameterLayout, values: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend_from_slice(values);
        for (at, format) in self.gates(layout) {
            nearest(&values[at.clone()], format, true, &mut out[at]);
        }
        if let Some(format) = self.head {
            let at = layout.decoder.clone();
            nearest(&values[at.clone()], format, true, &mut out[at]);
            let h = self.layers[self.layers.len() - 1].h;
            let one = f64::from(format.frac + h.frac).exp2();
            for bias in &mut out[layout.decoder_bias.clone()] {
                *bias = (round(f64::from(*bias) * one) / one) as f32;
            }
        }
    }

    /// Keeps masters where a step back can still change their code: within half the distance of two
    /// codes of the outermost one. Beyond, gradients would push against a wall.
    pub(super) fn confine(&self, layout: &ParameterLayout, values: &mut [f32]) {
        for (at, format) in self.gates(layout) {
            // Of one bit the code is the sign: the outermost one is as far as it goes.
            let half = if format.bits == 1 {
                0.0
            } else {
                half_step(format.codes())
            };
            let limit = ((format.max_code() as f64 + half) * format.ulp()) as f32;
            for value in &mut values[at] {
                *value = value.clamp(-limit, limit);
            }
        }
    }

    /// The weights of every gate of every matrix: where they lie, and their format.
    fn gates(&self, layout: &ParameterLayout) -> impl Iterator<Item = (Range<usize>, QFormat)> {
        let layers = layout.layers.iter().zip(&self.layers);
        layers.flat_map(|(places, numbers)| {
            let Fractions { ih, hh } = numbers.fractions;
            let matrices = [(places.ih.clone(), ih), (places.hh.clone(), hh)];
            matrices.into_iter().flat_map(move |(place, fractions)| {
                let gate = place.len() / 4;
                (place.step_by(gate).zip(fractions))
                    .map(move |(start, frac)| (start..start + gate, numbers.weights.at(frac)))
            })
        })
    }
}

impl LayerNumbers {
    /// Values of the bias codes, `[4H]`, exact.
    pub(super) fn biases(&self, bias: &[f32]) -> Vec<f64> {
        let hidden = bias.len() / 4;
        bias.iter()
            .enumerate()
            .map(|(row, &value)| {
                let gate = row / hidden;
                let frac = (self.fractions.ih[gate] + self.x.frac)
                    .max(self.fractions.hh[gate] + self.h.frac);
                let one = f64::from(frac).exp2();
                let code = round(f64::from(value) * one);
                code.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) / one
            })
            .collect()
    }

    /// `true` if sums of `count` products of weights and operands are exact in f32.
    pub(super) fn narrow(&self, count: usize, operand: QFormat) -> bool {
        let weight = self.weights.max_code() as u128;
        let operand: u128 = operand.min_code().unsigned_abs().into();
        weight * operand * count as u128 <= 1 << 24
    }
}

/// Half the distance of two codes.
fn half_step(codes: Codes) -> f64 {
    codes.step() as f64 / 2.0
}

/// The nearest values of `values` in `format`, and 0 for each that was clamped, else 1: what a
/// straight-through gradient is multiplied by.
pub(super) fn operand(values: &mut [f32], format: QFormat) -> Vec<f32> {
    let limit = ((format.max_code() as f64 + half_step(format.codes())) * format.ulp()) as f32;
    let pass = values
        .iter()
        .map(|value| f32::from(value.abs() <= limit || format.bits == 1))
        .collect();
    let copy = values.to_vec();
    nearest(&copy, format, false, values);
    pass
}
