//! From gradients to steps.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Parameters that one task takes; part of the order of additions, so it is fixed.
const PIECE: usize = 1 << 16;

/// The rule of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    // w -= lr g
    /// Plain gradient descent
    Sgd,
    // Kingma and Ba (arXiv 1412.6980), with their constants: means of 0.9 and 0.999, 1e-8.
    /// Adam
    Adam,
}

/// A rule with its memory.
#[derive(Clone, Debug)]
pub(super) struct Optimizer {
    rule: Rule,
    /// Steps taken.
    pub taken: u64,
    /// Running means of gradients and of their squares; empty for SGD.
    pub moments: [Vec<f32>; 2],
}

impl Optimizer {
    pub(super) fn new(rule: Rule, count: usize) -> Self {
        let moment = || match rule {
            Rule::Sgd => Vec::new(),
            Rule::Adam => vec![0.0; count],
        };
        Self {
            rule,
            taken: 0,
            moments: [moment(), moment()],
        }
    }

    /// One step down the gradients, which were scaled by `scale`.
    pub(super) fn step(&mut self, values: &mut [f32], gradients: &[f32], scale: f32, rate: f32) {
        self.taken += 1;
        let pieces = values
            .par_chunks_mut(PIECE)
            .zip(gradients.par_chunks(PIECE));
        if self.rule == Rule::Sgd {
            pieces.for_each(|(values, gradients)| {
                for (value, gradient) in values.iter_mut().zip(gradients) {
                    *value -= rate * scale * gradient;
                }
            });
            return;
        }
        let power = |base: f64| (1.0 - base.powi(self.taken.min(1 << 30) as i32)) as f32;
        let (first, second) = (power(0.9), power(0.999));
        let rate = rate / first;
        let [means, squares] = &mut self.moments;
        let memory = means
            .par_chunks_mut(PIECE)
            .zip(squares.par_chunks_mut(PIECE));
        pieces
            .zip(memory)
            .for_each(|((values, gradients), (means, squares))| {
                let memory = means.iter_mut().zip(squares);
                for ((value, gradient), (mean, square)) in
                    values.iter_mut().zip(gradients).zip(memory)
                {
                    let gradient = gradient * scale;
                    *mean += 0.1 * (gradient - *mean);
                    *square += 0.001 * (gradient * gradient - *square);
                    *value -= rate * *mean / ((*square / second).sqrt() + 1e-8);
                }
            });
    }
}

/// Factor of gradients that makes their norm at most `limit`, and the norm.
pub(super) fn clip(gradients: &[f32], limit: f32) -> (f32, f64) {
    // The sums of the pieces are added in their order: the same sum whatever the threads.
    let pieces: Vec<f64> = gradients.par_chunks(PIECE).map(square_sum).collect();
    let norm = pieces.into_iter().sum::<f64>().sqrt();
    let scale = if norm > f64::from(limit) {
        (f64::from(limit) / norm) as f32
    } else {
        1.0
    };
    (scale, norm)
}

/// Sum of squares in f64, in lanes side by side.
fn square_sum(values: &[f32]) -> f64 {
    let mut sums = [0.0f64; 8];
    let (blocks, rest) = values.as_chunks::<8>();
    for block in blocks {
        for (sum, &value) in sums.iter_mut().zip(block) {
            *sum += f64::from(value) * f64::from(value);
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += f64::from(value) * f64::from(value);
    }
    sums.into_iter().sum()
}
