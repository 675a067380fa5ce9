//! Vectors, states, queues, weights, biases and tables: where they go and what stands around them.

use super::memory::{self, Mapped};
use super::part::LayerPricing;
use super::terms::Terms;
use crate::device::Family;
use crate::hardware::{LayerDesign, MemoryShape, bits_for, log2_up};

/// Bits of a row from which on a table in LUTs counts as wide.
const WIDE: usize = 1024;

impl LayerPricing<'_> {
    /// Vector buffer, cell state and output queue.
    pub(super) fn small_memories(&self, terms: &mut Terms) {
        let (s, layer) = (self.s, self.layer);
        for (shape, registered, unread) in [
            (layer.vector_memory(), true, 0),
            (layer.state_memory(), true, 0),
            (layer.queue_memory(), false, self.unread_flags()),
        ] {
            let count = shape.copies;
            terms.memory_bits += shape.bits();
            // The register behind a read; of the queue it is counted with the control.
            let output = usize::from(registered) * shape.width;
            let read = MemoryShape {
                width: shape.width - unread,
                ..shape
            };
            let Some(mapped) = self.small(shape) else {
                terms.ff[4] += (count * (read.width * shape.depth + output)) as f64;
                terms.lut[5] += (count * (read.width * shape.depth * 2 / 3 + shape.depth)) as f64;
                continue;
            };
            // A cell of the highest bits falls away where nobody reads it.
            let mapped = if mapped.blocks == 0 {
                memory::in_lut_ram(self.family, read)
            } else {
                mapped
            };
            for _ in 0..count {
                terms.take(mapped);
            }
            let emulated = mapped.blocks > 0;
            let address = bits_for(shape.depth - 1);
            terms.ff[4] +=
                (count * (output + usize::from(emulated) * (shape.width + address))) as f64;
            terms.lut[5] += (count * self.muxes(mapped, shape.width)) as f64;
            terms.lut[5] += (count * usize::from(emulated) * (shape.width + address)) as f64;
        }
        // Writing: x or h, and who may.
        terms.lut[5] += (s.columns * (self.act() + 1)) as f64;
        if s.h_subblocks > 1 {
            let rest = (s.h_subblocks - 1) * s.columns * self.act();
            terms.ff[5] += (rest + s.h_subblocks - 1) as f64;
            terms.lut[5] += (rest + s.columns) as f64;
        }
    }

    /// A memory of few rows that is written: LUT RAM where the family has it, else blocks; `None` for registers.
    pub(super) fn small(&self, shape: MemoryShape) -> Option<Mapped> {
        if self.family.facts().lut_ram.is_empty() {
            memory::in_blocks_or_registers(self.family, shape)
        } else {
            Some(memory::in_lut_ram(self.family, shape))
        }
    }

    /// LUTs that choose among the words of a memory in several pieces.
    pub(super) fn muxes(&self, mapped: Mapped, width: usize) -> usize {
        let muxes = mapped.mux_words * width;
        muxes * if self.family.lut4() { 4 } else { 2 } / 5 + 2 * mapped.mux_words
    }

    /// Weights, biases and activation tables.
    pub(super) fn roms(&self, terms: &mut Terms) {
        let (w, s) = (self.w, self.s);
        // Yosys drops columns of a memory that are constant: of weights those without an element in
        // any block, of biases the lowest bits where z is finer than every product; where contents
        // are known, whatever does not vary.
        let layer = self.layer;
        let mut weights = used_weights(layer);
        let mut biases = layer.bias_memory();
        terms.memory_bits += layer.weight_memory().bits() + biases.bits();
        let of_rows = self.spec.multiplier_bits();
        biases.width = s.units * (w.acc - self.bias_zeros().min(w.acc) + of_rows);
        if let Some(roms) = self.roms {
            weights.width = kept(weights, roms.weights);
            biases.width = kept(biases, roms.biases);
        }
        for (shape, of_weights) in [(weights, true), (biases, false)] {
            if shape.in_block_ram() {
                let mapped = memory::in_blocks(self.family, shape);
                terms.take(mapped);
                terms.ff[4] += shape.width as f64;
                // Blocks that lie one behind another are selected word by word.
                let mux = if self.family.lut4() { 0.88 } else { 0.35 };
                terms.lut[6] += (mapped.mux_words * shape.width) as f64 * mux;
                if mapped.mux_words > 0 {
                    terms.ff[4] += log2_up(mapped.mux_words + 1) as f64;
                }
            } else {
                let distinct = distinct_columns(shape);
                // One register before the table, one behind it.
                terms.ff[4] += bits_for(shape.depth - 1) as f64 + distinct;
                terms.lut[6] += if of_weights && self.family.lut4() {
                    distinct * self.sparse_table_luts()
                } else {
                    distinct * self.table_luts(shape.depth)
                };
            }
        }
        if self.spec.is_recurrent() {
            self.tables(terms);
        }
    }

    /// Sigmoid and tanh, as many as the lanes read.
    fn tables(&self, terms: &mut Terms) {
        let (s, layer) = (self.s, self.layer);
        let table = layer.table_memory();
        let entries = table.depth;
        terms.memory_bits += table.bits();
        if layer.tables_in_block_ram() {
            let one = |depth| MemoryShape {
                depth,
                reads: 1,
                ..table
            };
            let memories = match self.roms {
                Some(roms) if roms.two_tables => vec![one(entries), one(entries / 2)],
                _ => vec![table],
            };
            for shape in memories.iter().cycle().take(memories.len() * s.units) {
                terms.take(memory::in_blocks(self.family, *shape));
            }
        } else {
            let bits = (s.units * self.gate()) as f64;
            terms.ff[4] += 2.0 * bits;
            // One LUT6 holds 64 entries of anything. LUT4s are spared by bits that hardly toggle:
            // all but those finer than an eighth of what a step of z can change.
            let toggling = (self.gate() + 2)
                .saturating_sub(self.z())
                .clamp(2, self.gate());
            let bits = if self.family.lut4() {
                (s.units * toggling) as f64
            } else {
                bits
            };
            terms.lut[6] += bits * (self.table_luts(entries) + self.table_luts(entries / 2));
        }
    }

    /// Lowest bits of every bias that are zero, because z is finer than all products.
    fn bias_zeros(&self) -> usize {
        let finest = self.spec.products().map(|(x, h)| x.max(h)).max();
        finest.map_or(0, |frac| (self.w.acc_frac - frac) as usize)
    }

    /// LUTs of one bit of a shallow weight memory, columns on the average.
    ///
    /// Measured with Yosys on ECP5: a narrow memory takes whole tables, idle rows or not; a wide one, of
    /// 2,304 bits and more, shares what tells idle rows apart. Then the rows of idle blocks, and those of x
    /// where a column has none, hold zeros and take hardly anything.
    fn sparse_table_luts(&self) -> f64 {
        let (s, memory) = (self.s, self.layer.weight_memory());
        if self.family.facts().lut_mux && memory.width < WIDE {
            return self.table_luts(memory.depth);
        }
        let (x, h) = s.columns_of_x_and_h();
        let [x_rows, h_rows] = [s.groups * s.x_blocks, s.groups * s.h_blocks];
        let both = self.packed_luts(x_rows + h_rows);
        let alone = self.packed_luts(if x > h { x_rows } else { h_rows });
        (x.min(h) as f64 * both + x.abs_diff(h) as f64 * alone) / x.max(h) as f64
    }

    /// LUTs of one bit of a table with random contents.
    pub(super) fn table_luts(&self, depth: usize) -> f64 {
        if self.family.facts().lut_mux {
            // Whole LUTs, joined by multiplexers.
            (depth.next_power_of_two() as f64 / self.lut_rows()).max(1.0)
        } else {
            self.packed_luts(depth)
        }
    }

    /// The same where LUTs of several bits share what they decode.
    fn packed_luts(&self, depth: usize) -> f64 {
        let luts = depth as f64 / self.lut_rows();
        if luts > 1.0 { luts * 1.2 } else { 1.0 }
    }

    /// Rows of a table of one LUT.
    fn lut_rows(&self) -> f64 {
        f64::from(1 << self.family.facts().lut_inputs)
    }
}

/// Width of a memory of which `varying` columns vary. In one that becomes LUTs, columns are told
/// apart otherwise.
fn kept(shape: MemoryShape, varying: usize) -> usize {
    if shape.in_block_ram() {
        varying
    } else {
        shape.width
    }
}

/// The columns of the weight memory that hold an element in some block.
fn used_weights(layer: &LayerDesign) -> MemoryShape {
    let (folding, memory) = (layer.folding(), layer.weight_memory());
    MemoryShape {
        width: memory.width / folding.columns * folding.used_columns(),
        ..memory
    }
}

/// Block RAM of the weight memory; nothing when it is too shallow for that.
pub(super) fn weight_blocks(family: Family, layer: &LayerDesign) -> Mapped {
    let shape = used_weights(layer);
    if !shape.in_block_ram() {
        return Mapped::default();
    }
    memory::in_blocks(family, shape)
}

/// Columns of a shallow table that differ: equal ones share their LUTs and registers.
fn distinct_columns(shape: MemoryShape) -> f64 {
    let width = shape.width as f64;
    if shape.depth >= 30 {
        return width;
    }
    let kinds = (1u64 << shape.depth) as f64;
    kinds * (1.0 - (-width / kinds).exp())
}
