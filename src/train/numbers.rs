//! The hardware's numbers in training: real values that are exactly codes times powers of two.

use super::layout::{LayerPlaces, ParameterLayout};
use super::nearest::nearest;
use super::rows::{RealRow, RowMultipliers};
use crate::fixed::{Codes, QFormat};
use crate::import::{EMBEDDING, FloatLayer};
use crate::quantize::{
    ActivationTables, Dense, Fractions, HeadFormat, Layer, QuantizeOptions, QuantizedModel,
    best_fraction, default_h, layer_with,
};
use crate::spec::Numerics;
use std::ops::Range;

/// Adding and subtracting it rounds an f64 below `2^51` to the nearest integer, ties to even.
pub(super) const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
/// `rne` of a value below `2^51`.
#[inline]
fn round(value: f64) -> f64 {
    (value + ROUND) - ROUND
}

/// Formats and constants of one layer.
#[derive(Clone, Debug)]
pub(super) struct LayerNumbers {
    pub x: QFormat,
    pub h: QFormat,
    pub weights: Codes,
    pub fractions: Fractions,
    /// A multiplier for every row of both matrices, where they have them.
    pub rows: Option<RowMultipliers>,
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
    /// Formats with the least squared error for these parameters; with a multiplier for every row of the
    /// LSTM's weights if asked for.
    pub(super) fn fit(
        layout: &ParameterLayout,
        values: &[f32],
        options: QuantizeOptions,
        row_scales: bool,
    ) -> Self {
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
        for (layer, places) in model.layers.iter().zip(&layout.layers) {
            let mut numbers = LayerNumbers {
                x,
                h,
                weights: numerics.weights(),
                fractions: Fractions::fit(layer, x, h, numerics.weights()),
                rows: None,
                z: numerics.z,
                c: numerics.c,
                sigmoid: reals(&tables.sigmoid),
                tanh: reals(&tables.tanh),
            };
            if row_scales {
                let row = |row| numbers.row(places, values, row);
                numbers.rows = Some(RowMultipliers::fit(places.bias.len(), row));
            }
            layers.push(numbers);
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

    /// Fits the multipliers of rows, where there are any, to weights that have moved.
    pub(super) fn refit_rows(&mut self, layout: &ParameterLayout, values: &[f32]) {
        for (numbers, places) in self.layers.iter_mut().zip(&layout.layers) {
            if let Some(mut rows) = numbers.rows.take() {
                rows.refit(|row| numbers.row(places, values, row));
                numbers.rows = Some(rows);
            }
        }
    }

    /// All whole numbers that were fitted: the fraction of x, those of the weights and the multipliers of
    /// rows layer by layer, the fraction of the decoder.
    pub(super) fn fitted(&self) -> Vec<i32> {
        let mut all = vec![self.layers[0].x.frac];
        for layer in &self.layers {
            all.extend(&layer.fractions.ih);
            all.extend(&layer.fractions.hh);
            all.extend(layer.rows.iter().flat_map(RowMultipliers::codes));
        }
        all.extend(self.head.map(|format| format.frac));
        all
    }

    /// The same formats with other fitted numbers; `None` where they are not as many.
    pub(super) fn with_fitted(&self, fitted: &[i32]) -> Option<Self> {
        if fitted.len() != self.fitted().len() {
            return None;
        }
        let mut numbers = self.clone();
        let (&x, mut rest) = fitted.split_first()?;
        numbers.layers[0].x.frac = x;
        for layer in &mut numbers.layers {
            let (of_layer, more) = rest.split_at(8);
            layer.fractions.ih.copy_from_slice(&of_layer[..4]);
            layer.fractions.hh.copy_from_slice(&of_layer[4..]);
            rest = more;
            if let Some(rows) = &mut layer.rows {
                let (codes, more) = rest.split_at(rows.values().len());
                let codes = codes.iter().map(|&code| u32::try_from(code).ok());
                *rows = RowMultipliers::of(codes.collect::<Option<_>>()?);
                rest = more;
            }
        }
        if let (Some(format), Some(&frac)) = (&mut numbers.head, rest.first()) {
            format.frac = frac;
        }
        Some(numbers)
    }

    /// The integer model of these parameters. A decoder in real numbers and the embedding before it ride along;
    /// beside one of integers the embedding is a table of codes.
    pub(super) fn quantized(&self, layout: &ParameterLayout, values: &[f32]) -> QuantizedModel {
        let float = layout.float_model(values);
        let layers = float
            .layers
            .iter()
            .zip(&self.layers)
            .map(|(layer, numbers)| numbers.quantized(layer, &self.options.numerics))
            .collect();
        let mut passengers = float.passengers;
        let head = match (self.head, float.head) {
            (Some(format), Some(head)) => Some(Dense::of(
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
        let real = match head {
            // Beside a head of integers the embedding is one too: the whole network can be built.
            Some(_) => passengers.remove(EMBEDDING),
            None => None,
        };
        let mut model = QuantizedModel {
            embedding: None,
            input_offset: None,
            front: Vec::new(),
            layers,
            head: head.into_iter().collect(),
            passengers,
        };
        if let Some((_, rows)) = real {
            model.embed(&rows);
        }
        model
    }

    /// Operands of the products: the parameters, those that the hardware holds as the
    /// values of its codes. Biases stay as they are; [`LayerNumbers::biases`] has theirs.
    pub(super) fn effective(&self, layout: &ParameterLayout, values: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.extend_from_slice(values);
        for (at, format, scale) in self.parts(layout) {
            scaled(&mut out[at], scale, |part| nearest(part, format, true));
        }
        if let Some(format) = self.head {
            nearest(&mut out[layout.decoder.clone()], format, true);
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
        for (at, format, scale) in self.parts(layout) {
            // Of one bit the code is the sign: the outermost one is as far as it goes.
            let half = if format.bits == 1 {
                0.0
            } else {
                half_step(format.codes())
            };
            let limit = ((format.max_code() as f64 + half) * format.ulp()) as f32 * scale;
            for value in &mut values[at] {
                *value = value.clamp(-limit, limit);
            }
        }
    }

    /// The weights of every matrix in parts of one format and one scale, gates or rows: where they lie,
    /// format and scale.
    fn parts(
        &self,
        layout: &ParameterLayout,
    ) -> impl Iterator<Item = (Range<usize>, QFormat, f32)> {
        let layers = layout.layers.iter().zip(&self.layers);
        layers.flat_map(|(places, numbers)| {
            let Fractions { ih, hh } = &numbers.fractions;
            let matrices = [(places.ih.clone(), ih), (places.hh.clone(), hh)];
            let scales = numbers
                .rows
                .as_ref()
                .map_or(&ALONE[..], RowMultipliers::values);
            matrices.into_iter().flat_map(move |(place, fractions)| {
                let part = place.len() / scales.len();
                let starts = place.step_by(part).zip(scales).enumerate();
                starts.map(move |(index, (start, &scale))| {
                    let frac = fractions[index * 4 / scales.len()];
                    (start..start + part, numbers.weights.at(frac), scale)
                })
            })
        })
    }
}

/// Does `what` with values in units of `scale`; most have the scale 1, which costs nothing.
#[allow(clippy::float_cmp)] // multipliers are exact
fn scaled(values: &mut [f32], scale: f32, what: impl FnOnce(&mut [f32])) {
    if scale == 1.0 {
        return what(values);
    }
    for value in &mut *values {
        *value /= scale;
    }
    what(values);
    for value in values {
        *value *= scale;
    }
}

/// Scales of the four gates without multipliers.
const ALONE: [f32; 4] = [1.0; 4];

impl LayerNumbers {
    /// Row `row` of the weights among all parameters.
    fn row<'a>(&self, places: &LayerPlaces, values: &'a [f32], row: usize) -> RealRow<'a> {
        let (rows, Fractions { ih, hh }) = (places.bias.len(), &self.fractions);
        let of = |place: &Range<usize>, fractions: &[i32]| {
            let width = place.len() / rows;
            let weights = &values[place.start + row * width..][..width];
            (weights, self.weights.at(fractions[row * 4 / rows]))
        };
        RealRow {
            ih: of(&places.ih, ih),
            hh: of(&places.hh, hh),
        }
    }

    /// What the rows are scaled by; 1 without multipliers.
    fn scale(&self, row: usize) -> f32 {
        self.rows.as_ref().map_or(1.0, |rows| rows.values()[row])
    }

    /// The integer layer of these weights.
    fn quantized(&self, float: &FloatLayer, numerics: &Numerics) -> Layer {
        let mut unscaled = float.clone();
        let rows = unscaled.bias.len();
        for (row, bias) in unscaled.bias.iter_mut().enumerate() {
            *bias /= self.scale(row);
        }
        for weights in [&mut unscaled.weight_ih, &mut unscaled.weight_hh] {
            let width = weights.len() / rows;
            for (row, weights) in weights.chunks_exact_mut(width).enumerate() {
                let scale = self.scale(row);
                for weight in weights {
                    *weight /= scale;
                }
            }
        }
        Layer {
            row_scale: self.rows.as_ref().map(RowMultipliers::row_scale),
            ..layer_with(&unscaled, self.x, self.h, numerics, &self.fractions)
        }
    }

    /// Values of the bias codes, `[4H]`, exact, times the scales of their rows.
    pub(super) fn biases(&self, bias: &[f32]) -> Vec<f64> {
        let hidden = bias.len() / 4;
        bias.iter()
            .enumerate()
            .map(|(row, &value)| {
                let gate = row / hidden;
                let frac = (self.fractions.ih[gate] + self.x.frac)
                    .max(self.fractions.hh[gate] + self.h.frac);
                let one = f64::from(frac).exp2();
                let scale = self.scale(row);
                let code = round(f64::from(value / scale) * one);
                code.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) / one * f64::from(scale)
            })
            .collect()
    }

    /// `true` if sums of `count` products of weights and operands are exact in f32.
    pub(super) fn narrow(&self, count: usize, operand: QFormat) -> bool {
        let longest = self.rows.as_ref().map_or(1, |_| RowMultipliers::longest());
        let weight = self.weights.max_code() as u128 * longest;
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
    nearest(values, format, false);
    pass
}
