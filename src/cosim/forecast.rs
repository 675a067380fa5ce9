//! In which cycle every output beat leaves, while source and sink pause: the schedule's own word.

use super::dut::{FLAG_CLEAR, FLAG_LAST};
use super::stimulus::Mask;
use crate::hardware::{Controls, LayerDesign, Waits};
use serde::Serialize;

/// Knowledge of the cycles in which beats leave while source and sink pause.
#[derive(Clone, Copy, Debug)]
pub(super) enum BeatTiming<'a> {
    /// Nothing.
    Unknown,
    /// All, by the schedule.
    Layers(&'a [LayerDesign]),
    /// The cycle of this beat of the run, if it is to leave.
    Beat(usize, Option<u64>),
}

/// Cycles after reset before a core works: its reset is a register.
const RESET_CYCLES: u64 = 1;

/// How often pauses made a core wait, over a whole run; compared cycle by cycle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pressure {
    /// Cycles in which a beat was offered to the sink and not taken.
    pub sink_stalled: u64,
    /// Cycles in which the source offered nothing though steps were left.
    pub source_idle: u64,
    /// Of every layer: cycles with a full output queue, and with an array that waited for it.
    pub layers: Vec<Waits>,
}

/// The control of the core, driven as the harness drives it.
pub(super) struct Forecast<'a> {
    controls: Controls<'a>,
    cycle: u64,
    accepted: usize,
    offering: bool,
    cleared: bool,
    sink_stalled: u64,
    source_idle: u64,
}

impl<'a> Forecast<'a> {
    pub(super) fn new(layers: &'a [LayerDesign]) -> Self {
        Self {
            controls: Controls::new(layers),
            cycle: 0,
            accepted: 0,
            offering: false,
            cleared: false,
            sink_stalled: 0,
            source_idle: 0,
        }
    }

    /// The cycle in which the next output beat leaves; none before cycle `end`.
    ///
    /// `flags` are those of all input beats; beats are offered and taken when the masks say so.
    pub(super) fn next_beat(
        &mut self,
        flags: &[u8],
        (offer, take): (&Mask, &Mask),
        end: u64,
    ) -> Option<u64> {
        while self.cycle < end {
            let cycle = self.cycle;
            let next = flags.get(self.accepted);
            // The pulse has a cycle of its own, before the beat is offered.
            let clear = next.is_some_and(|flags| flags & FLAG_CLEAR != 0)
                && !self.cleared
                && !self.offering;
            self.cleared |= clear;
            self.offering |= next.is_some() && !clear && offer.at(cycle);
            let ready = take.at(cycle);
            self.cycle += 1;
            self.source_idle += u64::from(next.is_some() && !self.offering);
            if cycle < RESET_CYCLES {
                continue;
            }
            let last = next.is_some_and(|flags| flags & FLAG_LAST != 0);
            let moved = self.controls.clock(self.offering.then_some(last), ready);
            if moved.accepted {
                self.accepted += 1;
                (self.offering, self.cleared) = (false, false);
            }
            self.sink_stalled += u64::from(moved.valid && !ready);
            if moved.sent {
                return Some(cycle);
            }
        }
        None
    }

    pub(super) fn pressure(&self) -> Pressure {
        Pressure {
            sink_stalled: self.sink_stalled,
            source_idle: self.source_idle,
            layers: self.controls.waits().to_vec(),
        }
    }
}
