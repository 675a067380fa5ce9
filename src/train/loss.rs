//! The linear layer behind the recurrent ones, and what its answers cost.

use super::layout::ParameterLayout;
use super::window::{Window, WindowGoal};
use crate::lm::{Matrix, add_product, exp, product};
use rayon::prelude::*;
use std::borrow::Cow;

/// Rows that one task takes; part of the order of additions, so it is fixed.
const ROWS: usize = 64;

/// The way back through the linear layer: the loss, and the gradient by what it took, `[rows, H]`.
pub(super) fn decoder_back(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    out: &[f32],
    gradients: &mut [f32],
) -> (f64, Vec<f32>) {
    let (last, outputs) = (layout.sizes.last(), layout.sizes.outputs);
    let out = asked(window, out, last);
    let answers = window.answers();
    let mut scores = vec![0.0f32; answers * outputs];
    let mut d_signal = vec![0.0f32; answers * last];
    let decoder = Matrix::of_columns(&values[layout.decoder.clone()], last);
    let (forth, back) = (decoder.t().pack(), decoder.pack());
    let bias = &values[layout.decoder_bias.clone()];
    let losses: Vec<f64> = scores
        .par_chunks_mut(ROWS * outputs)
        .zip(d_signal.par_chunks_mut(ROWS * last))
        .zip(out.par_chunks(ROWS * last))
        .enumerate()
        .map(|(part, ((scores, d_out), out))| {
            product(scores, Matrix::of_columns(out, last), &forth);
            let first = part * ROWS;
            let loss = cost(scores, bias, &window.goal, first, 1.0 / answers as f32);
            product(d_out, Matrix::of_columns(scores, outputs), &back);
            loss
        })
        .collect();
    add_product(
        &mut gradients[layout.decoder.clone()],
        Matrix::of_columns(&scores, outputs).t(),
        &Matrix::of_columns(&out, last).pack(),
    );
    add_columns(&mut gradients[layout.decoder_bias.clone()], &scores);
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
