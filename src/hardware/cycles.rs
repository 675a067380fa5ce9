//! Exact cycle counts: the control of every layer, without its data, cycle by cycle.
//!
//! This is the timing contract of `lprnn_step_buffer`, `lprnn_sequencer`, `lprnn_h_writer`,
//! `lprnn_group_fifo` and `lprnn_serializer`, with a source that always offers and a sink that always takes. Every
//! cosimulation compares its counts with the simulated ones.

use super::control::Control;
use super::directions::{BackwardControl, BothControl, CutControl};
use super::ends::{ArgmaxControl, EmbeddingControl};
use super::layer::LayerDesign;
use serde::Serialize;

/// Cycles of a whole core with a source that always offers and a sink that always takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CycleCounts {
    /// From the first input beat to the last output beat of the first step, both counted.
    pub latency: u64,
    /// Between the last output beats of consecutive steps, from the second step on, until the
    /// distances repeat.
    pub filling: Vec<u64>,
    /// The distances that repeat from then on; one number, unless a stream sets the pace.
    pub repeating: Vec<u64>,
    /// Mean of `repeating`, rounded up.
    pub per_step: u64,
}

/// Simulates the control of a core until its state comes back.
///
/// The control is finite and takes no input but itself, so that the distances between steps repeat
/// from the first state that is seen twice.
///
/// Of a core that gives something at the last step of a sequence only, the distances are those of the steps within a
/// sequence, which the layers before its last one set, and the latency is that of a sequence of one step. The same
/// holds of a core that takes steps backward, where the slowest pass by itself sets the distance.
#[must_use]
pub fn count_cycles(layers: &[LayerDesign]) -> CycleCounts {
    let before = match layers.split_last() {
        Some((last, before)) if last.spec().waits_for_last() && !before.is_empty() => before,
        _ => layers,
    };
    if layers.iter().any(|layer| layer.spec().pass.backward) {
        let pace = before.iter().map(pace).max().unwrap_or(1);
        return CycleCounts {
            latency: answer_latency(layers),
            filling: Vec::new(),
            repeating: vec![pace],
            per_step: pace,
        };
    }
    if before.len() < layers.len() {
        return CycleCounts {
            latency: answer_latency(layers),
            ..count_distances(Controls::new(before))
        };
    }
    count_distances(Controls::new(layers))
}

/// Cycles between steps of a pass by itself, whose outputs leave beside those of the other one where there is one.
fn pace(layer: &LayerDesign) -> u64 {
    let beats = layer.folding().out_beats();
    let alone = Controls {
        stages: vec![CoreStage::Layer(Control::new(layer))],
        waits: vec![Waits::default()],
        beats_per_step: beats,
        cut: None,
    };
    let both = if layer.spec().pass.half { 2 * beats } else { 0 };
    count_distances(alone).per_step.max(both as u64)
}

/// From the first input beat of a sequence of one step to the last beat of its answer, both counted.
fn answer_latency(layers: &[LayerDesign]) -> u64 {
    let mut core = Controls::new(layers);
    let beats = core.beats_per_step();
    let (mut sent, mut first_input) = (0, None);
    for cycle in 0u64.. {
        let moved = core.clock(Some(true), true);
        if moved.accepted {
            first_input.get_or_insert(cycle);
        }
        sent += usize::from(moved.sent);
        if sent == beats {
            return cycle - first_input.unwrap_or(0) + 1;
        }
    }
    unreachable!("a core answers")
}

