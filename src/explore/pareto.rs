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
mod tests;
