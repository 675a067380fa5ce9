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
    if format.bits == 1 || extreme {
        return if random.below(2) == 0 { low } else { high } as i32;
    }
    (low + random.below((high - low + 1) as u64) as i64) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codegen::{StreamPort, Timing};
    use crate::quantize::Layer;

    fn interface(state: StatePolicy) -> Interface {
        let port = |bits: u32| StreamPort {
            prefix: "axis".into(),
            elements: 3,
            elements_per_beat: 1,
            element_width: 8,
            beats_per_step: 3,
            format: QFormat::new(bits, 0),
        };
        Interface {
            schema: 1,
            top: "t".into(),
            clock: "aclk".into(),
            reset_n: "aresetn".into(),
            state_clear: (state == StatePolicy::HostPulse).then(|| "state_clear".into()),
            state,
            input: port(2),
            input_offset: None,
            output: port(2),
            timing: Timing {
                cycles_per_step: 1,
                filling: Vec::new(),
                repeating: vec![1],
                latency: 1,
                macs_per_step: 1,
                macs_per_cycle: 1,
            },
            sources: Vec::new(),
            memories: Vec::new(),
        }
    }

    #[test]
    fn random_inputs_are_seeded_codes_that_reach_the_extremes() {
        let interface = interface(StatePolicy::HostPulse);
        let load = Workload::random(&interface, 100, 7);
        assert_eq!(load, Workload::random(&interface, 100, 7));
        assert_ne!(load, Workload::random(&interface, 100, 8));
        assert_eq!((load.inputs.len(), load.clear.len()), (300, 100));
        for code in -2..=1 {
            assert!(load.inputs.contains(&code));
        }
        assert!(load.inputs.iter().all(|code| (-2..=1).contains(code)));
        assert!(load.last[99] && load.last.iter().filter(|last| **last).count() > 3);
    }

    fn model() -> QuantizedModel {
        let layer = Layer {
            input_size: 3,
            hidden_size: 2,
            x: QFormat::new(2, 0),
            h: QFormat::new(4, 3),
            w_bits: 4,
            w_frac_ih: [2; 4],
            w_frac_hh: [2; 4],
            z: QFormat::new(8, 4),
            a_frac: 8,
            c: QFormat::new(16, 10),
            weight_ih: (0..24).map(|n| n * 5 % 15 - 7).collect(),
            weight_hh: (0..16).map(|n| n * 11 % 15 - 7).collect(),
            bias: (0..8).collect(),
            row_scale: None,
        };
        QuantizedModel {
            input_offset: None,
            layers: vec![layer],
            head: None,
            passengers: std::collections::BTreeMap::default(),
        }
    }

    #[test]
    fn expected_words_and_traces_are_those_of_each_sequence_by_itself() {
        let model = model();
        let interface = interface(StatePolicy::Tlast);
        let load = Workload::random(&interface, 3000, 1);
        let words = load.expected(&model, StatePolicy::Tlast, &mut |_| {});
        let mut tracer = Tracer::new(&model, &load, StatePolicy::Tlast);
        let ends: Vec<usize> = (0..3000).filter(|&step| load.last[step]).collect();
        let mut begin = 0;
        for &end in &ends {
            let mut lstm = Lstm::new(&model);
            let (own, trace) = lstm.run_traced(&load.inputs[begin * 3..(end + 1) * 3]);
            assert_eq!(words[begin * 2..(end + 1) * 2], own);
            for step in begin..=end {
                for (gate, unit) in [(0, 0), (1, 1), (2, 0), (3, 1)] {
                    let z = trace.z(step - begin, 0, gate, unit);
                    assert_eq!(tracer.z(step, 0, gate, unit), z);
                }
            }
            begin = end + 1;
        }
        assert!(ends.len() > 100);
        // Back before what is kept.
        let mut anew = Tracer::new(&model, &load, StatePolicy::Tlast);
        assert_eq!(tracer.z(1, 0, 2, 1), anew.z(1, 0, 2, 1));
    }

    #[test]
    fn every_policy_starts_where_it_says() {
        let load = Workload {
            inputs: vec![0; 15],
            last: vec![false, true, false, false, true],
            clear: vec![false, false, false, true, false],
        };
        let starts = |policy| -> Vec<usize> {
            let starts = load.starts(policy);
            (0..5).filter(|&step| starts[step]).collect()
        };
        assert_eq!(starts(StatePolicy::Tlast), [0, 2]);
        assert_eq!(starts(StatePolicy::Never), [0]);
        assert_eq!(starts(StatePolicy::HostPulse), [0, 3]);
        assert_eq!(starts(StatePolicy::FixedWindow { steps: 2 }), [0, 2, 4]);
    }

    #[test]
    fn sequences_end_with_tlast_and_begin_with_the_pulse() {
        let load = Workload::sequences(&interface(StatePolicy::HostPulse), vec![0; 12], &[1, 3]);
        assert_eq!(load.last, [true, false, false, true]);
        assert_eq!(load.clear, [true, true, false, false]);
        let interface = interface(StatePolicy::Never);
        let mut load = Workload::sequences(&interface, vec![0; 12], &[4]);
        assert!(load.clear.is_empty());
        load.truncate(&interface, 2);
        assert_eq!((load.inputs.len(), load.last), (6, vec![false, true]));
    }
}
