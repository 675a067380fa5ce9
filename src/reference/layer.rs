//! One layer's step, whatever its cell.

use super::gru::GruLayer;
use super::lstm::LstmLayer;
use super::saturation::Saturation;
use super::trace::StepTrace;
use crate::quantize::{ActivationTables, Layer, Recurrence};
use std::sync::Arc;

/// A layer made ready to compute, with its state.
#[derive(Clone, Debug)]
pub(super) enum LayerState {
    Lstm(Box<LstmLayer>),
    Gru(Box<GruLayer>),
}

impl LayerState {
    /// `tables` are those of the layer's formats.
    pub(super) fn new(layer: &Layer, tables: Arc<ActivationTables>) -> Self {
        match layer.recurrence {
            Recurrence::Lstm { .. } => Self::Lstm(Box::new(LstmLayer::new(layer, tables))),
            Recurrence::Gru { .. } => Self::Gru(Box::new(GruLayer::new(layer, tables))),
        }
    }

    pub(super) fn reset(&mut self) {
        match self {
            Self::Lstm(layer) => layer.reset(),
            Self::Gru(layer) => layer.reset(),
        }
    }

    /// One step on codes of the layer's x format.
    pub(super) fn step(&mut self, x: impl Iterator<Item = i32>) {
        match self {
            Self::Lstm(layer) => layer.step(x),
            Self::Gru(layer) => layer.step(x),
        }
    }

    /// One step from the sums of x and of h of every row, without bias.
    pub(super) fn step_of(&mut self, x: &[i32], h: &[i32]) {
        match self {
            Self::Lstm(layer) => layer.step_of(x, h),
            Self::Gru(layer) => layer.step_of(x, h),
        }
    }

    /// h into a slice of as many codes.
    pub(super) fn copy_h(&self, slots: &mut [i16]) {
        slots.copy_from_slice(match self {
            Self::Lstm(layer) => layer.h(),
            Self::Gru(layer) => layer.h(),
        });
    }

    /// h, `[H]`.
    pub(super) fn h(&self) -> impl Iterator<Item = i32> + '_ {
        let h = match self {
            Self::Lstm(layer) => layer.h(),
            Self::Gru(layer) => layer.h(),
        };
        h.iter().map(|&code| code.into())
    }

    /// The state beside h: c of an LSTM, s of a GRU, `[H]`.
    pub(super) fn c(&self) -> impl Iterator<Item = i32> + '_ {
        let state = match self {
            Self::Lstm(layer) => layer.c(),
            Self::Gru(layer) => layer.s(),
        };
        state.iter().map(|&code| code as i32)
    }

    /// The requantised sums, sum after sum.
    pub(super) fn z(&self) -> impl Iterator<Item = i32> + '_ {
        let codes = match self {
            Self::Lstm(layer) => layer.z(),
            Self::Gru(layer) => layer.codes(),
        };
        codes.iter().map(|&code| code as i32)
    }

    /// Pre-activations and states of the last step.
    pub(super) fn traced(&self) -> StepTrace {
        StepTrace {
            z: self.z().collect(),
            c: self.c().collect(),
            h: self.h().collect(),
        }
    }

    pub(super) fn saturation(&self) -> Saturation {
        match self {
            Self::Lstm(layer) => layer.saturation,
            Self::Gru(layer) => layer.saturation,
        }
    }
}
