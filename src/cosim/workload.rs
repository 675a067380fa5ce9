//! Steps to feed a core with, and the words its model gives for them.

use super::deal::{SequenceStep, deal};
use super::locate::SequenceOrder;
use super::stimulus::Stimulus;
use crate::codegen::{Interface, PortKind};
use crate::fixed::QFormat;
use crate::quantize::{QuantizedModel, SplitMix};
use crate::reference::{StepTrace, Trace, WholeNetwork};
use crate::spec::StatePolicy;
use std::collections::VecDeque;
use std::ops::Range;

/// Inputs of a number of steps, cut into sequences.
///
/// The steps of a core's contexts come in turn: step n is one of context `n % contexts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Codes of x, `[steps, input elements]`.
    pub inputs: Vec<i32>,
    /// For each step, whether it ends its sequence (TLAST).
    pub last: Vec<bool>,
    /// For each step, whether `state_clear` is pulsed before it; empty without that port.
    pub clear: Vec<bool>,
    /// For each step, whether it ends its sequence only because the core holds no longer one, without TLAST; empty:
    /// never.
    pub cut: Vec<bool>,
    /// Contexts of the core.
    pub contexts: usize,
    /// For each step, whose it is; `None` where it is nobody's. Empty where the contexts are the sequences.
    pub places: Vec<Option<SequenceStep>>,
}

impl Workload {
    /// `steps` steps of seeded inputs: codes all over the format, every third step its extremes
    /// only; sequences of 1 to 16 steps; where the core has the port, clears of its own.
    #[must_use]
    pub fn random(interface: &Interface, steps: usize, seed: u64) -> Self {
        let mut random = SplitMix(seed ^ 0x5eed);
        let input = &interface.input;
        let mut inputs = Vec::with_capacity(steps * input.elements);
        for step in 0..steps {
            for _ in 0..input.elements {
                inputs.push(match input.kind {
                    PortKind::Index { count } => random.below(count as u64) as i32,
                    _ => code(input.format, step % 3 == 2, &mut random),
                });
            }
        }
        let last: Vec<bool> = (0..steps)
            .map(|step| step + 1 == steps || random.below(8) == 0)
            .collect();
        let cut = interface
            .max_steps
            .map_or_else(Vec::new, |most| cuts(&last, most));
        let ends = last.iter().enumerate();
        let last = ends.map(|(step, &last)| last || cut.get(step) == Some(&true));
        let last = last.collect();
        let clear = match interface.state_clear {
            Some(_) => (0..steps).map(|_| random.below(6) == 0).collect(),
            None => Vec::new(),
        };
        Self {
            inputs,
            last,
            clear,
            cut,
            contexts: interface.contexts,
            places: Vec::new(),
        }
    }

    /// Given inputs, sequence after sequence, `[all steps, input elements]`, of these lengths, each at
    /// least 1: TLAST ends each sequence.
    ///
    /// A core that waits for the pulse gets it before each sequence. Contexts get their sequences as
    /// [`deal`] says; one without any is fed steps of zeros, each a sequence by itself.
    ///
    /// # Panics
    /// When `inputs` has fewer steps.
    #[must_use]
    pub fn sequences(interface: &Interface, inputs: &[i32], lengths: &[usize]) -> Self {
        let input = &interface.input;
        let starts: Vec<usize> = lengths
            .iter()
            .scan(0, |end, length| Some(std::mem::replace(end, *end + length)))
            .collect();
        let nothing = vec![i32::from(!input.format.contains(0)); input.elements];
        let places = deal(lengths, interface.contexts);
        let x = places.iter().map(|place| match place {
            Some(place) => {
                let step = starts[place.sequence] + place.step;
                &inputs[step * input.elements..][..input.elements]
            }
            None => &nothing,
        });
        let flags = |of: &dyn Fn(&SequenceStep) -> bool| -> Vec<bool> {
            let steps = places.iter();
            steps.map(|place| place.as_ref().is_none_or(of)).collect()
        };
        Self {
            inputs: x.flatten().copied().collect(),
            last: flags(&|place| place.step + 1 == lengths[place.sequence]),
            clear: match interface.state_clear {
                Some(_) => flags(&|place| place.step == 0),
                None => Vec::new(),
            },
            cut: Vec::new(),
            contexts: interface.contexts,
            places,
        }
    }

    /// Whose step this is, where contexts come in turn: the sequence's that was given, else the context's.
    #[must_use]
    pub fn place(&self, step: usize) -> Option<SequenceStep> {
        if self.contexts == 1 {
            return None;
        }
        let of_context = SequenceStep {
            sequence: step % self.contexts,
            step: step / self.contexts,
        };
        self.places.get(step).copied().unwrap_or(Some(of_context))
    }

