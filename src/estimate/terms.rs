//! What a layer is made of, part by part, before any fit.
//!
//! Every term is a count that follows from the Verilog: bits of adders, of multiplexers, of
//! registers. `FamilyFactors` weighs the terms; a weight of 1 means that the count is what the
//! synthesiser makes of that part.

use super::memory::Mapped;
use crate::device::Family;
use crate::hardware::{Folding, LayerDesign, LayerSpec, RomColumns, Widths, bits_for};

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

/// A layer being taken apart.
pub(super) struct Part<'a> {
    pub(super) family: Family,
    pub(super) layer: &'a LayerDesign,
    pub(super) spec: &'a LayerSpec,
    pub(super) w: &'a Widths,
    pub(super) s: &'a Folding,
    /// What the memories hold, where weights are known.
    pub(super) roms: Option<RomColumns>,
}

/// Takes a layer apart.
#[must_use]
pub fn of_layer(family: Family, layer: &LayerDesign, roms: Option<RomColumns>) -> Terms {
    let part = Part {
        family,
        layer,
        spec: layer.spec(),
        w: layer.widths(),
        s: layer.folding(),
        roms,
    };
    let mut terms = Terms::default();
    part.array(&mut terms);
    part.accumulators(&mut terms);
    part.lanes(&mut terms);
    part.small_memories(&mut terms);
    part.roms(&mut terms);
    part.control(&mut terms);
    terms
}

/// LUTs of a layer's control that do not depend on any size.
const FIXED: f64 = 53.0;

