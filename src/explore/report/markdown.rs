//! A sweep as a page of Markdown.

use super::row::PointRow;
use super::summary::Summary;
use super::verified::{self, VerifiedRow};
use crate::files::fill;
use serde::Serialize;

/// Context of `explore.md.tera`.
#[derive(Serialize)]
struct MarkdownPage<'a> {
    cell: &'static str,
    device: String,
    points_and_limits: String,
    /// Of every resource: its name, the points that take most of it, those of them that do not fit.
    limited: Vec<(&'a str, usize, usize)>,
    recommended: String,
    arguments: Vec<&'a str>,
    verified: String,
    networks: String,
    clock: Option<String>,
    errors: String,
}

fn table<'a>(summary: &Summary, rows: impl Iterator<Item = (String, &'a PointRow)>) -> String {
    let metric = summary.metric.as_deref();
    let metric = metric.map(|name| format!(" {} |", name.replace('|', "\\|")));
    let more = if metric.is_some() { "---|" } else { "" };
    let mut text = format!(
        "| | network | array | LUT | FF | BRAM | DSP | cycles | latency us | MHz | limit | part |{}\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|{more}\n",
        metric.as_deref().unwrap_or_default()
    );
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_string());
    for (name, row) in rows {
        let mut cells = vec![name, row.network(), format!("{} {}", row.mac, row.folding)];
        let counts = [
            row.lut_total,
            row.ff,
            row.bram,
            row.dsp,
            row.cycles_per_step,
        ];
        cells.extend(counts.map(|count| count.to_string()));
        cells.extend([
            row.latency_us.to_string(),
            or_dash(row.fmax_mhz.map(|mhz| format!("{mhz:.0}"))),
            row.limited_by.unwrap_or("-").to_string(),
            row.part.unwrap_or("-").to_string(),
        ]);
        if metric.is_some() {
            cells.push(or_dash(row.shown_accuracy().map(|value| value.to_string())));
        }
        text.extend(["| ", &cells.join(" | "), " |\n"]);
    }
    text
}

/// The summary, recommended points, what was measured of them, and the fastest point of every network.
#[must_use]
pub fn markdown(summary: &Summary, verified: &[VerifiedRow]) -> String {
    let Summary {
        counts,
        recommended,
        networks,
        ..
    } = summary;
    let out = |name| counts.excluded_by.get(name).copied().unwrap_or(0);
    let named = recommended
        .iter()
        .map(|entry| (entry.role_names(), &entry.row));
    let clock = summary.estimate.clock.map(|(class, [median, worst])| {
        format!(
            "MHz is the clock after place and route on {}, estimated: off by {median:.1} % at the median and \
             {worst:.1} % at worst.",
            class.name()
        )
    });
    let page = MarkdownPage {
        cell: summary.cell.title(),
        device: summary.device(),
        points_and_limits: summary.points_and_limits(),
        limited: (counts.limited_by.iter())
            .map(|(&name, &count)| (name, count, out(name)))
            .collect(),
        recommended: table(summary, named),
        arguments: summary.arguments(),
        verified: verified::markdown(verified, summary.setting.clock_mhz),
        networks: table(summary, networks.iter().map(|row| (String::new(), row))),
        clock,
        errors: summary.errors(),
    };
    fill(
        include_str!("../../../templates/explore.md.tera"),
        &page,
        false,
    )
}
