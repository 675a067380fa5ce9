//! A step in the hardware's numbers.

use super::super::super::numbers::LayerNumbers;
use super::super::integer::{Places, index_of, integer_gate, round_h};
use super::super::tape::{LayerTape, Row, Sums};
use crate::fixed::QFormat;
use pulp::Arch;

/// One step in the hardware's numbers, into the rows from `first` on: values everywhere, each exactly
/// a code times its place. `v` is the format of n's parts.
pub fn gru_integer_step<T: Copy + Into<f64>>(
    tape: &mut LayerTape,
    first: usize,
    sums: Sums<T>,
    bias: &[f64],
    s: &mut [f32],
    (numbers, v): (&LayerNumbers, QFormat),
) {
    let hidden = bias.len() / 4;
    let mut index = vec![0u32; hidden];
    for (sequence, s) in s.chunks_exact_mut(hidden).enumerate() {
        let at = sequence * 3 * hidden..(sequence + 1) * 3 * hidden;
        let mut row = tape.row(first + sequence, hidden);
        let sums = (&sums.x[at.clone()], &sums.h[at], bias);
        let index = &mut index[..];
        Arch::new().dispatch(|| {
            for k in 0..2 {
                let at = k * hidden..(k + 1) * hidden;
                let gate = (&sums.0[at.clone()], &sums.1[at.clone()], &bias[at]);
                integer_gate(&mut row, k, gate, numbers, index);
            }
            candidate(&mut row, sums, (numbers, v), index);
            row.c_before.copy_from_slice(s);
            state(&mut row, s, numbers);
            let h = s.iter().map(|&s| f64::from(s));
            round_h(row.h, row.h_pass, h, numbers.h);
        });
    }
}

/// n's parts, the argument of its tanh, and n.
#[inline(always)]
fn candidate<T: Copy + Into<f64>>(
    row: &mut Row,
    (x, h, bias): (&[T], &[T], &[f64]),
    (numbers, v): (&LayerNumbers, QFormat),
    index: &mut [u32],
) {
    let (z, v) = (Places::new(numbers.z), Places::new(v));
    let mask = (1u32 << numbers.z.bits) - 1;
    let hidden = index.len();
    let (gates, part) = row.gates.split_at_mut(3 * hidden);
    let (r, n) = gates.split_at_mut(2 * hidden);
    let (slopes, part_pass) = row.slopes.split_at_mut(3 * hidden);
    let slope = &mut slopes[2 * hidden..];
    let (x, h) = (&x[2 * hidden..], &h[2 * hidden..]);
    let (bias_x, bias_h) = bias[2 * hidden..].split_at(hidden);
    for unit in 0..hidden {
        let of_x: f64 = x[unit].into();
        let of_h: f64 = h[unit].into();
        let (code_x, code_h, code);
        (code_x, row.inner[unit]) = v.code(of_x + bias_x[unit]);
        (code_h, part_pass[unit]) = v.code(of_h + bias_h[unit]);
        part[unit] = (code_h * v.ulp) as f32;
        let argument = (code_x + f64::from(r[unit]) * code_h) * v.ulp;
        (code, slope[unit]) = z.code(argument);
        index[unit] = index_of(code, mask);
    }
    for ((n, slope), &index) in n.iter_mut().zip(slope).zip(&*index) {
        *n = numbers.tanh[index as usize];
        *slope *= 1.0 - *n * *n;
    }
}

/// The state s.
#[inline(always)]
fn state(row: &mut Row, s: &mut [f32], numbers: &LayerNumbers) {
    let places = Places::new(numbers.c);
    let hidden = s.len();
    let (u, n) = row.gates[hidden..].split_at(hidden);
    let out = s.iter_mut().zip(&mut *row.c_pass);
    for ((s, pass), (&u, &n)) in out.zip(u.iter().zip(n)) {
        let u = f64::from(u);
        let sum = u * f64::from(*s) + (1.0 - u) * f64::from(n);
        let code;
        (code, *pass) = places.code(sum);
        *s = (code * places.ulp) as f32;
    }
}
