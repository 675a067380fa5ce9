//! Accumulators, and the element-wise lanes behind them.

use super::part::LayerPricing;
use super::terms::Terms;
use crate::hardware::MacArray;

impl LayerPricing<'_> {
    /// One accumulator for every row.
    pub(super) fn accumulators(&self, terms: &mut Terms) {
        let units = self.s.units as f64;
        let shifts = self.w.shift_x.iter().zip(&self.w.shift_h);
        for (&x, &h) in shifts {
            let lowest = x.min(h) as usize;
            let bits = self.w.acc.saturating_sub(lowest);
            // Sums of odd weights in LUTs have no sign: above them an accumulator only carries.
            let added = match self.s.mac {
                MacArray::Lut { .. } if self.odd() => {
                    bits.min(self.w.sum - 1 + x.max(h) as usize - lowest)
                }
                _ => bits,
            };
            terms.ff[1] += units * bits as f64;
            // The inverted operand, selected or not, is a LUT of its own beside a LUT4 carry.
            terms.lut[2] += units
                * match (self.adders_are_carries(), self.family.lut4()) {
                    (true, _) => added,
                    (false, true) => bits + added,
                    (false, false) => added + 1,
                } as f64;
            terms.carry[1] += units * self.carry(bits);
        }
    }

    /// One lane for every unit.
    pub(super) fn lanes(&self, terms: &mut Terms) {
        let (w, s) = (self.w, self.s);
        let units = s.units as f64;
        let bits_of = |lowest: usize| w.acc.saturating_sub(lowest);
        let bits = w.lowest_bits().map(bits_of).max().unwrap_or(0);
        // The first sum is taken as it ends; the others wait for their turn.
        let first = self.spec.cell.turns().next();
        let waits: usize = (w.lowest_bits().enumerate())
            .filter(|&(sum, _)| Some(sum) != first.map(|(sum, _)| sum))
            .map(|(_, lowest)| bits_of(lowest))
            .sum();
        let timing = s.timing;
        let delays = (timing.gate_registers() + timing.state_registers()) * self.gate();
        let lane_ff = waits
            + 5 * bits
            + w.acc
            + self.z()
            + delays
            + 3 * self.v()
            + if self.v() > 0 { 1 } else { 2 } * self.gate()
            + self.c()
            + self.z()
            + self.h()
            + 2
            + self.row_registers();
        terms.ff[2] += units * lane_ff as f64;
        self.lane_logic(bits, self.products(terms), terms);
    }

    /// The multiplier of every lane with the registers around it; `true` where a block takes the sum of
    /// products too.
    fn products(&self, terms: &mut Terms) -> bool {
        let (w, units) = (self.w, self.s.units);
        let (blocks, soft) = self.multiplier();
        let factor = self.spec.factor_bits();
        // Operands, product and sum of products: Yosys puts all of them into a DSP48E1 or an
        // SB_MAC16. Where one SB_MAC16 is too narrow, only the sum stays outside.
        let block = self.family.facts().multiplier.as_ref();
        let absorbs = block.is_some_and(|block| block.absorbs);
        let cascades = block.is_some_and(|block| block.cascades);
        // A row's multiplier leaves the highest bits of the first operand zero: that register stays outside.
        let outside = if self.spec.cell.scales_rows() {
            factor
        } else {
            0
        };
        let multiplier_ff = match (absorbs, blocks) {
            (true, 1) => outside,
            (true, 2..) if !cascades => outside + w.products,
            _ => 2 * (factor + w.operand) + w.products,
        };
        // The products of a second block are added to those of the first by logic.
        if blocks > 1 && !cascades {
            let added = self.parted_sum();
            terms.carry[2] += units as f64 * self.carry(added);
            if !self.adders_are_carries() {
                terms.lut[3] += (units * added) as f64;
            }
        }
        terms.ff[3] += (units * multiplier_ff) as f64;
        terms.dsp += units * blocks;
        terms.lut[4] += (units * soft) as f64;
        absorbs && (cascades || blocks == 1)
    }

    /// LUTs and carry cells of every lane beside its multiplier: adders, selections and
    /// requantizations. `bits` has the widest sum; `inside` says that a block adds the products.
    fn lane_logic(&self, bits: usize, inside: bool, terms: &mut Terms) {
        let (w, units) = (self.w, self.s.units as f64);
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
        // Where rows have multipliers, what is requantised is a sum of products.
        let scaled = self.spec.cell.scales_rows();
        let taken = if scaled { w.products } else { w.acc } as i32;
        let over = |shift: i32, kept: usize| (taken - shift - kept as i32).max(0) as usize;
        let over_z = over(w.z_shift, self.z());
        let over_v = over(w.v_shift.unwrap_or(0), self.v());
        // A sum is one more choice for the second operand, halves are more for what a sum begins with.
        let of_rows = match (scaled, self.family.lut4()) {
            (false, _) => 0,
            (true, true) => 5 * w.operand / 4,
            (true, false) => w.operand,
        };
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
            + requant(self.z(), over_z, w.z_shift.max(0) as usize)
            + (w.v_shift).map_or(0, |shift| requant(self.v(), over_v, shift.max(0) as usize))
            + sum
            + w.products
            + mux(w.operand)
            + self.spec.factor_bits()
            + of_rows
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

    /// Bits in which the products of the parts of a lane's second operand meet.
    fn parted_sum(&self) -> usize {
        let (factor, operand) = (self.spec.factor_bits(), self.w.operand);
        let block = self.family.facts().multiplier.as_ref();
        let low = block.map_or(0, |block| block.ports.0 - 1);
        (factor + operand + 1).saturating_sub(low)
    }

    /// Registers of a lane whose rows have multipliers: a multiplier, and a line of what was taken.
    fn row_registers(&self) -> usize {
        match (self.spec.multiplier_bits(), self.v()) {
            (0, _) => 0,
            (bits, 0) => bits + 4,
            (bits, _) => bits + 7,
        }
    }

    /// DSP blocks of a lane's multiplier, or its size in LUTs.
    fn multiplier(&self) -> (usize, usize) {
        let (a, b) = (
            self.spec.factor_bits().min(self.w.operand),
            self.spec.factor_bits().max(self.w.operand),
        );
        let block = self.family.facts().multiplier.as_ref();
        let Some(block) = block.filter(|block| a + b >= block.least_bits) else {
            return (0, 2 * a * b);
        };
        let (wide, narrow, _) = block.ports;
        let slices = |bits: usize, most: usize| 1 + bits.saturating_sub(most).div_ceil(most - 1);
        (slices(b, wide) * slices(a, narrow), 0)
    }
}
