//! Inputs of a core: codes packed into beats, and the pattern of idle and stall cycles.

use crate::codegen::StreamPort;
use crate::quantize::SplitMix;
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
}

impl Stimulus<'_> {
    /// Number of steps.
    #[must_use]
    pub fn steps(&self) -> usize {
        self.last.len()
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
mod tests {
    use super::*;
    use crate::fixed::QFormat;
    use proptest::prelude::*;

    fn port(elements: usize, elements_per_beat: usize, element_width: usize) -> StreamPort {
        StreamPort {
            prefix: "s_axis".to_string(),
            elements,
            elements_per_beat,
            element_width,
            beats_per_step: elements.div_ceil(elements_per_beat),
            format: QFormat::new(element_width as u32, 0),
        }
    }

    proptest! {
        #[test]
        fn packing_is_shifting(
            codes in prop::collection::vec(any::<i32>(), 1..40),
            elements_per_beat in 1usize..20,
            bytes in 1usize..=5,
        ) {
            let width = bytes * 8;
            let keep = 64 - width.min(32);
            let codes: Vec<i32> =
                codes.iter().map(|&code| (i64::from(code) << keep >> keep) as i32).collect();
            let port = port(codes.len(), elements_per_beat, width);
            let mut beats = Vec::new();
            pack_step(&codes, &port, &mut beats);
            prop_assert_eq!(beats.len(), port.beats_per_step * beat_bytes(&port));
            for (beat, data) in beats.chunks(beat_bytes(&port)).enumerate() {
                for element in 0..elements_per_beat {
                    let mut word = 0u64;
                    for byte in 0..bytes {
                        word |= u64::from(data[element * bytes + byte]) << (8 * byte);
                    }
                    let word = (word << (64 - width)) as i64 >> (64 - width);
                    let code = codes.get(beat * elements_per_beat + element).copied();
                    prop_assert_eq!(word, i64::from(code.unwrap_or(0)));
                    prop_assert_eq!(signed_field(data, element, width), word);
                }
            }
        }

        #[test]
        fn fields_of_any_width_straddle_words(
            width in 1usize..=64,
            values in prop::collection::vec(any::<i64>(), 1..30),
        ) {
            let mut bytes = vec![0u8; (values.len() * width).div_ceil(8)];
            for (index, value) in values.iter().enumerate() {
                for place in 0..width {
                    let bit = index * width + place;
                    bytes[bit / 8] |= ((value >> place & 1) as u8) << (bit % 8);
                }
            }
            for (index, value) in values.iter().enumerate() {
                let shift = 64 - width;
                prop_assert_eq!(signed_field(&bytes, index, width), value << shift >> shift);
            }
        }

        #[test]
        fn masks_are_seeded_and_open_sometimes(seed in any::<u64>(), percent in 0u8..=100) {
            let mask = Mask::random(percent, seed);
            prop_assert_eq!(&mask, &Mask::random(percent, seed));
            prop_assert!(mask.words().len().is_power_of_two());
            let open = (0..65536u64).filter(|&cycle| mask.at(cycle)).count();
            prop_assert!(open.abs_diff(65536 * usize::from(percent) / 100) <= 900, "{}", open);
            prop_assert!(open > 0);
        }
    }

    #[test]
    fn bursts_keep_their_longest_runs() {
        let mask = Mask::bursts(5, 9, 3);
        let bits: Vec<bool> = (0..65535).map(|cycle| mask.at(cycle)).collect();
        let longest = |open| {
            bits.split(|&bit| bit != open)
                .map(<[bool]>::len)
                .max()
                .unwrap()
        };
        assert_eq!((longest(true), longest(false)), (5, 9));
    }

    #[test]
    fn masks_repeat_and_the_empty_one_is_always() {
        let mask = Mask::random(50, 1);
        assert!((0..1000).all(|cycle| mask.at(cycle) == mask.at(cycle + 65536)));
        assert!((0..1000).all(|cycle| Mask::always().at(cycle)));
    }
}
