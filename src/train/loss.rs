//! The linear layer behind the recurrent ones, and what its answers cost.

use super::layout::ParameterLayout;
use super::window::{Window, WindowGoal};
use crate::lm::{Matrix, add_product, exp, product};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows that one task takes; part of the order of additions, so it is fixed.
const ROWS: usize = 64;

/// The rows of the linear layer that a window's loss is taken over, as they are computed with.
struct TakenRows<'a> {
    /// `[outputs, H]`.
    weights: Cow<'a, [f32]>,
    /// `[outputs]`; of a sample with the logarithms of its weights.
    bias: Cow<'a, [f32]>,
    /// Classes are numbers of these rows.
    goal: Cow<'a, WindowGoal>,
}

impl<'a> TakenRows<'a> {
    fn of(layout: &ParameterLayout, values: &'a [f32], window: &'a Window) -> Self {
        let weights = &values[layout.decoder.clone()];
        let bias = &values[layout.decoder_bias.clone()];
        let (Some(among), WindowGoal::Classes(classes)) = (&window.among, &window.goal) else {
            return Self {
                weights: weights.into(),
                bias: bias.into(),
                goal: Cow::Borrowed(&window.goal),
            };
        };
        let width = layout.sizes.last();
        let rows = among.outputs.iter().map(|&output| output as usize);
        let weighted = rows.clone().zip(&among.log_weights);
        let places = classes.iter().map(|&class| among.place(class) as u32);
        Self {
            weights: rows
                .flat_map(|row| &weights[row * width..][..width])
                .copied()
                .collect(),
            bias: weighted.map(|(row, weight)| bias[row] + weight).collect(),
            goal: Cow::Owned(WindowGoal::Classes(places.collect())),
        }
    }

    /// Adds the gradients by the scores, `[answers, outputs]`, of what was taken in, `[answers, H]`.
    fn add_gradients(
        &self,
        (layout, window): (&ParameterLayout, &Window),
        (scores, out): (&[f32], &[f32]),
        gradients: &mut [f32],
    ) {
        let (width, outputs) = (layout.sizes.last(), self.bias.len());
        let by_scores = Matrix::of_columns(scores, outputs).t();
        let taken = Matrix::of_columns(out, width).pack();
        let Some(among) = &window.among else {
            add_product(&mut gradients[layout.decoder.clone()], by_scores, &taken);
            add_columns(&mut gradients[layout.decoder_bias.clone()], scores);
            return;
        };
        let mut of_weights = vec![0.0; outputs * width];
        product(&mut of_weights, by_scores, &taken);
        let mut of_bias = vec![0.0; outputs];
        add_columns(&mut of_bias, scores);
        let rows = of_weights.chunks_exact(width).zip(of_bias);
        for (&output, (of_row, of_bias)) in among.outputs.iter().zip(rows) {
            let output = output as usize;
            let row = &mut gradients[layout.decoder.clone()][output * width..][..width];
            for (sum, gradient) in row.iter_mut().zip(of_row) {
                *sum += gradient;
            }
            gradients[layout.decoder_bias.clone()][output] += of_bias;
        }
    }
}

/// The way back through the linear layer: the loss, and the gradient by what it took, `[rows, H]`.
pub(super) fn decoder_back(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    out: &[f32],
    gradients: &mut [f32],
) -> (f64, Vec<f32>) {
    let taken = TakenRows::of(layout, values, window);
    let (last, outputs) = (layout.sizes.last(), taken.bias.len());
    let out = asked(window, out, last);
    let answers = window.answers();
    let mut scores = vec![0.0f32; answers * outputs];
    let mut d_signal = vec![0.0f32; answers * last];
    let decoder = Matrix::of_columns(&taken.weights, last);
    let (forth, back) = (decoder.t().pack(), decoder.pack());
    let losses: Vec<f64> = scores
        .par_chunks_mut(ROWS * outputs)
        .zip(d_signal.par_chunks_mut(ROWS * last))
        .zip(out.par_chunks(ROWS * last))
        .enumerate()
        .map(|(part, ((scores, d_out), out))| {
            product(scores, Matrix::of_columns(out, last), &forth);
            let (first, weight) = (part * ROWS, 1.0 / answers as f32);
            let loss = cost(scores, &taken.bias, &taken.goal, first, weight);
            product(d_out, Matrix::of_columns(scores, outputs), &back);
            loss
        })
        .collect();
    taken.add_gradients((layout, window), (&scores, &out), gradients);
    (losses.iter().sum(), spread(window, d_signal, last))
}

/// Adds every row of `rows` to `sums`.
pub(super) fn add_columns(sums: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(sums.len()) {
        for (sum, value) in sums.iter_mut().zip(row) {
            *sum += value;
        }
    }
}

/// The rows that an answer is wanted of.
fn asked<'a>(window: &Window, out: &'a [f32], width: usize) -> Cow<'a, [f32]> {
    match &window.asked {
        None => Cow::Borrowed(out),
        Some(rows) => {
            let rows = rows.iter().flat_map(|row| &out[row * width..][..width]);
            Cow::Owned(rows.copied().collect())
        }
    }
}

/// Gradients by those rows in their places, 0 by others.
fn spread(window: &Window, d_asked: Vec<f32>, width: usize) -> Vec<f32> {
    let Some(rows) = &window.asked else {
        return d_asked;
    };
    let mut all = vec![0.0; window.rows() * width];
    for (row, d) in rows.iter().zip(d_asked.chunks_exact(width)) {
        all[row * width..][..width].copy_from_slice(d);
    }
    all
}

/// Turns scores without bias, of answers from `first` on, into gradients of the loss by them, times `weight`;
/// the loss.
fn cost(scores: &mut [f32], bias: &[f32], goal: &WindowGoal, first: usize, weight: f32) -> f64 {
    let outputs = bias.len();
    let rows = scores.chunks_exact_mut(outputs);
    match goal {
        WindowGoal::Classes(classes) => rows
            .zip(&classes[first..])
            .map(|(scores, &class)| {
                pulp::Arch::new().dispatch(|| softmax_row(scores, bias, class as usize, weight))
            })
            .sum(),
        WindowGoal::Values { data, weights } => rows
            .zip(data[first * outputs..].chunks_exact(outputs))
            .map(|(scores, wanted)| squares_row(scores, bias, (wanted, weights), weight))
            .sum(),
    }
}

/// The mean over the outputs of the weighted squared errors, and its gradient.
fn squares_row(
    scores: &mut [f32],
    bias: &[f32],
    (wanted, weights): (&[f32], &[f32]),
    weight: f32,
) -> f64 {
    let count = bias.len() as f32;
    let mut loss = 0.0;
    let rest = bias.iter().zip(wanted).zip(weights);
    for (score, ((bias, wanted), of_output)) in scores.iter_mut().zip(rest) {
        let error = *score + bias - wanted;
        loss += f64::from(error) * f64::from(error) * f64::from(of_output / count);
        *score = 2.0 * error * of_output / count * weight;
    }
    loss
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
