//! The element-wise part of a layer: in real numbers, and in the hardware's.
//!
//! Loops are plain and over slices of equal length, and run under [`pulp`], which compiles them for
//! every set of vector instructions and takes the widest that the machine has. Rust never fuses a
//! product and a sum by itself, so that all of them compute the same.

use super::numbers::{LayerNumbers, ROUND};
use crate::lm::{sigmoid, tanh};
use pulp::Arch;

/// Values of one layer in a window; rows are `step * batch + sequence`.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerTape {
    /// Operands `[rows, I]`.
    pub x: Vec<f32>,
    /// 0 for operands that were clamped, else 1; empty where none can be.
    pub x_pass: Vec<f32>,
    /// h before every step `[rows, H]`, the state carried in first.
    pub h_before: Vec<f32>,
    /// c before every step `[rows, H]`.
    pub c_before: Vec<f32>,
    /// Values of the gates `[rows, 4, H]`.
    pub gates: Vec<f32>,
    /// Their derivatives by z, 0 where z was clamped `[rows, 4, H]`.
    pub slopes: Vec<f32>,
    /// tanh(c) `[rows, H]`.
    pub tanh: Vec<f32>,
    /// 0 where c or h was clamped, else 1 `[rows, H]`.
    pub c_pass: Vec<f32>,
    pub h_pass: Vec<f32>,
    /// h after every step `[rows, H]`.
    pub h: Vec<f32>,
}

impl LayerTape {
    /// Room for `rows` rows of `hidden` units behind the operands `x`.
    pub(super) fn new(x: Vec<f32>, x_pass: Vec<f32>, rows: usize, hidden: usize) -> Self {
        let room = || vec![0.0; rows * hidden];
        Self {
            x,
            x_pass,
            h_before: room(),
            c_before: room(),
            gates: vec![0.0; 4 * rows * hidden],
            slopes: vec![0.0; 4 * rows * hidden],
            tanh: room(),
            c_pass: vec![1.0; rows * hidden],
            h_pass: vec![1.0; rows * hidden],
            h: room(),
        }
    }

    /// One row, to be filled.
    fn row(&mut self, row: usize, hidden: usize) -> Row<'_> {
        let at = row * hidden..(row + 1) * hidden;
        let wide = 4 * at.start..4 * at.end;
        Row {
            gates: &mut self.gates[wide.clone()],
            slopes: &mut self.slopes[wide],
            c_before: &mut self.c_before[at.clone()],
            tanh: &mut self.tanh[at.clone()],
            c_pass: &mut self.c_pass[at.clone()],
            h_pass: &mut self.h_pass[at.clone()],
            h: &mut self.h[at],
        }
    }
}

/// One row of a tape.
struct Row<'a> {
    gates: &'a mut [f32],
    slopes: &'a mut [f32],
    c_before: &'a mut [f32],
    tanh: &'a mut [f32],
    c_pass: &'a mut [f32],
    h_pass: &'a mut [f32],
    h: &'a mut [f32],
}

/// Pre-activations of a step without bias, as two sums that are exact each, `[batch, 4H]`.
#[derive(Clone, Copy)]
pub(super) struct Sums<'a, T> {
    /// `W_x x`.
    pub x: &'a [T],
    /// `W_h h`.
    pub h: &'a [T],
}

/// One step of real numbers, into the rows from `first` on. `c` is the state `[batch, H]`, replaced.
pub(super) fn float_step(
    tape: &mut LayerTape,
    first: usize,
    sums: Sums<f32>,
    bias: &[f32],
    c: &mut [f32],
) {
    let hidden = bias.len() / 4;
    for (sequence, c) in c.chunks_exact_mut(hidden).enumerate() {
        let at = sequence * 4 * hidden..(sequence + 1) * 4 * hidden;
        let row = tape.row(first + sequence, hidden);
        let (x, h) = (&sums.x[at.clone()], &sums.h[at]);
        Arch::new().dispatch(|| float_row(row, x, h, bias, c));
    }
}

