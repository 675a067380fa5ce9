//! LUT sites against latency.

use super::super::chart::{Axis, Chart, short};
use super::super::row::PointRow;
use super::super::summary::Summary;

/// Tooltip of a point.
fn tip(row: &PointRow) -> String {
    let mut text = format!(
        "{} {} {}: {} LUT {} FF {} BRAM {} DSP, {} cycles, {} us",
        row.network(),
        row.mac,
        row.folding,
        row.lut_total,
        row.ff,
        row.bram,
        row.dsp,
        row.cycles_per_step,
        row.latency_us
    );
    if !row.fits {
        text.push_str(", does not fit");
    }
    text
}

/// LUT sites against latency: the Pareto set over the other points that fit.
#[must_use]
pub fn lut_against_latency(summary: &Summary, rows: &[&PointRow]) -> String {
    let fits: Vec<&&PointRow> = rows.iter().filter(|row| row.fits && row.in_time).collect();
    let mut chart = Chart::new(
        Axis::log(
            &format!(
                "latency of a step at {} MHz, microseconds (log)",
                summary.setting.clock_mhz
            ),
            fits.iter().map(|row| row.latency_us),
        ),
        Axis::log(
            "LUT sites, estimated (log)",
            fits.iter().map(|row| row.lut_total as f64),
        ),
    );
    let place = |row: &PointRow| (row.latency_us, row.lut_total as f64);
    if let Some(part) = &summary.part {
        let usable = part.lut as f64 * summary.fill_percent / 100.0;
        let name = format!(
            "{} % of {}: {} LUTs",
            summary.fill_percent,
            part.name,
            short(usable.floor())
        );
        chart.level(usable, &name);
    }
    for row in fits.iter().filter(|row| !row.pareto) {
        chart.mark(place(row), "s0", "other", &tip(row));
    }
    for row in fits.iter().filter(|row| row.pareto) {
        chart.mark(place(row), "s0", "front", &tip(row));
    }
    for entry in &summary.recommended {
        chart.mark(place(&entry.row), "ring", "ring", &tip(&entry.row));
    }
    for entry in &summary.recommended {
        chart.label(place(&entry.row), &entry.role_names(), "");
    }
    chart.svg("LUT sites against latency, the Pareto set marked")
}