    /// `steps` steps for the emitted test bench: random inputs, sequences of four steps at most, and where the
    /// core has the port a pulse before every third step, so that every state policy has something
    /// to do in few steps. Several contexts have their ends at different times.
    #[must_use]
    pub fn bench(interface: &Interface, steps: usize, seed: u64) -> Self {
        let mut load = Self::random(interface, steps, seed);
        let length = interface.max_steps.map_or(4, |most| most.min(4));
        let turn = |step: usize| step / interface.contexts + step % interface.contexts;
        for (step, last) in load.last.iter_mut().enumerate() {
            *last = turn(step) % length == length - 1 || step + 1 == steps;
        }
        load.cut.clear();
        for (step, clear) in load.clear.iter_mut().enumerate() {
            *clear = turn(step) % 3 == 2;
        }
        load
    }

    /// Keeps the first `steps` steps; the last of them ends its sequence.
    pub fn truncate(&mut self, interface: &Interface, steps: usize) {
        self.inputs.truncate(steps * interface.input.elements);
        self.last.truncate(steps);
        self.clear.truncate(steps);
        self.cut.truncate(steps);
        if let Some(cut) = self.cut.last_mut() {
            *cut = false;
        }
        self.places.truncate(steps);
        if let Some(last) = self.last.last_mut() {
            *last = true;
        }
    }

    /// As the scoreboard takes it.
    #[must_use]
    pub fn stimulus(&self) -> Stimulus<'_> {
        Stimulus {
            inputs: &self.inputs,
            last: &self.last,
            clear: &self.clear,
            cut: &self.cut,
        }
    }

    /// For each step, whether it starts from zero state under `policy`.
    #[must_use]
    pub fn starts(&self, policy: StatePolicy) -> Vec<bool> {
        let steps = 0..self.last.len();
        steps
            .map(|step| {
                let Some(before) = step.checked_sub(self.contexts) else {
                    return true;
                };
                match policy {
                    StatePolicy::Tlast => self.last[before],
                    StatePolicy::Never => false,
                    StatePolicy::HostPulse => self.clear.get(step) == Some(&true),
                    StatePolicy::FixedWindow { steps } => {
                        (step / self.contexts).is_multiple_of(steps as usize)
                    }
                }
            })
            .collect()
    }

    /// The words of `model` for every step that gives something, `[steps, output elements]`, state cleared by
    /// `policy`; `progress` is called with the number of steps done.
    ///
    /// # Panics
    /// When a word has more than 32 bits, which no core gives.
    pub fn expected(
        &self,
        model: &QuantizedModel,
        policy: StatePolicy,
        progress: &mut dyn FnMut(usize),
    ) -> Vec<i32> {
        if model.needs_whole_sequences() {
            return self.expected_of_sequences(model, progress);
        }
        let mut contexts = vec![WholeNetwork::new(model); self.contexts];
        let mut words = Vec::with_capacity(self.last.len() * contexts[0].outputs());
        let steps = self.inputs.chunks_exact(contexts[0].input_size());
        for (index, (x, start)) in steps.zip(self.starts(policy)).enumerate() {
            let network = &mut contexts[index % self.contexts];
            if start {
                network.reset();
            }
            let given = network.step(x, self.last[index]).into_iter().flatten();
            words.extend(given.map(|&word| i32::try_from(word).expect("a word of 32 bits")));
            progress(index + 1);
        }
        words
    }

    /// The same of a model that takes steps backward.
    fn expected_of_sequences(
        &self,
        model: &QuantizedModel,
        progress: &mut dyn FnMut(usize),
    ) -> Vec<i32> {
        let mut network = WholeNetwork::new(model);
        let size = network.input_size();
        let mut words = Vec::new();
        for steps in self.sequence_steps() {
            let inputs = &self.inputs[steps.start * size..steps.end * size];
            let outputs = network.sequence(inputs, &mut |_| true);
            let given = outputs.into_iter().flat_map(|outputs| outputs.given);
            words.extend(given.map(|word| i32::try_from(word).expect("a word of 32 bits")));
            progress(steps.end);
        }
        words
    }

    /// The steps of every sequence of a core without contexts, one sequence after the other.
    fn sequence_steps(&self) -> impl Iterator<Item = Range<usize>> {
        let mut start = 0;
        let ends = self.last.iter().enumerate().filter(|(_, last)| **last);
        ends.map(move |(step, _)| std::mem::replace(&mut start, step + 1)..step + 1)
    }

    /// The order in which passes take the steps.
    #[must_use]
    pub fn order(&self) -> SequenceOrder {
        let mut order = SequenceOrder::default();
        for (sequence, steps) in self.sequence_steps().enumerate() {
            order.sequence.extend(steps.clone().map(|_| sequence));
            order.backward.extend(steps.rev());
        }
        order
    }
}