#[inline(always)]
fn float_row(row: Row, x: &[f32], h: &[f32], bias: &[f32], c: &mut [f32]) {
    let hidden = c.len();
    for k in 0..4 {
        let at = k * hidden..(k + 1) * hidden;
        let sums = x[at.clone()]
            .iter()
            .zip(&h[at.clone()])
            .zip(&bias[at.clone()]);
        let out = row.gates[at.clone()].iter_mut().zip(&mut row.slopes[at]);
        if k == 2 {
            for ((gate, slope), ((x, h), b)) in out.zip(sums) {
                *gate = tanh(x + h + b);
                *slope = 1.0 - *gate * *gate;
            }
        } else {
            for ((gate, slope), ((x, h), b)) in out.zip(sums) {
                *gate = sigmoid(x + h + b);
                *slope = *gate * (1.0 - *gate);
            }
        }
    }
    row.c_before.copy_from_slice(c);
    let (i, rest) = row.gates.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let (g, o) = rest.split_at(hidden);
    for (((c, i), f), g) in c.iter_mut().zip(i).zip(f).zip(g) {
        *c = f * *c + i * g;
    }
    for (((c, t), h), o) in c.iter().zip(row.tanh).zip(row.h).zip(o) {
        *t = tanh(*c);
        *h = o * *t;
    }
}

/// One step in the hardware's numbers, into the rows from `first` on: values everywhere, each exactly
/// a code times its place.
pub(super) fn integer_step<T: Copy + Into<f64>>(
    tape: &mut LayerTape,
    first: usize,
    sums: Sums<T>,
    bias: &[f64],
    c: &mut [f32],
    numbers: &LayerNumbers,
) {
    let hidden = bias.len() / 4;
    let mut index = vec![0u32; hidden];
    for (sequence, c) in c.chunks_exact_mut(hidden).enumerate() {
        let at = sequence * 4 * hidden..(sequence + 1) * 4 * hidden;
        let row = tape.row(first + sequence, hidden);
        let (x, h) = (&sums.x[at.clone()], &sums.h[at]);
        let index = &mut index[..];
        Arch::new().dispatch(|| integer_row(row, x, h, bias, c, numbers, index));
    }
}

/// A format as the loops need it.
#[derive(Clone, Copy)]
struct Places {
    scale: f64,
    ulp: f64,
    low: f64,
    high: f64,
}

impl Places {
    #[inline(always)]
    fn new(format: crate::fixed::QFormat) -> Self {
        Self {
            scale: f64::from(format.frac).exp2(),
            ulp: f64::from(-format.frac).exp2(),
            low: format.min_code() as f64,
            high: format.max_code() as f64,
        }
    }

    /// The nearest code, and 1 where it was not clamped.
    #[inline(always)]
    fn code(self, value: f64) -> (f64, f32) {
        let rounded = (value * self.scale + ROUND) - ROUND;
        let code = rounded.max(self.low).min(self.high);
        // Both are whole numbers: no margin is wanted.
        let clamped = rounded < self.low || rounded > self.high;
        (code, if clamped { 0.0 } else { 1.0 })
    }
}

#[inline(always)]
fn integer_row<T: Copy + Into<f64>>(
    row: Row,
    x: &[T],
    h: &[T],
    bias: &[f64],
    c: &mut [f32],
    numbers: &LayerNumbers,
    index: &mut [u32],
) {
    let hidden = c.len();
    let (z, c_places, h_places) = (
        Places::new(numbers.z),
        Places::new(numbers.c),
        Places::new(numbers.h),
    );
    let mask = (1u32 << numbers.z.bits) - 1;
    for k in 0..4 {
        let at = k * hidden..(k + 1) * hidden;
        let sums = x[at.clone()]
            .iter()
            .zip(&h[at.clone()])
            .zip(&bias[at.clone()]);
        let slopes = &mut row.slopes[at.clone()];
        for ((pass, index), ((&x, &h), &b)) in slopes.iter_mut().zip(&mut *index).zip(sums) {
            let (x, h): (f64, f64) = (x.into(), h.into());
            let code;
            (code, *pass) = z.code(x + h + b);
            // The low bits of what rounds are the code's.
            *index = (code + ROUND).to_bits() as u32 & mask;
        }
        let gates = &mut row.gates[at];
        let table = if k == 2 {
            &numbers.tanh
        } else {
            &numbers.sigmoid
        };
        for (gate, &index) in gates.iter_mut().zip(&*index) {
            *gate = table[index as usize];
        }
        if k == 2 {
            for (slope, gate) in slopes.iter_mut().zip(gates) {
                *slope *= 1.0 - *gate * *gate;
            }
        } else {
            for (slope, gate) in slopes.iter_mut().zip(gates) {
                *slope *= *gate * (1.0 - *gate);
            }
        }
    }
    row.c_before.copy_from_slice(c);
    let (i, rest) = row.gates.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let (g, o) = rest.split_at(hidden);
    let gates = i.iter().zip(f).zip(g);
    let out = c.iter_mut().zip(&mut *index).zip(row.c_pass);
    for (((c, index), pass), ((&i, &f), &g)) in out.zip(gates) {
        let sum = f64::from(f) * f64::from(*c) + f64::from(i) * f64::from(g);
        let code;
        (code, *pass) = c_places.code(sum);
        let value = code * c_places.ulp;
        *c = value as f32;
        *index = (z.code(value).0 + ROUND).to_bits() as u32 & mask;
    }
    for (t, &index) in row.tanh.iter_mut().zip(&*index) {
        *t = numbers.tanh[index as usize];
    }
    let out = row.h.iter_mut().zip(row.h_pass).zip(o).zip(&*row.tanh);
    if numbers.h.bits == 1 {
        for (((h, pass), &o), &t) in out {
            *h = if o * t >= 0.0 {
                h_places.ulp
            } else {
                -h_places.ulp
            } as f32;
            *pass = 1.0;
        }
    } else {
        for (((h, pass), &o), &t) in out {
            let code;
            (code, *pass) = h_places.code(f64::from(o) * f64::from(t));
            *h = (code * h_places.ulp) as f32;
        }
    }
}

