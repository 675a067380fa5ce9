//! The control of one layer, without its data, one clock edge after another.
//!
//! A struct of registers, as `lprnn_step_buffer`, `lprnn_sequencer`, `lprnn_h_writer` and `lprnn_serializer` have
//! them.

use super::folding::Folding;
use super::layer::LayerDesign;
use std::collections::VecDeque;

/// The control state of one layer, named after the registers it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Control<'a> {
    layer: &'a Folding,
    /// Steps that do not end a sequence are dropped.
    last_only: bool,
    // step buffer
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
    /// TLAST of every step that was taken and has not left, the oldest first.
    flags: VecDeque<bool>,
    /// Beats of the oldest that have left.
    sent: usize,
}

impl<'a> Control<'a> {
    pub(super) fn new(design: &'a LayerDesign) -> Self {
        let layer = design.folding();
        Self {
            layer,
            last_only: design.spec().waits_for_last(),
            beat: 0,
            free: 2,
            loaded: 0,
            block: 0,
            group: 0,
            gap: 0,
            started: false,
            // The first step of every context has its h from reset on.
            h_credit: layer.contexts * layer.h_blocks,
            room: 1 << layer.queue_log2,
            distance: layer.timing.far(),
            ends: VecDeque::new(),
            releases: VecDeque::new(),
            subblock: 0,
            write_group: 0,
            queue: VecDeque::new(),
            beats_left: 0,
            flags: VecDeque::new(),
            sent: 0,
        }
    }

    /// The group whose end is oldest writes its h in this cycle.
    fn group_done(&self) -> bool {
        self.ends.front().is_some_and(|&(left, _)| left == 0)
    }

    /// h is written in this cycle, which keeps x out.
    fn h_active(&self) -> bool {
        self.layer.is_recurrent() && (self.group_done() || self.subblock > 0)
    }

    pub(super) fn takes(&self) -> bool {
        self.free > 0 && !self.h_active()
    }

    /// TLAST of the beat that is offered, if one is.
    pub(super) fn offer(&self) -> Option<bool> {
        let end = self.sent + 1 == self.layer.out_beats();
        (self.beats_left > 0).then(|| end && self.flags.front() == Some(&true))
    }

    /// A step's last beat comes in, `input` is its TLAST; `true` if the step is kept.
    fn take_flag(&mut self, input: Option<bool>) -> bool {
        let end = self.beat + 1 == self.layer.in_beats();
        let kept = input.filter(|last| end && (*last || !self.last_only));
        self.flags.extend(kept);
        if input.is_some() {
            self.beat = if end { 0 } else { self.beat + 1 };
        }
        kept.is_some()
    }

    fn send_beat(&mut self) {
        self.sent = (self.sent + 1) % self.layer.out_beats();
        if self.sent == 0 {
            self.flags.pop_front();
        }
    }

    /// One cycle in which a beat comes in, with its TLAST, and one leaves.
    pub(super) fn clock(&mut self, input: Option<bool>, output: bool) {
        let layer = self.layer;
        let done = self.take_flag(input);
        if output {
            self.send_beat();
        }
        let released = self.releases.front() == Some(&0);
        let start = self.may_start();
        let begun = start && self.block == 0 && self.group == 0;
        let uses_h = start && self.uses_h();
        let end_group = start && self.block + 1 == layer.blocks;
        let group_done = self.group_done();
        let load =
            !self.queue.is_empty() && (self.beats_left == 0 || (output && self.beats_left == 1));
        let written = self.h_written();

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

    /// Nothing but room for a result is missing for the next block.
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

    /// No further group's result would fit.
    pub(super) fn is_full(&self) -> bool {
        self.room == 0
    }

    /// The array has all it needs to go on but room.
    pub(super) fn waits_for_room(&self) -> bool {
        self.is_full() && self.last_block() && self.may_start_with_room()
    }

    fn h_written(&self) -> bool {
        let layer = self.layer;
        if !layer.is_recurrent() {
            return false;
        }
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