fn count_distances(mut core: Controls<'_>) -> CycleCounts {
    let beats = core.beats_per_step();
    let mut ends: Vec<u64> = Vec::new();
    let mut seen: Vec<Vec<CoreStage>> = Vec::new();
    let mut sent = 0;
    let mut cycle = 0u64;
    let mut first_input = None;
    loop {
        // A step's end is known before its clock edge, and so is the state at its end.
        if core.offers() && (sent + 1) % beats == 0 {
            ends.push(cycle);
            if let Some(first) = seen.iter().position(|earlier| *earlier == core.stages) {
                let distances: Vec<u64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let (filling, repeating) = distances.split_at(first);
                return CycleCounts {
                    latency: ends[0] - first_input.unwrap_or(0) + 1,
                    per_step: repeating
                        .iter()
                        .sum::<u64>()
                        .div_ceil(repeating.len() as u64),
                    filling: filling.to_vec(),
                    repeating: repeating.to_vec(),
                };
            }
            seen.push(core.stages.clone());
        }
        let moved = core.clock(Some(false), true);
        if moved.accepted {
            first_input.get_or_insert(cycle);
        }
        sent += usize::from(moved.sent);
        cycle += 1;
    }
}

/// Beats at the ports of a core in one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The offered input beat is accepted.
    pub accepted: bool,
    /// An output beat is offered: TVALID.
    pub valid: bool,
    /// And it is taken.
    pub sent: bool,
}

/// How often a layer's output queue was its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// Cycles in which no further group's result would have fitted.
    pub queue_full: u64,
    /// Of these, cycles in which the array had all it needed to go on but room.
    pub array_waited: u64,
}

