//! Tests of `dot.rs`.

use super::*;
use proptest::prelude::*;

fn code(bits: u32, seed: u64) -> i16 {
    let top = 1i64 << (bits - 1);
    match bits {
        1 => {
            if seed & 1 == 1 {
                1
            } else {
                -1
            }
        }
        _ => match seed % 5 {
            0 => -top as i16,
            1 => (top - 1) as i16,
            _ => ((seed >> 3) as i64).rem_euclid(2 * top).wrapping_sub(top) as i16,
        },
    }
}

proptest! {
    #[test]
    fn blocks_equal_the_definition(
        w_bits in 1u32..=16, x_bits in 1u32..=16, seeds in proptest::collection::vec(any::<(u64, u64)>(), 0..3000)
    ) {
        let w: Vec<i16> = seeds.iter().map(|s| code(w_bits, s.0)).collect();
        let x: Vec<i16> = seeds.iter().map(|s| code(x_bits, s.1)).collect();
        prop_assert_eq!(Dot::new(w_bits, x_bits).of(&w, &x), exact_dot(&w, &x));
    }
}

#[test]
fn extremes_fill_a_block_without_overflow() {
    for bits in 2..=16 {
        let extreme = vec![(-(1i64 << (bits - 1))) as i16; 70_000];
        let dot = Dot::new(bits, bits);
        assert_eq!(
            dot.of(&extreme, &extreme),
            exact_dot(&extreme, &extreme),
            "{bits} bits"
        );
    }
}
