//! Named intermediate values, for whoever must find the first that differs.

/// One layer in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTrace {
    /// Codes of the requantised sums, `[4H]`: z of an LSTM's gates i, f, g, o; z of a GRU's gates r and u
    /// and v of n's parts of x and of h.
    pub z: Vec<i32>,
    /// Codes of c, or of s of a GRU, `[H]`.
    pub c: Vec<i32>,
    /// Hidden state codes, `[H]`.
    pub h: Vec<i32>,
}

/// Every layer in every step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// `[steps][layers]`.
    pub steps: Vec<Vec<StepTrace>>,
}

impl Trace {
    /// The code of a sum, in the order of [`StepTrace::z`], of a unit.
    ///
    /// # Panics
    /// When the step, layer, gate or unit was not traced.
    #[must_use]
    pub fn z(&self, step: usize, layer: usize, gate: usize, unit: usize) -> i64 {
        let layer = &self.steps[step][layer];
        i64::from(layer.z[gate * layer.h.len() + unit])
    }
}
