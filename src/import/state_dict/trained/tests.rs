//! Tests of `trained.rs`.

use super::{fractions, widths};
use crate::fixed::{Codes, LevelRule, Levels, QFormat};
use crate::spec::CellKind;

#[test]
fn numbers_outside_the_contract_are_no_widths() {
    let good = [1, 4, 5, 6, 8, -3, 9, 16, 10];
    let found = widths(&good).unwrap();
    assert_eq!(
        (found.weight_bits, found.act_bits, found.input_bits),
        (4, 5, 6)
    );
    assert_eq!((found.z, found.gate_frac), (QFormat::new(8, -3), 9));
    assert_eq!(found.c, QFormat::new(16, 10));
    for (at, value) in [
        (0, 2),
        (1, 17),
        (2, 0),
        (3, -1),
        (4, 13),
        (5, 33),
        (6, 15),
        (7, 1),
        (8, -40),
    ] {
        let mut bad = good;
        bad[at] = value;
        assert!(widths(&bad).is_none(), "{bad:?}");
    }
    assert!(widths(&good[..8]).is_none());
    assert_eq!(found.levels, LevelRule::Even);
    let second = |levels| widths(&[2, 4, 5, 6, 8, -3, 9, 16, 10, levels]).map(|of| of.levels);
    assert_eq!(second(1), Some(LevelRule::Odd));
    assert_eq!(second(2), Some(LevelRule::Auto));
    assert_eq!((second(3), second(-1)), (None, None));
}

#[test]
fn the_third_version_is_that_of_a_gru() {
    let good = [3, 4, 5, 6, 8, -3, 9, 16, 14, 1, 12, 7];
    let found = widths(&good).unwrap();
    assert_eq!((found.cell, found.levels), (CellKind::Gru, LevelRule::Odd));
    assert_eq!(
        (found.weight_bits, found.act_bits, found.input_bits),
        (4, 5, 6)
    );
    assert_eq!((found.z, found.gate_frac), (QFormat::new(8, -3), 9));
    assert_eq!(found.c, QFormat::new(16, 14));
    // Zeros: v is said by the fractions of each pass alone.
    let mut open = good;
    open[10..].fill(0);
    assert_eq!(widths(&open), Some(found));
    for (at, value) in [(0, 2), (7, 33), (9, 3), (10, 25), (10, 0), (11, 33)] {
        let mut bad = good;
        bad[at] = value;
        assert!(widths(&bad).is_none(), "{bad:?}");
    }
    assert!(widths(&good[..11]).is_none());
}

/// Version 4 is 2, and 5 is 3, with levels and fraction of h behind.
#[test]
fn h_may_have_levels_and_a_fraction_of_its_own() {
    let lstm = [2, 2, 2, 4, 8, 4, 8, 16, 10, 2];
    let gru = [3, 2, 2, 4, 8, 4, 8, 16, 14, 2, 12, 8];
    for plain in [&lstm[..], &gru] {
        let with = |levels, frac| {
            let mut all = plain.to_vec();
            all[0] += 2;
            widths(&[&all[..], &[levels, frac]].concat())
        };
        let found = with(0, 2).unwrap();
        assert_eq!(found.h(), Codes::new(2, Levels::Even));
        assert_eq!((found.h_frac, found.weights().is_odd()), (Some(2), true));
        let plain = widths(plain).unwrap();
        assert_eq!((plain.act_levels, plain.h_frac), (None, None));
        assert_eq!(found.c, plain.c);
        assert_eq!(
            [with(3, 2), with(-1, 2), with(0, 33), with(0, -33)],
            [None; 4]
        );
    }
    assert!(widths(&[4, 0, 2]).is_none() && widths(&[]).is_none());
}

#[test]
fn a_pass_of_a_gru_has_the_format_of_v_behind_its_fractions() {
    let good = [-2, 1, 2, 3, 4, 5, 6, 12, 8];
    let found = fractions(&good, &[CellKind::Gru]).unwrap();
    assert_eq!(found.x, -2);
    assert_eq!(found.passes, [[vec![1, 2, 3], vec![4, 5, 6]]]);
    assert_eq!(found.v, [QFormat::new(12, 8)]);
    let lstm = fractions(&good, &[CellKind::Lstm]).unwrap();
    assert_eq!(lstm.passes, [[vec![1, 2, 3, 4], vec![5, 6, 12, 8]]]);
    assert_eq!(lstm.v, []);
    for (at, value) in [
        (0, 49),
        (1, -33),
        (6, 49),
        (7, 1),
        (7, 25),
        (8, 33),
        (8, -33),
    ] {
        let mut bad = good;
        bad[at] = value;
        assert!(fractions(&bad, &[CellKind::Gru]).is_none(), "{bad:?}");
    }
    assert!(fractions(&good, &[CellKind::Gru; 2]).is_none());
    assert!(fractions(&[], &[CellKind::Gru]).is_none());
}
