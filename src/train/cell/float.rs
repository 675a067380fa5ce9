//! A step in real numbers.

use super::tape::{LayerTape, Row, Sums};
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
