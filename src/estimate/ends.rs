//! Dense layers' lanes, the embedding before the first layer, the index of the largest sum.

use super::memory;
use super::part::LayerPricing;
use super::terms::Terms;
use crate::hardware::{MemoryShape, bits_for};

/// Beats in the queue behind an embedding's table.
const EMBEDDING_QUEUE: usize = 4;

impl LayerPricing<'_> {
    /// One lane for every row of a dense layer: difference, bias, requantisation.
    pub(super) fn dense_lanes(&self, terms: &mut Terms) {
        let (w, units) = (self.w, self.s.units as f64);
        let bits = (w.lowest_bits().next()).map_or(w.acc, |lowest| w.acc.saturating_sub(lowest));
        // What the accumulator was, difference, sum, output.
        terms.ff[2] += units * (2 * bits + w.acc + self.h()) as f64;
        let shift = w.z_shift as usize;
        let over = w.acc.saturating_sub(shift + self.h());
        let requantised = if over + shift == 0 {
            0
        } else {
            let inputs = if self.family.lut4() { 3 } else { 5 };
            self.h() + over / inputs + shift / inputs + 2
        };
        let adders = if self.adders_are_carries() {
            0
        } else {
            bits + w.acc
        };
        terms.lut[3] += units * (requantised + adders) as f64;
        terms.carry[2] += units * (self.carry(bits) + self.carry(w.acc));
    }

    /// Table, queue and counters of the embedding before the layer.
    pub(super) fn embedding(&self, terms: &mut Terms) {
        let Some(rows) = self.spec.vocabulary else {
            return;
        };
        let mut table = self.layer.embedding_memory();
        terms.memory_bits += table.bits();
        let address = bits_for(table.depth - 1);
        if table.in_block_ram() {
            if let Some(roms) = self.roms {
                table.width = roms.embedding;
            }
            let mapped = memory::in_blocks(self.family, table);
            terms.take(mapped);
            terms.ff[4] += table.width as f64;
            let mux = if self.family.lut4() { 0.88 } else { 0.35 };
            terms.lut[6] += (mapped.mux_words * table.width) as f64 * mux;
        } else {
            terms.ff[4] += (address + table.width) as f64;
            terms.lut[6] += table.width as f64 * self.table_luts(table.depth);
        }
        let queue = MemoryShape {
            width: table.width + 2,
            depth: EMBEDDING_QUEUE,
            written: true,
            ..table
        };
        if self.family.facts().lut_ram.is_empty() {
            terms.ff[4] += (queue.width * queue.depth) as f64;
            terms.lut[5] += (queue.width * queue.depth * 2 / 3) as f64;
        } else {
            terms.take(memory::in_lut_ram(self.family, queue));
        }
        terms.memory_bits += queue.bits();
        let beats = self.s.in_beats();
        let beat = if beats == 1 { 0 } else { bits_for(beats - 1) };
        terms.ff[5] += (address + beat + 22) as f64;
        // The first row of an index is a sum of as many shifts as the beats have bits that are 1.
        let sums = beats.count_ones() as usize - 1;
        terms.lut[7] += ((sums + 2) * address + 2 * beat + bits_for(rows) + 12) as f64;
        terms.carry[3] += (sums + 1) as f64 * self.carry(address) + self.carry(bits_for(rows));
    }

    /// Comparison and registers of what finds the largest sum.
    pub(super) fn argmax(&self, terms: &mut Terms) {
        if !self.spec.gives_index() {
            return;
        }
        let (elements, width) = (self.s.out_elements, self.h());
        let index = bits_for(self.spec.hidden_size.max(2) - 1);
        let beats = self.s.out_beats();
        let beat = if beats == 1 { 0 } else { bits_for(beats - 1) };
        terms.ff[5] += (width + 3 * index + beat + 4) as f64;
        let compared = elements * (3 * width / 2 + index);
        terms.lut[7] += (compared + 2 * index + 2 * beat + 4) as f64;
        terms.carry[3] += elements as f64 * self.carry(width / 2);
    }
}
