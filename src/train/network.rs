//! Forward and backward through a window of text.

use super::cell::{Backward, LayerTape, Sums, float_step, integer_step, step_back};
use super::layout::{ParameterLayout, uniform};
use super::numbers::{LayerNumbers, Numbers, operand};
use crate::lm::{Element, Matrix, add_product, exp, product};
use crate::quantize::SplitMix;
use rayon::prelude::*;

/// h and c of every layer, `[batch, H]` each, carried from window to window.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowState {
    /// Hidden states.
    pub h: Vec<Vec<f32>>,
    /// Cell states.
    pub c: Vec<Vec<f32>>,
}

impl WindowState {
    /// Zero: the start of every sequence.
    #[must_use]
    pub fn zero(layout: &ParameterLayout, batch: usize) -> Self {
        let zeros = |&hidden: &usize| vec![0.0; batch * hidden];
        let zeros: Vec<_> = layout.sizes.hidden.iter().map(zeros).collect();
        Self {
            h: zeros.clone(),
            c: zeros,
        }
    }
}

/// A piece of `steps` tokens of every sequence of the batch, and the tokens that follow each.
#[derive(Clone, Debug)]
pub struct Window {
    /// Sequences side by side.
    pub batch: usize,
    /// `[steps, batch]`.
    pub read: Vec<u32>,
    /// `[steps, batch]`.
    pub next: Vec<u32>,
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
    layers: Vec<LayerTape>,
    /// Multipliers of the embeddings, of h between layers, of the last h.
    masks: Vec<Option<Vec<f32>>>,
    /// Inputs of the decoder, `[rows, H]`.
    pub out: Vec<f32>,
}

fn scale(values: &mut [f32], by: Option<&Vec<f32>>) {
    if let Some(by) = by {
        for (value, by) in values.iter_mut().zip(by) {
            *value *= by;
        }
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
    let rows = window.read.len();
    let width = layout.sizes.embedding;
    let embedding = &values[layout.embedding.clone()];
    let read = window.read.iter();
    let mut signal: Vec<f32> = read
        .flat_map(|&token| &embedding[token as usize * width..][..width])
        .copied()
        .collect();
    let mut masks = vec![dropout.mask(rows * width)];
    let mut layers = Vec::new();
    for (layer, places) in layout.layers.iter().enumerate() {
        let hidden = layout.sizes.hidden[layer];
        let numbers = numbers.map(|numbers| &numbers.layers[layer]);
        // h of the layer below is in the format of x already.
        let x_pass = match numbers {
            Some(numbers) if layer == 0 => operand(&mut signal, numbers.x),
            _ => Vec::new(),
        };
        // Dropped after rounding: what is left is larger, and would be clamped before it.
        scale(&mut signal, masks[layer].as_ref());
        let mut tape = LayerTape::new(std::mem::take(&mut signal), x_pass, rows, hidden);
        let layer_values = LayerValues {
            ih: &values[places.ih.clone()],
            hh: &values[places.hh.clone()],
            bias: &masters[places.bias.clone()],
            numbers,
        };
        let (h, c) = (&mut state.h[layer], &mut state.c[layer]);
        layer_values.run(&mut tape, window.batch, h, c);
        masks.push(dropout.mask(rows * hidden));
        signal.clone_from(&tape.h);
        layers.push(tape);
    }
    scale(&mut signal, masks[layers.len()].as_ref());
    Tape {
        layers,
        masks,
        out: signal,
    }
}

/// One layer's parameters as they are computed with.
struct LayerValues<'a> {
    ih: &'a [f32],
    hh: &'a [f32],
    bias: &'a [f32],
    numbers: Option<&'a LayerNumbers>,
}

