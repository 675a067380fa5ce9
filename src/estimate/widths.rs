//! Widths of a layer's datapath, worked out from the model's formats and the schedule.
//!
//! The generator decides the same widths for the Verilog in its own code; a test compares the two.

use crate::fixed::QFormat;
use crate::quantize::Layer;
use crate::schedule::{LayerSchedule, MacArray};

/// Number formats of a layer: all that its hardware depends on beside its shape and folding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerFormats {
    /// x.
    pub x: QFormat,
    /// h.
    pub h: QFormat,
    /// Bits of every weight.
    pub w_bits: u32,
    /// Fraction of the input weights, per gate i, f, g, o.
    pub w_frac_ih: [i32; 4],
    /// Fraction of the recurrent weights, per gate.
    pub w_frac_hh: [i32; 4],
    /// Pre-activation z.
    pub z: QFormat,
    /// Fraction bits of gate values.
    pub a_frac: u32,
    /// Cell state.
    pub c: QFormat,
}

impl LayerFormats {
    /// The formats of a quantised layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        Self {
            x: layer.x,
            h: layer.h,
            w_bits: layer.w_bits,
            w_frac_ih: layer.w_frac_ih,
            w_frac_hh: layer.w_frac_hh,
            z: layer.z,
            a_frac: layer.a_frac,
            c: layer.c,
        }
    }

    /// Fractions of both products and of the aligned accumulator, per gate.
    fn fractions(&self, gate: usize) -> (i32, i32) {
        (
            self.w_frac_ih[gate] + self.x.frac,
            self.w_frac_hh[gate] + self.h.frac,
        )
    }

    /// The finest fraction in the layer, which all accumulators have.
    fn acc_frac(&self) -> i32 {
        (0..4)
            .map(|gate| self.fractions(gate))
            .fold(self.z.frac, |finest, (x, h)| finest.max(x).max(h))
    }
}

/// Bits of the largest sum over a row.
#[derive(Clone, Copy, Debug)]
pub enum RowBound<'a> {
    /// From the weights themselves: the width the generator takes.
    Weights(&'a Layer),
    /// From the sizes: weights whose mean magnitude is a third of the largest (the triangular
    /// distribution; a normal one clipped at 2.4 sigma), and a bias of 1.
    Sizes(usize, usize),
}

impl RowBound<'_> {
    /// The largest final value of any accumulator, rounding half included.
    fn largest(&self, formats: &LayerFormats) -> i128 {
        let acc_frac = formats.acc_frac();
        let drop = acc_frac - formats.z.frac;
        let half = if drop > 0 { 1i128 << (drop - 1) } else { 0 };
        let (x_max, h_max) = (
            -i128::from(formats.x.min_code()),
            -i128::from(formats.h.min_code()),
        );
        let mut largest = half + 1;
        for gate in 0..4 {
            let (x_frac, h_frac) = formats.fractions(gate);
            let up_x = (acc_frac - x_frac) as u32;
            let up_h = (acc_frac - h_frac) as u32;
            let row_sum = |row: &[i16]| {
                let sum: u64 = row.iter().map(|&w| u64::from(w.unsigned_abs())).sum();
                i128::from(sum)
            };
            match *self {
                Self::Weights(layer) => {
                    let up_bias = acc_frac - x_frac.max(h_frac);
                    let (i, h) = (layer.input_size, layer.hidden_size);
                    for row in gate * h..(gate + 1) * h {
                        let bound = ((row_sum(&layer.weight_ih[row * i..][..i]) * x_max) << up_x)
                            + ((row_sum(&layer.weight_hh[row * h..][..h]) * h_max) << up_h)
                            + (i128::from(layer.bias[row]).abs() << up_bias);
                        largest = largest.max(bound + half);
                    }
                }
                Self::Sizes(i, h) => {
                    let sum = |n: usize| match formats.w_bits {
                        1 => n as i128,
                        bits => ((n as i128) << (bits - 1)) / 3,
                    };
                    let bias = 1i128 << acc_frac.clamp(0, 100);
                    let bound = ((sum(i) * x_max) << up_x) + ((sum(h) * h_max) << up_h) + bias;
                    largest = largest.max(bound + half);
                }
            }
        }
        largest
    }
}

