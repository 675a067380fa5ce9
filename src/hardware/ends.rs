//! The control of what stands before the first layer and behind the last one, clock edge after clock edge.

use super::layer::LayerDesign;
use std::collections::VecDeque;

/// Beats that the queue of an embedding and its reads hold.
const ROOM: usize = 4;

/// The control of `lprnn_embedding`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EmbeddingControl {
    beats: usize,
    /// Beats of the index that are not read yet.
    left: usize,
    last: bool,
    /// Beats whose rows are being read, the older first: whether there is one, and its TLAST.
    reads: [Option<bool>; 2],
    queue: VecDeque<bool>,
    room: usize,
}

impl EmbeddingControl {
    pub(super) fn new(layer: &LayerDesign) -> Self {
        Self {
            beats: layer.folding().in_beats(),
            left: 0,
            last: false,
            reads: [None; 2],
            queue: VecDeque::new(),
            room: ROOM,
        }
    }

    const fn reads(&self) -> bool {
        self.left > 0 && self.room > 0
    }

    pub(super) const fn takes(&self) -> bool {
        self.left == 0 || self.left == 1 && self.room > 0
    }

    /// TLAST of the beat that is offered, if one is.
    pub(super) fn offer(&self) -> Option<bool> {
        self.queue.front().copied()
    }

    pub(super) fn clock(&mut self, input: Option<bool>, output: bool) {
        let read = self.reads();
        if output {
            self.queue.pop_front();
        }
        self.queue.extend(self.reads[0]);
        let last_beat = self.left == 1;
        self.reads = [self.reads[1], read.then_some(self.last && last_beat)];
        self.room = self.room + usize::from(output) - usize::from(read);
        self.left -= usize::from(read);
        if let Some(last) = input {
            (self.left, self.last) = (self.beats, last);
        }
    }
}

/// The control of `lprnn_argmax`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArgmaxControl {
    beats: usize,
    beat: usize,
    /// TLAST of the index that is offered, if one is.
    result: Option<bool>,
}

impl ArgmaxControl {
    pub(super) fn new(layer: &LayerDesign) -> Self {
        Self {
            beats: layer.folding().out_beats(),
            beat: 0,
            result: None,
        }
    }

    /// With a sink that is `ready`.
    pub(super) const fn takes(&self, ready: bool) -> bool {
        self.beat + 1 < self.beats || self.result.is_none() || ready
    }

    /// TLAST of the index that is offered, if one is.
    pub(super) const fn offer(&self) -> Option<bool> {
        self.result
    }

    pub(super) fn clock(&mut self, input: Option<bool>, output: bool) {
        if output {
            self.result = None;
        }
        if let Some(last) = input {
            self.beat = (self.beat + 1) % self.beats;
            if self.beat == 0 {
                self.result = Some(last);
            }
        }
    }
}
