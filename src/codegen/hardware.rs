//! The numbers of one layer's hardware: every width, shift and count that the Verilog takes as a
//! parameter is decided here, from the integer model and its schedule.

use crate::device::Family;
use crate::quantize::Layer;
use crate::schedule::{LayerSchedule, MacArray};
use serde::Serialize;

/// Bits needed to hold the numbers `0..=value`, at least 1.
pub(super) fn bits_for(value: usize) -> usize {
    ((usize::BITS - value.leading_zeros()) as usize).max(1)
}

/// Bits of an AXI4-Stream element that carries a code of `bits` bits.
pub(super) fn element_width(bits: u32) -> usize {
    (bits as usize).next_multiple_of(8)
}

/// Parameters of `lprnn_layer` and of the memories around it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerHardware {
    /// Width of an activation in the array: the wider of x and h.
    pub act_w: usize,
    /// Width of a chain's running sum.
    pub chain_w: usize,
    /// Width of a row's block sum.
    pub sum_w: usize,
    /// Width of an accumulator; every final value fits, proved from the weights.
    pub acc_w: usize,
    /// Fraction of every accumulator after alignment.
    pub acc_frac: i32,
    /// Fraction bits dropped from accumulator to pre-activation.
    pub z_shift: u32,
    /// Left shift of a block sum of x, per gate.
    pub shift_x: [u32; 4],
    /// Left shift of a block sum of h, per gate.
    pub shift_h: [u32; 4],
    /// Left shift of `f * c` before the sum.
    pub fc_shift: u32,
    /// Left shift of `i * g` before the sum.
    pub ig_shift: u32,
    /// Fraction bits dropped from c to the table's format; may be negative.
    pub zc_shift: i32,
    /// Fraction bits dropped from `o * t` to h; may be negative.
    pub h_shift: i32,
    /// Width of the lane multiplier's second operand.
    pub b_w: usize,
    /// Width of the lane's sum of products.
    pub p_w: usize,
    /// Bits of a block number.
    pub block_w: usize,
    /// Bits of a group number.
    pub group_w: usize,
    /// Bits of a weight address.
    pub weight_addr_w: usize,
    /// Bits of a bias address.
    pub bias_addr_w: usize,
    /// Rows of the bias memory: group, fresh or not, gate.
    pub bias_rows: usize,
    /// Memory styles the target has.
    pub small_memory_style: &'static str,
}

impl LayerHardware {
    /// Decides every number of `layer` folded as `schedule` for `target`.
    #[must_use]
    pub fn new(layer: &Layer, schedule: &LayerSchedule, target: Family) -> Self {
        let act_w = layer.x.bits.max(layer.h.bits) as usize;
        let w_bits = layer.w_bits as usize;
        let (chain_w, sum_w) = sum_widths(schedule, act_w, w_bits);

        let align: Vec<_> = (0..4).map(|gate| layer.alignment(gate)).collect();
        let acc_frac = align
            .iter()
            .map(|a| a.frac)
            .max()
            .unwrap_or(0)
            .max(layer.z.frac);
        let gate_shift = |gate: usize| (acc_frac - align[gate].frac) as u32;
        // A one-bit operand is held as 0 or 1 and counts twice.
        let double = |bits: u32| u32::from(bits == 1);
        let shift_x =
            std::array::from_fn(|k| align[k].shift_x + gate_shift(k) + double(layer.x.bits));
        let shift_h =
            std::array::from_fn(|k| align[k].shift_h + gate_shift(k) + double(layer.h.bits));
        let z_shift = (acc_frac - layer.z.frac) as u32;

        let a_frac = layer.a_frac;
        let fc_shift = (a_frac as i32 - layer.c.frac).max(0) as u32;
        let ig_shift = (layer.c.frac - a_frac as i32).max(0) as u32;
        let a_w = a_frac as usize + 2;
        let b_w = (layer.c.bits + fc_shift).max(a_frac + 2 + ig_shift) as usize;
        let largest = (a_frac + layer.c.bits - 1 + fc_shift).max(2 * a_frac + ig_shift) as usize;
        let p_w = (largest + 3).max(a_w + b_w);

        Self {
            act_w,
            chain_w,
            sum_w,
            acc_w: accumulator_width(layer, acc_frac, z_shift)
                .max(shift_x.iter().chain(&shift_h).copied().max().unwrap_or(0) as usize + 2),
            acc_frac,
            z_shift,
            shift_x,
            shift_h,
            fc_shift,
            ig_shift,
            zc_shift: layer.c.frac - layer.z.frac,
            h_shift: 2 * a_frac as i32 - layer.h.frac,
            b_w,
            p_w,
            block_w: bits_for(schedule.blocks - 1),
            group_w: bits_for(schedule.groups - 1),
            weight_addr_w: bits_for(schedule.weight_rows() - 1),
            bias_addr_w: bits_for(schedule.groups * 8 - 1),
            bias_rows: schedule.groups * 8,
            small_memory_style: target.facts().small_memory_style,
        }
    }
}

/// Widths of a chain's running sum and of a row's block sum.
fn sum_widths(schedule: &LayerSchedule, act_w: usize, w_bits: usize) -> (usize, usize) {
    let log2 = |count: usize| count.next_power_of_two().trailing_zeros() as usize;
    let merges = log2(schedule.chains);
    match schedule.mac {
        MacArray::Lut { mux_register } if mux_register && w_bits > 1 => {
            // Digits of -1 and +1: a pair is at most `2^A (2^(W-1) - 1)` in magnitude.
            let chain_w = act_w + 1 + log2(schedule.chain);
            (chain_w, chain_w + w_bits - 1 + merges)
        }
        MacArray::Lut { .. } => {
            let chain_w = act_w + 1 + log2(schedule.chain) + usize::from(w_bits == 1);
            (chain_w, chain_w + w_bits + 2 + merges)
        }
        MacArray::Dsp(packing) if packing.bare => {
            // A symmetric weight times an operand is below `2^(W+A-2)` in magnitude.
            let chain_w = w_bits + act_w - 1 + log2(schedule.chain);
            (chain_w, chain_w + merges)
        }
        MacArray::Dsp(packing) => (packing.field_w, packing.field_w + 1 + merges),
    }
}

/// Bits that hold every final accumulator value and the half added for rounding, from the largest
/// row sum of absolute weights times the largest absolute operand.
fn accumulator_width(layer: &Layer, acc_frac: i32, z_shift: u32) -> usize {
    let half = if z_shift > 0 {
        1i128 << (z_shift - 1)
    } else {
        0
    };
    let row_sum = |row: &[i16]| {
        let sum: u64 = row.iter().map(|&w| u64::from(w.unsigned_abs())).sum();
        i128::from(sum)
    };
    let mut largest = half + 1;
    for gate in 0..4 {
        let align = layer.alignment(gate);
        let to_acc = (acc_frac - align.frac) as u32;
        for unit in 0..layer.hidden_size {
            let row = gate * layer.hidden_size + unit;
            let x = row_sum(&layer.weight_ih[row * layer.input_size..][..layer.input_size]);
            let h = row_sum(&layer.weight_hh[row * layer.hidden_size..][..layer.hidden_size]);
            let bound = ((x * -i128::from(layer.x.min_code())) << align.shift_x)
                + ((h * -i128::from(layer.h.min_code())) << align.shift_h)
                + i128::from(layer.bias[row]).abs();
            largest = largest.max((bound << to_acc) + half);
        }
    }
    (i128::BITS - largest.leading_zeros()) as usize + 1
}
