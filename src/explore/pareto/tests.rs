//! Tests of `pareto.rs`.

use super::*;
use crate::quantize::SplitMix;
use proptest::prelude::*;

fn dominates(a: &[f64; OBJECTIVES], b: &[f64; OBJECTIVES]) -> bool {
    a.iter().zip(b).all(|(a, b)| a <= b) && a.iter().zip(b).any(|(a, b)| a < b)
}

fn noise(seed: u64, count: usize, most: i64) -> Vec<[f64; OBJECTIVES]> {
    let mut noise = SplitMix(seed);
    (0..count)
        .map(|_| std::array::from_fn(|_| noise.between(0, most) as f64))
        .collect()
}

proptest! {
    #[test]
    fn the_front_is_what_comparing_all_pairs_finds(seed: u64, count in 0usize..300, most in 0i64..12) {
        let points = noise(seed, count, most);
        let slow: Vec<bool> = points
            .iter()
            .map(|point| !points.iter().any(|other| dominates(other, point)))
            .collect();
        prop_assert_eq!(front(&points), slow);
    }
}

#[test]
fn a_hundred_thousand_points_are_sorted_out_in_seconds() {
    // Cost against time with noise, as in a sweep: some thousands are on the front.
    let mut noise = SplitMix(5);
    let points: Vec<[f64; OBJECTIVES]> = (0..100_000)
        .map(|_| {
            let size = noise.between(1, 60_000) as f64;
            let spread = |noise: &mut SplitMix| 1.0 + noise.between(0, 400) as f64 / 1000.0;
            let cost = size * spread(&mut noise);
            let time = 1e9 / size * spread(&mut noise);
            [
                0.0,
                cost,
                (cost / 100.0).round(),
                0.0,
                time,
                (time * 0.9).round(),
                cost * 3.0,
            ]
        })
        .collect();
    let start = std::time::Instant::now();
    let marked = front(&points);
    let count = marked.iter().filter(|marked| **marked).count();
    assert!(count > 100, "{count}");
    let bar = if cfg!(debug_assertions) { 60.0 } else { 10.0 };
    assert!(start.elapsed().as_secs_f64() < bar, "{:?}", start.elapsed());
}
