//! Models without training, for sizing, testing and benchmarks: the same seed gives the same model.

use super::dense::{Dense, DenseOutput, Embedding, Emit};
use super::model::{Direction, Layer, QuantizedModel, Recurrence, RowScale};
use super::splitmix::SplitMix;
use crate::fixed::{Codes, QFormat};
use crate::spec::{Numerics, OutputKind, OutputOrder, SeededNetwork};
use rayon::prelude::*;

/// Weights that one core draws at a time.
const CHUNK: usize = 1 << 16;

/// The next `count` weights, drawn by all cores.
fn draw_weights(noise: &mut SplitMix, count: usize, codes: Codes) -> Vec<i16> {
    let mut weights = vec![0; count];
    let chunks = weights.par_chunks_mut(CHUNK).enumerate();
    chunks.for_each(|(index, chunk)| {
        let mut own = noise.after(index * CHUNK);
        for weight in chunk {
            *weight = own.code(codes, true) as i16;
        }
    });
    *noise = noise.after(count);
    weights
}

/// The default h format: values below 1 in magnitude; the codes used are -1, 0, 1 at 2 bits of even
/// levels, and -1, 1 at one bit.
#[must_use]
pub fn default_h(codes: impl Into<Codes>) -> QFormat {
    let codes = codes.into();
    let ternary = codes.bits == 2 && !codes.is_odd();
    codes.at(if ternary { 0 } else { codes.unit_frac() })
}

/// The format of h that these formats ask for, or the default one of its codes.
#[must_use]
pub fn h_format(numerics: &Numerics) -> QFormat {
    let usual = default_h(numerics.h());
    usual.codes().at(numerics.h_frac.unwrap_or(usual.frac))
}

/// Multipliers of one half to one, whose top bit is set.
fn drawn_rows(layer: &Layer, noise: &mut SplitMix, bits: u32) -> RowScale {
    let (least, most) = (1i64 << (bits - 1), (1i64 << bits) - 1);
    RowScale {
        bits,
        frac: bits as i32,
        multiplier: (0..layer.scaled_sums())
            .map(|_| noise.between(least, most) as u32)
            .collect(),
    }
}

/// The draws of a seed.
struct Draws {
    weights: SplitMix,
    /// Of their own, so that weights are the same with and without.
    rows: SplitMix,
}

impl Draws {
    /// One pass of a layer on `input_size` elements of the format `x`.
    fn pass(&mut self, network: &SeededNetwork, (input_size, x): (usize, QFormat)) -> Layer {
        let numerics = &network.numerics;
        let hidden = network.hidden;
        // Weights up to 2 / sqrt(H): twice PyTorch's first values, so that gates move.
        let scale = (hidden.max(1).ilog2() / 2) as i32 - 1;
        let weights_of = numerics.weights();
        let w_frac = weights_of.unit_frac() + scale;
        let mut weights = |count: usize| draw_weights(&mut self.weights, count, weights_of);
        let recurrence = Recurrence::of(numerics);
        let gates = recurrence.gates().len();
        let weight_ih = weights(gates * hidden * input_size);
        let weight_hh = weights(gates * hidden * hidden);
        let mut layer = Layer {
            direction: Direction::Forward,
            input_size,
            hidden_size: hidden,
            x,
            h: h_format(numerics),
            w_bits: weights_of.bits,
            w_levels: weights_of.levels,
            w_frac_ih: vec![w_frac; gates],
            w_frac_hh: vec![w_frac; gates],
            z: numerics.z,
            a_frac: numerics.gate_frac,
            recurrence,
            weight_ih,
            weight_hh,
            bias: Vec::new(),
            row_scale: None,
        };
        let rows = &mut self.rows;
        layer.row_scale = (numerics.row_scale_bits).map(|bits| drawn_rows(&layer, rows, bits));
        layer.fill_biases(|frac| {
            let one = f64::from(frac).exp2();
            let mut bias = || (one * self.weights.between(-1000, 1000) as f64 / 1000.0) as i32;
            (0..hidden).map(|_| bias()).collect()
        });
        layer
    }

    /// A layer of the network's direction, its outputs in this order.
    fn layer(
        &mut self,
        network: &SeededNetwork,
        order: OutputOrder,
        operand: (usize, QFormat),
    ) -> Layer {
        let mut layer = self.pass(network, operand);
        let other = || self.pass(network, operand);
        layer.direction = Direction::ordered(network.direction, order, other);
        layer
    }
}

/// A model with uniform weights that use their whole range, scaled as `PyTorch` initialises them.
#[must_use]
pub fn seeded(network: &SeededNetwork) -> QuantizedModel {
    let mut draws = Draws {
        weights: SplitMix(network.seed),
        rows: SplitMix(!network.seed),
    };
    let x = network.numerics.x();
    let mut operand = (network.input_size, x.at((x.unit_frac() - 1).max(0)));
    let mut model = QuantizedModel::default();
    for index in 0..network.layers {
        let order = network.output_order.of_layer(index, network.layers);
        let layer = draws.layer(network, order, operand);
        operand = (layer.output_size(), layer.h);
        model.layers.push(layer);
    }
    with_ends(&mut model, network);
    model
}

/// Adds the embedding and the dense layer that `network` asks for.
fn with_ends(model: &mut QuantizedModel, network: &SeededNetwork) {
    let mut noise = SplitMix(!network.seed);
    let first = &model.layers[0];
    let embedding = (network.vocabulary)
        .map(|rows| Embedding::drawn(rows, first.input_size, first.x, &mut noise));
    model.embedding = embedding;
    let Some(head) = network.head else {
        return;
    };
    let last = &model.layers[model.layers.len() - 1];
    let output = match head.output {
        OutputKind::Sum => DenseOutput::Sum,
        OutputKind::Argmax => DenseOutput::Argmax,
        OutputKind::Code => DenseOutput::Code {
            format: h_format(&network.numerics),
            relu: false,
        },
    };
    let when = if head.last_only {
        Emit::Last
    } else {
        Emit::Step
    };
    let weights = network.numerics.weights();
    let before = (last.output_size(), last.h);
    let dense = Dense::drawn(before, head.outputs, weights, (output, when), &mut noise);
    model.head.push(dense);
}

#[cfg(test)]
mod tests;
