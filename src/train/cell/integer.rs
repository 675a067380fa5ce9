//! A step in the hardware's numbers.

use super::super::numbers::{LayerNumbers, ROUND};
use super::tape::{LayerTape, Row, Sums};
use pulp::Arch;

/// One step in the hardware's numbers, into the rows from `first` on: values everywhere, each exactly
/// a code times its place.
pub fn integer_step<T: Copy + Into<f64>>(
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
pub(super) struct Places {
    scale: f64,
    pub(super) ulp: f64,
    low: f64,
    high: f64,
}

impl Places {
    #[inline(always)]
    pub(super) fn new(format: crate::fixed::QFormat) -> Self {
        Self {
            scale: f64::from(format.frac).exp2(),
            ulp: f64::from(-format.frac).exp2(),
            low: format.min_code() as f64,
            high: format.max_code() as f64,
        }
    }

    /// The nearest code, and 1 where it was not clamped.
    #[inline(always)]
    pub(super) fn code(self, value: f64) -> (f64, f32) {
        self.clamped((value * self.scale + ROUND) - ROUND)
    }

    /// The same of odd levels.
    #[inline(always)]
    pub(super) fn odd_code(self, value: f64) -> (f64, f32) {
        self.clamped(2.0 * (value * self.scale / 2.0).floor() + 1.0)
    }

    #[inline(always)]
    fn clamped(self, rounded: f64) -> (f64, f32) {
        let code = rounded.max(self.low).min(self.high);
        // Both are whole numbers: no margin is wanted.
        let clamped = rounded < self.low || rounded > self.high;
        (code, if clamped { 0.0 } else { 1.0 })
    }
}

#[inline(always)]
fn integer_row<T: Copy + Into<f64>>(
    mut row: Row,
    x: &[T],
    h: &[T],
    bias: &[f64],
    c: &mut [f32],
    numbers: &LayerNumbers,
    index: &mut [u32],
) {
    let hidden = c.len();
    for k in 0..4 {
        let at = k * hidden..(k + 1) * hidden;
        let sums = (&x[at.clone()], &h[at.clone()], &bias[at.clone()]);
        integer_gate(&mut row, k, sums, numbers, index);
    }
    row.c_before.copy_from_slice(c);
    integer_state(&mut row, c, numbers, index);
    integer_output(&mut row, numbers, index);
}

/// The code of a value as an index of the tables; the low bits of what rounds are the code's.
#[inline(always)]
pub(super) fn index_of(code: f64, mask: u32) -> u32 {
    (code + ROUND).to_bits() as u32 & mask
}

/// The value and the slope of one gate of every unit.
#[inline(always)]
pub(super) fn integer_gate<T: Copy + Into<f64>>(
    row: &mut Row,
    k: usize,
    (x, h, bias): (&[T], &[T], &[f64]),
    numbers: &LayerNumbers,
    index: &mut [u32],
) {
    let z = Places::new(numbers.z);
    let mask = (1u32 << numbers.z.bits) - 1;
    let at = k * bias.len()..(k + 1) * bias.len();
    let slopes = &mut row.slopes[at.clone()];
    let sums = x.iter().zip(h).zip(bias);
    for ((pass, index), ((&x, &h), &b)) in slopes.iter_mut().zip(&mut *index).zip(sums) {
        let (x, h): (f64, f64) = (x.into(), h.into());
        let code;
        (code, *pass) = z.code(x + h + b);
        *index = index_of(code, mask);
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

/// The state c, and its indices of the table of tanh.
#[inline(always)]
fn integer_state(row: &mut Row, c: &mut [f32], numbers: &LayerNumbers, index: &mut [u32]) {
    let (z, places) = (Places::new(numbers.z), Places::new(numbers.c));
    let mask = (1u32 << numbers.z.bits) - 1;
    let hidden = c.len();
    let (i, rest) = row.gates.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let gates = i.iter().zip(f).zip(&rest[..hidden]);
    let out = c.iter_mut().zip(index).zip(&mut *row.c_pass);
    for (((c, index), pass), ((&i, &f), &g)) in out.zip(gates) {
        let sum = f64::from(f) * f64::from(*c) + f64::from(i) * f64::from(g);
        let code;
        (code, *pass) = places.code(sum);
        let value = code * places.ulp;
        *c = value as f32;
        *index = index_of(z.code(value).0, mask);
    }
}

/// tanh(c) and h.
#[inline(always)]
fn integer_output(row: &mut Row, numbers: &LayerNumbers, index: &[u32]) {
    for (t, &index) in row.inner.iter_mut().zip(index) {
        *t = numbers.tanh[index as usize];
    }
    let o = &row.gates[3 * index.len()..];
    let products = o.iter().zip(&*row.inner);
    let products = products.map(|(&o, &t)| f64::from(o) * f64::from(t));
    round_h(row.h, row.h_pass, products, numbers.h);
}

/// The nearest values of h, and where they were not clamped.
#[inline(always)]
pub(super) fn round_h(
    h: &mut [f32],
    pass: &mut [f32],
    values: impl Iterator<Item = f64>,
    format: crate::fixed::QFormat,
) {
    let places = Places::new(format);
    let out = h.iter_mut().zip(pass).zip(values);
    if format.is_odd() {
        // Of one bit the sign is all that was to be kept.
        let always = format.bits == 1;
        for ((h, pass), value) in out {
            let (code, passes) = places.odd_code(value);
            *h = (code * places.ulp) as f32;
            *pass = if always { 1.0 } else { passes };
        }
    } else {
        for ((h, pass), value) in out {
            let code;
            (code, *pass) = places.code(value);
            *h = (code * places.ulp) as f32;
        }
    }
}
