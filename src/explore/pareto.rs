//! Which points no other point beats in everything.

/// Objectives of a point, all to be small.
pub const OBJECTIVES: usize = 7;

/// Marks the points that no other dominates: none is at most as large in every objective and smaller
/// in one. Points that are equal in all stay or go together. Exact.
///
/// Points are visited in lexicographic order, in which a point can only be dominated by an earlier
/// one, and compared with the front so far, the last successful dominator first.
#[must_use]
pub fn front(points: &[[f64; OBJECTIVES]]) -> Vec<bool> {
    let ranked = ranks(points);
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_unstable_by_key(|&index| ranked[index]);
    let mut marked = vec![false; points.len()];
    let mut found: Vec<[u32; OBJECTIVES]> = Vec::new();
    for index in order {
        let point = &ranked[index];
        let beaten = found
            .iter()
            .position(|front| front != point && at_most(front, point));
        if let Some(at) = beaten {
            // What beats one point beats its neighbours too.
            found.swap(0, at);
        } else {
            marked[index] = true;
            if found.last() != Some(point) {
                found.push(*point);
            }
        }
    }
    marked
}

/// Without a branch per objective, so that it becomes vector instructions.
fn at_most(a: &[u32; OBJECTIVES], b: &[u32; OBJECTIVES]) -> bool {
    let larger: u32 = a.iter().zip(b).map(|(a, b)| u32::from(a > b)).sum();
    larger == 0
}

/// Every objective as its rank among all points: the order is what counts.
fn ranks(points: &[[f64; OBJECTIVES]]) -> Vec<[u32; OBJECTIVES]> {
    let mut ranked = vec![[0; OBJECTIVES]; points.len()];
    for objective in 0..OBJECTIVES {
        let mut values: Vec<f64> = points.iter().map(|point| point[objective]).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.dedup();
        for (point, ranked) in points.iter().zip(&mut ranked) {
            let below = values.partition_point(|value| value.total_cmp(&point[objective]).is_lt());
            ranked[objective] = below as u32;
        }
    }
    ranked
}

#[cfg(test)]
mod tests {
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
}
