//! Bits of counts and of stream elements.

/// Bits that hold the numbers `0..=value`, at least 1.
#[must_use]
pub fn bits_for(value: usize) -> usize {
    ((usize::BITS - value.leading_zeros()) as usize).max(1)
}

/// Base-two logarithm of `count`, rounded up; 0 for 0 and 1.
#[must_use]
pub fn log2_up(count: usize) -> usize {
    count.max(1).next_power_of_two().trailing_zeros() as usize
}

/// Bits of an AXI4-Stream element that carries a code of `bits` bits: whole bytes.
#[must_use]
pub fn element_width(bits: u32) -> usize {
    (bits as usize).next_multiple_of(8)
}
