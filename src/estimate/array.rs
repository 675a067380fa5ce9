//! The multiply-accumulate array: what its rows, chains and trees are made of.

use super::part::LayerPricing;
use super::terms::Terms;
use crate::hardware::{MacArray, Packing, log2_up};

impl LayerPricing<'_> {
    /// The array of the layer.
    pub(super) fn array(&self, terms: &mut Terms) {
        match self.s.mac {
            MacArray::Lut { mux_register } => self.lut_array(terms, mux_register),
            MacArray::Dsp(packing) if packing.bare => self.multiplier_array(terms, &packing),
            MacArray::Dsp(packing) => self.dsp_array(terms, &packing),
        }
    }

    /// Distributed arithmetic: shared pair sums, chains per row and weight bit, trees over bits.
    fn lut_array(&self, terms: &mut Terms, mux_register: bool) {
        let (w, s) = (self.w, self.s);
        let odd = self.odd();
        let digits = mux_register && !odd;
        let rows = s.rows();
        let pairs = s.columns / 2;
        let single = s.columns % 2;
        // Pair values: x0 and x1 for selections, their sum, their difference for digits; of odd weights the
        // difference has no last bit of its own.
        let singles = if odd { 0 } else { 2 * self.act() };
        let adders = if odd || digits { 2 } else { 1 };
        let pair_ff = singles + adders * (self.act() + 1) - usize::from(odd);
        let single_ff = adders * self.act() + usize::from(digits) - usize::from(odd);
        terms.ff[0] += (pairs * pair_ff + single * single_ff) as f64;
        let pair_lut = self.adder_luts(self.act() + usize::from(self.adders_are_carries()));
        // Of a column without a neighbour digits need the negative.
        let pair_adders = pairs * adders + single * usize::from(digits);
        terms.lut[1] += (pair_adders * pair_lut) as f64;
        terms.carry[0] += pair_adders as f64 * self.carry(self.act() + 1);

        // A chain of one lonely column has no second operand to select.
        let lonely = s.columns == 1;
        let select = self.act() + usize::from(!lonely || digits);
        let lanes = (rows * s.chains * self.weight()) as f64;
        let mut widths = Vec::with_capacity(s.chain);
        for stage in 0..s.chain {
            let need = select + log2_up(stage + 1);
            let width = need.min(w.chain);
            widths.push(width);
            let registers = width + if mux_register { select } else { 0 };
            // Selections of a weight: in digits a LUT a bit, and a second one in the lowest.
            let mux = match (lonely, digits) {
                // A product of two bits is a register's reset.
                (true, false) if !odd => 0.0,
                // One-bit operands: the lower bit of sum and difference is the same.
                (false, true) if self.act() == 1 => 1.0,
                (true, true) => (select * (self.weight() - 1)) as f64 / self.weight() as f64,
                (false, true) => (select * (self.weight() + 1)) as f64 / self.weight() as f64,
                (_, false) => select as f64,
            };
            // Xilinx: the sum shares the selection's LUT, but its lowest bit has one of its own.
            let adder = match stage {
                0 => 0,
                _ if self.family.lut4() => self.adder_luts(width),
                _ => 1,
            };
            terms.ff[0] += lanes * registers as f64;
            terms.lut[0] += lanes * (mux + adder as f64);
            if stage > 0 {
                terms.carry[0] += lanes * self.carry(width);
            }
        }
        self.trees(
            terms,
            if lonely { widths[0] } else { w.chain },
            lonely && !odd,
            digits,
        );
    }

    /// The trees over weight bits and over chains, bit by bit: what is only passed on for three
    /// registers or more becomes a shift register where the family has them.
    fn trees(&self, terms: &mut Terms, leaf_w: usize, leaf_resets: bool, digits: bool) {
        let (w, s) = (self.w, self.s);
        let rows = s.rows() as f64;
        let mut tree = Tree::new(self);
        // The chains have counted the last register of each, which a shift register takes along.
        let leaf: Vec<usize> = vec![usize::from(!leaf_resets); leaf_w];
        let mut nodes = vec![leaf; self.weight()];
        let most = match (self.odd(), digits) {
            (true, _) => w.chain + self.weight(),
            (_, true) => w.chain + self.weight() - 1,
            _ => w.chain + self.weight() + 1,
        };
        let mut level = 0;
        while nodes.len() > 1 {
            let shift = 1usize << level;
            let last = nodes.len().div_ceil(2) - 1;
            nodes = nodes
                .chunks(2)
                .enumerate()
                .map(|(index, pair)| {
                    // The two lowest digits have the same weight.
                    let shift = shift - usize::from(digits && index == 0);
                    tree.level(pair, shift, most, index == last && !self.odd())
                })
                .collect();
            level += 1;
        }
        let counted_leaves = if leaf_resets {
            0
        } else {
            leaf_w * self.weight()
        };
        let root = nodes.pop().unwrap_or_default();
        let mut chains = vec![root; s.chains];
        let per_chain = (tree.ff as f64, tree.shift, tree.lut, tree.carry);
        let mut merge = Tree::new(self);
        let mut width = most;
        while chains.len() > 1 {
            width += 1;
            chains = chains
                .chunks(2)
                .map(|pair| merge.level(pair, 0, width, false))
                .collect();
        }
        for chain in &chains {
            merge.end(chain);
        }
        let chain_count = s.chains as f64;
        terms.ff[0] +=
            rows * (chain_count * (per_chain.0 - counted_leaves as f64) + merge.ff as f64);
        terms.shift += (rows * (chain_count * per_chain.1 as f64 + merge.shift as f64)) as usize;
        terms.lut[1] += rows * (chain_count * per_chain.2 as f64 + merge.lut as f64);
        terms.carry[0] += rows * (chain_count * per_chain.3 + merge.carry);
    }

    /// Packed DSP blocks.
    ///
    /// A DSP48E1 takes a cell's registers and its addition; of a DSP48E2 Yosys uses the bare
    /// multiplier, and the rest of the cell is fabric.
    fn dsp_array(&self, terms: &mut Terms, packing: &Packing) {
        let s = self.s;
        let rows = s.rows();
        let cells = packing.blocks(rows, s.columns);
        terms.dsp += cells;
        terms.ff[0] += (s.columns * self.act()) as f64;
        let block = self.family.facts().multiplier.as_ref();
        if !block.is_some_and(|block| block.absorbs) {
            let (packed, operand, sum) = packing.ports;
            terms.ff[0] += (cells * (2 * (packed + operand) + sum)) as f64;
            terms.lut[1] += (cells * self.adder_luts(sum)) as f64;
            terms.carry[0] += cells as f64 * self.carry(sum);
        }
        self.merges(terms, rows);
    }

    /// Packed multipliers, and a chain beside them for every row.
    fn multiplier_array(&self, terms: &mut Terms, packing: &Packing) {
        let s = self.s;
        let rows = s.rows();
        let product_w = self.weight() + usize::from(self.odd()) + self.act() - 1;
        terms.dsp += packing.blocks(rows, s.columns);
        // Operands twice, weights once; of a product the bits that a row or the carry of the next takes.
        terms.ff[0] += (s.columns * (2 * self.act() + rows * self.weight())) as f64;
        let above = |row: usize| !row.is_multiple_of(packing.fields);
        let carries = (0..rows).filter(|&row| above(row)).count();
        let apart = usize::from(packing.field_w > product_w);
        terms.ff[0] += (s.columns * (rows * product_w + carries * apart)) as f64;
        for stage in 0..s.chain {
            let width = product_w + log2_up(stage + 1);
            terms.ff[0] += (rows * s.chains * width) as f64;
            for row in 0..rows {
                // The carry in takes a bit of its own; without one the first stage is a register.
                let bits = width + usize::from(above(row));
                if stage > 0 || above(row) {
                    terms.lut[1] += (s.chains * self.adder_luts(bits)) as f64;
                    terms.carry[0] += s.chains as f64 * self.carry(bits);
                }
            }
        }
        self.merges(terms, rows);
    }

    /// The tree over the chains of every row.
    fn merges(&self, terms: &mut Terms, rows: usize) {
        let w = self.w;
        let mut count = self.s.chains;
        while count > 1 {
            let joins = rows * (count / 2);
            terms.ff[0] += (rows * count.div_ceil(2) * w.sum) as f64;
            terms.lut[1] += (joins * self.adder_luts(w.sum)) as f64;
            terms.carry[0] += joins as f64 * self.carry(w.sum);
            count = count.div_ceil(2);
        }
    }

    /// LUTs of a plain adder.
    fn adder_luts(&self, bits: usize) -> usize {
        if self.adders_are_carries() {
            self.short_adder(bits)
        } else {
            bits
        }
    }
}

