//! A whole network: an embedding, recurrent layers, dense layers.

use super::stack::Lstm;
use super::trace::StepTrace;
use crate::diagnostic::Problem;
use crate::quantize::{Dense, DenseOutput, Embedding, Emit, QuantizedModel};
use rayon::prelude::*;

/// A network with its state, and what it gives at each step.
#[derive(Clone, Debug)]
pub struct WholeNetwork {
    embedding: Option<Embedding>,
    pub(super) front: Vec<DenseState>,
    pub(super) lstm: Lstm,
    pub(super) dense: Vec<DenseState>,
    /// Codes of h, then of every dense layer's output.
    codes: Vec<i32>,
    /// The output of the last step that gave one.
    given: Vec<i64>,
}

/// A dense layer and what it made of its last x.
#[derive(Clone, Debug)]
pub(super) struct DenseState {
    pub(super) layer: Dense,
    sums: Vec<i64>,
    outputs: Vec<i64>,
}

impl DenseState {
    pub(super) fn new(layer: &Dense) -> Self {
        Self {
            layer: layer.clone(),
            sums: Vec::new(),
            outputs: Vec::new(),
        }
    }

    /// One step on codes of the layer's x format: all sums, and what is given of them.
    pub(super) fn step(&mut self, x: &[i32]) {
        self.sums.clear();
        self.sums.extend(self.layer.of_codes(x));
        self.outputs.clear();
        give(&self.layer, &self.sums, &mut self.outputs);
    }
}

/// Adds what a dense layer gives of its sums.
fn give(layer: &Dense, sums: &[i64], outputs: &mut Vec<i64>) {
    match layer.output {
        DenseOutput::Sum => outputs.extend_from_slice(sums),
        DenseOutput::Code { format, relu } => {
            let shift = layer.sum_frac() - format.frac;
            let kept = |sum: &i64| if relu { (*sum).max(0) } else { *sum };
            let code = |sum| format.codes().requantize(kept(sum), shift);
            outputs.extend(sums.iter().map(code));
        }
        DenseOutput::Argmax => outputs.push(largest(sums) as i64),
    }
}

/// What a dense layer gives for the codes of one x, `[outputs]`.
#[must_use]
pub fn dense_outputs(layer: &Dense, x: &[i32]) -> Vec<i64> {
    let sums: Vec<i64> = layer.of_codes(x).collect();
    let mut outputs = Vec::with_capacity(layer.outputs());
    give(layer, &sums, &mut outputs);
    outputs
}

/// Codes of what layers that give codes make of codes of x, `[steps, outputs]`, in parallel.
#[must_use]
pub fn dense_codes(layers: &[Dense], x: Vec<i32>) -> Vec<i32> {
    layers.iter().fold(x, |x, dense| {
        let steps = x.par_chunks_exact(dense.input_size);
        let given = steps.flat_map_iter(|x| dense_outputs(dense, x));
        given.map(|code| code as i32).collect()
    })
}

impl DenseState {
    /// The sums, or the codes where it gives codes.
    pub(super) fn traced(&self) -> StepTrace {
        let taken = match self.layer.output {
            DenseOutput::Code { .. } => &self.outputs,
            DenseOutput::Sum | DenseOutput::Argmax => &self.sums,
        };
        let taken: Vec<i32> = taken.iter().map(|&value| value as i32).collect();
        StepTrace {
            z: taken.clone(),
            c: Vec::new(),
            h: taken,
        }
    }
}

/// The index of the largest number, the lowest where several are equal: what argmax gives.
pub fn largest<T: PartialOrd>(numbers: &[T]) -> usize {
    let beats = |best: usize, index: usize| {
        if numbers[index] > numbers[best] {
            index
        } else {
            best
        }
    };
    (0..numbers.len()).fold(0, beats)
}

impl WholeNetwork {
    /// Prepares a valid model; the state is zero.
    #[must_use]
    pub fn new(model: &QuantizedModel) -> Self {
        Self {
            embedding: model.embedding.clone(),
            front: model.front.iter().map(DenseState::new).collect(),
            lstm: Lstm::new(model),
            dense: model.head.iter().map(DenseState::new).collect(),
            codes: Vec::new(),
            given: Vec::new(),
        }
    }

    /// Values of one step's input: codes of x, or 1, the index of a token.
    #[must_use]
    pub fn input_size(&self) -> usize {
        match self.embedding {
            Some(_) => 1,
            None => self.first_size(),
        }
    }

    /// Elements of x of the first layer.
    fn first_size(&self) -> usize {
        let front = self.front.first();
        front.map_or_else(|| self.lstm.input_size(), |dense| dense.layer.input_size)
    }

    /// Values of one output.
    #[must_use]
    pub fn outputs(&self) -> usize {
        let last = self.dense.last();
        last.map_or(self.lstm.hidden_size(), |dense| dense.layer.outputs())
    }