/// Gradients of one step, going backwards, `[batch, H]` and `[batch, 4H]`.
pub(super) struct Backward<'a> {
    /// By h after the step.
    pub dh: &'a [f32],
    /// By c after the step, then by c before it.
    pub dc: &'a mut [f32],
    /// By the pre-activations.
    pub dz: &'a mut [f32],
}

/// One step back through the element-wise part; clamped values pass nothing on.
pub(super) fn step_back(tape: &LayerTape, first: usize, hidden: usize, by: &mut Backward) {
    let sequences = by.dz.chunks_exact_mut(4 * hidden);
    let states = by
        .dh
        .chunks_exact(hidden)
        .zip(by.dc.chunks_exact_mut(hidden));
    for (sequence, (dz, (dh, dc))) in sequences.zip(states).enumerate() {
        Arch::new().dispatch(|| row_back(tape, first + sequence, dh, dc, dz));
    }
}

#[inline(always)]
fn row_back(tape: &LayerTape, row: usize, dh: &[f32], dc: &mut [f32], dz: &mut [f32]) {
    let hidden = dh.len();
    let at = row * hidden..(row + 1) * hidden;
    let wide = 4 * at.start..4 * at.end;
    let (gates, slopes) = (&tape.gates[wide.clone()], &tape.slopes[wide]);
    let (i, rest) = gates.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let (g, o) = rest.split_at(hidden);
    let (si, rest) = slopes.split_at(hidden);
    let (sf, rest) = rest.split_at(hidden);
    let (sg, so) = rest.split_at(hidden);
    let (zi, rest) = dz.split_at_mut(hidden);
    let (zf, rest) = rest.split_at_mut(hidden);
    let (zg, zo) = rest.split_at_mut(hidden);
    let (o, so, zo) = (&o[..hidden], &so[..hidden], &mut zo[..hidden]);
    let (i, f, g) = (&i[..hidden], &f[..hidden], &g[..hidden]);
    let (si, sf, sg) = (&si[..hidden], &sf[..hidden], &sg[..hidden]);
    let (t, before) = (&tape.tanh[at.clone()], &tape.c_before[at.clone()]);
    let (c_pass, h_pass) = (&tape.c_pass[at.clone()], &tape.h_pass[at]);
    let (zi, zf, zg, dc) = (
        &mut zi[..hidden],
        &mut zf[..hidden],
        &mut zg[..hidden],
        &mut dc[..hidden],
    );
    for unit in 0..hidden {
        let dh = dh[unit] * h_pass[unit];
        let d = (dc[unit] + dh * o[unit] * (1.0 - t[unit] * t[unit])) * c_pass[unit];
        zi[unit] = d * g[unit] * si[unit];
        zf[unit] = d * before[unit] * sf[unit];
        zg[unit] = d * i[unit] * sg[unit];
        zo[unit] = dh * t[unit] * so[unit];
        dc[unit] = d * f[unit];
    }
}
