//! Named intermediate values, for whoever must find the first that differs.

/// One pass of a layer in one step.
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

/// Every pass in every step of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// `[steps][passes]`, the passes as [`super::Lstm::places`] has them; a bidirectional layer has two.
    pub steps: Vec<Vec<StepTrace>>,
}

impl Trace {
    /// The code of a sum, in the order of [`StepTrace::z`], of a unit of a pass; where no layer is bidirectional,
    /// passes are layers.
    ///
    /// # Panics
    /// When the step, pass, gate or unit was not traced.
    #[must_use]
    pub fn z(&self, step: usize, pass: usize, gate: usize, unit: usize) -> i64 {
        let pass = &self.steps[step][pass];
        i64::from(pass.z[gate * pass.h.len() + unit])
    }
}
