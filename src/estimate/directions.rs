//! What stands around a pass backward: memories of sequences, their addresses, both directions side by side.

use super::memory;
use super::part::LayerPricing;
use super::terms::Terms;
use crate::hardware::{MemoryShape, bits_for};

impl LayerPricing<'_> {
    /// Everything of a pass that is not forward by itself.
    pub(super) fn directions(&self, terms: &mut Terms) {
        let layer = self.layer;
        let beat = |beats: usize| if beats == 1 { 0 } else { bits_for(beats - 1) };
        let small = self.family.lut4();
        // Of a counter on iCE40, neither the lowest bit nor the highest takes a carry cell.
        let carry = |bits: usize| {
            if small && !self.adders_are_carries() {
                bits.saturating_sub(2) as f64
            } else {
                self.carry(bits)
            }
        };
        for (shape, beats) in [
            (layer.memory_before(), self.s.in_beats()),
            (layer.memory_behind(), self.s.out_beats()),
        ] {
            if shape.copies > 0 {
                self.sequence_memory(terms, shape);
                // Rows of the beat that is written, of that which is read, of the first step's end, of the last read.
                let row = bits_for(shape.depth.max(2) - 1);
                terms.ff[5] += (4 * row + 2 * beat(beats) + 5) as f64;
                // Two walks of two kinds each, the choice among them, three comparisons.
                let walks = if small { 10 } else { 5 };
                terms.lut[5] += (walks * row + 2 * beat(beats) + 9) as f64;
                terms.carry[3] += 5.0 * carry(row);
            }
        }
        let waiting = layer.waiting_memory();
        if waiting.copies > 0 {
            self.sequence_memory(terms, waiting);
            let (row, count) = (bits_for(waiting.depth.max(2) - 1), bits_for(waiting.depth));
            terms.ff[5] += (2 * row + count + 1) as f64;
            terms.lut[5] += (if small { 6 } else { 3 } * row + 4) as f64;
            // With LUT4s counting up and counting down are two adders.
            let counting = if small { 2.0 } else { 1.0 };
            terms.carry[3] += 2.0 * carry(row) + counting * carry(count);
            self.take_unread_flags(terms);
        }
        if self.spec.pass.is_backward_half() {
            let beats = self.s.out_beats();
            terms.ff[5] += (beat(beats) + 1) as f64;
            terms.lut[7] += (self.s.out_elements * self.h() + beat(beats) + 4) as f64;
        }
    }

    /// Flags in the queue of groups that nobody reads. A step's end, TLAST and fresh of a bidirectional layer are those
    /// of its pass backward, so that the queue of the pass forward holds h alone, unless its last group has fewer
    /// beats: then the end of a step is read.
    pub(super) const fn unread_flags(&self) -> usize {
        let (s, hidden) = (self.s, self.spec.hidden_size);
        let of_last = hidden - (s.groups - 1) * s.units;
        let regular = of_last.div_ceil(s.out_elements) == s.units / s.out_elements;
        if self.spec.pass.is_forward_half() && regular {
            3
        } else {
            0
        }
    }

    /// Takes off what brings the unread flags to the queue: lines as long as array and lanes, registers behind it.
    fn take_unread_flags(&self, terms: &mut Terms) {
        if self.unread_flags() == 0 {
            return;
        }
        if self.family.facts().shift_registers {
            terms.shift -= 1;
            terms.ff[5] -= 7.0;
        } else {
            let timing = self.s.timing.depth();
            terms.ff[5] -= (2 * timing + self.s.mac_latency + 5) as f64;
        }
    }

    /// Blocks of RAM, or LUTs where there are few beats.
    fn sequence_memory(&self, terms: &mut Terms, shape: MemoryShape) {
        terms.memory_bits += shape.bits();
        let mapped = if shape.in_block_ram() {
            Some(memory::in_blocks(self.family, shape))
        } else {
            self.small(shape)
        };
        let Some(mapped) = mapped else {
            terms.ff[4] += (shape.width * (shape.depth + 1)) as f64;
            terms.lut[5] += (shape.width * shape.depth * 2 / 3 + shape.depth) as f64;
            return;
        };
        terms.take(mapped);
        let emulated = usize::from(mapped.blocks > 0 && self.family.lut4());
        let in_luts = usize::from(mapped.blocks == 0);
        // Where a block does not read first by itself, what is written and what was read are kept beside it, and
        // whether both addresses were the same.
        let address = bits_for(shape.depth.max(2) - 1);
        terms.ff[4] += (in_luts * shape.width + emulated * (2 * shape.width + address + 2)) as f64;
        terms.lut[5] += (emulated * (shape.width + address)) as f64;
        terms.lut[5] += self.muxes(mapped, shape.width) as f64;
    }
}
