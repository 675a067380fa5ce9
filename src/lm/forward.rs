//! A float LSTM layer, many streams side by side.

use super::math::{sigmoid, tanh};
use super::product::{Matrix, add_product, product};
use crate::import::FloatLayer;

/// h and c of a layer in every stream, `[streams, units]` each; zero at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatState {
    /// Hidden state.
    pub h: Vec<f32>,
    /// Cell state.
    pub c: Vec<f32>,
}

impl FloatState {
    /// The state before the first step.
    #[must_use]
    pub fn new(layer: &FloatLayer, streams: usize) -> Self {
        let zeros = vec![0.0; streams * layer.hidden_size];
        Self {
            h: zeros.clone(),
            c: zeros,
        }
    }
}

/// Computes `steps` steps of `layer`: x `[steps, streams, input_size]` in, h
/// `[steps, streams, hidden_size]` out; `state` is carried on.
///
/// All gates of one step follow `PyTorch`'s `nn.LSTM`.
pub fn float_layer(
    layer: &FloatLayer,
    x: &[f32],
    streams: usize,
    state: &mut FloatState,
) -> Vec<f32> {
    let (width, hidden) = (layer.input_size, layer.hidden_size);
    let rows = x.len() / width;
    let weight_ih = Matrix::new(&layer.weight_ih, 4 * hidden, width);
    let weight_hh = Matrix::new(&layer.weight_hh, 4 * hidden, hidden);
    let mut z = vec![0.0; rows * 4 * hidden];
    product(&mut z, Matrix::new(x, rows, width), weight_ih.t());
    let mut out = vec![0.0; rows * hidden];
    for (z, out) in z
        .chunks_exact_mut(streams * 4 * hidden)
        .zip(out.chunks_exact_mut(streams * hidden))
    {
        add_product(z, Matrix::new(&state.h, streams, hidden), weight_hh.t());
        update(z, &layer.bias, state);
        out.copy_from_slice(&state.h);
    }
    out
}

/// Gates, c and h of every stream from z without its bias.
fn update(z: &[f32], bias: &[f32], state: &mut FloatState) {
    let hidden = bias.len() / 4;
    let streams = z.chunks_exact(4 * hidden);
    let states = state
        .h
        .chunks_exact_mut(hidden)
        .zip(state.c.chunks_exact_mut(hidden));
    for (z, (h, c)) in streams.zip(states) {
        let gate = |gate: usize| {
            (
                &z[gate * hidden..][..hidden],
                &bias[gate * hidden..][..hidden],
            )
        };
        let ((zi, bi), (zf, bf), (zg, bg), (zo, bo)) = (gate(0), gate(1), gate(2), gate(3));
        for unit in 0..hidden {
            let i = sigmoid(zi[unit] + bi[unit]);
            let f = sigmoid(zf[unit] + bf[unit]);
            let g = tanh(zg[unit] + bg[unit]);
            let o = sigmoid(zo[unit] + bo[unit]);
            c[unit] = f * c[unit] + i * g;
            h[unit] = o * tanh(c[unit]);
        }
    }
}