impl Part<'_> {
    /// Bits of a weight.
    pub(super) fn weight(&self) -> usize {
        self.spec.w_bits as usize
    }

    /// Bits of an operand of the array.
    pub(super) fn act(&self) -> usize {
        self.spec.act_bits() as usize
    }

    /// Bits of a pre-activation.
    pub(super) fn z(&self) -> usize {
        self.spec.z.bits as usize
    }

    /// Bits of a gate value.
    pub(super) fn gate(&self) -> usize {
        self.spec.gate_width()
    }

    /// Bits of the cell state.
    fn c(&self) -> usize {
        self.spec.c.bits as usize
    }

    /// Bits of h.
    fn h(&self) -> usize {
        self.spec.h.bits as usize
    }

    /// Carry cells of an adder of `bits` bits; Yosys makes short ones of LUTs.
    pub(super) fn carry(&self, bits: usize) -> f64 {
        let carry = &self.family.facts().carry;
        if bits < carry.shortest {
            return 0.0;
        }
        bits.div_ceil(carry.bits) as f64
    }

    /// LUTs of an adder on ECP5, where carry cells bring their own.
    pub(super) fn short_adder(&self, bits: usize) -> usize {
        if self.adders_are_carries() && bits < self.family.facts().carry.shortest {
            2 * bits
        } else {
            0
        }
    }

    /// ECP5's carry cell brings the LUTs of an adder with it.
    pub(super) fn adders_are_carries(&self) -> bool {
        self.family.facts().carry.luts > 0
    }

    fn accumulators(&self, terms: &mut Terms) {
        let units = self.s.units as f64;
        for lowest in self.w.lowest_bits() {
            let bits = self.w.acc.saturating_sub(lowest);
            terms.ff[1] += units * bits as f64;
            // The inverted operand, selected or not, is a LUT of its own beside a LUT4 carry.
            terms.lut[2] += units
                * match (self.adders_are_carries(), self.family.lut4()) {
                    (true, _) => bits,
                    (false, true) => 2 * bits,
                    (false, false) => bits + 1,
                } as f64;
            terms.carry[1] += units * self.carry(bits);
        }
    }

    fn lanes(&self, terms: &mut Terms) {
        let (w, s) = (self.w, self.s);
        let units = s.units as f64;
        let bits_of = |lowest: usize| w.acc.saturating_sub(lowest);
        let bits = w.lowest_bits().map(bits_of).max().unwrap_or(0);
        // The first sum is taken as it ends; the others wait for their turn.
        let first = self.spec.cell.turns().next();
        let waits: usize = (w.lowest_bits().enumerate())
            .filter(|&(sum, _)| Some(sum) != first)
            .map(|(_, lowest)| bits_of(lowest))
            .sum();
        let timing = s.timing;
        let delays = (timing.gate_registers() + timing.state_registers()) * self.gate();
        let lane_ff = waits
            + 5 * bits
            + w.acc
            + self.z()
            + delays
            + 2 * self.gate()
            + self.c()
            + self.z()
            + self.h()
            + 2;
        terms.ff[2] += units * lane_ff as f64;
        let (blocks, soft) = self.multiplier();
        // Operands, product and sum of products: Yosys puts all of them into a DSP48E1 or an
        // SB_MAC16. Where one SB_MAC16 is too narrow, only the sum stays outside.
        let block = self.family.facts().multiplier.as_ref();
        let absorbs = block.is_some_and(|block| block.absorbs);
        let cascades = block.is_some_and(|block| block.cascades);
        let inside = absorbs && (cascades || blocks == 1);
        let multiplier_ff = match (absorbs, blocks) {
            (true, 1) => 0,
            (true, 2..) if !cascades => w.products,
            _ => 2 * (self.gate() + w.operand) + w.products,
        };
        terms.ff[3] += units * multiplier_ff as f64;
        terms.dsp += s.units * blocks;
        terms.lut[4] += units * soft as f64;

        let adders = if self.adders_are_carries() {
            0
        } else {
            bits + w.acc
        };
        let mux = |inputs4: usize| inputs4 * if self.family.lut4() { 2 } else { 1 };
        let requant = |out: usize, over: usize, dropped: usize| {
            let inputs = if self.family.lut4() { 3 } else { 5 };
            out + over / inputs + dropped / inputs + 2
        };
        let over_z = w.acc.saturating_sub(w.z_shift as usize + self.z());
        let over_h = (w.products as i32 - w.h_shift - self.h() as i32).max(0) as usize;
        let over_c = (self.c() as i32 - w.zc_shift - self.z() as i32).max(0) as usize;
        let round = if w.zc_shift > 0 { self.z() } else { 0 };
        let sum = if inside || self.adders_are_carries() {
            0
        } else {
            w.products
        };
        // No inverted operand beside a LUT4's carry.
        let inverters = if self.family.lut4() && !self.adders_are_carries() {
            bits + w.acc / 2
        } else {
            0
        };
        let lut = inverters
            + mux(bits)
            + adders
            + requant(self.z(), over_z, w.z_shift as usize)
            + sum
            + w.products
            + mux(w.operand)
            + self.gate()
            + 10
            + requant(self.c(), 3, self.gate())
            + requant(self.h(), over_h, w.h_shift.max(0) as usize)
            + requant(self.z(), over_c, w.zc_shift.max(0) as usize)
            + if self.family.lut4() { round } else { 0 };
        terms.lut[3] += units * lut as f64;
        terms.carry[2] += units * (self.carry(bits) + self.carry(w.acc));
        terms.carry[2] += units
            * (if inside { 0.0 } else { self.carry(w.products) }
                + if round > 0 { self.carry(round) } else { 0.0 });
    }

    /// DSP blocks of a lane's multiplier, or its size in LUTs.
    fn multiplier(&self) -> (usize, usize) {
        let (a, b) = (
            self.gate().min(self.w.operand),
            self.gate().max(self.w.operand),
        );
        let block = self.family.facts().multiplier.as_ref();
        let Some(block) = block.filter(|block| a + b >= block.least_bits) else {
            return (0, 2 * a * b);
        };
        let (wide, narrow, _) = block.ports;
        let slices = |bits: usize, most: usize| 1 + bits.saturating_sub(most).div_ceil(most - 1);
        (slices(b, wide) * slices(a, narrow), 0)
    }

    /// Sequencer, loader, writer, output, policy, lines of flags.
    fn control(&self, terms: &mut Terms) {
        let s = self.s;
        let block = bits_for(s.blocks - 1);
        // A counter that never moves is no counter.
        let counter = |count: usize| if count == 1 { 0 } else { bits_for(count - 1) };
        let group = counter(s.groups);
        let address = bits_for(s.weight_rows() - 1);
        let beat = counter(s.in_beats());
        let credit = bits_for(s.h_blocks);
        let queue = s.queue_log2;
        let phases = s.timing.depth();
        let slots = if s.x_slots > 1 { s.x_slots } else { 0 }
            + if s.h_subblocks == 1 && s.h_slots > 1 {
                s.h_slots
            } else {
                0
            };
        let start = usize::from(s.start_register) * (address + block + 7);
        let delayed = (s.chain - 1) * (block + 1);
        let lines = if self.family.facts().shift_registers {
            // Lines without a reset become shift registers.
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
        terms.carry[3] += 2.0 * self.carry(address)
            + self.carry(block) * 3.0
            + 4.0 * self.carry(group)
            + self.carry(beat);
    }
}
