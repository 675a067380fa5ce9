//! Saturation as reports have it.

use crate::quantize::QuantizedModel;
use crate::reference::{Saturation, StageCount};
use serde::Serialize;

/// How often the stages of one layer saturated.
#[derive(Clone, Debug, Serialize)]
pub struct LayerSaturation {
    /// Number of the layer, from 0.
    pub layer: usize,
    /// Its direction, where it is not forward, or one of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// Accumulator to pre-activation.
    pub z: Rate,
    /// Parts of n of a GRU, before the reset gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<Rate>,
    /// Products to the state: c of an LSTM, s of a GRU.
    pub c: Rate,
    /// Cell state to the argument of tanh.
    pub tanh_argument: Rate,
    /// Product to hidden state.
    pub h: Rate,
}

/// How often one stage saturated.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rate {
    /// Values that were clamped.
    pub saturated: u64,
    /// Values that passed.
    pub total: u64,
    /// Clamped values per value.
    pub share: f64,
}

impl From<StageCount> for Rate {
    fn from(count: StageCount) -> Self {
        Self {
            saturated: count.saturated,
            total: count.total,
            share: count.rate(),
        }
    }
}

impl LayerSaturation {
    /// The counts of every pass of the recurrent layers of `model`.
    #[must_use]
    pub fn all(model: &QuantizedModel, counts: &[Saturation]) -> Vec<Self> {
        let passes = model.passes().zip(counts);
        passes
            .map(|(pass, count)| Self {
                layer: pass.place.layer,
                direction: pass.place.word(),
                z: count.z.into(),
                v: (!count.v.is_empty()).then(|| count.v.into()),
                c: count.c.into(),
                tanh_argument: count.tanh_argument.into(),
                h: count.h.into(),
            })
            .collect()
    }
}