/// Widths of a layer's datapath.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Widths {
    /// Operand of the array: the wider of x and h.
    pub act: usize,
    /// Weight.
    pub weight: usize,
    /// Running sum of a chain.
    pub chain: usize,
    /// Block sum of a row.
    pub sum: usize,
    /// Accumulator.
    pub acc: usize,
    /// Lowest bit of an accumulator that can change, per gate i, f, g, o.
    pub acc_lsb: [usize; 4],
    /// Lowest bits of every bias that are zero, because z is finer than all products.
    pub bias_zeros: usize,
    /// Whether a gate's two products have different alignments.
    pub two_shifts: [bool; 4],
    /// Bits dropped from accumulator to z.
    pub z_shift: usize,
    /// Pre-activation.
    pub z: usize,
    /// Gate value.
    pub gate: usize,
    /// Second operand of the lane's multiplier.
    pub operand: usize,
    /// Sum of the lane's products.
    pub products: usize,
    /// Cell state.
    pub c: usize,
    /// x.
    pub x: usize,
    /// h.
    pub h: usize,
    /// Bits dropped from c to the table's address.
    pub zc_shift: i32,
    /// Bits dropped from o * t to h.
    pub h_shift: i32,
}

/// Bits that hold the numbers `0..=value`, at least 1.
pub(super) fn bits_for(value: usize) -> usize {
    ((usize::BITS - value.leading_zeros()) as usize).max(1)
}

/// Base-two logarithm, rounded up.
pub(super) fn log2_up(count: usize) -> usize {
    count.max(1).next_power_of_two().trailing_zeros() as usize
}

impl Widths {
    /// The widths of a layer with these formats, folded as `schedule`.
    #[must_use]
    pub fn new(formats: &LayerFormats, schedule: &LayerSchedule, bound: RowBound<'_>) -> Self {
        let act = formats.x.bits.max(formats.h.bits) as usize;
        let weight = formats.w_bits as usize;
        let merges = log2_up(schedule.chains);
        let (chain, sum) = match schedule.mac {
            // Digits of -1 and +1 on signed operands.
            MacArray::Lut { mux_register } if mux_register && weight > 1 => {
                let chain = act + 1 + log2_up(schedule.chain);
                (chain, chain + weight - 1 + merges)
            }
            MacArray::Lut { .. } => {
                let chain = act + 1 + log2_up(schedule.chain) + usize::from(weight == 1);
                (chain, chain + weight + 2 + merges)
            }
            MacArray::Dsp(packing) if packing.bare => {
                let chain = weight + act - 1 + log2_up(schedule.chain);
                (chain, chain + merges)
            }
            MacArray::Dsp(packing) => (packing.field_w, packing.field_w + 1 + merges),
        };

        let acc_frac = formats.acc_frac();
        let shifts: [(usize, usize); 4] = std::array::from_fn(|gate| {
            let (x, h) = formats.fractions(gate);
            // One-bit operands are held as 0 and 1 and count twice.
            (
                (acc_frac - x) as usize + usize::from(formats.x.bits == 1),
                (acc_frac - h) as usize + usize::from(formats.h.bits == 1),
            )
        });
        let largest = bound.largest(formats);
        let value_w = (i128::BITS - largest.leading_zeros()) as usize + 1;
        let widest_shift = shifts.iter().map(|&(x, h)| x.max(h)).max().unwrap_or(0);

        let a_frac = formats.a_frac as usize;
        let c_bits = formats.c.bits as usize;
        let fc_shift = (a_frac as i32 - formats.c.frac).max(0) as usize;
        let ig_shift = (formats.c.frac - a_frac as i32).max(0) as usize;
        let gate = a_frac + 2;
        let operand = (c_bits + fc_shift).max(gate + ig_shift);
        let largest_product = (a_frac + c_bits - 1 + fc_shift).max(2 * a_frac + ig_shift);
        Self {
            act,
            weight,
            chain,
            sum,
            acc: value_w.max(widest_shift + 2),
            acc_lsb: shifts.map(|(x, h)| x.min(h)),
            bias_zeros: (0..4)
                .map(|gate| formats.fractions(gate))
                .map(|(x, h)| (acc_frac - x.max(h)) as usize)
                .min()
                .unwrap_or(0),
            two_shifts: shifts.map(|(x, h)| x != h),
            z_shift: (acc_frac - formats.z.frac) as usize,
            z: formats.z.bits as usize,
            gate,
            operand,
            products: (largest_product + 3).max(gate + operand),
            c: c_bits,
            x: formats.x.bits as usize,
            h: formats.h.bits as usize,
            zc_shift: formats.c.frac - formats.z.frac,
            h_shift: 2 * a_frac as i32 - formats.h.frac,
        }
    }
}
