//! Tests of `pattern.rs`.

use super::*;

const CORE: Following = Following {
    pauses: Pauses::Mixed,
    cycles: 500,
    source: 8,
    sink: 16,
    held: 3,
};

fn shut(mask: &Mask, cycles: std::ops::Range<u64>) -> u64 {
    cycles.filter(|&cycle| !mask.at(cycle)).count() as u64
}

#[test]
fn the_sink_stops_first_and_is_slower_than_the_core_after_it() {
    for pauses in [Pauses::Mixed, Pauses::Random, Pauses::Bursts] {
        let pattern = Pattern::Following(Following { pauses, ..CORE });
        let mut open = 0;
        for seed in 0..20 {
            let (source, sink) = pattern.masks(seed);
            assert_eq!((source.clone(), sink.clone()), pattern.masks(seed));
            assert_eq!(shut(&sink, 0..4 * 500), 4 * 500, "{pauses:?}");
            assert_eq!(shut(&source, 0..8 * 500), 0, "{pauses:?}");
            open += 1000 - shut(&sink, 2000..3000);
            // Over everything both sides do pause, and do move.
            for mask in [&source, &sink] {
                let part = shut(mask, 0..64 * 500) / 320;
                assert!((10..90).contains(&part), "{pauses:?}: {part} %");
            }
        }
        // Two steps in which fewer than two steps' beats can leave.
        assert!((100..20 * 2 * 16).contains(&open), "{pauses:?}: {open}");
    }
}

#[test]
fn masks_reach_over_many_steps_and_stay_bounded_whatever_is_asked() {
    let (source, _) = Pattern::Following(CORE).masks(1);
    assert!(source.words().len() as u64 * 64 >= 64 * 500);
    let absurd = Following {
        pauses: Pauses::Mixed,
        cycles: u64::MAX,
        source: u64::MAX,
        sink: 0,
        held: u64::MAX,
    };
    let (source, sink) = Pattern::Following(absurd).masks(u64::MAX);
    for mask in [source, sink] {
        assert_eq!(mask.words().len() as u64, LONGEST_MASK);
    }
    let empty = Following {
        cycles: 0,
        source: 0,
        held: 0,
        ..absurd
    };
    assert_eq!(Pattern::Following(empty).masks(3).0.words().len(), 1024);
}
