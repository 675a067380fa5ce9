//! Rounding and saturation: the only place where bits are dropped.

use super::format::{Codes, Levels};

/// Divides `value` by `2^shift`, rounding to nearest, ties to even; an exact left shift for
/// `shift <= 0`.
///
/// The caller guarantees that a left shift fits (`|value| < 2^(62 + shift)`).
#[inline]
#[must_use]
pub const fn rne(value: i64, shift: i32) -> i64 {
    if shift <= 0 {
        return value << (-shift);
    }
    if shift >= 64 {
        return 0; // |value| <= 2^63 is at most half of the smallest divisor: a tie goes to 0
    }
    if shift == 63 {
        // Half is 2^62: more than half rounds away from zero, exactly half to even zero.
        return if value > 1 << 62 {
            1
        } else if value < -(1 << 62) {
            -1
        } else {
            0
        };
    }
    let floor = value >> shift;
    let rest = value & ((1 << shift) - 1);
    let half = 1i64 << (shift - 1);
    floor + (rest > half || (rest == half && floor & 1 == 1)) as i64
}

/// `value / 2^shift` to the nearest odd integer, the upper one where two are equally near:
/// `2 * floor(value / 2^(shift+1)) + 1`.
///
/// It is the floor with its last bit set. The caller guarantees that a left shift fits.
#[inline]
#[must_use]
const fn nearest_odd(value: i64, shift: i32) -> i64 {
    let floor = if shift <= 0 {
        value << -shift
    } else if shift < 64 {
        value >> shift
    } else {
        value >> 63
    };
    floor | 1
}

/// Drops `shift` fraction bits and saturates to `bits` bits of even levels; one bit is always odd, see
/// [`requantize_odd`].
#[inline]
#[must_use]
pub const fn requantize(value: i64, shift: i32, bits: u32) -> i64 {
    Codes::new(bits, Levels::Even).requantize(value, shift)
}

/// Drops `shift` fraction bits to the nearest odd code of `bits` bits, the upper one where two are
/// equally near: `clamp(2 * floor(value / 2^(shift+1)) + 1, -(2^bits - 1), 2^bits - 1)`.
///
/// For one bit it is the sign of the exact value, with zero as +1.
#[inline]
#[must_use]
pub const fn requantize_odd(value: i64, shift: i32, bits: u32) -> i64 {
    Codes::new(bits, Levels::Odd).requantize(value, shift)
}

impl Codes {
    /// `value / 2^shift` on these levels, not clamped to them yet.
    #[inline]
    #[must_use]
    pub const fn round(self, value: i64, shift: i32) -> i64 {
        if self.is_odd() {
            nearest_odd(value, shift)
        } else {
            rne(value, shift)
        }
    }

    /// Clamps a value on these levels to the least and the largest of them.
    #[inline]
    #[must_use]
    pub const fn saturate(self, value: i64) -> i64 {
        let (least, most) = (self.min_code(), self.max_code());
        if value > most {
            most
        } else if value < least {
            least
        } else {
            value
        }
    }

    /// Drops `shift` fraction bits and saturates: [`requantize`], or [`requantize_odd`] where the levels
    /// are odd.
    #[inline]
    #[must_use]
    pub const fn requantize(self, value: i64, shift: i32) -> i64 {
        self.saturate(self.round(value, shift))
    }
}
