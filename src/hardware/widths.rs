//! Widths and shifts of a layer's datapath, decided here for Verilog and estimate alike.

use super::array::MacArray;
use super::bits::log2_up;
use super::folding::Folding;
use super::op::Source;
use super::spec::{LayerSpec, LayerWeights};
use crate::fixed::Codes;
use serde::Serialize;

/// The source of the largest sum over a row.
#[derive(Clone, Copy, Debug)]
pub enum RowBound<'a> {
    /// The weights themselves: every accumulator is proved to hold its sum.
    Weights(LayerWeights<'a>),
    /// The sizes: weights whose mean magnitude is a third of the largest (the triangular
    /// distribution; a normal one clipped at 2.4 sigma), and a bias of 1.
    Sizes,
}

/// Widths and shifts of array, accumulators and lanes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Widths {
    /// Bits of a chain's running sum.
    pub chain: usize,
    /// Bits of a row's block sum.
    pub sum: usize,
    /// Bits of an accumulator.
    pub acc: usize,
    /// Fraction of every accumulator after alignment.
    pub acc_frac: i32,
    /// Fraction bits dropped to the pre-activation from an accumulator, or from its product where rows have
    /// multipliers, of which it may be negative.
    pub z_shift: i32,
    /// The same to the parts of a sum that is taken apart, where the cell has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v_shift: Option<i32>,
    /// Left shift of a block sum of x, per sum of the cell.
    pub shift_x: Vec<u32>,
    /// Left shift of a block sum of h, per sum of the cell.
    pub shift_h: Vec<u32>,
    /// Left shift of `f * c`, of a GRU `u * s`, before the sum.
    pub fc_shift: u32,
    /// Left shift of `i * g`, of a GRU `(1 - u) * n`, before the sum.
    pub ig_shift: u32,
    /// Fraction bits dropped from c, of a GRU from n's sum, to the table's format; may be negative.
    pub zc_shift: i32,
    /// Fraction bits dropped from `o * tanh(c)`, of a GRU from s, to h; may be negative.
    pub h_shift: i32,
    /// Bits of the lane multiplier's second operand.
    pub operand: usize,
    /// Bits of the lane's sum of products.
    pub products: usize,
}

impl Widths {
    /// The widths of a layer, folded, with sums within `bound`.
    #[must_use]
    pub fn new(spec: &LayerSpec, folding: &Folding, bound: RowBound<'_>) -> Self {
        let (chain, sum) = sum_widths(folding, spec.operand_bits() as usize, spec.weights());
        let acc_frac = spec.acc_frac();
        // An odd operand is held without its last bit and counts twice.
        let shifts = |of: fn((i32, i32)) -> i32, odd: bool| -> Vec<u32> {
            let shift = |fracs| (acc_frac - of(fracs)) as u32 + u32::from(odd);
            spec.products().map(shift).collect()
        };
        let shift_x = shifts(|(x, _)| x, spec.x.is_odd());
        let shift_h = if spec.is_recurrent() {
            shifts(|(_, h)| h, spec.h.is_odd())
        } else {
            shift_x.clone()
        };
        let widest_shift = shift_x.iter().chain(&shift_h).max().copied().unwrap_or(0);
        let largest = bound.largest(spec);
        let value_w = (i128::BITS - largest.leading_zeros()) as usize + 1;

        let a_frac = spec.a_frac;
        let fc_shift = (a_frac as i32 - spec.c.frac).max(0) as u32;
        let ig_shift = (spec.c.frac - a_frac as i32).max(0) as u32;
        let operand = (spec.c.bits + fc_shift).max(a_frac + 2 + ig_shift) as usize;
        let operand = operand.max(spec.v.map_or(0, |v| v.bits as usize));
        let acc = value_w.max(widest_shift as usize + 2);
        let taken_frac = acc_frac + spec.row_multiplier.map_or(0, |row| row.frac);
        let z_shift = taken_frac - spec.z.frac;
        let v_shift = spec.v.map(|v| taken_frac - v.frac);
        let (of_sums, least_products) = of_rows(spec, acc, z_shift.max(v_shift.unwrap_or(0)));
        let operand = operand.max(of_sums);
        let product = (a_frac + spec.c.bits - 1 + fc_shift).max(2 * a_frac + ig_shift) as usize;
        let (zc_shift, h_shift, products) = match spec.v {
            None => (
                spec.c.frac - spec.z.frac,
                2 * a_frac as i32 - spec.h.frac,
                (product + 3).max(spec.factor_bits() + operand),
            ),
            Some(v) => (
                a_frac as i32 + v.frac - spec.z.frac,
                spec.c.frac - spec.h.frac,
                spec.factor_bits() + operand + 1,
            ),
        };
        Self {
            chain,
            sum,
            acc,
            acc_frac,
            z_shift,
            v_shift,
            shift_x,
            shift_h,
            fc_shift,
            ig_shift,
            zc_shift,
            h_shift,
            operand,
            products: products.max(least_products),
        }
    }

    /// Fraction bits dropped to the code of what a turn takes of an accumulator.
    #[must_use]
    pub fn taken_shift(&self, source: Source) -> i32 {
        match (source, self.v_shift) {
            (Source::X | Source::H, Some(shift)) => shift,
            _ => self.z_shift,
        }
    }

