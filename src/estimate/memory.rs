//! What a memory becomes: block RAM, LUT RAM, a table in LUTs, or flip-flops.
//!
//! Block and LUT RAM follow the cost rule by which Yosys chooses a geometry: for every kind of cell
//! and every width it has, (cells times cost of a cell) + half of the multiplexers it takes, the
//! least of it wins, the first among equals.

use crate::spec::Target;

/// A memory as the Verilog declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Bits of a word.
    pub width: usize,
    /// Words.
    pub depth: usize,
    /// Read ports.
    pub reads: usize,
    /// Whether it is written.
    pub written: bool,
}

/// What a memory was mapped to.
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

/// A kind of cell in one of its modes.
struct Cell {
    /// Address bits at the narrowest width.
    address: usize,
    /// Widths, each with one address bit less than the one before.
    widths: &'static [usize],
    /// Cost of a cell, and how much of it is shared out by the width in use.
    cost: (f64, f64),
    /// Read ports a cell serves beside the write port, or in all when nothing is written.
    reads: usize,
    /// Bits that share a write enable.
    byte: usize,
    /// Smallest blocks (or LUT sites) of a cell.
    sites: usize,
    /// Whether every bit of the width in use is a cell of its own.
    per_bit: bool,
}

const fn block(
    address: usize,
    widths: &'static [usize],
    cost: f64,
    reads: usize,
    sites: usize,
) -> Cell {
    Cell {
        address,
        widths,
        cost: (cost, 0.0),
        reads,
        byte: 9,
        sites,
        per_bit: false,
    }
}

const fn lut_ram(address: usize, width: &'static [usize], cost: (f64, f64), sites: usize) -> Cell {
    Cell {
        address,
        widths: width,
        cost,
        reads: 1,
        byte: 0,
        sites,
        per_bit: false,
    }
}

const XILINX_BLOCKS: [Cell; 4] = [
    block(14, &[1, 2, 4, 9, 18], 129.0, 2, 1),
    block(15, &[1, 2, 4, 9, 18, 36], 257.0, 2, 2),
    block(14, &[1, 2, 4, 9, 18, 36], 129.0, 1, 1),
    block(15, &[1, 2, 4, 9, 18, 36, 72], 257.0, 1, 2),
];
const ECP5_BLOCKS: [Cell; 2] = [
    block(14, &[1, 2, 4, 9, 18], 128.0, 2, 1),
    block(14, &[1, 2, 4, 9, 18, 36], 128.0, 1, 1),
];
const ICE40_BLOCKS: [Cell; 1] = [Cell {
    byte: 1,
    ..block(11, &[2, 4, 8, 16], 64.0, 1, 1)
}];

const XC7_LUT_RAM: [Cell; 5] = [
    Cell {
        per_bit: true,
        ..lut_ram(5, &[4], (8.0, 8.0), 2)
    },
    Cell {
        per_bit: true,
        ..lut_ram(6, &[2], (8.0, 8.0), 2)
    },
    Cell {
        per_bit: true,
        ..lut_ram(7, &[1], (8.0, 8.0), 4)
    },
    lut_ram(5, &[6], (8.0, 7.0), 4),
    lut_ram(6, &[3], (8.0, 7.0), 4),
];
const XCUP_LUT_RAM: [Cell; 6] = [
    Cell {
        per_bit: true,
        ..lut_ram(5, &[8], (16.0, 16.0), 2)
    },
    Cell {
        per_bit: true,
        ..lut_ram(6, &[4], (16.0, 16.0), 2)
    },
    Cell {
        per_bit: true,
        ..lut_ram(7, &[2], (16.0, 16.0), 4)
    },
    Cell {
        per_bit: true,
        ..lut_ram(8, &[1], (16.0, 16.0), 8)
    },
    lut_ram(5, &[14], (16.0, 16.0), 8),
    lut_ram(6, &[7], (16.0, 16.0), 8),
];
const ECP5_LUT_RAM: [Cell; 1] = [lut_ram(4, &[4], (4.0, 0.0), 6)];

/// The cheapest geometry among `cells`: its cost and what it takes.
fn cheapest(cells: &[Cell], shape: Shape, in_luts: bool) -> Option<(f64, Mapped)> {
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
pub fn in_blocks(target: Target, shape: Shape) -> Mapped {
    let cells: &[Cell] = match target {
        Target::Xc7 | Target::Xcup | Target::Generic => &XILINX_BLOCKS,
        Target::Ecp5 => &ECP5_BLOCKS,
        Target::Ice40 => &ICE40_BLOCKS,
    };
    cheapest(cells, shape, false).map_or_else(Mapped::default, |(_, mapped)| mapped)
}

/// A small written memory with one read port, in LUT RAM.
#[must_use]
pub fn in_lut_ram(target: Target, shape: Shape) -> Mapped {
    let cells: &[Cell] = match target {
        Target::Xcup => &XCUP_LUT_RAM,
        Target::Ecp5 => &ECP5_LUT_RAM,
        _ => &XC7_LUT_RAM,
    };
    cheapest(cells, shape, true).map_or_else(Mapped::default, |(_, mapped)| mapped)
}

/// Cost that Yosys adds when it has to emulate reading the old word while a new one is written.
const EMULATED_READ_FIRST: f64 = 14.0;

/// A small written memory on a family without LUT RAM: block RAM where it is cheaper than one
/// flip-flop a bit, else `None`.
#[must_use]
pub fn in_blocks_or_registers(target: Target, shape: Shape) -> Option<Mapped> {
    let (cost, mapped) = match target {
        Target::Ice40 => cheapest(&ICE40_BLOCKS, shape, false)?,
        _ => cheapest(&XILINX_BLOCKS, shape, false)?,
    };
    (cost + EMULATED_READ_FIRST < (shape.width * shape.depth) as f64).then_some(mapped)
}
