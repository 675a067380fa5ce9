//! Tests of `packed.rs`.

use super::*;
use crate::reference::exact_dot;
use proptest::prelude::*;

/// Every way that this machine has.
fn ways(packed: &PackedRows, vectors: &[CodePair]) -> Vec<Vec<i32>> {
    let count = vectors.len() / packed.pairs;
    let run = |way: usize| {
        let mut out = vec![i32::MIN; count * packed.stride()];
        let job = PackedJob {
            packed,
            vectors,
            out: &mut out,
        };
        #[cfg(target_arch = "x86_64")]
        match (way, V3::try_new(), V4::try_new()) {
            (1, Some(v3), _) => v3.vectorize(On::<_, 1, 4>(v3, job)),
            (2, _, Some(v4)) => v4.vectorize(On::<_, 5, 4>(v4, job)),
            _ => On::<_, 1, 1>(Portable, job).call(),
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            let _ = way;
            On::<_, 1, 1>(Portable, job).call();
        }
        out
    };
    let mut all: Vec<_> = (0..3).map(run).collect();
    let mut out = vec![i32::MIN; count * packed.stride()];
    packed.multiply(vectors, &mut out);
    all.push(out);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_way_gives_the_exact_sums(
        rows in 1usize..120, columns in 1usize..40, count in 1usize..10, seed: u64
    ) {
        let mut random = crate::quantize::SplitMix(seed);
        let mut code = || (random.next_u64() as i16).clamp(-4095, 4095);
        let weights: Vec<i16> = (0..rows * columns).map(|_| code()).collect();
        let mut vectors = vec![[0i16; 2]; count * pairs(columns)];
        let mut flat = Vec::new();
        for vector in vectors.chunks_exact_mut(pairs(columns)) {
            let codes: Vec<i16> = (0..columns).map(|_| code()).collect();
            vector.as_flattened_mut()[..columns].copy_from_slice(&codes);
            flat.push(codes);
        }
        let packed = PackedRows::new(&weights, rows, columns);
        for out in ways(&packed, &vectors) {
            for (vector, out) in flat.iter().zip(out.chunks_exact(packed.stride())) {
                for (row, &sum) in out.iter().enumerate() {
                    let want = weights.chunks_exact(columns).nth(row).map_or(0, |row| exact_dot(row, vector));
                    prop_assert_eq!(i64::from(sum), want);
                }
            }
        }
    }
}