    /// Lowest bit of an accumulator that can change, per sum of the cell.
    pub fn lowest_bits(&self) -> impl Iterator<Item = usize> + '_ {
        let shifts = self.shift_x.iter().zip(&self.shift_h);
        shifts.map(|(&x, &h)| x.min(h) as usize)
    }
}

/// Bits that multipliers of rows want at least of the lane multiplier's second operand, which a sum of `acc` bits
/// is too, and of the sum of products, where half of the last bit that is kept comes to it.
fn of_rows(spec: &LayerSpec, acc: usize, shift: i32) -> (usize, usize) {
    match spec.row_multiplier {
        Some(_) => (acc, shift.max(0) as usize + 2),
        None => (0, 0),
    }
}

/// Bits of a chain's running sum and of a row's block sum.
fn sum_widths(folding: &Folding, act: usize, weights: Codes) -> (usize, usize) {
    let (weight, number) = (weights.bits as usize, weights.magnitude_bits() as usize + 1);
    let merges = log2_up(folding.chains);
    let steps = log2_up(folding.chain);
    match folding.mac {
        MacArray::Lut { .. } if weights.is_odd() => {
            // Every bit of the weight counts positive; one more is the sign of nothing.
            let chain = act + 1 + steps;
            (chain, chain + weight + 1 + merges)
        }
        MacArray::Lut { mux_register } if mux_register => {
            // Digits of -1 and +1: a pair is at most `2^A (2^(W-1) - 1)` in magnitude.
            let chain = act + 1 + steps;
            (chain, chain + weight - 1 + merges)
        }
        MacArray::Lut { .. } => {
            let chain = act + 1 + steps;
            (chain, chain + weight + 2 + merges)
        }
        MacArray::Dsp(packing) if packing.bare => {
            // A symmetric weight times an operand is below `2^(W+A-2)` in magnitude.
            let chain = number + act - 1 + steps;
            (chain, chain + merges)
        }
        MacArray::Dsp(packing) => (packing.field_w, packing.field_w + 1 + merges),
    }
}

/// The mean magnitude of weights of the triangular distribution, as a fraction: a third of the largest, of
/// odd levels with what their steps add, which at one bit makes it 1.
fn mean_magnitude(weights: Codes) -> (i128, i128) {
    let half = 1i128 << (weights.bits - 1);
    if weights.is_odd() {
        (2 * half * half + 1, 3 * half)
    } else {
        (half, 3)
    }
}

impl RowBound<'_> {
    /// The largest magnitude of any sum at the accumulators' fraction, the half added to it for rounding
    /// included: the largest row sum of absolute weights times the largest absolute operand, and the
    /// bias.
    fn largest(&self, spec: &LayerSpec) -> i128 {
        let acc_frac = spec.acc_frac();
        let coarsest = spec.v.map_or(spec.z.frac, |v| v.frac.min(spec.z.frac));
        let drop = acc_frac - coarsest;
        // Behind a row's multiplier the half is no part of the sum.
        let half = if drop > 0 && spec.row_multiplier.is_none() {
            1i128 << (drop - 1)
        } else {
            0
        };
        let x_max = -i128::from(spec.x.min_code());
        let h_max = -i128::from(spec.h.min_code());
        let mut largest = half + 1;
        for (sum, (x_frac, h_frac)) in spec.products().enumerate() {
            let (up_x, up_h) = (acc_frac - x_frac, acc_frac - h_frac);
            self.for_rows(spec, sum, (up_x, up_h), |x, h, bias| {
                let bound = ((x * x_max) << up_x) + ((h * h_max) << up_h) + bias;
                largest = largest.max(bound + half);
            });
        }
        largest
    }

    /// Calls `row` with the sums of absolute weights of x and of h of every row of a sum, and with its
    /// absolute bias at the accumulators' fraction, `up_x` and `up_h` bits finer than the products.
    fn for_rows(
        &self,
        spec: &LayerSpec,
        sum: usize,
        (up_x, up_h): (i32, i32),
        mut row: impl FnMut(i128, i128, i128),
    ) {
        let (inputs, units) = (spec.input_size, spec.hidden_size);
        match *self {
            Self::Weights(weights) => {
                let total = |row: &[i16]| {
                    let sum: u64 = row.iter().map(|&w| u64::from(w.unsigned_abs())).sum();
                    i128::from(sum)
                };
                let parted = spec.cell.parted() == Some(sum);
                let up_bias = if parted { up_x } else { up_x.min(up_h) };
                for unit in 0..units {
                    let at = sum * units + unit;
                    let mut bias = i128::from(weights.bias[at]).abs() << up_bias;
                    if parted {
                        bias += i128::from(weights.bias_h[unit]).abs() << up_h;
                    }
                    row(
                        total(&weights.ih[at * inputs..][..inputs]),
                        total(weights.of_h(at, units)),
                        bias,
                    );
                }
            }
            Self::Sizes => {
                let (n, d) = mean_magnitude(spec.weights());
                let total = |count: usize| count as i128 * n / d;
                let one = 1i128 << spec.acc_frac().clamp(0, 100);
                let recurrent = if spec.is_recurrent() { units } else { 0 };
                row(total(inputs), total(recurrent), one);
            }
        }
    }
}
