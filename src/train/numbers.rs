//! The hardware's numbers in training: real values that are exactly codes times powers of two.

use super::layout::{ParameterLayout, TensorPlaces, joined};
use crate::fixed::{Codes, QFormat};
use crate::import::{EMBEDDING, FloatLayer};
use crate::ptq::head_format;
use crate::quantize::{
    ActivationTables, Dense, Fractions, HeadFormat, Layer, QuantizeOptions, QuantizedModel,
    RealRow, Recurrence, RowMultipliers, best_fraction, h_format, layer_with, nearest,
};
use crate::spec::{CellKind, Numerics};
use rayon::prelude::*;
use std::ops::Range;

/// Bits of a multiplier of a row.
pub(super) const ROW_BITS: u32 = 8;
/// Parameters that one task takes.
const PIECE: usize = 1 << 16;

/// Adding and subtracting it rounds an f64 below `2^51` to the nearest integer, ties to even.
pub(super) const ROUND: f64 = 1.5 * (1u64 << 52) as f64;
/// `rne` of a value below `2^51`.
#[inline]
fn round(value: f64) -> f64 {
    (value + ROUND) - ROUND
}

/// Formats and constants of one pass: of a layer, or of half of a bidirectional one.
#[derive(Clone, Debug)]
pub(super) struct LayerNumbers {
    pub x: QFormat,
    pub h: QFormat,
    pub weights: Codes,
    pub fractions: Fractions,
    /// A multiplier for every row of both matrices, where they have them.
    pub rows: Option<RowMultipliers>,
    pub z: QFormat,
    /// Format of n's parts of a GRU.
    pub v: Option<QFormat>,
    /// Format of the state, c or s.
    pub c: QFormat,
    /// By the bits of a z code: values of sigmoid and tanh.
    pub sigmoid: Vec<f32>,
    pub tanh: Vec<f32>,
}

/// Formats of a whole model.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    pub options: QuantizeOptions,
    /// Per pass, as the layout has them.
    pub passes: Vec<LayerNumbers>,
    /// Bits and fraction of the decoder's weights, where it is quantised.
    pub head: Option<QFormat>,
}

impl Numbers {
    /// Formats with the least squared error for these parameters; with a multiplier for every row of the
    /// recurrent layers' weights if asked for. `x_frac` is the fraction of vectors that are read; that of an
    /// embedding is chosen.
    pub(super) fn fit(
        layout: &ParameterLayout,
        values: &[f32],
        options: QuantizeOptions,
        row_scales: bool,
        x_frac: Option<i32>,
    ) -> Self {
        let model = layout.float_model(values);
        let numerics = Numerics {
            cell: layout.sizes.cell,
            ..options.numerics
        };
        let embedding = &values[layout.embedding.clone()];
        let x_frac = match (numerics.x(), x_frac) {
            (_, Some(frac)) => frac,
            (Codes { bits: 1, .. }, _) => 0,
            (codes, _) => best_fraction(embedding, codes, false),
        };
        let h = h_format(&numerics);
        let first = numerics.x().at(x_frac);
        let tables = ActivationTables::new(numerics.z, numerics.gate_frac);
        let mut passes = Vec::new();
        let floats = model.layers.iter().flat_map(FloatLayer::passes);
        for (float, places) in floats.zip(&layout.passes) {
            let x = if places.pass.layer == 0 { first } else { h };
            let mut numbers = LayerNumbers::fit(float, (x, h), (&numerics, &tables));
            if row_scales {
                let row = |row| numbers.row(places, values, row);
                let sums = places.biases().len();
                numbers.rows = Some(RowMultipliers::fit(ROW_BITS, sums, row));
            }
            passes.push(numbers);
        }
        let head = match (options.head, &model.head) {
            (HeadFormat::Integer(bits), Some(head)) => Some(head_format(head, bits, h)),
            _ => None,
        };
        Self {
            options,
            passes,
            head,
        }
    }

    /// Format of h, the same in all layers.
    pub(super) fn h(&self) -> QFormat {
        self.passes[0].h
    }

