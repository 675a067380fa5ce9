//! The control of layers that take the steps of a sequence backward, clock edge after clock edge.

use super::control::Control;
use super::layer::LayerDesign;

/// The control of `lprnn_reverser`: beats, without their places in the memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct ReverserControl {
    beats: usize,
    /// Beats of the sequence that is being written.
    written: usize,
    /// Beats of the sequence that waits.
    whole: Option<usize>,
    /// Beats of the sequence that is being read, and those of them that have left.
    reading: Option<(usize, usize)>,
}

impl ReverserControl {
    fn new(beats: usize) -> Self {
        Self {
            beats,
            ..Self::default()
        }
    }

    /// A beat goes where one was read.
    fn takes(&self) -> bool {
        self.whole.is_none() && self.reading.is_none_or(|(_, read)| self.written < read)
    }

    /// TLAST of the beat that is offered, if one is.
    fn offer(&self) -> Option<bool> {
        self.reading.map(|(all, read)| read + 1 == all)
    }

    fn clock(&mut self, input: Option<bool>, output: bool) {
        match self.reading {
            None => self.reading = self.whole.take().map(|beats| (beats, 0)),
            Some((all, read)) if output => {
                self.reading = Some((all, read + 1)).filter(|_| read + 1 < all);
            }
            Some(_) => {}
        }
        if let Some(last) = input {
            self.written += 1;
            if last && self.written.is_multiple_of(self.beats) {
                self.whole = Some(self.written);
                self.written = 0;
            }
        }
    }
}

/// The control of `lprnn_beat_queue`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct QueueControl {
    depth: usize,
    held: usize,
    valid: bool,
}

impl QueueControl {
    const fn takes(&self) -> bool {
        self.held < self.depth
    }

    fn clock(&mut self, input: bool, output: bool) {
        self.valid = self.held > usize::from(output);
        self.held = self.held + usize::from(input) - usize::from(output);
    }
}

/// A pass backward: sequences backwards, the engine, and their order again where outputs are turned back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BackwardControl<'a> {
    before: ReverserControl,
    pub(super) engine: Control<'a>,
    behind: Option<ReverserControl>,
}

impl<'a> BackwardControl<'a> {
    pub(super) fn new(layer: &'a LayerDesign) -> Self {
        Self {
            before: ReverserControl::new(layer.folding().in_beats()),
            engine: Control::new(layer),
            behind: (layer.spec().pass.turns_back())
                .then(|| ReverserControl::new(layer.folding().out_beats())),
        }
    }

    pub(super) fn takes(&self) -> bool {
        self.before.takes()
    }

    /// TLAST of the beat that is offered, if one is.
    pub(super) fn offer(&self) -> Option<bool> {
        match &self.behind {
            Some(behind) => behind.offer(),
            None => self.engine.offer(),
        }
    }

    pub(super) fn clock(&mut self, input: Option<bool>, output: bool) {
        let backwards = self.before.offer().filter(|_| self.engine.takes());
        self.before.clock(input, backwards.is_some());
        let Some(behind) = &mut self.behind else {
            self.engine.clock(backwards, output);
            return;
        };
        let results = self.engine.offer().filter(|_| behind.takes());
        self.engine.clock(backwards, results.is_some());
        behind.clock(results, output);
    }
}

/// The control of `lprnn_join`: beats of the step that have left.
#[derive(Clone, Debug, PartialEq, Eq)]
struct JoinControl {
    beats: usize,
    sent: usize,
}

impl JoinControl {
    const fn is_second(&self) -> bool {
        self.sent >= self.beats
    }
}

/// Both passes of a layer, side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BothControl<'a> {
    pub(super) forward: Control<'a>,
    queue: QueueControl,
    pub(super) backward: BackwardControl<'a>,
    join: JoinControl,
}

impl<'a> BothControl<'a> {
    pub(super) fn new(forward: &'a LayerDesign, backward: &'a LayerDesign) -> Self {
        Self {
            queue: QueueControl {
                depth: forward.waiting_memory().depth,
                held: 0,
                valid: false,
            },
            join: JoinControl {
                beats: forward.folding().out_beats(),
                sent: 0,
            },
            forward: Control::new(forward),
            backward: BackwardControl::new(backward),
        }
    }

    pub(super) fn takes(&self) -> bool {
        self.forward.takes() && self.backward.takes()
    }

