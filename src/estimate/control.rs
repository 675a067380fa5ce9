//! The control of a layer.

use super::part::LayerPricing;
use super::terms::Terms;
use crate::hardware::{Event, bits_for};

/// LUTs of a layer's control that do not depend on any size.
const FIXED: f64 = 53.0;

impl LayerPricing<'_> {
    /// Sequencer, loader, writer, output, policy, lines of flags.
    pub(super) fn control(&self, terms: &mut Terms) {
        let s = self.s;
        let block = bits_for(s.blocks - 1);
        let bank = s.bank_bits();
        // A counter that never moves is not a counter.
        let counter = |count: usize| if count == 1 { 0 } else { bits_for(count - 1) };
        let group = counter(s.groups);
        let address = bits_for(s.weight_rows() - 1);
        let beat = counter(s.in_beats());
        let credit = bits_for(s.contexts * s.h_blocks);
        let queue = s.queue_log2;
        let phases = s.timing.depth();
        let slots = if s.x_slots > 1 { s.x_slots } else { 0 }
            + if s.h_subblocks == 1 && s.h_slots > 1 {
                s.h_slots
            } else {
                0
            };
        let start = usize::from(s.start_register) * (address + block + bank + 6);
        let delayed = (s.chain - 1) * (block + bank);
        let lines = if self.family.facts().shift_registers {
            // Lines without a reset become shift registers; those of a dense layer end behind the array.
            terms.shift += if self.spec.is_recurrent() { 6 } else { 3 };
            3 * s.mac_latency + phases + 10
        } else {
            6 * s.mac_latency + 4 * phases
        };
        let counters = 2 * address + 2 * block + 4 * group + beat + credit + 4 * queue + 26;
        let out = s.units * self.h() + 8;
        terms.ff[5] += (counters + slots + start + delayed + lines + out) as f64;
        let sequencer = 3 * address + 3 * block + 2 * group + credit + queue;
        let loader = slots + beat + 2 * block + group;
        let output = s.units * self.h() + 3 * queue;
        let others = 2 * group + beat / 2;
        let dense = if self.family.lut4() { 1.5 } else { 1.0 };
        terms.lut[7] += dense * (sequencer + loader + output + others) as f64;
        terms.lut[8] += dense * FIXED;
        self.contexts(terms);
        terms.carry[3] += 2.0 * self.carry(address)
            + self.carry(block) * 3.0
            + 4.0 * self.carry(group)
            + self.carry(beat);
    }

    /// Banks beyond two, whose turn it is, and the line that takes it to the state; nothing of one context.
    fn contexts(&self, terms: &mut Terms) {
        let s = self.s;
        if s.contexts == 1 {
            return;
        }
        // Banks of what is loaded, started and written; the turn; a flag each.
        let counters = 3 * (s.bank_bits() - 1) + s.context_bits() + s.contexts;
        terms.ff[5] += counters as f64;
        let dense = if self.family.lut4() { 1.5 } else { 1.0 };
        terms.lut[7] += dense * counters as f64;
        if self.family.facts().shift_registers {
            // From the start to the reading of the state, and from there to its writing.
            terms.shift += 2 * s.context_bits();
        } else {
            let stored = s.timing.phase(Event::Store(0)).unwrap_or(s.timing.depth());
            let line = usize::from(s.start_register) + s.mac_latency + stored + 1;
            terms.ff[5] += (line * s.context_bits()) as f64;
        }
    }
}
