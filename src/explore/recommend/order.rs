//! The orders in which points are the better ones.

use super::super::sweep::Judged;

/// Time first, then cost, then order.
pub fn by_time(judged: &Judged) -> (u64, u64, Ordered) {
    (
        judged.point.cycles_per_step,
        judged.point.latency_cycles,
        Ordered(judged.worst_share()),
    )
}

/// Cost first, then LUTs, then time.
pub fn by_cost(judged: &Judged) -> (Ordered, u64, u64) {
    (
        Ordered(judged.worst_share()),
        judged.point.lut_total,
        judged.point.cycles_per_step,
    )
}

/// A floating-point number in the order of [`f64::total_cmp`].
#[derive(Clone, Copy, Debug)]
pub struct Ordered(pub f64);

impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
