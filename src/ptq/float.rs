//! The float model on the calibration inputs: what the integers are measured against.

use super::sequences::{Sequences, split};
use crate::import::{
    FloatDirection, FloatGruUnit, FloatHead, FloatLayer, FloatRecurrence, FloatUnit,
};
use rayon::prelude::*;

/// Outputs and ranges of a float layer.
#[derive(Default)]
pub(super) struct FloatRun {
    /// `[all steps, H]`.
    pub h: Vec<f32>,
    /// Largest magnitude of a pre-activation, of the argument of n's tanh too.
    pub z_most: f32,
    /// Largest magnitude of n's parts of a GRU, before the reset gate.
    pub v_most: f32,
    /// Largest magnitude of the state: of c, or of h of a GRU.
    pub c_most: f32,
}

impl FloatRun {
    /// An LSTM's step: `z` has the gates' pre-activations, `[4H]`.
    fn lstm(&mut self, z: &[f32], h: &mut [f32], c: &mut [f32]) {
        let hidden = h.len();
        for z in z {
            self.z_most = self.z_most.max(z.abs());
        }
        for unit in 0..hidden {
            let z = std::array::from_fn(|gate| z[gate * hidden + unit]);
            let after = FloatUnit::step(z, c[unit], sigmoid, f32::tanh);
            self.c_most = self.c_most.max(after.c.abs());
            (c[unit], h[unit]) = (after.c, after.h);
        }
    }

    /// A GRU's step: `z` has the pre-activations of r and u, and n's parts of x and of h, `[4H]`.
    fn gru(&mut self, z: &[f32], h: &mut [f32]) {
        let hidden = h.len();
        let largest = |most: f32, values: &[f32]| values.iter().fold(most, |m, v| m.max(v.abs()));
        self.z_most = largest(self.z_most, &z[..2 * hidden]);
        self.v_most = largest(self.v_most, &z[2 * hidden..]);
        for unit in 0..hidden {
            let z = std::array::from_fn(|sum| z[sum * hidden + unit]);
            let after = FloatGruUnit::step(z, h[unit], sigmoid, f32::tanh);
            self.z_most = self.z_most.max(after.argument.abs());
            self.c_most = self.c_most.max(after.h.abs());
            h[unit] = after.h;
        }
    }
}

/// Steps whose products with x are computed side by side.
const BLOCK: usize = 256;

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// In eight sums, which compilers turn into vector instructions.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0f32; 8];
    let (a, rest_a) = a.as_chunks::<8>();
    let (b, rest_b) = b.as_chunks::<8>();
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The layer on every sequence, each from zero state, in its direction or in both: h is `[all steps, outputs]`.
pub(super) fn run(layer: &FloatLayer, inputs: &Sequences) -> FloatRun {
    let mut own = match layer.direction {
        FloatDirection::Forward | FloatDirection::Bidirectional(_) => one_way(layer, inputs),
        FloatDirection::Backward(_) => backward(layer, inputs),
    };
    if let Some(other) = layer.other_half() {
        let other = backward(other, inputs);
        let size = layer.hidden_size;
        let steps = own.h.chunks_exact(size).zip(other.h.chunks_exact(size));
        own.h = steps
            .flat_map(|(own, other)| own.iter().chain(other).copied())
            .collect();
        own.z_most = own.z_most.max(other.z_most);
        own.v_most = own.v_most.max(other.v_most);
        own.c_most = own.c_most.max(other.c_most);
    }
    own
}

/// The layer on every sequence from its end; h in the order of its outputs.
fn backward(layer: &FloatLayer, inputs: &Sequences) -> FloatRun {
    let mut run = one_way(layer, &inputs.turned());
    if !layer.output_order().is_time() {
        return run;
    }
    let h = Sequences {
        data: run.h,
        width: layer.hidden_size,
        lengths: inputs.lengths.clone(),
    };
    run.h = h.turned().data;
    run
}

/// The layer on every sequence from its start.
fn one_way(layer: &FloatLayer, inputs: &Sequences) -> FloatRun {
    let sequences: Vec<&[f32]> = split(&inputs.data, inputs.width, &inputs.lengths).collect();
    let parts: Vec<FloatRun> = sequences
        .par_iter()
        .map(|sequence| sequence_of(layer, sequence))
        .collect();
    let mut all = FloatRun {
        h: Vec::with_capacity(inputs.steps() * layer.hidden_size),
        ..FloatRun::default()
    };
    for part in parts {
        all.h.extend(part.h);
        all.z_most = all.z_most.max(part.z_most);
        all.v_most = all.v_most.max(part.v_most);
        all.c_most = all.c_most.max(part.c_most);
    }
    all
}

fn sequence_of(layer: &FloatLayer, inputs: &[f32]) -> FloatRun {
    let (width, hidden) = (layer.input_size, layer.hidden_size);
    let mut out = FloatRun {
        h: Vec::with_capacity(inputs.len() / width * hidden),
        ..FloatRun::default()
    };
    let (mut h, mut c) = (vec![0.0f32; hidden], vec![0.0f32; hidden]);
    let bias_n_h = layer.recurrence.bias_n_h();
    let rows = layer.gates() * hidden;
    // Sums that stay apart: n's part of h stands behind all rows.
    let mut z = vec![0.0f32; rows + bias_n_h.len()];
    let weights: Vec<&[f32]> = layer.weight_hh.chunks_exact(hidden).collect();
    let summed = rows - bias_n_h.len();
    for block in inputs.chunks(BLOCK * width) {
        let from_x: Vec<f32> = block
            .par_chunks_exact(width)
            .flat_map_iter(|x| {
                let rows = layer.weight_ih.chunks_exact(width).zip(&layer.bias);
                rows.map(move |(row, bias)| dot(row, x) + bias)
            })
            .collect();
        for from_x in from_x.chunks_exact(rows) {
            for ((z, row), from_x) in z.iter_mut().zip(&weights[..summed]).zip(from_x) {
                *z = from_x + dot(row, &h);
            }
            match &layer.recurrence {
                FloatRecurrence::Lstm => out.lstm(&z, &mut h, &mut c),
                FloatRecurrence::Gru { bias_n_h } => {
                    z[summed..rows].copy_from_slice(&from_x[summed..]);
                    let parts = z[rows..].iter_mut().zip(&weights[summed..]);
                    for ((z, row), bias) in parts.zip(bias_n_h) {
                        *z = dot(row, &h) + bias;
                    }
                    out.gru(&z, &mut h);
                }
            }
            out.h.extend_from_slice(&h);
        }
    }
    out
}

/// The head on h, `[steps, H]` in, `[steps, O]` out.
pub(super) fn head(head: &FloatHead, h: &[f32]) -> Vec<f32> {
    let hidden = head.weight.len() / head.output_size;
    h.par_chunks_exact(hidden)
        .flat_map_iter(|h| {
            let rows = head.weight.chunks_exact(hidden).zip(&head.bias);
            rows.map(move |(row, bias)| dot(row, h) + bias)
        })
        .collect()
}
