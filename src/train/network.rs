//! Forward and backward through a window.

use super::cell::{
    Backward, LayerTape, Sums, float_step, gru_float_step, gru_integer_step, integer_step,
    step_back,
};
use super::layout::{LayerPlaces, ParameterLayout, uniform};
use super::loss::{add_columns, decoder_back};
use super::numbers::{LayerNumbers, Numbers, operand};
use super::window::{Reading, Window};
use crate::lm::{Element, Matrix, add_product, product};
use crate::quantize::SplitMix;
use crate::spec::CellKind;
use std::borrow::Cow;

/// h and c of every layer, `[batch, H]` each, carried from window to window.
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
        let zeros = |&hidden: &usize| vec![0.0; batch * hidden];
        let zeros: Vec<_> = layout.sizes.hidden.iter().map(zeros).collect();
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
    let rows = window.rows();
    let width = layout.sizes.input;
    let embedding = &values[layout.embedding.clone()];
    let mut signal: Vec<f32> = match &window.read {
        Reading::Tokens(tokens) => tokens
            .iter()
            .flat_map(|&token| &embedding[token as usize * width..][..width])
            .copied()
            .collect(),
        Reading::Vectors(vectors) => vectors.clone(),
    };
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
            cell: layout.sizes.cell,
            units: hidden,
            ih: &values[places.ih.clone()],
            hh: &values[places.hh.clone()],
            bias: &masters[places.bias.clone()],
            bias_n_h: &masters[places.bias_n_h.clone()],
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
    cell: CellKind,
    units: usize,
    ih: &'a [f32],
    hh: &'a [f32],
    bias: &'a [f32],
    bias_n_h: &'a [f32],
    numbers: Option<&'a LayerNumbers>,
}

