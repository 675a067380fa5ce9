//! The whole stack.

use super::layer::LayerState;
use super::saturation::Saturation;
use super::trace::{StepTrace, Trace};
use crate::quantize::{ActivationTables, Dense, QuantizedModel};
use rayon::prelude::*;
use std::sync::Arc;

/// Codes of what one layer keeps from step to step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// `[H]`, in the layer's h format.
    pub h: Vec<i32>,
    /// `[H]`, what else is kept: c of an LSTM, s of a GRU, in that format.
    pub c: Vec<i32>,
}

/// A stack of recurrent layers with its state, and the head where the model has one.
#[derive(Clone, Debug)]
pub struct Lstm {
    layers: Vec<LayerState>,
    head: Option<Dense>,
    input_size: usize,
    output: Vec<i32>,
}

impl Lstm {
    /// Prepares a valid model; the state is zero.
    #[must_use]
    pub fn new(model: &QuantizedModel) -> Self {
        let layers = model.layers.iter();
        let tables = layers.map(|layer| Arc::new(ActivationTables::new(layer.z, layer.a_frac)));
        Self::with_tables(model, &tables.collect::<Vec<_>>())
    }

    /// [`Lstm::new`] with tables that are there already, one pair for every layer, of its formats.
    #[must_use]
    pub fn with_tables(model: &QuantizedModel, tables: &[Arc<ActivationTables>]) -> Self {
        let last = model.layers.last().map_or(0, |layer| layer.hidden_size);
        let layers = model.layers.iter().zip(tables);
        Self {
            layers: layers
                .map(|(layer, tables)| LayerState::new(layer, Arc::clone(tables)))
                .collect(),
            head: model.linear_head().cloned(),
            input_size: model.layers.first().map_or(0, |layer| layer.input_size),
            output: vec![0; last],
        }
    }

    /// Layers of the stack.
    pub(super) fn layers(&self) -> usize {
        self.layers.len()
    }

    /// Elements of one input vector.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.input_size
    }

    /// Elements of one output vector.
    #[must_use]
    pub fn hidden_size(&self) -> usize {
        self.output.len()
    }

    /// Sets the state of every layer to zero: the start of a sequence. Saturation counts stay.
    pub fn reset(&mut self) {
        self.layers.iter_mut().for_each(LayerState::reset);
    }

    /// One step: codes of x in, codes of the last layer's h out.
    ///
    /// `x` holds `input_size` codes of the first layer's x format.
    ///
    /// # Panics
    /// For a model without layers, which no valid model is.
    pub fn step(&mut self, x: &[i32]) -> &[i32] {
        debug_assert_eq!(x.len(), self.input_size);
        let (first, rest) = self.layers.split_first_mut().expect("a model has a layer");
        first.step(x.iter().copied());
        let mut below = first;
        for layer in rest {
            layer.step(below.h());
            below = layer;
        }
        for (slot, code) in self.output.iter_mut().zip(below.h()) {
            *slot = code;
        }
        &self.output
    }

    /// Many steps without a reset: `[steps, input_size]` in, `[steps, hidden_size]` out.
    pub fn run(&mut self, inputs: &[i32]) -> Vec<i32> {
        let mut outputs = Vec::with_capacity(inputs.len() / self.input_size * self.output.len());
        for x in inputs.chunks_exact(self.input_size) {
            outputs.extend_from_slice(self.step(x));
        }
        outputs
    }

    /// [`Lstm::run`], keeping every pre-activation and state.
    pub fn run_traced(&mut self, inputs: &[i32]) -> (Vec<i32>, Trace) {
        let mut outputs = Vec::new();
        let mut trace = Trace::default();
        for x in inputs.chunks_exact(self.input_size) {
            outputs.extend_from_slice(self.step(x));
            trace.steps.push(self.traced());
        }
        (outputs, trace)
    }

    /// Pre-activations and states of the last step, layer after layer.
    #[must_use]
    pub fn traced(&self) -> Vec<StepTrace> {
        let layers = self.layers.iter();
        let traced = layers.map(|layer| StepTrace {
            z: layer.z().collect(),
            c: layer.c().collect(),
            h: layer.h().collect(),
        });
        traced.collect()
    }

    /// The head applied to the last step's h: `[output_size]`, exact; `None` without a head.
    #[must_use]
    pub fn head(&self) -> Option<Vec<i64>> {
        let head = self.head.as_ref()?;
        Some(head.of_codes(&self.output).collect())
    }

    /// Codes of the last layer's h, `[hidden_size]`, after the last step.
    #[must_use]
    pub fn h(&self) -> &[i32] {
        &self.output
    }

    /// State of every layer.
    #[must_use]
    pub fn state(&self) -> Vec<State> {
        self.layers
            .iter()
            .map(|layer| State {
                h: layer.h().collect(),
                c: layer.c().collect(),
            })
            .collect()
    }

    /// Clamped values per layer since the model was made.
    #[must_use]
    pub fn saturation(&self) -> Vec<Saturation> {
        self.layers.iter().map(LayerState::saturation).collect()
    }
}

/// Independent sequences of equal length, each from zero state, in parallel:
/// `[batch, steps, input_size]` in, `[batch, steps, hidden_size]` out, and the saturation of all.
///
/// `steps` at least 1; the result does not depend on the number of threads.
#[must_use]
pub fn run_batch(
    model: &QuantizedModel,
    inputs: &[i32],
    steps: usize,
) -> (Vec<i32>, Vec<Saturation>) {
    let prepared = Lstm::new(model);
    let results: Vec<(Vec<i32>, Vec<Saturation>)> = inputs
        .par_chunks_exact(steps * prepared.input_size)
        .map(|sequence| {
            let mut lstm = prepared.clone();
            let outputs = lstm.run(sequence);
            (outputs, lstm.saturation())
        })
        .collect();
    let mut saturation = prepared.saturation();
    for (_, counts) in &results {
        for (sum, count) in saturation.iter_mut().zip(counts) {
            sum.add(count);
        }
    }
    (
        results
            .into_iter()
            .flat_map(|(outputs, _)| outputs)
            .collect(),
        saturation,
    )
}
