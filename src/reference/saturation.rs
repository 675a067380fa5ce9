//! How often each stage had to clamp.

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
    /// Products to cell state.
    pub c: StageCount,
    /// Cell state to the argument of tanh.
    pub tanh_argument: StageCount,
    /// Product to hidden state.
    pub h: StageCount,
}

impl Saturation {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Self) {
        self.z.add(other.z);
        self.c.add(other.c);
        self.tanh_argument.add(other.tanh_argument);
        self.h.add(other.h);
    }
}
