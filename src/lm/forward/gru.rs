//! A GRU layer.

use super::super::math::{sigmoid, tanh};
use super::super::product::{Matrix, product};
use super::super::state::FloatState;
use crate::import::{FloatGruUnit, FloatLayer};
use pulp::Arch;

/// Steps of a GRU layer; `bias_n_h` is that of n's part of h.
pub(super) fn gru_layer(
    layer: &FloatLayer,
    bias_n_h: &[f32],
    x: &[f32],
    streams: usize,
    state: &mut FloatState,
) -> Vec<f32> {
    let (width, hidden) = (layer.input_size, layer.hidden_size);
    let rows = x.len() / width;
    let weight_ih = Matrix::new(&layer.weight_ih, 3 * hidden, width);
    let weight_hh = Matrix::new(&layer.weight_hh, 3 * hidden, hidden);
    let weight_hh = weight_hh.t().pack();
    let mut from_x = vec![0.0; rows * 3 * hidden];
    product(
        &mut from_x,
        Matrix::new(x, rows, width),
        &weight_ih.t().pack(),
    );
    let mut from_h = vec![0.0; streams * 3 * hidden];
    let mut out = vec![0.0; rows * hidden];
    let steps = from_x.chunks_exact(streams * 3 * hidden);
    for (from_x, out) in steps.zip(out.chunks_exact_mut(streams * hidden)) {
        let h = &mut state.h[..streams * hidden];
        product(&mut from_h, Matrix::new(h, streams, hidden), &weight_hh);
        let sums = from_x
            .chunks_exact(3 * hidden)
            .zip(from_h.chunks_exact(3 * hidden));
        for (h, sums) in h.chunks_exact_mut(hidden).zip(sums) {
            Arch::new().dispatch(|| update(h, sums, &layer.bias, bias_n_h));
        }
        out.copy_from_slice(h);
    }
    out
}

/// The step of every unit of a stream from the sums of x and of h, `[3H]` each.
#[inline(always)]
fn update(h: &mut [f32], (x, of_h): (&[f32], &[f32]), bias: &[f32], bias_n_h: &[f32]) {
    let hidden = h.len();
    for unit in 0..hidden {
        let sum = |gate: usize| {
            let at = gate * hidden + unit;
            x[at] + of_h[at] + bias[at]
        };
        let n = 2 * hidden + unit;
        let z = [sum(0), sum(1), x[n] + bias[n], of_h[n] + bias_n_h[unit]];
        h[unit] = FloatGruUnit::step(z, h[unit], sigmoid, tanh).h;
    }
}
