//! The whole stack.

use super::layer::LayerState;
use super::saturation::Saturation;
use super::trace::{StepTrace, Trace};
use crate::quantize::{ActivationTables, Dense, Layer, PassPlace, QuantizedModel};
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
    /// Passes, those of a layer beside one another.
    pub(super) passes: Vec<PassState>,
    whole_sequences: bool,
    head: Option<Dense>,
    input_size: usize,
    output: Vec<i32>,
}

/// A pass with its state.
#[derive(Clone, Debug)]
pub(super) struct PassState {
    pub(super) place: PassPlace,
    pub(super) units: usize,
    pub(super) layer: LayerState,
}

impl Lstm {
    /// Prepares a valid model; the state is zero.
    #[must_use]
    pub fn new(model: &QuantizedModel) -> Self {
        let layers = model.passes().map(|pass| pass.layer);
        let tables = layers.map(|layer| Arc::new(ActivationTables::new(layer.z, layer.a_frac)));
        Self::with_tables(model, &tables.collect::<Vec<_>>())
    }

    /// [`Lstm::new`] with tables that are there already, one pair for every pass, of its formats.
    #[must_use]
    pub fn with_tables(model: &QuantizedModel, tables: &[Arc<ActivationTables>]) -> Self {
        let last = model.layers.last().map_or(0, Layer::output_size);
        let passes = model.passes().zip(tables);
        Self {
            passes: passes
                .map(|(pass, tables)| PassState {
                    place: pass.place,
                    units: pass.layer.hidden_size,
                    layer: LayerState::new(pass.layer, Arc::clone(tables)),
                })
                .collect(),
            whole_sequences: model.needs_whole_sequences(),
            head: model.linear_head().cloned(),
            input_size: model.layers.first().map_or(0, |layer| layer.input_size),
            output: vec![0; last],
        }
    }

    /// The passes in the order of traces and counts; of a bidirectional layer the forward one first.
    #[must_use]
    pub fn places(&self) -> impl ExactSizeIterator<Item = PassPlace> {
        self.passes.iter().map(|pass| pass.place)
    }

    /// Some layer takes steps backward: [`Lstm::sequence`] computes them, not [`Lstm::step`].
    #[must_use]
    pub const fn needs_whole_sequences(&self) -> bool {
        self.whole_sequences
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
        let passes = self.passes.iter_mut();
        passes.for_each(|pass| pass.layer.reset());
    }

    /// One step: codes of x in, codes of the last layer's h out.
    ///
    /// `x` holds `input_size` codes of the first layer's x format.
    ///
    /// # Panics
    /// For a model without layers, which no valid model is, and for one with a backward layer, whose first
    /// output needs the whole sequence.
    pub fn step(&mut self, x: &[i32]) -> &[i32] {
        debug_assert_eq!(x.len(), self.input_size);
        assert!(
            !self.whole_sequences,
            "a backward layer takes a whole sequence, not a step"
        );
        let (first, rest) = self.passes.split_first_mut().expect("a model has a layer");
        first.layer.step(x.iter().copied());
        let mut below = first;
        for pass in rest {
            pass.layer.step(below.layer.h());
            below = pass;
        }
        for (slot, code) in self.output.iter_mut().zip(below.layer.h()) {
            *slot = code;
        }
        &self.output
    }

    /// Many steps without a reset: `[steps, input_size]` in, `[steps, hidden_size]` out. With a backward layer
    /// they are a whole sequence, from zero state.
    pub fn run(&mut self, inputs: &[i32]) -> Vec<i32> {
        if self.whole_sequences {
            return self.sequence(inputs, &mut |_| true).unwrap_or_default();
        }
        let mut outputs = Vec::with_capacity(inputs.len() / self.input_size * self.output.len());
        for x in inputs.chunks_exact(self.input_size) {
            outputs.extend_from_slice(self.step(x));
        }
        outputs
    }

    /// [`Lstm::run`], keeping every pre-activation and state.
    pub fn run_traced(&mut self, inputs: &[i32]) -> (Vec<i32>, Trace) {
        if self.whole_sequences {
            return self.sequence_traced(inputs);
        }
        let mut outputs = Vec::new();
        let mut trace = Trace::default();
        for x in inputs.chunks_exact(self.input_size) {
            outputs.extend_from_slice(self.step(x));
            trace.steps.push(self.traced());
        }
        (outputs, trace)
    }

    /// Pre-activations and states of the last step, pass after pass.
    #[must_use]
    pub fn traced(&self) -> Vec<StepTrace> {
        self.passes.iter().map(|pass| pass.layer.traced()).collect()
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

    /// Keeps the output of the last step of a sequence, where it has one.
    pub(super) fn keep_last(&mut self, outputs: &[i32]) {
        if let Some(last) = outputs.chunks_exact(self.output.len()).last() {
            self.output.copy_from_slice(last);
        }
    }

    /// State of every pass.
    #[must_use]
    pub fn state(&self) -> Vec<State> {
        let passes = self.passes.iter();
        passes
            .map(|PassState { layer, .. }| State {
                h: layer.h().collect(),
                c: layer.c().collect(),
            })
            .collect()
    }

    /// Clamped values per pass since the model was made.
    #[must_use]
    pub fn saturation(&self) -> Vec<Saturation> {
        let passes = self.passes.iter();
        passes.map(|pass| pass.layer.saturation()).collect()
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
