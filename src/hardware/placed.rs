//! The codes of a layer's weights where the array reads them, and what the array adds to their sums.

use super::array::{MacArray, Packing};
use super::folding::Folding;
use super::spec::{LayerSpec, LayerWeights};

/// Codes of one layer as the array reads them, before the skew: looked up, never copied.
pub(super) struct Placed<'a> {
    pub(super) spec: &'a LayerSpec,
    pub(super) folding: &'a Folding,
    pub(super) weights: LayerWeights<'a>,
    /// Element of `[x | h]` at `[block][column]`, the same in every group and row; [`NOTHING`] where a
    /// place holds none.
    elements: Vec<u32>,
}

/// A place without an element.
const NOTHING: u32 = u32::MAX;

impl<'a> Placed<'a> {
    pub(super) fn new(
        spec: &'a LayerSpec,
        folding: &'a Folding,
        weights: LayerWeights<'a>,
    ) -> Self {
        let mut elements = vec![NOTHING; folding.blocks * folding.columns];
        let x = (0..spec.input_size).map(|n| folding.place_of_x(n));
        let units = if spec.is_recurrent() {
            spec.hidden_size
        } else {
            0
        };
        let h = (0..units).map(|m| folding.place_of_h(m));
        for (element, (block, column)) in x.chain(h).enumerate() {
            elements[block * folding.columns + column] = element as u32;
        }
        Self {
            spec,
            folding,
            weights,
            elements,
        }
    }

    /// The bits of a weight: row `sums * lane + sum` of a group.
    fn code(&self, group: usize, block: usize, row: usize, column: usize) -> u16 {
        let spec = self.spec;
        let (lane, sum) = (row / spec.sums(), row % spec.sums());
        let unit = group * self.folding.units + lane;
        let element = self.elements[block * self.folding.columns + column];
        if element == NOTHING || unit >= spec.hidden_size {
            // Weight 0, or the largest odd one on an operand that is zero.
            return if spec.weights().is_odd() {
                self.mask()
            } else {
                0
            };
        }
        let row = sum * spec.hidden_size + unit;
        let weight = match (element as usize).checked_sub(spec.input_size) {
            None => self.weights.ih[row * spec.input_size + element as usize],
            Some(m) => self.weights.hh[row * spec.hidden_size + m],
        };
        if spec.weights().is_odd() {
            (i32::from(weight) + i32::from(self.mask())) as u16 >> 1
        } else {
            weight as u16 & self.mask()
        }
    }

    /// All bits of a weight.
    pub(super) fn mask(&self) -> u16 {
        ((1u32 << self.spec.w_bits) - 1) as u16
    }

    /// Constant that the array adds to a block's exact sum of weight times unsigned operand, in units of the
    /// sum's last bit.
    pub(super) fn block_constant(&self, group: usize, block: usize, row: usize) -> i64 {
        match self.folding.mac {
            MacArray::Lut { mux_register } if self.spec.weights().is_odd() => {
                self.odd_constant(mux_register, group, block, row)
            }
            MacArray::Lut { mux_register: true } => self.digit_constant(group, block, row),
            MacArray::Lut { .. } => -self.chain_steps(),
            MacArray::Dsp(packing) => self.dsp_constant(packing, group, block, row),
        }
    }

    /// Ones that a weight bit's chains add where no register stands before their additions: 1 in every step
    /// but the first. Over the bits of an even weight that is `sum 2^b - 2^(W-1) = -1` for each.
    fn chain_steps(&self) -> i64 {
        (self.folding.chains * (self.folding.chain - 1)) as i64
    }

    /// Of odd weights every bit is a digit of -1 or +1. A pair whose upper digit is -1 is formed by
    /// inverting A + 1 bits, which adds `M = 2^(A+1) - 1`; a difference is held plus `2^A - 1`. In digits
    /// `(d0, d1)` that is `(M (2 - d0 - d1) + d0 - d1) / 4`, and over the bits the same with weights.
    fn odd_constant(&self, mux_register: bool, group: usize, block: usize, row: usize) -> i64 {
        let largest = i64::from(self.mask());
        let inverted = (2i64 << self.spec.operand_bits()) - 1;
        let columns = self.folding.columns;
        let pairs: i64 = (0..columns)
            .step_by(2)
            .map(|column| {
                let w0 = self.signed(group, block, row, column);
                let w1 = if column + 1 < columns {
                    self.signed(group, block, row, column + 1)
                } else {
                    largest
                };
                (inverted * (2 * largest - w0 - w1) + w0 - w1) / 4
            })
            .sum();
        let steps = if mux_register { 0 } else { self.chain_steps() };
        pairs + steps * largest
    }

    /// Operands are made signed. Of digits of -1 and +1 a pair adds half of its upper weight, rounded
    /// down: inverting instead of negating takes 1 off, in the lowest digit always, in the others
    /// where the upper weight's digit is -1; over the digits the latter is `1 + floor(w / 2)`.
    fn digit_constant(&self, group: usize, block: usize, row: usize) -> i64 {
        let halves: i64 = (1..self.folding.columns)
            .step_by(2)
            .map(|column| self.signed(group, block, row, column) >> 1)
            .sum();
        halves - self.signed_operands(group, block, row)
    }

    /// The price of making a block's operands signed: `2^(A-1)` times the weights.
    fn signed_operands(&self, group: usize, block: usize, row: usize) -> i64 {
        let weights: i64 = (0..self.folding.columns)
            .map(|column| self.signed(group, block, row, column))
            .sum();
        weights << (self.spec.operand_bits() - 1)
    }

    /// Operands are made signed; every field but a pack's top one comes with half its range from
    /// each chain of blocks.
    fn dsp_constant(&self, packing: Packing, group: usize, block: usize, row: usize) -> i64 {
        let halves = if packing.bare || row % packing.fields + 1 == packing.fields {
            0
        } else {
            (self.folding.chains as i64) << (packing.field_w - 1)
        };
        halves - self.signed_operands(group, block, row)
    }

    /// The weight at a place, as a number.
    fn signed(&self, group: usize, block: usize, row: usize, column: usize) -> i64 {
        let code = i64::from(self.code(group, block, row, column));
        if self.spec.weights().is_odd() {
            return 2 * code - i64::from(self.mask());
        }
        let unused = 64 - self.spec.w_bits;
        (code << unused) >> unused
    }

    /// The bits to store: a row of a DSP pack gives 1 to the row below it when that one is negative. Of odd
    /// weights the array does it itself.
    pub(super) fn stored(&self, at: (usize, usize), row: usize, column: usize) -> u16 {
        let (group, block) = at;
        let code = self.code(group, block, row, column);
        let MacArray::Dsp(packing) = self.folding.mac else {
            return code;
        };
        if self.spec.weights().is_odd() {
            return code;
        }
        // The packed value below is negative exactly when its highest non-zero weight is.
        let first = row / packing.fields * packing.fields;
        let below = (first..row)
            .rev()
            .map(|lower| self.signed(group, block, lower, column))
            .find(|&w| w != 0);
        code.wrapping_sub(u16::from(below.is_some_and(|w| w < 0))) & self.mask()
    }
}