/// Which of these steps a core cuts a sequence behind that holds `most` steps: TLAST of others ends one.
fn cuts(last: &[bool], most: usize) -> Vec<bool> {
    let mut length = 0;
    let mut cut = |last: &bool| {
        length += 1;
        let longest = length == most;
        if *last || longest {
            length = 0;
        }
        longest && !last
    };
    last.iter().map(&mut cut).collect()
}

/// Steps whose pre-activations are kept: layers further up the stack are some steps behind.
const KEPT_STEPS: usize = 1024;
/// Sequences that are kept: a layer further up is one or two behind.
const KEPT_SEQUENCES: usize = 16;

/// The model's pre-activations for any step of a workload, computed as they are asked for.
#[derive(Debug)]
pub struct Tracer<'a> {
    load: &'a Workload,
    starts: Vec<bool>,
    contexts: Vec<WholeNetwork>,
    fresh: WholeNetwork,
    /// The step after the last that was computed.
    next: usize,
    kept: VecDeque<Vec<StepTrace>>,
    /// The sequences that were computed last, of a model that takes steps backward.
    sequences: VecDeque<(Range<usize>, Trace)>,
    whole_sequences: bool,
}

impl<'a> Tracer<'a> {
    /// Of `model` on `load`, state cleared by `policy`.
    #[must_use]
    pub fn new(model: &QuantizedModel, load: &'a Workload, policy: StatePolicy) -> Self {
        let fresh = WholeNetwork::new(model);
        Self {
            load,
            starts: load.starts(policy),
            contexts: vec![fresh.clone(); load.contexts],
            fresh,
            next: 0,
            kept: VecDeque::new(),
            sequences: VecDeque::new(),
            whole_sequences: model.needs_whole_sequences(),
        }
    }

    /// The code z of a gate (0 i, 1 f, 2 g, 3 o) of a unit, or the sum or code of a dense layer's row; of one that
    /// waits for the end of a sequence, in a step that is one.
    ///
    /// # Panics
    /// When there is no such step, layer, gate or unit.
    pub fn z(&mut self, step: usize, layer: usize, gate: usize, unit: usize) -> i64 {
        if self.whole_sequences {
            return self.z_of_sequence(step, layer, (gate, unit));
        }
        if step + self.kept.len() < self.next {
            self.contexts.fill(self.fresh.clone());
            self.next = 0;
            self.kept.clear();
        }
        let size = self.fresh.input_size();
        while self.next <= step {
            let network = &mut self.contexts[self.next % self.load.contexts];
            if self.starts[self.next] {
                network.reset();
            }
            let x = &self.load.inputs[self.next * size..][..size];
            network.step(x, self.load.last[self.next]);
            self.kept.push_back(network.traced());
            self.next += 1;
            if self.kept.len() > KEPT_STEPS {
                self.kept.pop_front();
            }
        }
        let layer = &self.kept[step + self.kept.len() - self.next][layer];
        i64::from(layer.z[gate * layer.h.len() + unit])
    }

    fn z_of_sequence(&mut self, step: usize, layer: usize, (gate, unit): (usize, usize)) -> i64 {
        let known = |(steps, _): &&(Range<usize>, Trace)| steps.contains(&step);
        if !self.sequences.iter().any(|sequence| known(&sequence)) {
            let computed = self.sequence_of(step);
            self.sequences.push_back(computed);
            if self.sequences.len() > KEPT_SEQUENCES {
                self.sequences.pop_front();
            }
        }
        let sequence = self.sequences.iter().find(known);
        let (steps, trace) = sequence.expect("computed where it was not known");
        trace.z(step - steps.start, layer, gate, unit)
    }

    /// The sequence that a step is of.
    fn sequence_of(&mut self, step: usize) -> (Range<usize>, Trace) {
        let mut sequences = self.load.sequence_steps();
        let steps = sequences.find(|steps| steps.contains(&step));
        let steps = steps.expect("a step of the workload");
        let size = self.fresh.input_size();
        let inputs = &self.load.inputs[steps.start * size..steps.end * size];
        let trace = self.fresh.sequence_trace(inputs);
        (steps, trace)
    }
}

/// A code of `format`: anywhere in its range, or one of its extremes.
fn code(format: QFormat, extreme: bool, random: &mut SplitMix) -> i32 {
    let (low, high) = (format.min_code(), format.max_code());
    if extreme {
        return if random.below(2) == 0 { low } else { high } as i32;
    }
    let step = format.codes().step();
    (low + step * random.below(((high - low) / step + 1) as u64) as i64) as i32
}

#[cfg(test)]
mod tests;
