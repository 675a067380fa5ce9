//! The mapping of a memory: block RAM, LUT RAM, a table in LUTs, or flip-flops.
//!
//! Block and LUT RAM follow the cost rule by which Yosys chooses a geometry: for every kind of cell
//! and every width it has, (cells times cost of a cell) + half of the multiplexers it takes, the
//! least of it wins, the first among equals.

use crate::device::{Family, RamCell};
use crate::hardware::MemoryShape;

/// Cells of a memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Blocks of the family's smallest size.
    pub blocks: usize,
    /// Blocks of twice that size, counted twice in `blocks`.
    pub double_blocks: usize,
    /// LUT sites that serve as memory.
    pub lut_memory: usize,
    /// Words of the memory that are selected by logic behind the cells, less one.
    pub mux_words: usize,
}

/// The cheapest geometry among `cells`: its cost and what it takes.
fn cheapest(cells: &[RamCell], shape: MemoryShape, in_luts: bool) -> Option<(f64, Mapped)> {
    let mut best: Option<(f64, Mapped)> = None;
    for cell in cells {
        // A port is for reading or for writing.
        let reads = if shape.written && cell.reads == 2 {
            1
        } else {
            cell.reads
        };
        let copies = shape.reads.div_ceil(reads);
        let mut best_of_cell: Option<(f64, Mapped)> = None;
        for (narrower, &unit) in cell.widths.iter().enumerate() {
            let byte = match (shape.written, cell.byte) {
                (false, _) => 1,
                (true, 0) => unit,
                (true, byte) => byte.min(unit),
            };
            let slices = shape.depth.div_ceil(1 << (cell.address - narrower));
            let bits = slices * shape.width.next_multiple_of(byte);
            let cells_wide = bits.div_ceil(unit);
            let mux = (slices - 1) * shape.width * shape.reads;
            let demux = if shape.written && slices > 1 {
                slices
            } else {
                0
            };
            let (cost, scale) = cell.cost;
            let total = (cost - scale) * (cells_wide * copies) as f64
                + scale * (slices * shape.width * copies) as f64 / unit as f64
                + 0.5 * (mux + demux) as f64;
            if best_of_cell.is_none_or(|(least, _)| total < least) {
                let count = if cell.per_bit {
                    slices * shape.width
                } else {
                    cells_wide
                } * copies;
                let sites = count * cell.sites;
                let mapped = Mapped {
                    blocks: if in_luts { 0 } else { sites },
                    double_blocks: if !in_luts && cell.sites == 2 {
                        count
                    } else {
                        0
                    },
                    lut_memory: if in_luts { sites } else { 0 },
                    mux_words: slices - 1,
                };
                best_of_cell = Some((total, mapped));
            }
        }
        if let Some((total, mapped)) = best_of_cell
            && best.is_none_or(|(least, _)| total < least)
        {
            best = Some((total, mapped));
        }
    }
    best
}

/// A memory that the Verilog wants in block RAM.
#[must_use]
pub fn in_blocks(target: Family, shape: MemoryShape) -> Mapped {
    cheapest(target.facts().block_ram, shape, false)
        .map_or_else(Mapped::default, |(_, mapped)| mapped)
}

/// A small written memory with one read port, in LUT RAM.
#[must_use]
pub fn in_lut_ram(target: Family, shape: MemoryShape) -> Mapped {
    cheapest(target.facts().lut_ram, shape, true).map_or_else(Mapped::default, |(_, mapped)| mapped)
}

/// Cost that Yosys adds when it has to emulate reading the old word while a new one is written.
const EMULATED_READ_FIRST: f64 = 14.0;

/// A small written memory on a family without LUT RAM: block RAM where it is cheaper than one
/// flip-flop a bit, else `None`.
#[must_use]
pub fn in_blocks_or_registers(target: Family, shape: MemoryShape) -> Option<Mapped> {
    let (cost, mapped) = cheapest(target.facts().block_ram, shape, false)?;
    (cost + EMULATED_READ_FIRST < (shape.width * shape.depth) as f64).then_some(mapped)
}
