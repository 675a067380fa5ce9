//! The charts of a sweep.

use super::super::accuracy::{Accuracies, AccuracyRow};
use super::super::limits::Limit;
use super::chart::{Axis, Chart, short};
use super::row::PointRow;
use super::summary::Summary;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Symbol and class of what limits a point.
#[must_use]
pub fn of_limit(name: Option<&str>) -> (&'static str, &'static str) {
    match name {
        Some("LUT") => ("s0", "l0"),
        Some("FF") => ("s1", "l1"),
        Some("BRAM") => ("s2", "l2"),
        Some("bandwidth") => ("s3", "l3"),
        _ => ("s4", "l4"),
    }
}

/// Tooltip of a point.
fn tip(row: &PointRow) -> String {
    let mut text = format!(
        "W{}A{} H{}x{} {} {}: {} LUT {} FF {} BRAM {} DSP, {} cycles, {} us",
        row.weight_bits,
        row.act_bits,
        row.hidden,
        row.layers,
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
        let roles: Vec<&str> = entry.roles.iter().map(|role| role.name()).collect();
        chart.label(place(&entry.row), &roles.join(", "), "");
    }
    chart.svg("LUT sites against latency, the Pareto set marked")
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
        let beside = match limit {
            "LUT" => (-4.5, -4.5),
            "BRAM" => (4.5, -4.5),
            "bandwidth" => (-4.5, 4.5),
            "DSP" => (4.5, 4.5),
            _ => (0.0, 0.0),
        };
        chart.mark_beside(
            (bits as f64 / 1000.0, macs as f64),
            beside,
            symbol,
            &class,
            &text,
        );
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

/// How many points take most of what, those that fit and those that do not.
#[must_use]
pub fn limit_bars(summary: &Summary) -> String {
    let counts = &summary.counts;
    let total = counts
        .limited_by
        .values()
        .copied()
        .max()
        .unwrap_or(1)
        .max(1);
    let mut text =
        String::from("<table class=\"bars\"><caption>Points by what they take most of</caption>\n");
    for limit in Limit::ALL {
        let all = counts.limited_by.get(limit.name()).copied().unwrap_or(0);
        let out = counts.excluded_by.get(limit.name()).copied().unwrap_or(0);
        let (symbol, class) = of_limit(Some(limit.name()));
        let share = |count: usize| 100.0 * count as f64 / total as f64;
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "<tr><th scope=\"row\"><svg class=\"key\" viewBox=\"-8 -8 16 16\" aria-hidden=\"true\"><use href=\"#{symbol}\" \
             class=\"{class}\"/></svg>{}</th><td><span class=\"bar {class}\" style=\"width:{:.1}%\"></span><span class=\"bar \
             no {class}\" style=\"width:{:.1}%\"></span></td><td class=\"n\"><span>{} fit,</span> <span>{out} do not</span></td></tr>",
            limit.name(),
            share(all - out),
            share(out),
            all - out,
        );
    }
    text.push_str("</table>\n");
    text
}

/// Bits of weights and of h, ternary or not, layers: what the rows of a line have in common.
type LineKey = (Option<u32>, Option<u32>, bool, usize);

/// Classes of lines: float ones are alike, the others take five colours, then the same with dots.
fn line_classes(float: impl Iterator<Item = bool>) -> Vec<String> {
    let mut count = 0;
    float
        .map(|float| {
            if float {
                return "cf".to_string();
            }
            count += 1;
            let again = if count > 5 { " again" } else { "" };
            format!("c{}{again}", (count - 1) % 5)
        })
        .collect()
}

/// Memory of the weights against the measure, one line per width: the picture of the paper.
#[must_use]
pub fn memory_against_accuracy(
    summary: &Summary,
    known: &Accuracies,
    input: Option<usize>,
) -> String {
    let kbit = |row: &AccuracyRow| {
        let bits = u64::from(row.weight_bits.unwrap_or(32));
        let first = input.unwrap_or(row.hidden);
        let weights = 4 * row.hidden * (first + row.hidden + (row.layers - 1) * 2 * row.hidden);
        (weights as u64 * bits) as f64 / 1000.0
    };
    let better = if known.larger_is_better {
        "more is better"
    } else {
        "less is better"
    };
    let mut chart = Chart::new(
        Axis::log(
            "weights of the network, kbit (log)",
            known.rows.iter().map(kbit),
        ),
        Axis::linear(
            &format!("{} ({better})", known.metric),
            known.rows.iter().map(|row| row.value),
        ),
    );
    let mut lines: BTreeMap<LineKey, Vec<&AccuracyRow>> = BTreeMap::new();
    for row in &known.rows {
        lines
            .entry((row.weight_bits, row.act_bits, row.ternary, row.layers))
            .or_default()
            .push(row);
    }
    for rows in lines.values_mut() {
        rows.sort_by_key(|row| row.hidden);
    }
    let classes: Vec<String> = line_classes(lines.keys().map(|key| key.0.is_none()));
    for (rows, class) in lines.values().zip(&classes) {
        let points: Vec<(f64, f64)> = rows.iter().map(|row| (kbit(row), row.value)).collect();
        chart.line(&points, &format!("curve {class}"));
    }
    let beaten = |row: &AccuracyRow| {
        known.rows.iter().any(|other| {
            kbit(other) <= kbit(row)
                && !known.better(row.value, other.value)
                && (kbit(other) < kbit(row) || known.better(other.value, row.value))
        })
    };
    let fits = |row: &AccuracyRow| {
        summary.networks.iter().any(|point| {
            Some(point.weight_bits) == row.weight_bits
                && Some(point.act_bits) == row.act_bits
                && (point.hidden, point.layers) == (row.hidden, row.layers)
        })
    };
    for (rows, own) in lines.values().zip(&classes) {
        for row in rows {
            let at = (kbit(row), row.value);
            let class = format!("{own}{}", if fits(row) { "" } else { " no" });
            let text = format!(
                "{} {} units x {}: {} kbit, {} {}{}",
                row.widths(),
                row.hidden,
                row.layers,
                short(kbit(row)),
                known.metric,
                row.value,
                if fits(row) {
                    ""
                } else {
                    ", no point of the sweep that fits"
                }
            );
            chart.mark(at, "s0", &class, &text);
            if !beaten(row) {
                chart.mark(at, "ring", "ring", &text);
            }
        }
    }
    for (rows, class) in lines.values().zip(&classes) {
        if let Some(row) = rows.last() {
            let layers = if row.layers == 1 {
                String::new()
            } else {
                format!(" x{}", row.layers)
            };
            let name = format!("{}{layers}", row.widths());
            chart.label((kbit(row), row.value), &name, class);
        }
    }
    chart.svg(&format!("Memory of the weights against {}", known.metric))
}
