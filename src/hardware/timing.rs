//! The cycles of a lane, worked out from its cell's program.
//!
//! Phase 0 is the cycle in which a group's sums are there, the one after its last block was added.

use super::op::{Event, Op};
use super::reservation::Reservation;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// When a lane does what, and which distances its groups must keep.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct LaneTiming {
    depth: usize,
    interval: usize,
    #[serde(serialize_with = "listed")]
    forbidden: u64,
    gate_registers: usize,
    state_registers: usize,
    #[serde(skip)]
    phases: BTreeMap<Event, usize>,
}

/// A mask of distances as a list.
#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn listed<S: Serializer>(mask: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(distances(*mask))
}

fn distances(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        lowest
    })
}

impl LaneTiming {
    /// Most registers that are tried behind the state's table port, beside those of the family.
    pub const MOST_SLACK: usize = 3;

    /// The timing of a program, with registers behind the tables where the family wants them and
    /// `slack` more behind the state's port.
    pub(super) fn new(program: &[Op], table_register: bool, slack: usize) -> Self {
        let gate_registers = usize::from(table_register);
        let state_registers = gate_registers + slack;
        let lane = Reservation::of(program, gate_registers, state_registers);
        let clashes = lane.clashes();
        // The first distance that is free; 0 never is.
        let interval = (clashes | 1).trailing_ones() as usize;
        Self {
            depth: lane.depth(),
            interval,
            // Closer groups never come: a group has as many blocks at least.
            forbidden: clashes >> interval << interval,
            gate_registers,
            state_registers,
            phases: lane.into_phases(),
        }
    }

    /// Phase from which on h is there.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// Fewest cycles from one group to the next.
    #[must_use]
    pub const fn interval(&self) -> usize {
        self.interval
    }

    /// Distances of groups, [`interval`](Self::interval) or more, that they must not have, ascending.
    pub fn forbidden(&self) -> impl Iterator<Item = usize> {
        distances(self.forbidden)
    }

    /// [`forbidden`](Self::forbidden) as a mask: bit d for distance d.
    #[must_use]
    pub const fn forbidden_mask(&self) -> u64 {
        self.forbidden
    }

    /// Two groups that end `distance` cycles apart want the same part of the lane at once.
    #[must_use]
    pub const fn clash(&self, distance: usize) -> bool {
        distance < u64::BITS as usize && self.forbidden >> distance & 1 == 1
    }

    /// The first distance beyond every forbidden one.
    #[must_use]
    pub const fn far(&self) -> usize {
        let above = (u64::BITS - self.forbidden.leading_zeros()) as usize;
        if above > self.interval {
            above
        } else {
            self.interval
        }
    }

    /// Groups may follow one another every `blocks` cycles, and no two of them clash that are not
    /// neighbours: the sequencer looks at the distance to the last one alone.
    #[must_use]
    pub fn fits(&self, blocks: usize) -> bool {
        blocks >= self.interval
            && self.far() <= 2 * blocks
            && (self.forbidden()).all(|distance| !distance.is_multiple_of(blocks))
    }

    /// Registers behind the gates' table port.
    #[must_use]
    pub const fn gate_registers(&self) -> usize {
        self.gate_registers
    }

    /// Registers behind the state's table port.
    #[must_use]
    pub const fn state_registers(&self) -> usize {
        self.state_registers
    }

    /// Phase of an event; `None` where the cell's program has none such.
    #[must_use]
    pub fn phase(&self, event: Event) -> Option<usize> {
        self.phases.get(&event).copied()
    }

    /// All events and their phases.
    pub fn events(&self) -> impl Iterator<Item = (Event, usize)> + '_ {
        self.phases.iter().map(|(&event, &phase)| (event, phase))
    }
}
