//! One layer's folding: groups of units, blocks of columns, and where every operand sits.

use super::array::MacArray;
use super::bits::log2_up;
use super::spec::LayerSpec;
use super::timing::LaneTiming;
use crate::device::Family;
use crate::spec::{Implementation, MacStyle, is_one_context};
use serde::Serialize;

/// The array that was asked for, the family it is built for, and how many sequences share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayStyle {
    /// LUTs, DSP blocks, or whichever suits the widths.
    pub mac: MacStyle,
    /// FPGA family.
    pub target: Family,
    /// Sequences whose steps come in turn, at least 1.
    pub contexts: usize,
    /// Steps of the longest sequence, where something takes steps backward.
    pub max_steps: usize,
}

impl From<&Implementation> for ArrayStyle {
    fn from(implementation: &Implementation) -> Self {
        Self {
            mac: implementation.mac,
            target: implementation.target,
            contexts: implementation.contexts,
            max_steps: implementation.max_steps.unwrap_or(0),
        }
    }
}

/// One layer, folded: the sums of `units` units by `columns` columns work side by side.
///
/// A step is `groups` groups of `units` units; a group is `blocks` blocks: `x_blocks` of x, then
/// `h_blocks` of h, then idle ones that give the element-wise lanes the cycles they need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Folding {
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// Rows of the array for one unit: the cell's sums.
    pub sums: usize,
    /// Units computed side by side, U.
    pub units: usize,
    /// Columns multiplied side by side, S.
    pub columns: usize,
    /// The kind of array.
    pub mac: MacArray,
    /// Stages of a chain.
    pub chain: usize,
    /// Chains side by side in every row.
    pub chains: usize,
    /// When the lanes do what.
    pub timing: &'static LaneTiming,
    /// Elements of an input beat.
    pub in_elements: usize,
    /// Elements of an output beat.
    pub out_elements: usize,
    /// Input beats that fill one block.
    pub x_slots: usize,
    /// Blocks of x.
    pub x_blocks: usize,
    /// Groups that share one block of h.
    pub h_slots: usize,
    /// Blocks of h that one group fills.
    pub h_subblocks: usize,
    /// Blocks of h.
    pub h_blocks: usize,
    /// Blocks of a group, idle ones included.
    pub blocks: usize,
    /// Groups of a step, G.
    pub groups: usize,
    /// A register stands between the sequencer and what it starts.
    pub start_register: bool,
    /// Cycles from a block's addresses to its sums.
    pub mac_latency: usize,
    /// Base-two logarithm of the groups of results that fit behind the lanes.
    pub queue_log2: usize,
    /// Sequences whose steps come in turn: the step `contexts` later reads a step's h.
    #[serde(skip_serializing_if = "is_one_context")]
    pub contexts: usize,
    /// Steps of the longest sequence that is held for a pass backward, or beside one; 0 where none is.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_steps: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

impl Folding {
    /// Folds one layer; `units` and `columns` at least 1, `stream` elements a beat.
    ///
    /// `stream` must divide `units` and be at most `columns`.
    #[must_use]
    pub fn fold(
        spec: &LayerSpec,
        units: usize,
        columns: usize,
        stream: usize,
        style: ArrayStyle,
    ) -> Self {
        let mac = MacArray::choose(style.mac, spec.weights(), spec.operand_bits(), style.target);
        let (chain, chains) = mac.chains(columns);
        // Block RAM of the LUT4 families is slow: nothing but a register may follow it.
        let slow_memory = style.target.facts().slow_memory;

        let groups = spec.hidden_size.div_ceil(units);
        let x_slots = columns / stream;
        let x_blocks = spec.input_size.div_ceil(x_slots * stream);
        let (h_slots, h_subblocks, h_blocks) = places_of_h(spec, units, columns);
        // `lprnn_lane_control` and `lprnn_sequencer` want two cycles a group.
        let wanted = (x_blocks + h_blocks).max(2);
        let (blocks, timing) = lane_slots(spec.cell.timings(slow_memory), wanted);
        let mac_latency = mac.latency(chain, chains, spec.w_bits);
        // Results in flight: from the start of a group's last block until its first beat can leave,
        // one being sent, one for the rounding of both.
        let in_flight = (mac_latency + timing.depth() + 5).div_ceil(blocks) + 2;
        let queue_log2 = in_flight.next_power_of_two().trailing_zeros().max(1) as usize;
        Self {
            input_size: spec.input_size,
            hidden_size: spec.hidden_size,
            sums: spec.sums(),
            units,
            columns,
            mac,
            chain,
            chains,
            timing,
            start_register: slow_memory,
            in_elements: stream,
            out_elements: stream,
            x_slots,
            x_blocks,
            h_slots,
            h_subblocks,
            h_blocks,
            blocks,
            groups,
            mac_latency,
            queue_log2,
            contexts: style.contexts,
            max_steps: if spec.pass.backward || spec.pass.half {
                style.max_steps
            } else {
                0
            },
        }
    }

