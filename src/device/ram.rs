//! Memory cells of the families, with the costs by which Yosys chooses among them.

/// Kind of memory cell in one of its modes.
#[derive(Debug)]
pub struct RamCell {
    /// Address bits at the narrowest width.
    pub address: usize,
    /// Widths, each with one address bit less than the one before.
    pub widths: &'static [usize],
    /// Cost of a cell, and how much of it is shared out by the width in use.
    pub cost: (f64, f64),
    /// Read ports a cell serves beside the write port, or in all when nothing is written.
    pub reads: usize,
    /// Bits that share a write enable.
    pub byte: usize,
    /// Smallest blocks (or LUT sites) of a cell.
    pub sites: usize,
    /// True where every bit of the width in use is a cell of its own.
    pub per_bit: bool,
}

const fn block(
    address: usize,
    widths: &'static [usize],
    cost: f64,
    reads: usize,
    sites: usize,
) -> RamCell {
    RamCell {
        address,
        widths,
        cost: (cost, 0.0),
        reads,
        byte: 9,
        sites,
        per_bit: false,
    }
}

const fn lut_ram(
    address: usize,
    width: &'static [usize],
    cost: (f64, f64),
    sites: usize,
) -> RamCell {
    RamCell {
        address,
        widths: width,
        cost,
        reads: 1,
        byte: 0,
        sites,
        per_bit: false,
    }
}

pub(super) const XILINX_BLOCKS: [RamCell; 4] = [
    block(14, &[1, 2, 4, 9, 18], 129.0, 2, 1),
    block(15, &[1, 2, 4, 9, 18, 36], 257.0, 2, 2),
    block(14, &[1, 2, 4, 9, 18, 36], 129.0, 1, 1),
    block(15, &[1, 2, 4, 9, 18, 36, 72], 257.0, 1, 2),
];
pub(super) const ECP5_BLOCKS: [RamCell; 2] = [
    block(14, &[1, 2, 4, 9, 18], 128.0, 2, 1),
    block(14, &[1, 2, 4, 9, 18, 36], 128.0, 1, 1),
];
pub(super) const ICE40_BLOCKS: [RamCell; 1] = [RamCell {
    byte: 1,
    ..block(11, &[2, 4, 8, 16], 64.0, 1, 1)
}];

pub(super) const XC7_LUT_RAM: [RamCell; 5] = [
    RamCell {
        per_bit: true,
        ..lut_ram(5, &[4], (8.0, 8.0), 2)
    },
    RamCell {
        per_bit: true,
        ..lut_ram(6, &[2], (8.0, 8.0), 2)
    },
    RamCell {
        per_bit: true,
        ..lut_ram(7, &[1], (8.0, 8.0), 4)
    },
    lut_ram(5, &[6], (8.0, 7.0), 4),
    lut_ram(6, &[3], (8.0, 7.0), 4),
];
pub(super) const XCUP_LUT_RAM: [RamCell; 6] = [
    RamCell {
        per_bit: true,
        ..lut_ram(5, &[8], (16.0, 16.0), 2)
    },
    RamCell {
        per_bit: true,
        ..lut_ram(6, &[4], (16.0, 16.0), 2)
    },
    RamCell {
        per_bit: true,
        ..lut_ram(7, &[2], (16.0, 16.0), 4)
    },
    RamCell {
        per_bit: true,
        ..lut_ram(8, &[1], (16.0, 16.0), 8)
    },
    lut_ram(5, &[14], (16.0, 16.0), 8),
    lut_ram(6, &[7], (16.0, 16.0), 8),
];
pub(super) const ECP5_LUT_RAM: [RamCell; 1] = [lut_ram(4, &[4], (4.0, 0.0), 6)];