/// What a beat passes on its way through a core.
#[derive(Clone, Debug, PartialEq, Eq)]
enum CoreStage<'a> {
    Embedding(EmbeddingControl),
    Layer(Control<'a>),
    Backward(BackwardControl<'a>),
    Both(Box<BothControl<'a>>),
    Argmax(ArgmaxControl),
}

impl CoreStage<'_> {
    /// A beat is taken in this cycle if one is offered; what is behind the stage is `ready`.
    fn takes(&self, ready: bool) -> bool {
        match self {
            Self::Embedding(stage) => stage.takes(),
            Self::Layer(stage) => stage.takes(),
            Self::Backward(stage) => stage.takes(),
            Self::Both(stage) => stage.takes(),
            Self::Argmax(stage) => stage.takes(ready),
        }
    }

    /// TLAST of the beat that is offered, if one is.
    fn offer(&self) -> Option<bool> {
        match self {
            Self::Embedding(stage) => stage.offer(),
            Self::Layer(stage) => stage.offer(),
            Self::Backward(stage) => stage.offer(),
            Self::Both(stage) => stage.offer(),
            Self::Argmax(stage) => stage.offer(),
        }
    }

    fn clock(&mut self, input: Option<bool>, output: bool) {
        match self {
            Self::Embedding(stage) => stage.clock(input, output),
            Self::Layer(stage) => stage.clock(input, output),
            Self::Backward(stage) => stage.clock(input, output),
            Self::Both(stage) => stage.clock(input, output),
            Self::Argmax(stage) => stage.clock(input, output),
        }
    }

    /// The passes in it, of a bidirectional layer the forward one first.
    fn engines(&self) -> impl Iterator<Item = &Control<'_>> {
        let (first, second) = match self {
            Self::Layer(stage) => (Some(stage), None),
            Self::Backward(stage) => (Some(&stage.engine), None),
            Self::Both(stage) => (Some(&stage.forward), Some(&stage.backward.engine)),
            Self::Embedding(_) | Self::Argmax(_) => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// The control of a whole core, without its data, under any source and sink.
///
/// [`count_cycles`] is this with both always willing; `cosim` holds the hardware to it while they
/// pause.
#[derive(Clone, Debug)]
pub struct Controls<'a> {
    stages: Vec<CoreStage<'a>>,
    /// Ends sequences that are too long, where some are held as a whole.
    cut: Option<CutControl>,
    waits: Vec<Waits>,
    beats_per_step: usize,
}

impl<'a> Controls<'a> {
    /// A core after reset.
    ///
    /// # Panics
    /// Later, when there are no layers.
    #[must_use]
    pub fn new(layers: &'a [LayerDesign]) -> Self {
        let first = layers
            .first()
            .filter(|first| first.spec().vocabulary.is_some());
        let last = layers.last().filter(|last| last.spec().gives_index());
        let embedding = first.map(|first| CoreStage::Embedding(EmbeddingControl::new(first)));
        let argmax = last.map(|last| CoreStage::Argmax(ArgmaxControl::new(last)));
        let passes = layers.chunk_by(|layer, _| layer.spec().pass.is_forward_half());
        let middle = passes.map(|passes| match passes {
            [forward, backward] => CoreStage::Both(Box::new(BothControl::new(forward, backward))),
            [layer] if layer.spec().pass.backward => {
                CoreStage::Backward(BackwardControl::new(layer))
            }
            [layer] => CoreStage::Layer(Control::new(layer)),
            _ => unreachable!("a layer has two halves at most"),
        });
        Self {
            beats_per_step: match (&argmax, layers.last()) {
                (None, Some(last)) => last.folding().out_beats() * last.spec().pass.kind().passes(),
                _ => 1,
            },
            stages: embedding.into_iter().chain(middle).chain(argmax).collect(),
            waits: vec![Waits::default(); layers.len()],
            cut: CutControl::new(layers),
        }
    }

    /// Beats of what the core gives at a step.
    const fn beats_per_step(&self) -> usize {
        self.beats_per_step
    }

    /// An output beat is offered in this cycle.
    fn offers(&self) -> bool {
        self.stages[self.stages.len() - 1].offer().is_some()
    }

    /// What is behind stage `index` takes a beat in this cycle.
    fn taken_from(&self, index: usize, ready: bool) -> bool {
        let last = self.stages.get(index + 2).is_none();
        let behind = self.stages.get(index + 1);
        // Only the last stage looks at the sink in the same cycle.
        behind.map_or(ready, |stage| stage.takes(last && ready))
    }

    /// One cycle in which an input beat is `offered`, with its TLAST, and the sink is `ready`.
    pub fn clock(&mut self, offered: Option<bool>, ready: bool) -> Moved {
        let takes = self.stages[0].takes(ready);
        let valid = self.offers();
        let layers = self.stages.iter().flat_map(CoreStage::engines);
        for (layer, waits) in layers.zip(&mut self.waits) {
            waits.queue_full += u64::from(layer.is_full());
            waits.array_waited += u64::from(layer.waits_for_room());
        }
        // Registered signals of this cycle are exchanged from the source on; a stage's own clock edge
        // comes after its neighbour has seen them.
        let mut input = offered.filter(|_| takes);
        if let (Some(cut), Some(last)) = (&mut self.cut, &mut input) {
            *last = cut.clock(*last);
        }
        for index in 0..self.stages.len() {
            let offer = self.stages[index].offer();
            let output = offer.filter(|_| self.taken_from(index, ready));
            self.stages[index].clock(input, output.is_some());
            input = output;
        }
        Moved {
            accepted: offered.is_some() && takes,
            valid,
            sent: valid && ready,
        }
    }

    /// Of every layer, since reset.
    #[must_use]
    pub fn waits(&self) -> &[Waits] {
        &self.waits
    }

    /// Steps of the last layer's results that fit between its array and a sink that takes nothing, one
    /// more than begun counted as one. Whole sequences are held between the layers where one takes steps backward: the
    /// one that leaves, and the next.
    ///
    /// # Panics
    /// When there are no layers.
    #[must_use]
    pub fn steps_held(layers: &[LayerDesign]) -> usize {
        let layer = &layers[layers.len() - 1];
        let folding = layer.folding();
        // The queue, and the group that is being sent.
        let index = usize::from(layer.spec().gives_index());
        // Every layer that takes whole sequences holds two of them; its halves hold the same ones.
        let whole = |layer: &&LayerDesign| !layer.spec().pass.is_backward_half();
        let sequences = layers
            .iter()
            .filter(whole)
            .map(|layer| layer.folding().max_steps);
        let sequences: usize = sequences.sum();
        let of_layer =
            ((1usize << folding.queue_log2) + 1).div_ceil(folding.groups) + 1 + 2 * index;
        of_layer + 2 * sequences
    }
}
