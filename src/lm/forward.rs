//! A float layer, many streams side by side.

mod gru;

use super::math::{sigmoid, tanh};
use super::product::{Matrix, add_product, product};
use super::state::FloatState;
use crate::import::{FloatLayer, FloatRecurrence, FloatUnit};
use pulp::{Arch, Simd, WithSimd};

/// Computes some steps of `layer` for the first `streams` streams of `state`, which is carried on:
/// x `[steps, streams, input_size]` in, h `[steps, streams, hidden_size]` out.
///
/// The arithmetic of `PyTorch`'s `nn.LSTM` and `nn.GRU`, with biases added beforehand where they are.
pub fn float_layer(
    layer: &FloatLayer,
    x: &[f32],
    streams: usize,
    state: &mut FloatState,
) -> Vec<f32> {
    if let FloatRecurrence::Gru { bias_n_h } = &layer.recurrence {
        return gru::gru_layer(layer, bias_n_h, x, streams, state);
    }
    let (width, hidden) = (layer.input_size, layer.hidden_size);
    let rows = x.len() / width;
    let weight_ih = Matrix::new(&layer.weight_ih, 4 * hidden, width);
    let weight_hh = Matrix::new(&layer.weight_hh, 4 * hidden, hidden).t();
    let weight_hh = (streams >= FEW).then(|| weight_hh.pack());
    let mut z = vec![0.0; rows * 4 * hidden];
    product(&mut z, Matrix::new(x, rows, width), &weight_ih.t().pack());
    let mut out = vec![0.0; rows * hidden];
    for (z, out) in z
        .chunks_exact_mut(streams * 4 * hidden)
        .zip(out.chunks_exact_mut(streams * hidden))
    {
        let active = streams * hidden;
        let h = &state.h[..active];
        if let Some(weights) = &weight_hh {
            add_product(z, Matrix::new(h, streams, hidden), weights);
        } else {
            let weights = &layer.weight_hh;
            Arch::new().dispatch(AddFew {
                z,
                weights,
                h,
                hidden,
            });
        }
        Arch::new().dispatch(Update {
            z,
            bias: &layer.bias,
            h: &mut state.h[..active],
            c: &mut state.c[..active],
        });
        out.copy_from_slice(&state.h[..active]);
    }
    out
}

/// Fewer streams than this are multiplied row by row: preparing a matrix product costs more.
const FEW: usize = 4;
/// Sums side by side in a dot product; fixed, so that the order of addition is.
const LANES: usize = 16;

/// `z[s][r] += sum_m weights[r][m] * h[s][m]` for a few streams.
struct AddFew<'a> {
    z: &'a mut [f32],
    weights: &'a [f32],
    h: &'a [f32],
    hidden: usize,
}

impl WithSimd for AddFew<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let streams = self
            .z
            .chunks_exact_mut(4 * self.hidden)
            .zip(self.h.chunks_exact(self.hidden));
        for (z, h) in streams {
            for (z, weights) in z.iter_mut().zip(self.weights.chunks_exact(self.hidden)) {
                *z += dot(weights, h);
            }
        }
    }
}

#[inline(always)]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += a * b;
    }
    let mut width = LANES / 2;
    while width > 0 {
        for lane in 0..width {
            sums[lane] += sums[lane + width];
        }
        width /= 2;
    }
    sums[0]
}

/// Gates, c and h of every stream from z without its bias.
struct Update<'a> {
    z: &'a [f32],
    bias: &'a [f32],
    h: &'a mut [f32],
    c: &'a mut [f32],
}

impl WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let hidden = self.bias.len() / 4;
        let states = self
            .h
            .chunks_exact_mut(hidden)
            .zip(self.c.chunks_exact_mut(hidden));
        for (z, (h, c)) in self.z.chunks_exact(4 * hidden).zip(states) {
            update(z, self.bias, h, c);
        }
    }
}

#[inline(always)]
fn update(z: &[f32], bias: &[f32], h: &mut [f32], c: &mut [f32]) {
    let hidden = h.len();
    let c = &mut c[..hidden];
    let gate = |gate: usize| {
        (
            &z[gate * hidden..][..hidden],
            &bias[gate * hidden..][..hidden],
        )
    };
    let ((zi, bi), (zf, bf), (zg, bg), (zo, bo)) = (gate(0), gate(1), gate(2), gate(3));
    for unit in 0..hidden {
        let z = [
            zi[unit] + bi[unit],
            zf[unit] + bf[unit],
            zg[unit] + bg[unit],
            zo[unit] + bo[unit],
        ];
        let after = FloatUnit::step(z, c[unit], sigmoid, tanh);
        (c[unit], h[unit]) = (after.c, after.h);
    }
}