    /// Fits the multipliers of rows, where there are any, to weights that have moved.
    pub(super) fn refit_rows(&mut self, layout: &ParameterLayout, values: &[f32]) {
        for (numbers, places) in self.passes.iter_mut().zip(&layout.passes) {
            if let Some(mut rows) = numbers.rows.take() {
                rows.refit(|row| numbers.row(places, values, row));
                numbers.rows = Some(rows);
            }
        }
    }

    /// The integer model of these parameters. A decoder in real numbers and the embedding before it ride along;
    /// beside one of integers the embedding is a table of codes.
    pub(super) fn quantized(&self, layout: &ParameterLayout, values: &[f32]) -> QuantizedModel {
        let float = layout.float_model(values);
        let floats = float.layers.iter().flat_map(FloatLayer::passes);
        let passes = floats.zip(&self.passes).zip(&layout.passes);
        let passes = passes.map(|((float, numbers), places)| {
            let pass = numbers.quantized(float, &self.options.numerics);
            (places.pass, pass)
        });
        let layers = joined(passes, |layer| &mut layer.direction);
        let mut passengers = float.passengers;
        let head = match (self.head, float.head) {
            (Some(format), Some(head)) => Some(Dense::of(&head, format, self.h())),
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
        out.resize(values.len(), 0.0);
        out.par_chunks_mut(PIECE)
            .zip(values.par_chunks(PIECE))
            .for_each(|(out, values)| out.copy_from_slice(values));
        for (at, format, scale) in self.parts(layout) {
            scaled(&mut out[at], scale, |part| nearest(part, format, true));
        }
        if let Some(format) = self.head {
            out[layout.decoder.clone()]
                .par_chunks_mut(PIECE)
                .for_each(|part| nearest(part, format, true));
            let one = f64::from(format.frac + self.h().frac).exp2();
            for bias in &mut out[layout.decoder_bias.clone()] {
                let code = round(f64::from(*bias) * one);
                let code = code.clamp(f64::from(i32::MIN), f64::from(i32::MAX));
                *bias = (code / one) as f32;
            }
        }
    }

    /// Keeps masters where a step back can still change their code: within half the distance of two
    /// codes of the outermost one. Beyond, gradients would push against a wall.
    pub(super) fn confine(&self, layout: &ParameterLayout, values: &mut [f32]) {
        let has_rows = self.passes.iter().any(|pass| pass.rows.is_some());
        for (at, format, scale) in self.parts(layout) {
            // Of one bit the code is the sign: the outermost one is as far as it goes. Where its scale is fitted
            // to the masters, though, each fit to clamped ones would be smaller than the one before.
            let half = if format.bits == 1 && !has_rows {
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
        let passes = layout.passes.iter().zip(&self.passes);
        passes.flat_map(|(places, numbers)| {
            let Fractions { ih, hh } = &numbers.fractions;
            let matrices = [
                (places.ih.clone(), ih, false),
                (places.hh.clone(), hh, true),
            ];
            let gates = ih.len();
            let units = places.bias.len() / gates;
            matrices
                .into_iter()
                .flat_map(move |(place, fractions, of_h)| {
                    // Parts of a gate: its units, each with a scale of its own, or all of them at once.
                    let parts = if numbers.rows.is_some() { units } else { 1 };
                    let part = place.len() / (gates * parts);
                    let starts = place.step_by(part).enumerate();
                    starts.map(move |(index, start)| {
                        let format = numbers.weights.at(fractions[index / parts]);
                        let scale = numbers.scale(numbers.sum_of(index, of_h));
                        (start..start + part, format, scale)
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

impl LayerNumbers {
    /// Formats of a pass on operands of these, without multipliers of rows.
    fn fit(
        layer: &FloatLayer,
        (x, h): (QFormat, QFormat),
        (numerics, tables): (&Numerics, &ActivationTables),
    ) -> Self {
        let ulp = (-(numerics.gate_frac as f32)).exp2();
        let reals = |table: &[i32]| table.iter().map(|&code| code as f32 * ulp).collect();
        Self {
            x,
            h,
            weights: numerics.weights(),
            fractions: Fractions::fit(layer, x, h, numerics.weights()),
            rows: None,
            z: numerics.z,
            v: Recurrence::of(numerics).v(),
            c: numerics.c,
            sigmoid: reals(&tables.sigmoid),
            tanh: reals(&tables.tanh),
        }
    }

    /// The gate whose parts of x and of h have sums of their own.
    fn parted(&self) -> Option<usize> {
        self.v.and(CellKind::Gru.parted())
    }

    /// Number of the sum that row `row` of a matrix belongs to: as many as rows, n's parts of h behind them.
    fn sum_of(&self, row: usize, of_h: bool) -> usize {
        match (self.parted(), &self.rows) {
            (Some(gate), Some(rows)) if of_h => {
                let units = rows.values().len() / (gate + 2);
                if row / units == gate {
                    row + units
                } else {
                    row
                }
            }
            _ => row,
        }
    }

    /// The weights of sum `sum` among all parameters; none of x or of h where the sum has none of it.
    fn row<'a>(&self, places: &TensorPlaces, values: &'a [f32], sum: usize) -> RealRow<'a> {
        let (rows, Fractions { ih, hh }) = (places.bias.len(), &self.fractions);
        let gates = ih.len();
        let units = rows / gates;
        let of = |place: &Range<usize>, fractions: &[i32], row: usize, has: bool| {
            let width = if has { place.len() / rows } else { 0 };
            let weights = &values[place.start + row * width..][..width];
            (weights, self.weights.at(fractions[row / units]))
        };
        let parted = self.parted().map(|gate| gate * units);
        let of_h = parted.is_some_and(|start| sum >= start + units);
        let of_x = parted.is_some_and(|start| (start..start + units).contains(&sum));
        let row = if of_h { sum - units } else { sum };
        RealRow {
            ih: of(&places.ih, ih, row, !of_h),
            hh: of(&places.hh, hh, row, !of_x),
        }
    }

    /// What a sum is scaled by; 1 without multipliers.
    fn scale(&self, sum: usize) -> f32 {
        self.rows.as_ref().map_or(1.0, |rows| rows.values()[sum])
    }

    /// The integer layer of these weights, whatever its direction.
    fn quantized(&self, float: &FloatLayer, numerics: &Numerics) -> Layer {
        let unscaled = self.rows.as_ref().map(|rows| rows.unscaled(float));
        let float = unscaled.as_ref().unwrap_or(float);
        Layer {
            row_scale: self.rows.as_ref().map(RowMultipliers::row_scale),
            ..layer_with(float, self.x, self.h, numerics, &self.fractions)
        }
    }

    /// Values of the bias codes, exact, times the scales of their sums: `[4H]`, of a GRU those of n's part
    /// of h last.
    pub(super) fn biases(&self, bias: &[f32], bias_n_h: &[f32]) -> Vec<f64> {
        let units = bias.len() / self.fractions.ih.len();
        let all = bias.iter().chain(bias_n_h).enumerate();
        all.map(|(sum, &value)| {
            let one = f64::from(self.bias_frac(sum / units)).exp2();
            let scale = self.scale(sum);
            let code = round(f64::from(value / scale) * one);
            code.clamp(f64::from(i32::MIN), f64::from(i32::MAX)) / one * f64::from(scale)
        })
        .collect()
    }

    /// Fraction of the biases of the sums of gate `part`; n's part of h counts as one behind the gates.
    fn bias_frac(&self, part: usize) -> i32 {
        let Fractions { ih, hh } = &self.fractions;
        let of_x = |gate: usize| ih[gate] + self.x.frac;
        let of_h = |gate: usize| hh[gate] + self.h.frac;
        match self.parted() {
            Some(gate) if part == gate => of_x(gate),
            Some(gate) if part == gate + 1 => of_h(gate),
            _ => of_x(part).max(of_h(part)),
        }
    }

    /// `true` if sums of `count` products of weights and operands are exact in f32.
    pub(super) fn narrow(&self, count: usize, operand: QFormat) -> bool {
        let longest = self.rows.as_ref().map_or(1, RowMultipliers::longest);
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
