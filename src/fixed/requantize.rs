//! Rounding and saturation: the only place where bits are dropped.

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

/// Clamps `value` to the codes of a signed `bits`-bit format.
///
/// One bit has the codes -1 and +1 only: the result is the sign, +1 for zero.
#[inline]
#[must_use]
pub const fn saturate(value: i64, bits: u32) -> i64 {
    if bits == 1 {
        return if value >= 0 { 1 } else { -1 };
    }
    let max = (1i64 << (bits - 1)) - 1;
    if value > max {
        max
    } else if value < -max - 1 {
        -max - 1
    } else {
        value
    }
}

/// `sat_bits(rne(value, shift))`: drops `shift` fraction bits and saturates to `bits` bits.
///
/// For one bit it is the sign of `value` itself, before any rounding, with zero as +1.
#[inline]
#[must_use]
pub const fn requantize(value: i64, shift: i32, bits: u32) -> i64 {
    if bits == 1 {
        return if value >= 0 { 1 } else { -1 };
    }
    saturate(rne(value, shift), bits)
}
