//! A step in real numbers.

use super::super::tape::{LayerTape, Row, Sums};
use crate::import::FloatGruUnit;
use crate::lm::{sigmoid, tanh};
use pulp::Arch;

/// One step of real numbers, into the rows from `first` on. `s` is the state `[batch, H]`, replaced.
pub fn gru_float_step(
    tape: &mut LayerTape,
    first: usize,
    sums: Sums<f32>,
    bias: &[f32],
    s: &mut [f32],
) {
    let hidden = bias.len() / 4;
    for (sequence, s) in s.chunks_exact_mut(hidden).enumerate() {
        let at = sequence * 3 * hidden..(sequence + 1) * 3 * hidden;
        let mut row = tape.row(first + sequence, hidden);
        let (x, h) = (&sums.x[at.clone()], &sums.h[at]);
        Arch::new().dispatch(|| float_row(&mut row, x, h, bias, s));
    }
}

#[inline(always)]
fn float_row(row: &mut Row, x: &[f32], h: &[f32], bias: &[f32], s: &mut [f32]) {
    let hidden = s.len();
    row.c_before.copy_from_slice(s);
    let (r, rest) = row.gates.split_at_mut(hidden);
    let (u, rest) = rest.split_at_mut(hidden);
    let (n, part) = rest.split_at_mut(hidden);
    let (slope_r, rest) = row.slopes.split_at_mut(hidden);
    let (slope_u, rest) = rest.split_at_mut(hidden);
    let (slope_n, part_pass) = rest.split_at_mut(hidden);
    part_pass.fill(1.0);
    for unit in 0..hidden {
        let sum = |gate: usize| {
            let at = gate * hidden + unit;
            x[at] + h[at] + bias[at]
        };
        let at = 2 * hidden + unit;
        let of_h = h[at] + bias[3 * hidden + unit];
        let z = [sum(0), sum(1), x[at] + bias[at], of_h];
        let after = FloatGruUnit::step(z, s[unit], sigmoid, tanh);
        [r[unit], u[unit], n[unit]] = after.gates;
        part[unit] = of_h;
        slope_r[unit] = r[unit] * (1.0 - r[unit]);
        slope_u[unit] = u[unit] * (1.0 - u[unit]);
        slope_n[unit] = 1.0 - n[unit] * n[unit];
        s[unit] = after.h;
    }
    row.h.copy_from_slice(s);
}
