//! Named intermediate values, for whoever must find the first that differs.

/// One layer in one step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepTrace {
    /// Pre-activation codes, `[4H]`, gates in the order i, f, g, o.
    pub z: Vec<i32>,
    /// Cell state codes, `[H]`.
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
    /// The pre-activation code of a gate (0 i, 1 f, 2 g, 3 o) of a unit.
    ///
    /// # Panics
    /// When the step, layer, gate or unit was not traced.
    #[must_use]
    pub fn z(&self, step: usize, layer: usize, gate: usize, unit: usize) -> i64 {
        let layer = &self.steps[step][layer];
        i64::from(layer.z[gate * layer.h.len() + unit])
    }
}
