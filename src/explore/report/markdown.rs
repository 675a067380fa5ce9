//! A sweep as a page of Markdown.

use super::row::PointRow;
use super::summary::Summary;
use super::verified::{self, VerifiedRow};
use std::fmt::Write;

fn table(text: &mut String, summary: &Summary, rows: &[(String, &PointRow)]) {
    let metric = summary.metric.as_deref();
    text.push_str(
        "| | network | array | LUT | FF | BRAM | DSP | cycles | latency us | MHz | limit | part |",
    );
    text.push_str(&metric.map_or(String::new(), |name| {
        format!(" {} |", name.replace('|', "\\|"))
    }));
    text.push_str("\n|---|---|---|---|---|---|---|---|---|---|---|---|");
    text.push_str(if metric.is_some() { "---|\n" } else { "\n" });
    for (name, row) in rows {
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            "| {name} | W{}A{} H{} x {} | {} {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
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
            row.latency_us,
            row.fmax_mhz
                .map_or("-".to_string(), |mhz| format!("{mhz:.0}")),
            row.limited_by.unwrap_or("-"),
            row.part.unwrap_or("-")
        );
        if metric.is_some() {
            let _ = write!(
                text,
                " {} |",
                row.shown_accuracy()
                    .map_or("-".to_string(), |value| value.to_string())
            );
        }
        text.push('\n');
    }
}

/// The summary, recommended points, what was measured of them, and the fastest point of every network.
#[must_use]
pub fn markdown(summary: &Summary, verified: &[VerifiedRow]) -> String {
    let counts = &summary.counts;
    let mut text = format!("# LSTM cores on {}\n\n", summary.device());
    let _ = writeln!(text, "{}\n", summary.points_and_limits());
    text.push_str("| a point takes most of | points | of these do not fit |\n|---|---|---|\n");
    for (name, count) in &counts.limited_by {
        let out = counts.excluded_by.get(name).copied().unwrap_or(0);
        let _ = writeln!(text, "| {name} | {count} | {out} |");
    }
    text.push_str("\n## Recommended\n\n");
    let entries = summary.recommended.iter();
    let rows: Vec<(String, &PointRow)> = entries
        .map(|entry| (entry.role_names(), &entry.row))
        .collect();
    table(&mut text, summary, &rows);
    text.push_str("\nTo build them:\n\n");
    for entry in &summary.recommended {
        let _ = writeln!(text, "    lprnn-hw gen {}", entry.row.gen_arguments);
    }
    verified::markdown(&mut text, verified, summary.setting.clock_mhz);
    text.push_str("\n## The fastest point of every network\n\n");
    let networks = summary.networks.iter();
    let rows: Vec<(String, &PointRow)> = networks.map(|row| (String::new(), row)).collect();
    table(&mut text, summary, &rows);
    if let Some((class, [median, worst])) = summary.estimate.clock {
        let _ = writeln!(
            text,
            "\nMHz is the clock after place and route on {}, estimated: off by {median:.1} % at the median and \
             {worst:.1} % at worst.",
            class.name()
        );
    }
    let _ = writeln!(text, "\n{}", summary.errors());
    text
}
