//! The one definition of an `sN.F` format.

use serde::{Deserialize, Serialize};

/// A signed fixed-point format `s{bits}.{frac}`: codes of `bits` bits, value `code * 2^-frac`.
///
/// `frac` may be negative or larger than `bits`. One bit means the two values -1 and +1
/// (stored bit 1 is +1), times `2^-frac`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QFormat {
    /// Width of a code in bits, at least 1.
    pub bits: u32,
    /// Number of fraction bits.
    pub frac: i32,
}

impl QFormat {
    /// The format `s{bits}.{frac}`.
    #[must_use]
    pub const fn new(bits: u32, frac: i32) -> Self {
        Self { bits, frac }
    }

    /// Largest code: `2^(bits-1) - 1`, and +1 for one bit.
    #[must_use]
    pub const fn max_code(self) -> i64 {
        if self.bits == 1 {
            1
        } else {
            (1 << (self.bits - 1)) - 1
        }
    }

    /// Smallest code: `-2^(bits-1)`, and -1 for one bit.
    #[must_use]
    pub const fn min_code(self) -> i64 {
        -(1 << (self.bits - 1))
    }

    /// `true` if `code` is one of the format's codes.
    #[must_use]
    pub const fn contains(self, code: i64) -> bool {
        code >= self.min_code() && code <= self.max_code() && (self.bits > 1 || code != 0)
    }

    /// The real value of one step between codes, `2^-frac`.
    #[must_use]
    pub fn ulp(self) -> f64 {
        f64::from(-self.frac).exp2()
    }
}

impl std::fmt::Display for QFormat {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "s{}.{}", self.bits, self.frac)
    }
}
