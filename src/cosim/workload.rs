//! Steps to feed a core with, and the words its model gives for them.

use super::stimulus::Stimulus;
use crate::codegen::Interface;
use crate::fixed::QFormat;
use crate::quantize::{QuantizedModel, SplitMix};
use crate::reference::{Lstm, StepTrace};
use crate::spec::StatePolicy;
use std::collections::VecDeque;

/// Inputs of a number of steps, cut into sequences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Codes of x, `[steps, input elements]`.
    pub inputs: Vec<i32>,
    /// For each step, whether it ends its sequence (TLAST).
    pub last: Vec<bool>,
    /// For each step, whether `state_clear` is pulsed before it; empty without that port.
    pub clear: Vec<bool>,
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
                inputs.push(code(input.format, step % 3 == 2, &mut random));
            }
        }
        let last = (0..steps)
            .map(|step| step + 1 == steps || random.below(8) == 0)
            .collect();
        let clear = match interface.state_clear {
            Some(_) => (0..steps).map(|_| random.below(6) == 0).collect(),
            None => Vec::new(),
        };
        Self {
            inputs,
            last,
            clear,
        }
    }

    /// Given inputs, sequence after sequence, `[all steps, input elements]`, of these lengths, each at
    /// least 1: TLAST ends each sequence.
    ///
    /// A core that waits for the pulse gets it before each sequence.
    #[must_use]
    pub fn sequences(interface: &Interface, inputs: Vec<i32>, lengths: &[usize]) -> Self {
        let steps = lengths
            .iter()
            .flat_map(|&length| (0..length).map(move |step| (step, length)));
        let last = steps
            .clone()
            .map(|(step, length)| step + 1 == length)
            .collect();
        let clear = match interface.state_clear {
            Some(_) => steps.map(|(step, _)| step == 0).collect(),
            None => Vec::new(),
        };
        Self {
            inputs,
            last,
            clear,
        }
    }

    /// `steps` steps for the emitted test bench: random inputs, sequences of four steps, and where the
    /// core has the port a pulse before every third step, so that every state policy has something
    /// to do in few steps.
    #[must_use]
    pub fn bench(interface: &Interface, steps: usize, seed: u64) -> Self {
        let mut load = Self::random(interface, steps, seed);
        for (step, last) in load.last.iter_mut().enumerate() {
            *last = step % 4 == 3 || step + 1 == steps;
        }
        for (step, clear) in load.clear.iter_mut().enumerate() {
            *clear = step % 3 == 2;
        }
        load
    }

    /// Keeps the first `steps` steps; the last of them ends its sequence.
    pub fn truncate(&mut self, interface: &Interface, steps: usize) {
        self.inputs.truncate(steps * interface.input.elements);
        self.last.truncate(steps);
        self.clear.truncate(steps);
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
        }
    }

    /// For each step, whether it starts from zero state under `policy`.
    #[must_use]
    pub fn starts(&self, policy: StatePolicy) -> Vec<bool> {
        let steps = 0..self.last.len();
        steps
            .map(|step| {
                step == 0
                    || match policy {
                        StatePolicy::Tlast => self.last[step - 1],
                        StatePolicy::Never => false,
                        StatePolicy::HostPulse => self.clear.get(step) == Some(&true),
                        StatePolicy::FixedWindow { steps } => step.is_multiple_of(steps as usize),
                    }
            })
            .collect()
    }

    /// The words of `model` for every step, `[steps, output elements]`, state cleared by `policy`;
    /// `progress` is called with the number of steps done.
    pub fn expected(
        &self,
        model: &QuantizedModel,
        policy: StatePolicy,
        progress: &mut dyn FnMut(usize),
    ) -> Vec<i32> {
        let mut lstm = Lstm::new(model);
        let mut words = Vec::with_capacity(self.last.len() * lstm.hidden_size());
        let steps = self.inputs.chunks_exact(lstm.input_size());
        for (index, (x, start)) in steps.zip(self.starts(policy)).enumerate() {
            if start {
                lstm.reset();
            }
            words.extend_from_slice(lstm.step(x));
            progress(index + 1);
        }
        words
    }
}

/// Steps whose pre-activations are kept: layers further up the stack are some steps behind.
const KEPT_STEPS: usize = 1024;

/// The model's pre-activations for any step of a workload, computed as they are asked for.
#[derive(Debug)]
pub struct Tracer<'a> {
    load: &'a Workload,
    starts: Vec<bool>,
    lstm: Lstm,
    fresh: Lstm,
    /// The step after the last that was computed.
    next: usize,
    kept: VecDeque<Vec<StepTrace>>,
}

impl<'a> Tracer<'a> {
    /// Of `model` on `load`, state cleared by `policy`.
    #[must_use]
    pub fn new(model: &QuantizedModel, load: &'a Workload, policy: StatePolicy) -> Self {
        let fresh = Lstm::new(model);
        Self {
            load,
            starts: load.starts(policy),
            lstm: fresh.clone(),
            fresh,
            next: 0,
            kept: VecDeque::new(),
        }
    }

    /// The code z of a gate (0 i, 1 f, 2 g, 3 o) of a unit.
    ///
    /// # Panics
    /// When there is no such step, layer, gate or unit.
    pub fn z(&mut self, step: usize, layer: usize, gate: usize, unit: usize) -> i64 {
        if step + self.kept.len() < self.next {
            self.lstm = self.fresh.clone();
            self.next = 0;
            self.kept.clear();
        }
        let size = self.lstm.input_size();
        while self.next <= step {
            if self.starts[self.next] {
                self.lstm.reset();
            }
            let x = &self.load.inputs[self.next * size..][..size];
            self.kept.extend(self.lstm.run_traced(x).1.steps);
            self.next += 1;
            if self.kept.len() > KEPT_STEPS {
                self.kept.pop_front();
            }
        }
        let layer = &self.kept[step + self.kept.len() - self.next][layer];
        i64::from(layer.z[gate * layer.h.len() + unit])
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