impl LayerValues<'_> {
    /// All steps of a layer: operands are on the tape, state goes in and out.
    fn run(&self, tape: &mut LayerTape, batch: usize, h: &mut [f32], c: &mut [f32]) {
        let Some(numbers) = self.numbers else {
            return self.float(tape, batch, h, c);
        };
        let input = self.ih.len() / self.bias.len();
        if numbers.narrow(input, numbers.x) && numbers.narrow(self.units, numbers.h) {
            self.integer::<f32>(tape, batch, h, c, numbers);
        } else {
            // Only in double precision are the products exact.
            self.integer::<f64>(tape, batch, h, c, numbers);
        }
    }

    fn float(&self, tape: &mut LayerTape, batch: usize, h: &mut [f32], c: &mut [f32]) {
        match self.cell {
            CellKind::Lstm => self.steps(tape, batch, h, c, |tape, row, sums, c| {
                float_step(tape, row, sums, self.bias, c);
            }),
            CellKind::Gru => {
                let bias = [self.bias, self.bias_n_h].concat();
                self.steps(tape, batch, h, c, |tape, row, sums, s| {
                    gru_float_step(tape, row, sums, &bias, s);
                });
            }
        }
    }

    fn integer<T: Element + From<f32> + Into<f64>>(
        &self,
        tape: &mut LayerTape,
        batch: usize,
        h: &mut [f32],
        c: &mut [f32],
        numbers: &LayerNumbers,
    ) {
        let bias = numbers.biases(self.bias, self.bias_n_h);
        match numbers.v {
            None => self.steps(tape, batch, h, c, |tape, row, sums: Sums<T>, c| {
                integer_step(tape, row, sums, &bias, c, numbers);
            }),
            Some(v) => self.steps(tape, batch, h, c, |tape, row, sums: Sums<T>, s| {
                gru_integer_step(tape, row, sums, &bias, s, (numbers, v));
            }),
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
        let (hidden, rows) = (self.units, self.bias.len());
        let input = self.ih.len() / rows;
        let (ih, hh) = (wide(self.ih), wide(self.hh));
        let mut x = vec![T::default(); tape.x.len() / input * rows];
        product(
            &mut x,
            Matrix::of_columns(&wide(&tape.x), input),
            &Matrix::of_columns(&ih, input).t().pack(),
        );
        let hh = Matrix::of_columns(&hh, hidden).t().pack();
        let mut sums = vec![T::default(); batch * rows];
        for (index, x) in x.chunks_exact(sums.len()).enumerate() {
            let at = index * h.len()..(index + 1) * h.len();
            tape.h_before[at.clone()].copy_from_slice(h);
            product(&mut sums, Matrix::of_columns(&wide(h), hidden), &hh);
            step(tape, index * batch, Sums { x, h: &sums }, c);
            h.copy_from_slice(&tape.h[at]);
        }
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
    for (layer, places) in layout.layers.iter().enumerate().rev() {
        scale(&mut d_signal, tape.masks[layer + 1].as_ref());
        d_signal = layer_back(
            layout,
            (layer, places),
            values,
            (window, tape),
            &d_signal,
            gradients,
        );
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

/// The way back through a layer: gradients by h in, by x out.
fn layer_back(
    layout: &ParameterLayout,
    (layer, places): (usize, &LayerPlaces),
    values: &[f32],
    (window, tape): (&Window, &Tape),
    d_h: &[f32],
    gradients: &mut [f32],
) -> Vec<f32> {
    let (hidden, input) = (layout.sizes.hidden[layer], layout.sizes.input(layer));
    let done = &tape.layers[layer];
    let cell = layout.sizes.cell;
    let hh = &values[places.hh.clone()];
    let dz = through_time((cell, done), hh, d_h, window.batch, hidden);
    let sums = layout.sizes.gates() * hidden;
    let (of_x, of_h) = (of_x(cell, &dz, hidden), of_h(cell, &dz, hidden));
    let by_x = Matrix::of_columns(&of_x, sums);
    add_product(
        &mut gradients[places.ih.clone()],
        by_x.t(),
        &Matrix::of_columns(&done.x, input).pack(),
    );
    let before = Matrix::of_columns(&done.h_before, hidden).pack();
    add_product(
        &mut gradients[places.hh.clone()],
        Matrix::of_columns(&of_h, sums).t(),
        &before,
    );
    add_columns(&mut gradients[places.biases()], &dz);
    let mut d_x = vec![0.0; window.rows() * input];
    let weights = Matrix::of_columns(&values[places.ih.clone()], input).pack();
    product(&mut d_x, by_x, &weights);
    if !done.x_pass.is_empty() {
        scale(&mut d_x, Some(&done.x_pass));
    }
    d_x
}

/// Of gradients by all sums those that have a part of x, `[rows, GH]`.
fn of_x(cell: CellKind, dz: &[f32], hidden: usize) -> Cow<'_, [f32]> {
    match cell {
        CellKind::Lstm => Cow::Borrowed(dz),
        CellKind::Gru => {
            let rows = dz.chunks_exact(4 * hidden);
            Cow::Owned(rows.flat_map(|row| &row[..3 * hidden]).copied().collect())
        }
    }
}

/// The same of h.
fn of_h(cell: CellKind, dz: &[f32], hidden: usize) -> Cow<'_, [f32]> {
    match cell {
        CellKind::Lstm => Cow::Borrowed(dz),
        CellKind::Gru => {
            let rows = dz.chunks_exact(4 * hidden);
            let parts = rows.flat_map(|row| row[..2 * hidden].iter().chain(&row[3 * hidden..]));
            Cow::Owned(parts.copied().collect())
        }
    }
}

/// Gradients by the pre-activations of all sums `[rows, 4H]` from those by h.
fn through_time(
    (cell, tape): (CellKind, &LayerTape),
    hh: &[f32],
    d_h: &[f32],
    batch: usize,
    hidden: usize,
) -> Vec<f32> {
    let steps = d_h.len() / (batch * hidden);
    let mut dz = vec![0.0; steps * batch * 4 * hidden];
    let gates = hh.len() / (hidden * hidden);
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
        step_back(cell, tape, step * batch, hidden, &mut gradients);
        let by_h = of_h(cell, dz, hidden);
        product(&mut carried, Matrix::of_columns(&by_h, gates * hidden), &hh);
    }
    dz
}