impl LayerValues<'_> {
    /// All steps of a layer: operands are on the tape, state goes in and out.
    fn run(&self, tape: &mut LayerTape, batch: usize, h: &mut [f32], c: &mut [f32]) {
        let hidden = self.bias.len() / 4;
        let input = self.ih.len() / (4 * hidden);
        let Some(numbers) = self.numbers else {
            return self.steps(tape, batch, h, c, |tape, row, sums, c| {
                float_step(tape, row, sums, self.bias, c);
            });
        };
        let bias = numbers.biases(self.bias);
        if numbers.narrow(input, numbers.x) && numbers.narrow(hidden, numbers.h) {
            self.steps(tape, batch, h, c, |tape, row, sums: Sums<f32>, c| {
                integer_step(tape, row, sums, &bias, c, numbers);
            });
        } else {
            // Only in double precision are the products exact.
            self.steps(tape, batch, h, c, |tape, row, sums: Sums<f64>, c| {
                integer_step(tape, row, sums, &bias, c, numbers);
            });
        }
    }

    /// Steps whose products are formed in `T`: exact, or rounded as floats are.
    fn steps<T: Element + From<f32>>(
        &self,
        tape: &mut LayerTape,
        batch: usize,
        h: &mut [f32],
        c: &mut [f32],
        mut step: impl FnMut(&mut LayerTape, usize, Sums<T>, &mut [f32]),
    ) {
        let wide = |values: &[f32]| values.iter().map(|&v| T::from(v)).collect::<Vec<T>>();
        let hidden = self.bias.len() / 4;
        let input = self.ih.len() / (4 * hidden);
        let (ih, hh) = (wide(self.ih), wide(self.hh));
        let mut x = vec![T::default(); tape.x.len() / input * 4 * hidden];
        product(
            &mut x,
            Matrix::of_columns(&wide(&tape.x), input),
            &Matrix::of_columns(&ih, input).t().pack(),
        );
        let hh = Matrix::of_columns(&hh, hidden).t().pack();
        let mut sums = vec![T::default(); batch * 4 * hidden];
        for (index, x) in x.chunks_exact(sums.len()).enumerate() {
            let at = index * h.len()..(index + 1) * h.len();
            tape.h_before[at.clone()].copy_from_slice(h);
            product(&mut sums, Matrix::of_columns(&wide(h), hidden), &hh);
            step(tape, index * batch, Sums { x, h: &sums }, c);
            h.copy_from_slice(&tape.h[at]);
        }
    }
}

/// Rows of the decoder that one task takes; part of the order of additions, so it is fixed.
const ROWS: usize = 64;

/// Loss of a window, in nats over all its tokens, and gradients by every parameter of the mean loss,
/// added to `gradients`.
pub(super) fn backward(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    tape: &Tape,
    gradients: &mut [f32],
) -> f64 {
    let sizes = &layout.sizes;
    let (loss, mut d_signal) = decoder_back(layout, values, window, tape, gradients);
    for (layer, places) in layout.layers.iter().enumerate().rev() {
        scale(&mut d_signal, tape.masks[layer + 1].as_ref());
        let (hidden, input) = (sizes.hidden[layer], sizes.input(layer));
        let done = &tape.layers[layer];
        let rows = window.read.len();
        let dz = through_time(
            done,
            &values[places.hh.clone()],
            &d_signal,
            window.batch,
            hidden,
        );
        let all = Matrix::of_columns(&dz, 4 * hidden);
        add_product(
            &mut gradients[places.ih.clone()],
            all.t(),
            &Matrix::of_columns(&done.x, input).pack(),
        );
        let before = Matrix::of_columns(&done.h_before, hidden).pack();
        add_product(&mut gradients[places.hh.clone()], all.t(), &before);
        add_columns(&mut gradients[places.bias.clone()], &dz);
        d_signal = vec![0.0; rows * input];
        product(
            &mut d_signal,
            all,
            &Matrix::of_columns(&values[places.ih.clone()], input).pack(),
        );
        if !done.x_pass.is_empty() {
            scale(&mut d_signal, Some(&done.x_pass));
        }
    }
    scale(&mut d_signal, tape.masks[0].as_ref());
    let width = sizes.embedding;
    let table = &mut gradients[layout.embedding.clone()];
    for (&token, d) in window.read.iter().zip(d_signal.chunks_exact(width)) {
        let row = &mut table[token as usize * width..][..width];
        for (slot, d) in row.iter_mut().zip(d) {
            *slot += d;
        }
    }
    loss
}

