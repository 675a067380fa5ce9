//! Tests of `stimulus.rs`.

use super::*;
use crate::codegen::PortKind;
use crate::fixed::QFormat;
use proptest::prelude::*;

fn port(elements: usize, elements_per_beat: usize, element_width: usize) -> StreamPort {
    StreamPort {
        kind: PortKind::Codes,
        when: Emit::Step,
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
