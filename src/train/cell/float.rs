//! A step in real numbers.

use super::tape::{LayerTape, Row, Sums};
use crate::import::FloatUnit;
use crate::lm::{sigmoid, tanh};
use pulp::Arch;

/// One step of real numbers, into the rows from `first` on. `c` is the state `[batch, H]`, replaced.
pub fn float_step(
    tape: &mut LayerTape,
    first: usize,
    sums: Sums<f32>,
    bias: &[f32],
    c: &mut [f32],
) {
    let hidden = bias.len() / 4;
    for (sequence, c) in c.chunks_exact_mut(hidden).enumerate() {
        let at = sequence * 4 * hidden..(sequence + 1) * 4 * hidden;
        let mut row = tape.row(first + sequence, hidden);
        let (x, h) = (&sums.x[at.clone()], &sums.h[at]);
        Arch::new().dispatch(|| float_row(&mut row, x, h, bias, c));
    }
}

#[inline(always)]
fn float_row(row: &mut Row, x: &[f32], h: &[f32], bias: &[f32], c: &mut [f32]) {
    let hidden = c.len();
    for (((z, x), h), b) in row.gates.iter_mut().zip(x).zip(h).zip(bias) {
        *z = x + h + b;
    }
    row.c_before.copy_from_slice(c);
    let (i, rest) = row.gates.split_at_mut(hidden);
    let (f, rest) = rest.split_at_mut(hidden);
    let (g, o) = rest.split_at_mut(hidden);
    units(i, f, g, o, c, row.inner, row.h);
    let gates = row.gates.chunks_exact(hidden);
    for (k, (gates, slopes)) in gates.zip(row.slopes.chunks_exact_mut(hidden)).enumerate() {
        if k == 2 {
            for (slope, gate) in slopes.iter_mut().zip(gates) {
                *slope = 1.0 - gate * gate;
            }
        } else {
            for (slope, gate) in slopes.iter_mut().zip(gates) {
                *slope = gate * (1.0 - gate);
            }
        }
    }
}

/// The step of every unit: pre-activations become gates. Every slice is an argument of its own, which
/// says that none overlaps another: only then the loop becomes vector instructions.
#[inline(always)]
fn units(
    i: &mut [f32],
    f: &mut [f32],
    g: &mut [f32],
    o: &mut [f32],
    c: &mut [f32],
    tanh_c: &mut [f32],
    h: &mut [f32],
) {
    let hidden = c.len();
    let (i, f, g, o) = (
        &mut i[..hidden],
        &mut f[..hidden],
        &mut g[..hidden],
        &mut o[..hidden],
    );
    let (tanh_c, h) = (&mut tanh_c[..hidden], &mut h[..hidden]);
    for unit in 0..hidden {
        let after = FloatUnit::step([i[unit], f[unit], g[unit], o[unit]], c[unit], sigmoid, tanh);
        [i[unit], f[unit], g[unit], o[unit]] = after.gates;
        (c[unit], tanh_c[unit], h[unit]) = (after.c, after.tanh, after.h);
    }
}
