//! A layer whose products are formed for many streams at once, and the rest of its step by definition.

use super::layer::LayerState;
use super::narrow::largest_sums;
use super::packed::{CodePair, PackedRows, pairs};
use super::saturation::Saturation;
use crate::quantize::{ActivationTables, Layer};
use std::sync::Arc;

/// A layer whose sums of x and of h fit 32 bits each, whatever its cell, with or without row multipliers.
#[derive(Clone, Debug)]
pub(super) struct SummedLayer {
    hidden_size: usize,
    pub(super) weight_ih: PackedRows,
    weight_hh: PackedRows,
    /// Before the first step.
    start: LayerState,
}

/// Some streams of a layer.
#[derive(Clone, Debug)]
pub(super) struct SummedState {
    streams: Vec<LayerState>,
    /// `[streams, pairs]`.
    h: Vec<CodePair>,
}

impl SummedLayer {
    /// `None` where a sum wants more than 32 bits.
    pub(super) fn new(layer: &Layer) -> Option<Self> {
        let (inputs, hidden) = (layer.input_size, layer.hidden_size);
        let mut sums = largest_sums(&layer.weight_ih, inputs, layer.x).chain(largest_sums(
            &layer.weight_hh,
            hidden,
            layer.h,
        ));
        let tables = || Arc::new(ActivationTables::new(layer.z, layer.a_frac));
        sums.all(|sum| sum < 1 << 31).then(|| Self {
            hidden_size: hidden,
            weight_ih: PackedRows::new(&layer.weight_ih, layer.rows(), inputs),
            weight_hh: PackedRows::new(&layer.weight_hh, layer.rows(), hidden),
            start: LayerState::new(layer, tables()),
        })
    }

    /// The state before the first step.
    pub(super) fn state(&self, streams: usize) -> SummedState {
        SummedState {
            streams: vec![self.start.clone(); streams],
            h: vec![[0; 2]; streams * pairs(self.hidden_size)],
        }
    }

    /// Steps of the first `streams` streams from the sums of the products with x, `[steps, streams]` vectors: h
    /// `[steps, streams, pairs]` out.
    pub(super) fn steps(
        &self,
        from_x: &[&[i32]],
        streams: usize,
        state: &mut SummedState,
    ) -> Vec<CodePair> {
        let width = pairs(self.hidden_size);
        let mut from_h = vec![0; streams * self.weight_hh.stride()];
        let mut out = Vec::with_capacity(from_x.len() * width);
        for from_x in from_x.chunks_exact(streams) {
            self.weight_hh
                .multiply(&state.h[..streams * width], &mut from_h);
            let sums = from_x
                .iter()
                .zip(from_h.chunks_exact(self.weight_hh.stride()));
            let slots = state.h.chunks_exact_mut(width);
            for ((stream, h), (x, of_h)) in state.streams.iter_mut().zip(slots).zip(sums) {
                stream.step_of(x, of_h);
                stream.copy_h(&mut h.as_flattened_mut()[..self.hidden_size]);
            }
            out.extend_from_slice(&state.h[..streams * width]);
        }
        out
    }
}

impl SummedState {
    /// Clamped values of all streams.
    pub(super) fn saturation(&self) -> Saturation {
        let mut sum = Saturation::default();
        for stream in &self.streams {
            sum.add(&stream.saturation());
        }
        sum
    }
}
