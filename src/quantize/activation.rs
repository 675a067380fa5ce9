//! Sigmoid and tanh tables. (Double precision for now; helper code with a proof replaces this.)

use crate::fixed::QFormat;

/// Both tables, indexed by the two's-complement bits of a z code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationTables {
    /// `sigmoid(z) * 2^a_frac`, rounded to nearest.
    pub sigmoid: Vec<i32>,
    /// `tanh(z) * 2^a_frac`, rounded to nearest.
    pub tanh: Vec<i32>,
}

impl ActivationTables {
    /// Tables for pre-activations of format `z` and gate values with `a_frac` fraction bits.
    #[must_use]
    pub fn new(z: QFormat, a_frac: u32) -> Self {
        let one = f64::from(a_frac).exp2();
        let table = |function: fn(f64) -> f64| {
            let half = 1i32 << (z.bits - 1);
            (0..half)
                .chain(-half..0)
                .map(|code| (one * function(f64::from(code) * z.ulp())).round_ties_even() as i32)
                .collect()
        };
        Self {
            sigmoid: table(|v| 1.0 / (1.0 + (-v).exp())),
            tanh: table(f64::tanh),
        }
    }
}