    /// Bits of the number of a sequence, none of the only one.
    #[must_use]
    pub fn context_bits(&self) -> usize {
        log2_up(self.contexts)
    }

    /// Bits of the number of a bank of the vector buffer. Step n is read from bank n and its h is written
    /// into bank n + contexts, modulo their number: that is one more than contexts at least, and as a power
    /// of two the address counts it by itself.
    #[must_use]
    pub fn bank_bits(&self) -> usize {
        log2_up(self.contexts + 1)
    }

    /// The same with beats of as many elements on the output stream; they must divide the units.
    #[must_use]
    pub(super) const fn with_output(self, out_elements: usize) -> Self {
        Self {
            out_elements,
            ..self
        }
    }

    /// h comes back as an operand.
    #[must_use]
    pub const fn is_recurrent(&self) -> bool {
        self.h_blocks > 0
    }

    /// Blocks that the writing of h takes in a step, in each of which no x is taken.
    #[must_use]
    pub const fn h_writes(&self) -> usize {
        if self.is_recurrent() {
            self.groups * self.h_subblocks
        } else {
            0
        }
    }

    /// Cycles from the start of a group's last block to the cycle in which its h is written.
    #[must_use]
    pub fn group_latency(&self) -> usize {
        // The cycle between the last addition and phase 0 ends in the accumulators.
        usize::from(self.start_register) + self.mac_latency + 1 + self.timing.depth()
    }

    /// Rows of the weight memory.
    #[must_use]
    pub fn weight_rows(&self) -> usize {
        self.groups * self.blocks
    }

