//! Exact cycle counts: the control of every layer, without its data, cycle by cycle.
//!
//! This is the timing contract of `lprnn_loader`, `lprnn_sequencer`, `lprnn_h_writer` and
//! `lprnn_output`, with a source that always offers and a sink that always takes. Every
//! cosimulation compares its counts with the simulated ones.

use super::folding::Folding;
use super::layer::LayerDesign;
use serde::Serialize;
use std::collections::VecDeque;

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

/// Simulates the control of a stack of layers until its state comes back.
///
/// The control is finite and takes no input but itself, so that the distances between steps repeat
/// from the first state that is seen twice.
#[must_use]
pub fn count_cycles(layers: &[LayerDesign]) -> CycleCounts {
    let mut core = Controls::new(layers);
    let beats = layers[layers.len() - 1].folding().out_beats();
    let mut ends: Vec<u64> = Vec::new();
    let mut seen: Vec<Vec<Control>> = Vec::new();
    let mut sent = 0;
    let mut cycle = 0u64;
    let mut first_input = None;
    loop {
        // A step's end is known before its clock edge, and so is the state at its end.
        if core.offers() && (sent + 1) % beats == 0 {
            ends.push(cycle);
            if let Some(first) = seen.iter().position(|earlier| *earlier == core.layers) {
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
            seen.push(core.layers.clone());
        }
        let moved = core.clock(true, true);
        if moved.accepted {
            first_input.get_or_insert(cycle);
        }
        sent += usize::from(moved.sent);
        cycle += 1;
    }
}

/// What moves at the ports of a core in one cycle.
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

/// The control of a whole core, without its data, under any source and sink.
///
/// [`count_cycles`] is this with both always willing; `cosim` holds the hardware to it while they
/// pause.
#[derive(Clone, Debug)]
pub struct Controls<'a> {
    layers: Vec<Control<'a>>,
    waits: Vec<Waits>,
}

impl<'a> Controls<'a> {
    /// A core after reset.
    ///
    /// # Panics
    /// Later, when there are no layers.
    #[must_use]
    pub fn new(layers: &'a [LayerDesign]) -> Self {
        Self {
            layers: layers
                .iter()
                .map(|layer| Control::new(layer.folding()))
                .collect(),
            waits: vec![Waits::default(); layers.len()],
        }
    }

    /// Whether an output beat is offered in this cycle.
    fn offers(&self) -> bool {
        self.layers[self.layers.len() - 1].offers()
    }

    /// One cycle in which an input beat is `offered` and the sink is `ready`.
    pub fn clock(&mut self, offered: bool, ready: bool) -> Moved {
        let count = self.layers.len();
        let takes = self.layers[0].takes();
        let valid = self.offers();
        for (layer, waits) in self.layers.iter().zip(&mut self.waits) {
            waits.queue_full += u64::from(layer.room == 0);
            waits.array_waited += u64::from(layer.waits_for_room());
        }
        // Registered signals of this cycle are exchanged from the source on; a layer's own clock edge
        // comes after its neighbour has seen them.
        let mut input = offered && takes;
        for index in 0..count {
            let offers = self.layers[index].offers();
            let output = offers && self.layers.get(index + 1).map_or(ready, Control::takes);
            self.layers[index].clock(input, output);
            input = output;
        }
        Moved {
            accepted: offered && takes,
            valid,
            sent: valid && ready,
        }
    }

    /// Of every layer, since reset.
    #[must_use]
    pub fn waits(&self) -> &[Waits] {
        &self.waits
    }

    /// Steps of this layer's results that fit between the array and a sink that takes nothing, one
    /// more than begun counted as one.
    #[must_use]
    pub fn steps_held(layer: &LayerDesign) -> usize {
        let folding = layer.folding();
        // The queue, and the group that is being sent.
        ((1usize << folding.queue_log2) + 1).div_ceil(folding.groups) + 1
    }
}

/// The control state of one layer, named after the registers it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Control<'a> {
    layer: &'a Folding,
    // loader
    beat: usize,
    free: usize,
    loaded: usize,
    // sequencer
    block: usize,
    group: usize,
    gap: usize,
    started: bool,
    h_credit: usize,
    room: usize,
    /// Cycles since the last group end.
    distance: usize,
    /// Group ends on their way to the h writer: (cycles left, last group of its step).
    ends: VecDeque<(usize, bool)>,
    /// Cycles until a step's operands are released.
    releases: VecDeque<usize>,
    // h writer
    subblock: usize,
    write_group: usize,
    // output
    queue: VecDeque<usize>,
    beats_left: usize,
}

impl<'a> Control<'a> {
    fn new(layer: &'a Folding) -> Self {
        Self {
            layer,
            beat: 0,
            free: 2,
            loaded: 0,
            block: 0,
            group: 0,
            gap: 0,
            started: false,
            h_credit: layer.h_blocks,
            room: 1 << layer.queue_log2,
            distance: layer.timing.far(),
            ends: VecDeque::new(),
            releases: VecDeque::new(),
            subblock: 0,
            write_group: 0,
            queue: VecDeque::new(),
            beats_left: 0,
        }
    }