/// The way back through the decoder: the loss, and the gradient by what the decoder took.
fn decoder_back(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    tape: &Tape,
    gradients: &mut [f32],
) -> (f64, Vec<f32>) {
    let sizes = &layout.sizes;
    let (last, rows) = (sizes.last(), window.read.len());
    let mut scores = vec![0.0f32; rows * sizes.vocabulary];
    let mut d_signal = vec![0.0f32; rows * last];
    let decoder = Matrix::of_columns(&values[layout.decoder.clone()], last);
    let (forth, back) = (decoder.t().pack(), decoder.pack());
    let bias = &values[layout.decoder_bias.clone()];
    let losses: Vec<f64> = scores
        .par_chunks_mut(ROWS * sizes.vocabulary)
        .zip(d_signal.par_chunks_mut(ROWS * last))
        .zip(tape.out.par_chunks(ROWS * last))
        .zip(window.next.par_chunks(ROWS))
        .map(|(((scores, d_out), out), next)| {
            product(scores, Matrix::of_columns(out, last), &forth);
            let loss = softmax(scores, bias, next, 1.0 / rows as f32);
            product(d_out, Matrix::of_columns(scores, sizes.vocabulary), &back);
            loss
        })
        .collect();
    add_product(
        &mut gradients[layout.decoder.clone()],
        Matrix::of_columns(&scores, sizes.vocabulary).t(),
        &Matrix::of_columns(&tape.out, last).pack(),
    );
    add_columns(&mut gradients[layout.decoder_bias.clone()], &scores);
    (losses.iter().sum(), d_signal)
}

/// Gradients by all pre-activations `[rows, 4H]` from those by h.
fn through_time(
    tape: &LayerTape,
    hh: &[f32],
    d_h: &[f32],
    batch: usize,
    hidden: usize,
) -> Vec<f32> {
    let steps = d_h.len() / (batch * hidden);
    let mut dz = vec![0.0; steps * batch * 4 * hidden];
    let hh = Matrix::of_columns(hh, hidden).pack();
    let mut carried = vec![0.0; batch * hidden];
    let mut dc = vec![0.0; batch * hidden];
    for step in (0..steps).rev() {
        for (carried, d) in carried.iter_mut().zip(&d_h[step * batch * hidden..]) {
            *carried += d;
        }
        let dz = &mut dz[step * batch * 4 * hidden..][..batch * 4 * hidden];
        let mut gradients = Backward {
            dh: &carried,
            dc: &mut dc,
            dz,
        };
        step_back(tape, step * batch, hidden, &mut gradients);
        product(&mut carried, Matrix::of_columns(dz, 4 * hidden), &hh);
    }
    dz
}

/// Adds every row of `rows` to `sums`.
fn add_columns(sums: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// Turns scores without bias into gradients of the loss by them, times `weight`; the loss in nats.
fn softmax(scores: &mut [f32], bias: &[f32], next: &[u32], weight: f32) -> f64 {
    let rows = scores.chunks_exact_mut(bias.len()).zip(next);
    rows.map(|(scores, &next)| {
        pulp::Arch::new().dispatch(|| softmax_row(scores, bias, next as usize, weight))
    })
    .sum()
}

#[inline(always)]
fn softmax_row(scores: &mut [f32], bias: &[f32], next: usize, weight: f32) -> f64 {
    for (score, bias) in scores.iter_mut().zip(bias) {
        *score += bias;
    }
    let mut largest = [f32::NEG_INFINITY; 16];
    for part in scores.chunks(16) {
        for (largest, score) in largest.iter_mut().zip(part) {
            *largest = if *score > *largest { *score } else { *largest };
        }
    }
    let largest = largest.into_iter().fold(f32::NEG_INFINITY, f32::max);
    let wanted = f64::from(scores[next] - largest);
    let mut sums = [0.0f32; 16];
    for part in scores.chunks_mut(16) {
        for (sum, score) in sums.iter_mut().zip(part) {
            *score = exp(*score - largest);
            *sum += *score;
        }
    }
    let sum: f64 = sums.into_iter().map(f64::from).sum();
    let share = weight / sum as f32;
    for score in scores.iter_mut() {
        *score *= share;
    }
    scores[next] -= weight;
    sum.ln() - wanted
}