/// Registers of an adder tree. A node is a list of its bits, each the number of registers since the
/// last logic.
struct Tree<'a> {
    part: &'a LayerPricing<'a>,
    shifts: bool,
    ff: usize,
    shift: usize,
    lut: usize,
    carry: f64,
}

impl<'a> Tree<'a> {
    fn new(part: &'a LayerPricing<'a>) -> Self {
        Self {
            part,
            shifts: part.family.facts().shift_registers,
            ff: 0,
            shift: 0,
            lut: 0,
            carry: 0.0,
        }
    }

    /// Bits go into logic: their registers are what they are.
    fn end(&mut self, bits: &[usize]) {
        for &run in bits {
            if self.shifts && run >= 3 {
                self.shift += 1;
            } else {
                self.ff += run;
            }
        }
    }

    /// One node of a level, registered: the sum of two nodes, the second shifted, or one passed on.
    fn level(
        &mut self,
        nodes: &[Vec<usize>],
        shift: usize,
        most: usize,
        minus: bool,
    ) -> Vec<usize> {
        let [even, odd] = nodes else {
            return nodes[0].iter().map(|run| run + 1).collect();
        };
        let low = shift.min(even.len());
        if even.len() <= shift && !minus {
            // Nothing overlaps: wires.
            let gap = std::iter::repeat_n(0, shift - low);
            let bits = even.iter().map(|run| run + 1).chain(gap);
            return bits.chain(odd.iter().map(|run| run + 1)).collect();
        }
        let width = (even.len().max(odd.len() + shift) + 1).min(most);
        self.end(&even[low..]);
        self.end(odd);
        self.lut += if self.part.family.lut4() {
            self.part.adder_luts(width - shift)
        } else {
            // Above the first operand the carry chain takes the second as it is.
            even.len().min(odd.len() + shift).saturating_sub(shift)
        };
        self.carry += self.part.carry(width - shift);
        even[..low]
            .iter()
            .map(|run| run + 1)
            .chain(std::iter::repeat(1))
            .take(width)
            .collect()
    }
}