    /// Whether the group whose end is oldest writes its h in this cycle.
    fn group_done(&self) -> bool {
        self.ends.front().is_some_and(|&(left, _)| left == 0)
    }

    /// Whether h is written in this cycle, which keeps x out.
    fn h_active(&self) -> bool {
        self.group_done() || self.subblock > 0
    }

    fn takes(&self) -> bool {
        self.free > 0 && !self.h_active()
    }

    fn offers(&self) -> bool {
        self.beats_left > 0
    }

    fn clock(&mut self, input: bool, output: bool) {
        let layer = self.layer;
        let done = input && self.beat + 1 == layer.in_beats();
        let released = self.releases.front() == Some(&0);
        let start = self.may_start();
        let begun = start && self.block == 0 && self.group == 0;
        let uses_h = start && self.uses_h();
        let end_group = start && self.block + 1 == layer.blocks;
        let group_done = self.group_done();
        let load =
            !self.queue.is_empty() && (self.beats_left == 0 || (output && self.beats_left == 1));
        let written = self.h_written();

        if input {
            self.beat = if done { 0 } else { self.beat + 1 };
        }
        self.free = self.free + usize::from(released) - usize::from(done);
        self.loaded = self.loaded + usize::from(done) - usize::from(begun);

        self.advance_lines(end_group);
        if group_done {
            let last = self.ends_pop();
            self.queue_group(load, output, Some(last));
        } else {
            self.queue_group(load, output, None);
        }

        self.h_credit = self.h_credit + usize::from(written) - usize::from(uses_h);
        self.room = self.room + usize::from(load) - usize::from(end_group);
        self.distance = if end_group {
            1
        } else {
            (self.distance + 1).min(layer.timing.far())
        };
        self.advance_writer(group_done);
        self.advance_sequencer(start);
    }

    fn uses_h(&self) -> bool {
        let layer = self.layer;
        self.group == 0 && (layer.x_blocks..layer.x_blocks + layer.h_blocks).contains(&self.block)
    }

    /// Whether nothing but room for a result is missing for the next block.
    fn may_start_with_room(&self) -> bool {
        let x_ready = self.block > 0 || self.group > 0 || self.loaded > 0;
        let h_ready = !self.uses_h() || self.h_credit > 0;
        let lane_ready = !self.last_block() || !self.layer.timing.clash(self.distance);
        x_ready && h_ready && lane_ready && (self.started || self.gap == 0)
    }

    fn last_block(&self) -> bool {
        self.block + 1 == self.layer.blocks
    }

    fn may_start(&self) -> bool {
        self.may_start_with_room() && (!self.last_block() || self.room > 0)
    }

    fn waits_for_room(&self) -> bool {
        self.room == 0 && self.last_block() && self.may_start_with_room()
    }

    fn h_written(&self) -> bool {
        let layer = self.layer;
        if layer.h_subblocks > 1 {
            return self.h_active();
        }
        let slot = self.write_group % layer.h_slots;
        self.group_done() && (slot + 1 == layer.h_slots || self.write_group + 1 == layer.groups)
    }

    fn advance_lines(&mut self, end_group: bool) {
        let layer = self.layer;
        if self.releases.front() == Some(&0) {
            self.releases.pop_front();
        }
        for left in &mut self.releases {
            *left -= 1;
        }
        for (left, _) in &mut self.ends {
            *left = left.saturating_sub(1);
        }
        if end_group {
            let last = self.group + 1 == layer.groups;
            if last {
                self.releases
                    .push_back(usize::from(layer.start_register) + layer.chain - 1);
            }
            self.ends.push_back((layer.group_latency() - 1, last));
        }
    }

    fn ends_pop(&mut self) -> bool {
        self.ends.pop_front().is_some_and(|(_, last)| last)
    }

    fn queue_group(&mut self, load: bool, output: bool, pushed: Option<bool>) {
        if load {
            self.beats_left = self.queue.pop_front().unwrap_or(0);
        } else if output {
            self.beats_left -= 1;
        }
        if let Some(last) = pushed {
            let layer = self.layer;
            let units = if last {
                layer.last_units()
            } else {
                layer.units
            };
            self.queue.push_back(units.div_ceil(layer.out_elements));
        }
    }

    fn advance_writer(&mut self, group_done: bool) {
        if group_done || self.subblock > 0 {
            self.subblock = (self.subblock + 1) % self.layer.h_subblocks;
        }
        if group_done {
            self.write_group = (self.write_group + 1) % self.layer.groups;
        }
    }

    fn advance_sequencer(&mut self, start: bool) {
        let layer = self.layer;
        self.started = start;
        if start {
            self.gap = layer.chain - 1;
            self.block += 1;
            if self.block == layer.blocks {
                self.block = 0;
                self.group = (self.group + 1) % layer.groups;
            }
        } else {
            self.gap = self.gap.saturating_sub(1);
        }
    }
}
