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
                terms.lut[7] += (5 * row + 2 * beat(beats) + 14) as f64;
                terms.carry[3] += 5.0 * self.carry(row);
            }
        }
        let waiting = layer.waiting_memory();
        if waiting.copies > 0 {
            self.sequence_memory(terms, waiting);
            let row = bits_for(waiting.depth.max(2) - 1);
            terms.ff[5] += (3 * row + 2) as f64;
            terms.lut[7] += (3 * row + 8) as f64;
            terms.carry[3] += 3.0 * self.carry(row);
        }
        if self.spec.pass.is_backward_half() {
            let beats = self.s.out_beats();
            terms.ff[5] += (beat(beats) + 1) as f64;
            terms.lut[7] += (self.s.out_elements * self.h() + beat(beats) + 4) as f64;
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
        let emulated = mapped.blocks > 0 && self.family.lut4();
        let in_luts = mapped.blocks == 0;
        let held = usize::from(in_luts || emulated) * shape.width;
        // Without a block's own order of reading and writing, what is written is kept beside it.
        let address = bits_for(shape.depth.max(2) - 1);
        terms.ff[4] += (held + usize::from(emulated) * (address + 1)) as f64;
        terms.lut[5] += (usize::from(emulated) * (shape.width + address)) as f64;
        terms.lut[5] += self.muxes(mapped, shape.width) as f64;
    }
}