    /// Rows of the array.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.sums * self.units
    }

    /// Multiply-accumulates of one step, padding not counted.
    #[must_use]
    pub fn macs_per_step(&self) -> u64 {
        let from_h = if self.is_recurrent() {
            self.hidden_size
        } else {
            0
        };
        self.sums as u64 * (self.hidden_size * (self.input_size + from_h)) as u64
    }

    /// Multiply-accumulates the array could do in one cycle.
    #[must_use]
    pub fn macs_per_cycle(&self) -> usize {
        self.rows() * self.columns
    }

    /// Beats of one input step.
    #[must_use]
    pub fn in_beats(&self) -> usize {
        self.input_size.div_ceil(self.in_elements)
    }

    /// Beats of one output step.
    #[must_use]
    pub fn out_beats(&self) -> usize {
        self.hidden_size.div_ceil(self.out_elements)
    }

    /// Real units of the last group.
    #[must_use]
    pub fn last_units(&self) -> usize {
        self.hidden_size - (self.groups - 1) * self.units
    }

    /// Columns that hold an element of x in some block, and those that hold one of h.
    #[must_use]
    pub fn columns_of_x_and_h(&self) -> (usize, usize) {
        let x = self.input_size.min(self.x_slots * self.in_elements);
        let h = if !self.is_recurrent() {
            0
        } else if self.h_subblocks > 1 {
            self.columns
        } else {
            self.hidden_size.min(self.h_slots * self.units)
        };
        (x, h)
    }

    /// Columns that hold an element in some block; the others are constants.
    #[must_use]
    pub fn used_columns(&self) -> usize {
        let (x, h) = self.columns_of_x_and_h();
        x.max(h)
    }

    /// Block and column of element `n` of x.
    #[must_use]
    pub fn place_of_x(&self, n: usize) -> (usize, usize) {
        let (beat, element) = (n / self.in_elements, n % self.in_elements);
        (
            beat / self.x_slots,
            beat % self.x_slots * self.in_elements + element,
        )
    }

    /// Block (x blocks counted) and column of unit `m` of h.
    #[must_use]
    pub fn place_of_h(&self, m: usize) -> (usize, usize) {
        let (group, unit) = (m / self.units, m % self.units);
        let (block, column) = if self.h_subblocks > 1 {
            (
                group * self.h_subblocks + unit / self.columns,
                unit % self.columns,
            )
        } else {
            (
                group / self.h_slots,
                group % self.h_slots * self.units + unit,
            )
        };
        (self.x_blocks + block, column)
    }

    /// Blocks of h, counted from the first, that the last subblock of group `g` completes or joins.
    fn first_block_of_group(&self, group: usize) -> usize {
        if self.h_subblocks > 1 {
            group * self.h_subblocks
        } else {
            group / self.h_slots
        }
    }

    /// Cycles of a step in the steady state, if streams do not slow it down: the mean over the steps of all
    /// contexts, rounded up.
    #[must_use]
    pub fn free_running_cycles(&self) -> u64 {
        self.round_cycles().div_ceil(self.contexts as u64)
    }

    /// Cycles of the shortest step in the steady state, if streams do not slow it down: with several contexts
    /// all that is waited comes once for all of them.
    #[must_use]
    pub fn shortest_cycles(&self) -> u64 {
        match self.contexts {
            1 => self.round_cycles(),
            _ => (self.groups * self.blocks) as u64,
        }
    }

    /// Cycles of a step of every context in the steady state, if streams do not slow it down.
    ///
    /// Time 0 is the start of group 0's last block. The other groups of the step, and the steps of the other
    /// contexts, follow without a gap, `blocks` cycles each group: what they wait for was written as much
    /// later as they start. Then group 0 of the context's next step starts block by block, each block of
    /// h not before the cycle after it was written, and never within `chain` cycles of the start
    /// before a stall, because the weight memory's skew must run out.
    #[must_use]
    pub fn round_cycles(&self) -> u64 {
        let written = self.group_latency();
        let mut ready = vec![0; self.h_blocks];
        for write in 0..self.h_writes() {
            let (group, sub) = (write / self.h_subblocks, write % self.h_subblocks);
            let block = self.first_block_of_group(group) + sub;
            ready[block] = group * self.blocks + written + sub + 1;
        }
        let previous_end = (self.contexts * self.groups - 1) * self.blocks;
        let mut last_start = previous_end;
        for block in 0..self.blocks {
            let ready = block
                .checked_sub(self.x_blocks)
                .and_then(|h| ready.get(h))
                .copied()
                .unwrap_or(0);
            let mut start = last_start + 1;
            if ready > start {
                start = ready.max(last_start + self.chain);
            }
            if block + 1 == self.blocks && self.timing.clash(start - previous_end) {
                start = start.max(last_start + self.chain);
                while self.timing.clash(start - previous_end) {
                    start += 1;
                }
            }
            last_start = start;
        }
        last_start as u64
    }
}

/// Groups that share a block of h, blocks that a group fills, and blocks of h; none of the last where h is no
/// operand.
fn places_of_h(spec: &LayerSpec, units: usize, columns: usize) -> (usize, usize, usize) {
    if !spec.is_recurrent() {
        return (1, 1, 0);
    }
    let groups = spec.hidden_size.div_ceil(units);
    let (slots, subblocks) = if units <= columns {
        (columns / units, 1)
    } else {
        (1, units.div_ceil(columns))
    };
    (slots, subblocks, (groups * subblocks).div_ceil(slots))
}

/// Blocks of a group, at least `wanted`, and the first of `timings` with which a lane can take group
/// after group.
fn lane_slots(timings: &'static [LaneTiming], wanted: usize) -> (usize, &'static LaneTiming) {
    (wanted..)
        .find_map(|blocks| {
            let timing = timings.iter().find(|timing| timing.fits(blocks))?;
            Some((blocks, timing))
        })
        .expect("beyond all forbidden distances every number of blocks fits")
}