    /// TLAST of the beat that is offered, if one is.
    pub(super) fn offer(&self) -> Option<bool> {
        let backward = self.backward.offer();
        if self.join.is_second() {
            return backward;
        }
        backward.filter(|_| self.queue.valid).map(|_| false)
    }

    pub(super) fn clock(&mut self, input: Option<bool>, output: bool) {
        let second = self.join.is_second();
        let result = self.forward.offer().is_some() && self.queue.takes();
        self.forward.clock(input, result);
        self.queue.clock(result, output && !second);
        self.backward.clock(input, output && second);
        self.join.sent = (self.join.sent + usize::from(output)) % (2 * self.join.beats);
    }
}

/// `lprnn_cut`: the beats and steps of the sequence so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CutControl {
    steps: usize,
    beats: usize,
    step: usize,
    beat: usize,
}

/// Steps of the longest sequence that `layers` hold, where some take steps backward.
pub(super) fn longest_sequence(layers: &[LayerDesign]) -> Option<usize> {
    let steps = layers.iter().map(|layer| layer.folding().max_steps).max();
    steps.filter(|&steps| steps > 0)
}

impl CutControl {
    /// That of a core of these layers, where some hold sequences.
    pub(super) fn new(layers: &[LayerDesign]) -> Option<Self> {
        let steps = longest_sequence(layers)?;
        let first = layers.first()?;
        let index = first.spec().vocabulary.is_some();
        Some(Self {
            steps,
            beats: if index { 1 } else { first.folding().in_beats() },
            step: 0,
            beat: 0,
        })
    }

    /// TLAST of a beat that is accepted, as it goes on.
    pub(super) const fn clock(&mut self, last: bool) -> bool {
        let ends = last || self.step + 1 == self.steps;
        self.beat += 1;
        if self.beat == self.beats {
            self.beat = 0;
            self.step = if ends { 0 } else { self.step + 1 };
        }
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::super::rated::Unpriced;
    use super::super::{Controls, Design};
    use crate::device::Family;
    use crate::quantize::random_model_directed;
    use crate::spec::{CellKind, FoldingGoal, Implementation, MacStyle};

    /// Cycles from the last beat of a sequence to that of the next, when many of `steps` steps follow one another.
    fn sequence_cycles(design: &Design, steps: usize) -> u64 {
        let mut core = Controls::new(design.layers());
        let (mut accepted, mut ends, mut cycle) = (0, Vec::new(), 0u64);
        let first = design.ends().0.folding().in_beats();
        let last = design.ends().1;
        let beats = last.folding().out_beats() * last.spec().pass.kind().passes() * steps;
        let mut sent = 0;
        while ends.len() < 24 {
            let end = (accepted + 1) % (first * steps) == 0;
            let moved = core.clock(Some(end), true);
            accepted += usize::from(moved.accepted);
            sent += usize::from(moved.sent);
            if moved.sent && sent % beats == 0 {
                ends.push(cycle);
            }
            cycle += 1;
            assert!(cycle < 1 << 24, "the core hangs");
        }
        (ends[23] - ends[15]).div_ceil(8)
    }

    /// Sequences of the longest length follow one another at the pace of the slowest pass: turning them takes no cycle.
    #[test]
    fn sequences_come_as_fast_as_their_steps() {
        let mut compared = 0;
        for seed in 0..60 {
            let model = random_model_directed(seed, 20, &[CellKind::Lstm, CellKind::Gru]);
            if !model.needs_whole_sequences() {
                continue;
            }
            let max_steps = [4, 16, 33][seed as usize % 3];
            let implementation = Implementation {
                max_steps: Some(max_steps),
                ..Implementation::usual(
                    "both",
                    FoldingGoal::MaxMacs { macs: 64 },
                    (MacStyle::Lut, Family::Xc7),
                )
            };
            let Ok(design) = Design::new(&model, &implementation, &Unpriced) else {
                continue;
            };
            let per_step = design.cycles().per_step;
            let longest = sequence_cycles(&design, max_steps);
            let least = max_steps as u64 * per_step;
            assert!(longest >= least, "{seed}: {longest} of {least}");
            assert!(
                longest <= least + 3 * per_step,
                "{seed}: {longest} of {least}"
            );
            compared += 1;
        }
        assert!(compared > 30, "{compared}");
    }
}
