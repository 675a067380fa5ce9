//! From gradients to steps.

use serde::{Deserialize, Serialize};

/// The rule of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// `w -= lr g`.
    Sgd,
    /// Kingma and Ba (arXiv 1412.6980), with their constants: means of 0.9 and 0.999, 1e-8.
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
        if self.rule == Rule::Sgd {
            for (value, gradient) in values.iter_mut().zip(gradients) {
                *value -= rate * scale * gradient;
            }
            return;
        }
        let power = |base: f64| (1.0 - base.powi(self.taken.min(1 << 30) as i32)) as f32;
        let (first, second) = (power(0.9), power(0.999));
        let rate = rate / first;
        let [means, squares] = &mut self.moments;
        let memory = means.iter_mut().zip(squares.iter_mut());
        for ((value, gradient), (mean, square)) in values.iter_mut().zip(gradients).zip(memory) {
            let gradient = gradient * scale;
            *mean += 0.1 * (gradient - *mean);
            *square += 0.001 * (gradient * gradient - *square);
            *value -= rate * *mean / ((*square / second).sqrt() + 1e-8);
        }
    }
}

/// What gradients are multiplied by so that their norm is at most `limit`, and the norm.
pub(super) fn clip(gradients: &[f32], limit: f32) -> (f32, f64) {
    // In pieces, each in f64: the same sum whatever the threads.
    let norm = gradients
        .chunks(4096)
        .map(|part| part.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>())
        .sum::<f64>()
        .sqrt();
    let scale = if norm > f64::from(limit) {
        (f64::from(limit) / norm) as f32
    } else {
        1.0
    };
    (scale, norm)
}