    /// Dense layers, and passes of recurrent layers.
    #[must_use]
    pub fn layers(&self) -> usize {
        self.front.len() + self.lstm.places().len() + self.dense.len()
    }

    /// It gives an output at the last step of a sequence only.
    #[must_use]
    pub fn waits_for_last(&self) -> bool {
        let last = self.dense.last();
        last.is_some_and(|dense| dense.layer.when == Emit::Last)
    }

    /// The recurrent layers, with what the last step left in them.
    #[must_use]
    pub const fn recurrent(&self) -> &Lstm {
        &self.lstm
    }

    /// Sets the state of every recurrent layer to zero: the start of a sequence.
    pub fn reset(&mut self) {
        self.lstm.reset();
    }

    /// Checks indices of tokens, one for each step; codes of x are the caller's to check.
    ///
    /// # Errors
    /// The first that is beyond the embedding, with its step.
    pub fn check(&self, inputs: &[i32]) -> Result<(), Problem> {
        let Some(embedding) = &self.embedding else {
            return Ok(());
        };
        let rows = embedding.vocabulary;
        let beyond = |index: &i32| usize::try_from(*index).map_or(true, |index| index >= rows);
        match inputs.iter().position(beyond) {
            None => Ok(()),
            Some(step) => {
                let problem = format!(
                    "step {step}: index {} is beyond the vocabulary of {rows}",
                    inputs[step]
                );
                Err(Problem::new(problem).help(format!("give indices from 0 to {}", rows - 1)))
            }
        }
    }

    /// One step: codes of x, or the index of a token, in; the outputs, where this step gives some. `last` says
    /// that the step is the last of its sequence. An index beyond the embedding is taken as 0, as the
    /// hardware does; [`WholeNetwork::check`] refuses it.
    ///
    /// # Panics
    /// For a network with a backward layer: [`WholeNetwork::sequence`] computes it.
    pub fn step(&mut self, input: &[i32], last: bool) -> Option<&[i64]> {
        if self.embedding.is_some() || !self.front.is_empty() {
            let x = self.codes_of(input);
            let x = self.front_of(x);
            self.lstm.step(&x);
        } else {
            self.lstm.step(input);
        }
        self.codes.clear();
        self.codes.extend_from_slice(self.lstm.h());
        self.outputs_of_codes(last)
    }

    /// One step of the dense layers before the recurrent ones.
    pub(super) fn front_of(&mut self, x: Vec<i32>) -> Vec<i32> {
        self.front.iter_mut().fold(x, |x, dense| {
            dense.step(&x);
            // Codes of at most 16 bits.
            dense.outputs.iter().map(|&code| code as i32).collect()
        })
    }

    /// What the dense layers before the recurrent ones took in their last step.
    fn front_traced(&self) -> Vec<StepTrace> {
        self.front.iter().map(DenseState::traced).collect()
    }

    /// Codes of x of the first layer for these inputs, which they are where there is no embedding.
    pub(super) fn codes_of(&self, inputs: &[i32]) -> Vec<i32> {
        let Some(embedding) = &self.embedding else {
            return inputs.to_vec();
        };
        let size = self.first_size();
        let row = |&index: &i32| {
            let index = usize::try_from(index).ok();
            let index = index.filter(|&index| index < embedding.vocabulary);
            &embedding.codes[index.unwrap_or(0) * size..][..size]
        };
        let codes = inputs.iter().flat_map(row);
        codes.map(|&code| code.into()).collect()
    }

    /// The dense layers on these codes of h.
    pub(super) fn outputs_of(&mut self, h: &[i32], last: bool) -> Option<&[i64]> {
        self.codes.clear();
        self.codes.extend_from_slice(h);
        self.outputs_of_codes(last)
    }

    /// The dense layers on h in `codes`.
    fn outputs_of_codes(&mut self, last: bool) -> Option<&[i64]> {
        for dense in &mut self.dense {
            if dense.layer.when == Emit::Last && !last {
                return None;
            }
            dense.step(&self.codes);
            self.codes.clear();
            // Sums that 32 bits do not hold are the last layer's, and not read from here.
            let codes = dense.outputs.iter().map(|&code| code as i32);
            self.codes.extend(codes);
        }
        self.given.clear();
        match self.dense.last() {
            Some(dense) => self.given.extend_from_slice(&dense.outputs),
            None => (self.given).extend(self.codes.iter().map(|&code| i64::from(code))),
        }
        Some(&self.given)
    }

    /// What every layer took of its sums in the last step: dense layers before the recurrent ones, passes of
    /// recurrent layers, then the dense layers behind them, of which one that
    /// waits for the end of a sequence has that of the last end.
    #[must_use]
    pub fn traced(&self) -> Vec<StepTrace> {
        let mut layers = self.front_traced();
        layers.extend(self.lstm.traced());
        layers.extend(self.dense.iter().map(DenseState::traced));
        layers
    }
}
