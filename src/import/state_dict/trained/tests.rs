//! Tests of `trained.rs`.

use super::widths;
use crate::fixed::{LevelRule, QFormat};

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
