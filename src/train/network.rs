//! Forward and backward through a window.

use super::cell::LayerTape;
use super::layout::{ParameterLayout, uniform};
use super::loss::decoder_back;
use super::numbers::{Numbers, operand};
use super::order::{RowOrder, beside, part_of};
use super::pass::{PassValues, pass_back};
use super::window::{Reading, Window};
use crate::quantize::SplitMix;

/// h and c of every pass, `[batch, H]` each, carried from window to window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowState {
    /// Hidden states.
    pub h: Vec<Vec<f32>>,
    /// States beside h: c, of a GRU s.
    pub c: Vec<Vec<f32>>,
}

impl WindowState {
    /// Zero: the start of every sequence.
    #[must_use]
    pub fn zero(layout: &ParameterLayout, batch: usize) -> Self {
        let passes = layout.sizes.passes();
        let zeros = passes.map(|pass| vec![0.0; batch * layout.sizes.hidden[pass.layer]]);
        let zeros: Vec<_> = zeros.collect();
        Self {
            h: zeros.clone(),
            c: zeros,
        }
    }
}

/// Share of values that are dropped: embeddings, between layers, before the decoder.
pub(super) struct Dropout<'a> {
    pub share: f32,
    pub noise: &'a mut SplitMix,
}

impl Dropout<'_> {
    /// Multipliers of `count` values: 0, or what keeps the mean. `None` where nothing is dropped.
    fn mask(&mut self, count: usize) -> Option<Vec<f32>> {
        let keep = 1.0 / (1.0 - self.share);
        (self.share > 0.0).then(|| {
            (0..count)
                .map(|_| {
                    if uniform(self.noise) < self.share {
                        0.0
                    } else {
                        keep
                    }
                })
                .collect()
        })
    }
}

/// Values of a window that the way back needs.
pub(super) struct Tape {
    /// Per pass, rows in the order that it takes them.
    pub passes: Vec<LayerTape>,
    order: RowOrder,
    /// 0 for operands of the first layer that were clamped, else 1; empty where none can be.
    x_pass: Vec<f32>,
    /// Multipliers of the embeddings, of h between layers, of the last h.
    masks: Vec<Option<Vec<f32>>>,
    /// Inputs of the decoder, `[rows, last layer's outputs]`.
    pub out: Vec<f32>,
}

fn scale(values: &mut [f32], by: Option<&Vec<f32>>) {
    if let Some(by) = by {
        for (value, by) in values.iter_mut().zip(by) {
            *value *= by;
        }
    }
}

/// The vectors that a window reads, `[rows, I]`.
fn read(layout: &ParameterLayout, values: &[f32], window: &Window) -> Vec<f32> {
    let width = layout.sizes.input;
    let embedding = &values[layout.embedding.clone()];
    match &window.read {
        Reading::Tokens(tokens) => tokens
            .iter()
            .flat_map(|&token| &embedding[token as usize * width..][..width])
            .copied()
            .collect(),
        Reading::Vectors(vectors) => vectors.clone(),
    }
}

/// Runs a window. `values` are what products are computed with, `masters` the parameters themselves.
pub(super) fn forward(
    layout: &ParameterLayout,
    numbers: Option<&Numbers>,
    (masters, values): (&[f32], &[f32]),
    window: &Window,
    state: &mut WindowState,
    dropout: &mut Dropout,
) -> Tape {
    let rows = window.rows();
    let mut signal = read(layout, values, window);
    let mut masks = vec![dropout.mask(signal.len())];
    // h of the layer below is in the format of x already.
    let x_pass = match numbers {
        Some(numbers) => operand(&mut signal, numbers.passes[0].x),
        None => Vec::new(),
    };
    let order = RowOrder::of(&layout.sizes, window);
    let mut passes: Vec<LayerTape> = Vec::new();
    for (layer, &units) in layout.sizes.hidden.iter().enumerate() {
        // Dropped after rounding: what is left is larger, and would be clamped before it.
        scale(&mut signal, masks[layer].as_ref());
        let mut outputs = Vec::new();
        for (index, places) in layout.of_layer(layer) {
            let numbers = numbers.map(|numbers| &numbers.passes[index]);
            let x = order.of_pass(places.pass, signal.clone());
            let mut tape = LayerTape::new(x, rows, units);
            let (h, c) = (&mut state.h[index], &mut state.c[index]);
            PassValues::of(layout, places, (masters, values), numbers).run(
                &mut tape,
                window.batch,
                (h, c),
            );
            outputs.push(order.of_outputs(places.pass, tape.h.clone()));
            passes.push(tape);
        }
        signal = beside(outputs, units);
        masks.push(dropout.mask(signal.len()));
    }
    scale(&mut signal, masks[masks.len() - 1].as_ref());
    Tape {
        passes,
        order,
        x_pass,
        masks,
        out: signal,
    }
}

/// Loss of a window, summed over all its answers, and gradients by every parameter of the mean loss,
/// added to `gradients`.
pub(super) fn backward(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    tape: &Tape,
    gradients: &mut [f32],
) -> f64 {
    let (loss, mut d_signal) = decoder_back(layout, values, window, &tape.out, gradients);
    for (layer, &units) in layout.sizes.hidden.iter().enumerate().rev() {
        scale(&mut d_signal, tape.masks[layer + 1].as_ref());
        let mut d_x = vec![0.0; window.rows() * layout.sizes.input(layer)];
        for (index, places) in layout.of_layer(layer) {
            let d_h = part_of(places.pass, &d_signal, units);
            let d_h = tape.order.of_outputs(places.pass, d_h);
            let done = (&tape.passes[index], window.batch);
            let by_x = pass_back(layout, places, values, done, &d_h, gradients);
            let by_x = tape.order.of_pass(places.pass, by_x);
            for (sum, by_x) in d_x.iter_mut().zip(by_x) {
                *sum += by_x;
            }
        }
        d_signal = d_x;
    }
    if !tape.x_pass.is_empty() {
        scale(&mut d_signal, Some(&tape.x_pass));
    }
    scale(&mut d_signal, tape.masks[0].as_ref());
    if let Reading::Tokens(tokens) = &window.read {
        let width = layout.sizes.input;
        let table = &mut gradients[layout.embedding.clone()];
        for (&token, d) in tokens.iter().zip(d_signal.chunks_exact(width)) {
            let row = &mut table[token as usize * width..][..width];
            for (slot, d) in row.iter_mut().zip(d) {
                *slot += d;
            }
        }
    }
    loss
}
