//! The resource that every point takes most of.

use super::super::super::limits::Limit;
use super::super::chart::{Axis, Chart, short};
use super::super::row::PointRow;
use super::super::summary::Summary;
use serde::Serialize;
use std::collections::BTreeMap;

/// Symbol and class of what limits a point.
fn of_limit(name: Option<&str>) -> (&'static str, &'static str) {
    match name {
        Some("LUT") => ("s0", "l0"),
        Some("FF") => ("s1", "l1"),
        Some("BRAM") => ("s2", "l2"),
        Some("bandwidth") => ("s3", "l3"),
        _ => ("s4", "l4"),
    }
}

/// The resource that the points take most of, over the size of the network and of the array: one mark for all points
/// of a size with the same limit, since they would cover one another.
#[must_use]
pub fn limits(summary: &Summary, rows: &[PointRow]) -> String {
    let kbit = |row: &PointRow| row.weight_memory_bits as f64 / 1000.0;
    let mut chart = Chart::new(
        Axis::log("weights of the network, kbit (log)", rows.iter().map(kbit)),
        Axis::log(
            "multiply-accumulates per cycle (log)",
            rows.iter().map(|row| row.macs_per_cycle as f64),
        ),
    );
    // Marks of a large sweep would touch: its sizes are rounded to quarters of a power of two.
    let bin = |size: u64| match rows.len() {
        0..=20_000 => size,
        _ => (((size.max(1) as f64).log2() * 4.0).round() / 4.0).exp2() as u64,
    };
    let mut cells: BTreeMap<(u64, u64, &str), (usize, usize)> = BTreeMap::new();
    for row in rows {
        let key = (
            bin(row.weight_memory_bits),
            bin(row.macs_per_cycle),
            row.limited_by.unwrap_or("-"),
        );
        let (all, fit) = cells.entry(key).or_default();
        *all += 1;
        *fit += usize::from(row.fits);
    }
    for ((bits, macs, limit), (all, fit)) in cells {
        let (symbol, class) = of_limit(Some(limit));
        let class = if fit > 0 {
            class.to_string()
        } else {
            format!("{class} no")
        };
        let text = format!(
            "{limit}: {all} points, {fit} fit; {} kbit, {macs} MACs per cycle",
            short(bits as f64 / 1000.0)
        );
        let at = (bits as f64 / 1000.0, macs as f64);
        chart.mark_beside(at, beside(limit), symbol, &class, &text);
    }
    let device = match &summary.part {
        Some(part) => part.name.to_string(),
        None => format!(
            "the smallest part of {} that holds the point",
            summary.family
        ),
    };
    chart.svg(&format!("What each point takes most of on {device}"))
}

/// Where the mark of a limit stands beside its place, so that four of them can be seen.
fn beside(limit: &str) -> (f64, f64) {
    match limit {
        "LUT" => (-4.5, -4.5),
        "BRAM" => (4.5, -4.5),
        "bandwidth" => (-4.5, 4.5),
        "DSP" => (4.5, 4.5),
        _ => (0.0, 0.0),
    }
}

/// How many points take most of one resource, those that fit and those that do not.
#[derive(Serialize)]
pub struct LimitBar {
    name: &'static str,
    symbol: &'static str,
    class: &'static str,
    fit: usize,
    out: usize,
    /// Of both bars, percent of the longest.
    widths: [String; 2],
}

/// A bar for every resource.
#[must_use]
pub fn limit_bars(summary: &Summary) -> Vec<LimitBar> {
    let counts = &summary.counts;
    let most = counts
        .limited_by
        .values()
        .copied()
        .max()
        .unwrap_or(1)
        .max(1);
    let bars = Limit::ALL.map(|limit| {
        let name = limit.name();
        let all = counts.limited_by.get(name).copied().unwrap_or(0);
        let out = counts.excluded_by.get(name).copied().unwrap_or(0);
        let (symbol, class) = of_limit(Some(name));
        let share = |count: usize| format!("{:.1}", 100.0 * count as f64 / most as f64);
        LimitBar {
            name,
            symbol,
            class,
            fit: all - out,
            out,
            widths: [share(all - out), share(out)],
        }
    });
    bars.into()
}
