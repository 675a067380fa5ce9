//! Columns of the table of families.

use super::clock::ClockClass;
use super::ram::RamCell;
use crate::tools::ToolKind;

/// Row of a family: its cells, the tools that map to it, and what the sources do for it.
#[derive(Debug)]
// Every column says one thing that a family has or has not.
#[allow(clippy::struct_excessive_bools)]
pub struct Facts {
    /// As options, files and reports spell it.
    pub word: &'static str,
    /// As the tables of fitted factors spell it.
    pub key: &'static str,
    /// As people write it.
    pub title: &'static str,
    /// Inputs of a LUT.
    pub lut_inputs: usize,
    /// True where LUTs are joined by multiplexers to a table of one more input.
    pub lut_mux: bool,
    /// True where a LUT and the flip-flop behind it are one cell, of which the flip-flop has no other input.
    pub ff_behind_lut: bool,
    /// True where LUTs serve as shift registers.
    pub shift_registers: bool,
    /// Carry chain.
    pub carry: Carry,
    /// Multiplier of a DSP block; `None` where there is none.
    pub multiplier: Option<Multiplier>,
    /// Weight bits from which on `--mac auto` takes DSP blocks; `None`: never.
    pub auto_dsp_bits: Option<u32>,
    /// True where a register stands between a selection and its addition, as LUT4s want it.
    pub mux_register: bool,
    /// True where memories and tables are slow enough to want registers before and behind them.
    pub slow_memory: bool,
    /// Value of `ram_style` for small memories.
    pub small_memory_style: &'static str,
    /// Cells of block RAM.
    pub block_ram: &'static [RamCell],
    /// Cells of LUT RAM; empty where there is none.
    pub lut_ram: &'static [RamCell],
    /// Bits of the smallest block, parity bits included.
    pub block_bits: u64,
    /// How reports call the smallest block.
    pub block_name: &'static str,
    /// Command of Yosys that maps to the family.
    pub yosys: &'static str,
    /// Its options for a core without pads; `None` where there are no cells to count.
    pub yosys_core: Option<&'static str>,
    /// Architecture of `FuseSoC`'s Yosys flow; `None`: Vivado.
    pub fusesoc: Option<&'static str>,
    /// Part that Vivado takes when none is named.
    pub vivado_part: &'static str,
    /// Open place and route.
    pub route: Option<&'static Route>,
    /// Class of devices whose clock is estimated without a device given.
    pub clock: Option<ClockClass>,
}

/// Carry chain of a family, as Yosys uses it.
#[derive(Debug)]
pub struct Carry {
    /// Bits of an adder in one carry cell.
    pub bits: usize,
    /// Shortest adder made of carry cells; shorter ones are LUTs.
    pub shortest: usize,
    /// LUT sites that a carry cell brings with it.
    pub luts: usize,
}

/// Multiplier of a DSP block, as Yosys knows it.
#[derive(Debug)]
// Every column says one thing that a family has or has not.
#[allow(clippy::struct_excessive_bools)]
pub struct Multiplier {
    /// Bits of the wide operand, of the narrow one, of the sum behind the product.
    pub ports: (usize, usize, usize),
    /// True where the sources may use the adder behind the product.
    pub adder: bool,
    /// True where several rows may share a block.
    pub packs: bool,
    /// True where Yosys puts the registers and the addition around a product into its block.
    pub absorbs: bool,
    /// True where blocks of one product are added up inside the blocks.
    pub cascades: bool,
    /// Bits of both operands together from which on Yosys takes a block.
    pub least_bits: usize,
}

/// Open place and route of a family.
#[derive(Debug, PartialEq, Eq)]
pub struct Route {
    /// Program.
    pub tool: ToolKind,
    /// Its option that allows ports without a place.
    pub unconstrained: &'static str,
    /// Devices with the package that is taken, the default first.
    pub devices: &'static [(&'static str, &'static str)],
    /// Speed grades, the default first; empty where a device is its own speed grade.
    pub speeds: &'static [u32],
}
