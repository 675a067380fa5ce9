//! Whole sequences, which a layer that takes steps backward needs.

use super::layer::LayerState;
use super::network::{DenseState, WholeNetwork};
use super::stack::{Lstm, PassState};
use super::trace::{StepTrace, Trace};
use crate::diagnostic::Problem;
use crate::quantize::{Emit, PassPlace};

/// A step that one pass has just done.
#[derive(Clone, Copy, Debug)]
pub struct StepDone<'a> {
    /// The pass.
    pub place: PassPlace,
    /// Its number among all passes, as [`Lstm::places`] has them.
    pub pass: usize,
    /// Number of the step in the sequence, from 0, whatever the direction.
    pub step: usize,
    /// Number of the output that the pass gives of it.
    pub output: usize,
    layer: &'a LayerState,
}

impl StepDone<'_> {
    /// Pre-activations and states.
    #[must_use]
    pub fn traced(&self) -> StepTrace {
        self.layer.traced()
    }

    /// What a unit keeps beside h: c of an LSTM, s of a GRU, `[H]`.
    pub fn state(&self) -> impl Iterator<Item = i32> + '_ {
        self.layer.c()
    }
}

impl PassState {
    /// The steps of a sequence in the order of this pass.
    fn order(&self, steps: usize) -> impl Iterator<Item = usize> + use<> {
        let backward = self.place.backward;
        (0..steps).map(move |turn| if backward { steps - 1 - turn } else { turn })
    }

    /// The output of each step in turn.
    const fn output(&self, turn: usize, step: usize) -> usize {
        if self.place.turns_back() { step } else { turn }
    }

    fn done(&self, pass: usize, (step, output): (usize, usize)) -> StepDone<'_> {
        StepDone {
            place: self.place,
            pass,
            step,
            output,
            layer: &self.layer,
        }
    }
}

impl Lstm {
    /// A whole sequence from zero state, layer after layer: `[steps, input_size]` in, `[steps, hidden_size]` out.
    /// A backward pass begins at the last step. `done` is called for every step of every pass, in the order of
    /// the computation; where it says `false` the rest is left out, and `None` comes back.
    ///
    /// # Panics
    /// When `inputs` are no whole steps.
    pub fn sequence(
        &mut self,
        inputs: &[i32],
        done: &mut dyn FnMut(StepDone<'_>) -> bool,
    ) -> Option<Vec<i32>> {
        let mut width = self.input_size();
        assert!(inputs.len().is_multiple_of(width), "no whole steps");
        self.reset();
        let steps = inputs.len() / width;
        let mut signal = inputs.to_vec();
        let mut number = 0;
        let one_layer = |a: &PassState, b: &PassState| a.place.layer == b.place.layer;
        for passes in self.passes.chunk_by_mut(one_layer) {
            let output = passes.iter().map(|pass| pass.units).sum();
            let mut h = vec![0; steps * output];
            let mut column = 0;
            for pass in passes {
                for (turn, step) in pass.order(steps).enumerate() {
                    let x = &signal[step * width..][..width];
                    pass.layer.step(x.iter().copied());
                    let given = pass.output(turn, step);
                    let slots = &mut h[given * output + column..][..pass.units];
                    for (slot, code) in slots.iter_mut().zip(pass.layer.h()) {
                        *slot = code;
                    }
                    if !done(pass.done(number, (step, given))) {
                        return None;
                    }
                }
                column += pass.units;
                number += 1;
            }
            (signal, width) = (h, output);
        }
        self.keep_last(&signal);
        Some(signal)
    }

    /// [`Lstm::sequence`], keeping every pre-activation and state.
    pub fn sequence_traced(&mut self, inputs: &[i32]) -> (Vec<i32>, Trace) {
        let mut trace = Trace::default();
        let h = self.sequence(inputs, &mut |done| {
            trace.keep(&done);
            true
        });
        (h.unwrap_or_default(), trace)
    }
}

impl Trace {
    /// Adds a step of a pass; passes come one after the other.
    fn keep(&mut self, done: &StepDone<'_>) {
        if self.steps.len() <= done.step {
            self.steps.resize(done.step + 1, Vec::new());
        }
        self.steps[done.step].push(done.traced());
    }
}

/// What a network makes of a whole sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SequenceOutputs {
    /// h of the last recurrent layer, `[steps, output elements]`.
    pub h: Vec<i32>,
    /// What the network gives: `[steps, outputs]`, or `[outputs]` where it waits for the end of a sequence.
    pub given: Vec<i64>,
}

impl WholeNetwork {
    /// A whole sequence from zero state: codes of x, or indices of tokens, in. `done` as in [`Lstm::sequence`].
    pub fn sequence(
        &mut self,
        inputs: &[i32],
        done: &mut dyn FnMut(StepDone<'_>) -> bool,
    ) -> Option<SequenceOutputs> {
        self.sequence_watched(inputs, done, &mut |_| {}, &mut |_, _| {})
    }

    /// What every layer took of its sums in every step of a sequence from zero state: `[steps][dense layers before
    /// the recurrent ones, passes, then the dense layers behind them]`; a dense layer that waits for the end of the sequence is there in the last step only.
    pub fn sequence_trace(&mut self, inputs: &[i32]) -> Trace {
        let mut trace = Trace::default();
        let (mut front, mut dense) = (Vec::new(), Vec::new());
        self.sequence_watched(
            inputs,
            &mut |done| {
                trace.keep(&done);
                true
            },
            &mut |layers| front.push(layers.iter().map(DenseState::traced).collect::<Vec<_>>()),
            &mut |layers, last| {
                let ran = layers
                    .iter()
                    .filter(|dense| last || dense.layer.when == Emit::Step);
                dense.push(ran.map(DenseState::traced).collect::<Vec<_>>());
            },
        );
        for ((step, front), dense) in trace.steps.iter_mut().zip(front).zip(dense) {
            step.splice(0..0, front);
            step.extend(dense);
        }
        trace
    }

    /// [`WholeNetwork::sequence`]; after every step `front` gets the dense layers before the recurrent ones, `behind` those
    /// behind them, and whether the step is the last.
    fn sequence_watched(
        &mut self,
        inputs: &[i32],
        done: &mut dyn FnMut(StepDone<'_>) -> bool,
        front: &mut dyn FnMut(&[DenseState]),
        behind: &mut dyn FnMut(&[DenseState], bool),
    ) -> Option<SequenceOutputs> {
        let mut x = Vec::new();
        for input in inputs.chunks_exact(self.input_size()) {
            let codes = self.codes_of(input);
            x.extend(self.front_of(codes));
            front(&self.front);
        }
        let h = self.lstm.sequence(&x, done)?;
        let width = self.lstm.hidden_size();
        let steps = h.len() / width;
        let mut given = Vec::new();
        for (step, of_step) in h.chunks_exact(width).enumerate() {
            let last = step + 1 == steps;
            given.extend(self.outputs_of(of_step, last).into_iter().flatten());
            behind(&self.dense, last);
        }
        Some(SequenceOutputs { h, given })
    }

    /// Refuses sequences that are longer than a core of `most` steps holds; `lengths` are those of all sequences.
    ///
    /// # Errors
    /// The first that is, with its number.
    pub fn check_lengths(lengths: &[usize], most: usize) -> Result<(), Problem> {
        let Some(sequence) = lengths.iter().position(|&steps| steps > most) else {
            return Ok(());
        };
        let problem = format!(
            "sequence {sequence} has {} steps, the longest may have {most}",
            lengths[sequence]
        );
        Err(Problem::new(problem).help("give shorter sequences, or a larger --max-steps"))
    }
}
