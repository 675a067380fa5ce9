//! The only writer of sized Verilog literals.

/// `width'hdigits` from the hexadecimal digits of an image's row.
#[must_use]
pub fn hex(width: usize, digits: &str) -> String {
    format!("{width}'h{digits}")
}

/// A two's-complement literal of `width` bits.
#[must_use]
pub fn signed(width: usize, value: i64) -> String {
    let mask = if width >= 64 {
        u64::MAX
    } else {
        (1u64 << width) - 1
    };
    format!(
        "{width}'h{:0digits$x}",
        value as u64 & mask,
        digits = width.div_ceil(4)
    )
}

/// A string parameter.
#[must_use]
pub fn string(text: &str) -> String {
    format!("\"{text}\"")
}
