//! A sweep as text for people.

use super::output::{grouped, table};
use crate::explore::report::{PointRow, Summary};
use std::io::Write;

fn heading(metric: Option<&str>, clock: bool) -> Vec<String> {
    let mut names = vec![
        "", "network", "array", "LUT", "FF", "BRAM", "DSP", "cycles", "us",
    ];
    if clock {
        names.push("MHz");
    }
    names.push("limit");
    if let Some(metric) = metric {
        names.push(metric);
    }
    names.push("part");
    names.into_iter().map(String::from).collect()
}

fn cells(role: &str, row: &PointRow, metric: bool, clock: bool) -> Vec<String> {
    let layers = match row.layers {
        1 => String::new(),
        layers => format!(" x{layers}"),
    };
    let limit = match (row.limited_by, worst(row)) {
        (Some(limit), Some(percent)) => format!("{limit} {percent:.0} %"),
        _ => "-".to_string(),
    };
    let mut cells = vec![
        role.to_string(),
        format!("{}{layers}{}", row.widths_and_units(), row.turns()),
        format!("{} {}", row.mac, row.folding),
        grouped(row.lut_total),
        grouped(row.ff),
        grouped(row.bram),
        grouped(row.dsp),
        grouped(row.cycles_per_step),
        format!("{}", row.latency_us),
    ];
    if clock {
        cells.push(
            row.fmax_mhz
                .map_or("-".to_string(), |mhz| format!("{mhz:.0}")),
        );
    }
    cells.push(limit);
    if metric {
        cells.push(
            row.shown_accuracy()
                .map_or("-".to_string(), |value| value.to_string()),
        );
    }
    cells.push(row.part.unwrap_or("-").to_string());
    cells
}

fn worst(row: &PointRow) -> Option<f64> {
    [
        row.lut_percent,
        row.ff_percent,
        row.bram_percent,
        row.dsp_percent,
    ]
    .into_iter()
    .flatten()
    .max_by(f64::total_cmp)
}

/// Counts, recommended points, the fastest point of every network, and how sure all that is.
pub fn human(summary: &Summary, out: &mut dyn Write) -> std::io::Result<()> {
    let counts = &summary.counts;
    let device = match &summary.part {
        Some(part) => format!("{} ({})", part.name, part.series),
        None => format!("the family {}", summary.family),
    };
    writeln!(
        out,
        "{} points for {device}: {} fit, {} meet all limits, {} in the Pareto set",
        grouped(counts.points as u64),
        grouped(counts.fit as u64),
        grouped(counts.kept as u64),
        grouped(counts.pareto as u64)
    )?;
    let limits: Vec<String> = counts
        .limited_by
        .iter()
        .map(|(name, count)| format!("{name} {}", grouped(*count as u64)))
        .collect();
    writeln!(out, "what a point takes most of: {}", limits.join(", "))?;
    let metric = summary.metric.as_deref();
    writeln!(out, "\nrecommended")?;
    let clock = summary.estimate.clock;
    let mut rows = vec![heading(metric, clock.is_some())];
    for entry in &summary.recommended {
        let roles: Vec<&str> = entry.roles.iter().map(|role| role.name()).collect();
        rows.push(cells(
            &roles.join(", "),
            &entry.row,
            metric.is_some(),
            clock.is_some(),
        ));
    }
    table(out, &rows)?;
    if summary.networks.len() > 1 {
        writeln!(out, "\nthe fastest point of every network")?;
        let mut rows = vec![heading(metric, clock.is_some())];
        rows.extend(
            summary
                .networks
                .iter()
                .map(|row| cells("", row, metric.is_some(), clock.is_some())),
        );
        table(out, &rows)?;
    }
    errors(summary, out)
}

/// How far estimates were off, and what they stand for.
fn errors(summary: &Summary, out: &mut dyn Write) -> std::io::Result<()> {
    let [lut, ff] = [summary.estimate.lut_total, summary.estimate.ff];
    writeln!(
        out,
        "\nestimated by {}: LUT sites off by {:.1} % at the median and {:.1} % at worst, flip-flops by \
         {:.1} % and {:.1} %, on designs outside the fit",
        summary.estimate.source, lut[0], lut[1], ff[0], ff[1]
    )?;
    if let Some((class, [median, worst])) = summary.estimate.clock {
        writeln!(
            out,
            "MHz is the clock after place and route on {}, estimated: off by {median:.1} % at the median \
             and {worst:.1} % at worst",
            class.name()
        )?;
    }
    writeln!(out, "{}", summary.estimate.note)?;
    writeln!(
        out,
        "us is the latency at {} MHz; LUT and FF may fill {} % of a part",
        summary.setting.clock_mhz, summary.fill_percent
    )
}
