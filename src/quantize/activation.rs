//! Sigmoid and tanh tables, correctly rounded, in integers alone.
//!
//! Every entry is the exact function times `2^a_frac`, rounded to nearest. The functions are
//! evaluated in fixed point with 60 fraction bits and an error below `2^-52`, the same on every
//! machine. Rounding is decided by comparing with the middle between two codes; by
//! Lindemann's theorem `exp` of a rational other than 0 is irrational, so no exact value lies in a
//! middle, and at 0 the values 1/2 and 0 are codes themselves (`a_frac >= 1`). A value closer to
//! a middle than the error would be undecided; [`ActivationTables::new`] checks that none is.

use crate::fixed::QFormat;

/// Fraction bits of the evaluation.
const FRAC: u32 = 60;
const ONE: u128 = 1 << FRAC;

/// `ln 2 * 2^60`, rounded.
const LN_2: u128 = 799_144_290_325_165_979;

/// Values closer than this to the middle of two codes would be undecided; four times the error of
/// the evaluation, in units of `2^-60`.
const UNDECIDED: u128 = 1 << 10;

/// Both tables, indexed by the two's-complement bits of a z code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationTables {
    /// `sigmoid(z) * 2^a_frac`, rounded to nearest: `0..=2^a_frac`.
    pub sigmoid: Vec<i32>,
    /// `tanh(z) * 2^a_frac`, rounded to nearest: `-2^a_frac..=2^a_frac`.
    pub tanh: Vec<i32>,
}

/// `exp(-y)` for `y >= 0`, both with 60 fraction bits.
///
/// `y = k ln 2 + r` with `r < ln 2`; `exp(-r)` by its series. The series' 25 terms are each cut by
/// less than one unit, `k < 94` times the half unit of `LN_2` follows, and the shift by k only
/// shrinks both: below `2^7` units, `2^-53`.
fn exp_minus(y: u128) -> u128 {
    let k = y / LN_2;
    if k > u128::from(FRAC) {
        return 0;
    }
    let r = y % LN_2;
    let (mut sum, mut term) = (ONE as i128, ONE as i128);
    for n in 1.. {
        term = -((term * r as i128) >> FRAC) / n;
        if term == 0 {
            break;
        }
        sum += term;
    }
    (sum as u128) >> k
}

/// `value * 2^a_frac`, rounded to nearest, of a value in 0..=1 with 60 fraction bits.
fn round(value: u128, a_frac: u32) -> i32 {
    let drop = FRAC - a_frac;
    let rest = value & ((1 << drop) - 1);
    let half = 1u128 << (drop - 1);
    assert!(
        rest.abs_diff(half) > UNDECIDED,
        "an activation table entry is too close to the middle of two codes to be decided"
    );
    ((value + half) >> drop) as i32
}

impl ActivationTables {
    /// Tables for pre-activations of format `z` and gate values with `a_frac` fraction bits.
    ///
    /// # Panics
    /// When an entry cannot be decided; tests show that this happens for no format with up to 12
    /// bits, 0 to 12 fraction bits and `a_frac` up to 14.
    #[must_use]
    pub fn new(z: QFormat, a_frac: u32) -> Self {
        let half = 1i64 << (z.bits - 1);
        let table =
            |function: &dyn Fn(i64) -> i32| (0..half).chain(-half..0).map(function).collect();
        // |z| with 60 fraction bits; beyond 64 both functions are at their ends.
        let magnitude = |code: i64| {
            let shift = FRAC as i32 - z.frac;
            let code = u128::from(code.unsigned_abs());
            let limit = ONE << 6;
            if shift >= 0 && code.checked_ilog2().unwrap_or(0) as i32 + shift < 70 {
                (code << shift).min(limit)
            } else if shift >= 0 {
                if code == 0 { 0 } else { limit }
            } else {
                code >> -shift
            }
        };
        let sigmoid = |code: i64| {
            let e = exp_minus(magnitude(code));
            let upper = if code < 0 { e } else { ONE };
            round((upper << FRAC) / (ONE + e), a_frac)
        };
        let tanh = |code: i64| {
            let e = exp_minus(2 * magnitude(code));
            let value = round(((ONE - e) << FRAC) / (ONE + e), a_frac);
            if code < 0 { -value } else { value }
        };
        Self {
            sigmoid: table(&sigmoid),
            tanh: table(&tanh),
        }
    }
}
