//! Counts of a layer's parts, before any fit.
//!
//! Every term is a count that follows from the Verilog: bits of adders, of multiplexers, of
//! registers. `FamilyFactors` weighs the terms; a weight of 1 means that the count is what the
//! synthesiser makes of that part.

use super::memory::Mapped;

/// Names of the terms of LUTs, in the order of [`Terms::lut`].
pub const LUT_TERMS: [&str; 9] = [
    "array chains",
    "array trees",
    "accumulators",
    "lanes",
    "multipliers in LUTs",
    "small memories",
    "tables in LUTs",
    "control",
    "layers",
];

/// Names of the terms of flip-flops, in the order of [`Terms::ff`].
pub const FF_TERMS: [&str; 6] = [
    "array",
    "accumulators",
    "lanes",
    "multipliers",
    "memories",
    "control",
];

/// Names of the terms of carry cells, in the order of [`Terms::carry`].
pub const CARRY_TERMS: [&str; 4] = ["array", "accumulators", "lane", "control"];

/// Counts of one layer or of a whole core.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Terms {
    /// LUTs of logic.
    pub lut: [f64; LUT_TERMS.len()],
    /// Flip-flops.
    pub ff: [f64; FF_TERMS.len()],
    /// Carry cells.
    pub carry: [f64; CARRY_TERMS.len()],
    /// LUTs that serve as shift registers.
    pub shift: usize,
    /// LUT sites that serve as memory.
    pub lut_memory: usize,
    /// Smallest blocks of block RAM.
    pub blocks: usize,
    /// Double blocks among them.
    pub double_blocks: usize,
    /// DSP blocks.
    pub dsp: usize,
    /// Bits of weights, biases, tables, states, vectors and queues.
    pub memory_bits: usize,
}

impl Terms {
    /// Adds the counts of another part.
    pub fn add(&mut self, other: &Self) {
        fn sum<const N: usize>(into: &mut [f64; N], from: &[f64; N]) {
            for (a, b) in into.iter_mut().zip(from) {
                *a += b;
            }
        }
        sum(&mut self.lut, &other.lut);
        sum(&mut self.ff, &other.ff);
        sum(&mut self.carry, &other.carry);
        self.shift += other.shift;
        self.lut_memory += other.lut_memory;
        self.blocks += other.blocks;
        self.double_blocks += other.double_blocks;
        self.dsp += other.dsp;
        self.memory_bits += other.memory_bits;
    }

    pub(super) fn take(&mut self, mapped: Mapped) {
        self.blocks += mapped.blocks;
        self.double_blocks += mapped.double_blocks;
        self.lut_memory += mapped.lut_memory;
    }
}

/// Names of the terms of the period, in the order of [`Delays`].
pub const DELAYS: [&str; 4] = [
    "fixed",
    "bits of a gate value, where the multiplier is of LUTs",
    "multiplexer behind the weights: levels times binary logarithm of its blocks",
    "LUTs of logic, binary logarithm",
];

/// Counts that lengthen the period.
pub type Delays = [f64; DELAYS.len()];
