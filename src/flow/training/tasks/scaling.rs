//! Scales of inputs and targets, learnt from the data that is trained on.
//!
//! All of them are powers of two, so that a model in integers has the same words with them and without; offsets
//! are taken off by whoever makes codes of real inputs, as the model file says.

use super::sets::KnownSet;
use crate::import::FloatModel;
use crate::ptq::{Sequences, middle, span};
use crate::quantize::{InputOffset, QuantizeOptions, QuantizedModel, best_fraction};
use crate::score::Answers;
use crate::train::{ParameterLayout, TrainOptions, WindowGoal};

/// Numbers that a fraction is chosen on.
const SAMPLE: usize = 1 << 16;
/// Exponents that an element is scaled by.
const MOST_SHIFT: i32 = 48;

/// Scales of inputs and targets.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scaling {
    /// What is done to x: its middle is taken off, and it is brought to about -2 .. 2.
    pub input: InputOffset,
    /// Outputs in training times `2^output` are those of the targets.
    output: i32,
    /// Mean and variance of every output's targets; none of classes.
    outputs: Vec<(f64, f64)>,
}

impl Scaling {
    /// That of a set.
    pub(super) fn learnt(set: &KnownSet) -> Self {
        let outputs = match &set.targets.wanted {
            Answers::Classes(_) => Vec::new(),
            Answers::Values { data, width } => (0..*width)
                .map(|output| spread(data, *width, output))
                .collect(),
        };
        let variance: f64 = outputs.iter().map(|(_, variance)| variance).sum();
        let output = match outputs.len() {
            0 => 0,
            count => (variance / count as f64).sqrt().log2().round() as i32,
        };
        Self {
            input: middle(&set.inputs).scaled(shifts(&set.inputs)),
            output: output.clamp(-MOST_SHIFT, MOST_SHIFT),
            outputs,
        }
    }

    /// Weights of the outputs' squared errors: one by the variance of each, 0 where it is constant.
    pub(super) fn weights(&self) -> Vec<f64> {
        let by = |variance: f64| if variance > 0.0 { 1.0 / variance } else { 0.0 };
        self.outputs
            .iter()
            .map(|&(_, variance)| by(variance))
            .collect()
    }

    /// Targets as the network in training answers them.
    pub(super) fn goal(&self, wanted: &Answers) -> WindowGoal {
        match wanted {
            Answers::Classes(classes) => WindowGoal::Classes(classes.clone()),
            Answers::Values { data, .. } => {
                let (down, up) = (exp2(-self.output), exp2(2 * self.output));
                let weights = self.weights().into_iter();
                WindowGoal::Values {
                    data: data.iter().map(|value| (value * down) as f32).collect(),
                    weights: weights.map(|weight| (weight * up) as f32).collect(),
                }
            }
        }
    }

    /// First values of a network in training: the linear layer begins at the means of the targets.
    pub(super) fn first(&self, options: &TrainOptions) -> FloatModel {
        let layout = ParameterLayout::new(options.sizes.clone());
        let mut model = layout.float_model(&layout.first_values(options.seed));
        if let Some(head) = &mut model.head {
            for (bias, (mean, _)) in head.bias.iter_mut().zip(&self.outputs) {
                *bias = (mean * exp2(-self.output)) as f32;
            }
        }
        model
    }

    /// The network in training of a model that takes and gives what the files have.
    pub(super) fn inward(&self, model: &FloatModel) -> FloatModel {
        if model.input_size() != self.input.codes.len() {
            return model.clone(); // its shapes are refused later on
        }
        let mut inward = self.input.folded(model);
        scale_head(&mut inward, -self.output);
        inward
    }

    /// The model that takes and gives what the files have, of a network in training.
    pub(super) fn outward(&self, model: &FloatModel) -> FloatModel {
        let mut outward = self.input.unfolded(model);
        scale_head(&mut outward, self.output);
        outward
    }

    /// The same of an integer model: its words stay, and so do the codes of its weights.
    pub(super) fn deliver(&self, model: &mut QuantizedModel) {
        model.input_offset = Some(self.input.clone()).filter(|offset| !offset.is_none());
        if let Some(dense) = model.head.last_mut() {
            dense.w_frac -= self.output;
        }
    }
}

fn exp2(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

/// Multiplies what the linear layer gives by a power of two, exactly.
fn scale_head(model: &mut FloatModel, exponent: i32) {
    if let Some(head) = &mut model.head {
        for value in head.weight.iter_mut().chain(&mut head.bias) {
            *value = (f64::from(*value) * exp2(exponent)) as f32;
        }
    }
}

/// Mean and variance of an output's targets.
fn spread(data: &[f64], width: usize, output: usize) -> (f64, f64) {
    let values = || data.iter().skip(output).step_by(width);
    let count = values().count() as f64;
    let mean = values().sum::<f64>() / count;
    let variance = values().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    (mean, variance)
}

/// For every element the power of two that brings half of what it spans, but for wild values, between 1 and 2. One
/// that never changes takes the smallest of the others.
fn shifts(inputs: &Sequences) -> Vec<i32> {
    let shift = |element: usize| {
        let (low, high) = span(inputs, element);
        let half = (high - low) / 2.0;
        (half > 0.0).then(|| (-half.log2().floor() as i32).clamp(-MOST_SHIFT, MOST_SHIFT))
    };
    let all: Vec<Option<i32>> = (0..inputs.width).map(shift).collect();
    let least = all.iter().flatten().min().copied().unwrap_or(0);
    all.into_iter()
        .map(|shift| shift.unwrap_or(least))
        .collect()
}

/// The fraction of x with the least squared error on these vectors.
pub(super) fn fraction(vectors: &[f32], numbers: QuantizeOptions) -> i32 {
    let codes = numbers.numerics.x();
    if codes.bits == 1 {
        return 0;
    }
    let every = vectors.len().div_ceil(SAMPLE);
    let sample: Vec<f32> = vectors.iter().step_by(every).copied().collect();
    best_fraction(&sample, codes, false)
}

#[cfg(test)]
mod tests;
