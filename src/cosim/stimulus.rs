//! Inputs of a core: codes packed into beats, and the pattern of idle and stall cycles.

use crate::codegen::StreamPort;
use crate::quantize::{Emit, SplitMix};
use bitvec::field::BitField;
use bitvec::order::Lsb0;
use bitvec::view::BitView;

/// One bit per cycle, repeating: in which cycles something may happen. Empty: in all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mask(Vec<u64>);

/// Words of a mask that is not empty: a pattern repeats after 65536 cycles, or later where it
/// follows a core of long steps.
const MASK_WORDS: usize = 1024;

impl Mask {
    /// Every cycle.
    #[must_use]
    pub fn always() -> Self {
        Self(Vec::new())
    }

    /// Each cycle with a chance of `percent` in 100, at least once in 65536 cycles.
    #[must_use]
    pub fn random(percent: u8, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        Self::from_bits(MASK_WORDS, || random.below(100) < u64::from(percent))
    }

    /// Runs of 1 to `on` cycles that may, and 1 to `off` that may not.
    #[must_use]
    pub fn bursts(on: u16, off: u16, seed: u64) -> Self {
        let mut random = SplitMix(seed);
        let (mut open, mut left) = (false, 0);
        Self::from_bits(MASK_WORDS, || {
            if left == 0 {
                open = !open;
                left = 1 + random.below(u64::from(if open { on } else { off }).max(1));
            }
            left -= 1;
            open
        })
    }

    /// `count` words, a power of two, of the bits that come.
    pub(super) fn from_bits(count: usize, mut bit: impl FnMut() -> bool) -> Self {
        let mut words = vec![0u64; count];
        for word in &mut words {
            for place in 0..64 {
                *word |= u64::from(bit()) << place;
            }
        }
        words[count - 1] |= 1 << 63; // a core that waits for ever would be our fault
        Self(words)
    }

    /// `true` if `cycle` is one of them.
    #[must_use]
    pub fn at(&self, cycle: u64) -> bool {
        let index = (cycle >> 6) as usize & (self.0.len().max(1) - 1);
        self.0
            .get(index)
            .is_none_or(|word| word >> (cycle & 63) & 1 == 1)
    }

    /// The words, cycle 0 in bit 0 of word 0; their number is 0 or a power of two.
    #[must_use]
    pub fn words(&self) -> &[u64] {
        &self.0
    }
}

/// Inputs of a core, step by step.
#[derive(Clone, Copy, Debug)]
pub struct Stimulus<'a> {
    /// Codes of x, `[steps, elements]`.
    pub inputs: &'a [i32],
    /// For each step, whether it ends its sequence (TLAST).
    pub last: &'a [bool],
    /// For each step, whether `state_clear` is pulsed before it; empty: never.
    pub clear: &'a [bool],
    /// For each step, whether it ends its sequence without a TLAST that is offered, because the core cuts the
    /// sequence there; empty: never.
    pub cut: &'a [bool],
}

impl Stimulus<'_> {
    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.last.len()
    }

    /// The steps that a core gives something at, `when` it does.
    #[must_use]
    pub fn answers(&self, when: Emit) -> Vec<usize> {
        let answered = |step: &usize| when == Emit::Step || self.last[*step];
        (0..self.steps()).filter(answered).collect()
    }
}

/// Bytes of one beat of `port`.
#[must_use]
pub fn beat_bytes(port: &StreamPort) -> usize {
    port.elements_per_beat * port.element_width / 8
}

/// Appends the beats of one step: each code sign-extended to its element, the rest zero.
///
/// # Panics
/// When `codes` has not `port.elements` entries, or an element more than 64 bits.
pub fn pack_step(codes: &[i32], port: &StreamPort, beats: &mut Vec<u8>) {
    assert_eq!(codes.len(), port.elements);
    for beat in codes.chunks(port.elements_per_beat) {
        let start = beats.len();
        beats.resize(start + beat_bytes(port), 0);
        let fields = beats[start..]
            .view_bits_mut::<Lsb0>()
            .chunks_exact_mut(port.element_width);
        for (field, &code) in fields.zip(beat) {
            field.store_le(i64::from(code) as u64);
        }
    }
}

/// Reads field number `index` of `width` bits, 1 to 64, as a signed number.
///
/// # Panics
/// When the field lies outside `bytes`.
#[must_use]
pub fn signed_field(bytes: &[u8], index: usize, width: usize) -> i64 {
    let field = &bytes.view_bits::<Lsb0>()[index * width..][..width];
    (field.load_le::<u64>() << (64 - width)) as i64 >> (64 - width)
}

#[cfg(test)]
mod tests;
