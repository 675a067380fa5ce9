//! How often each stage had to clamp.

use crate::fixed::Codes;
use serde::Serialize;

/// Clamped values of one stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StageCount {
    /// Values that did not fit and were clamped.
    pub saturated: u64,
    /// Values that passed the stage.
    pub total: u64,
}

impl StageCount {
    /// Nothing passed the stage.
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Clamped values per value, 0 when nothing passed.
    #[must_use]
    pub fn rate(self) -> f64 {
        if self.total == 0 {
            0.0
        } else {
            self.saturated as f64 / self.total as f64
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.saturated += other.saturated;
        self.total += other.total;
    }
}

/// Clamped values of one layer, by the stage that drops bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Saturation {
    /// Accumulator to pre-activation.
    pub z: StageCount,
    /// Parts of n of a GRU, before the reset gate; nothing passes in an LSTM.
    #[serde(skip_serializing_if = "StageCount::is_empty")]
    pub v: StageCount,
    /// Products to the state: c of an LSTM, s of a GRU.
    pub c: StageCount,
    /// Cell state, or n's parts of a GRU, to the argument of tanh.
    pub tanh_argument: StageCount,
    /// Product, or state of a GRU, to hidden state.
    pub h: StageCount,
}

impl Saturation {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.z.add(other.z);
        self.v.add(other.v);
        self.c.add(other.c);
        self.tanh_argument.add(other.tanh_argument);
        self.h.add(other.h);
    }
}

/// [`Codes::requantize`], counting clamped values.
pub(super) fn counted(value: i64, shift: i32, codes: Codes, count: &mut StageCount) -> i64 {
    let rounded = codes.round(value, shift);
    let code = codes.saturate(rounded);
    // Of one bit nothing is left but the sign, which loses nothing that was to be kept.
    count.saturated += u64::from(codes.bits > 1 && code != rounded);
    count.total += 1;
    code
}
