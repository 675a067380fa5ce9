//! One page of charts that needs nothing but a browser.

mod table;

use super::super::accuracy::Accuracies;
use super::charts;
use super::row::PointRow;
use super::summary::Summary;
use super::verified::{self, VerifiedRow};
use crate::files::fill;
use serde::Serialize;
use table::{columns, static_table};

/// Points drawn in a chart; more would only cover one another.
const MOST_DRAWN: usize = 2500;
/// Rows in the page's own table; `points.csv` has all.
const MOST_ROWS: usize = 3000;

/// The points that charts show: the Pareto set first, then every so many-th of the others.
fn drawn(rows: &[PointRow]) -> Vec<&PointRow> {
    if rows.len() <= MOST_DRAWN {
        return rows.iter().collect();
    }
    let (front, others): (Vec<&PointRow>, Vec<&PointRow>) = rows.iter().partition(|row| row.pareto);
    let thin = |rows: Vec<&'_ PointRow>, most: usize| -> Vec<usize> {
        let step = rows.len().div_ceil(most).max(1);
        rows.iter().step_by(step).map(|row| row.index).collect()
    };
    let mut kept = thin(front, MOST_DRAWN / 2);
    kept.extend(thin(others, MOST_DRAWN - kept.len()));
    kept.sort_unstable();
    rows.iter()
        .filter(|row| kept.binary_search(&row.index).is_ok())
        .collect()
}

/// Context of `explore.html.tera`.
#[derive(Serialize)]
struct HtmlPage<'a> {
    cell: &'static str,
    device: String,
    style: &'static str,
    script: &'static str,
    points_and_limits: String,
    errors: String,
    /// Points in the chart of latency, and all of them.
    drawn: usize,
    all: usize,
    recommended: String,
    arguments: Vec<&'a str>,
    verified: String,
    /// The charts; that of accuracy where it is known.
    memory: Option<String>,
    latency: String,
    limits: String,
    bars: Vec<charts::LimitBar>,
    networks: Option<String>,
    left_out: usize,
    data: String,
}

/// The page of a sweep. `rows` are all points, those that miss a limit included; `verified` are those
/// that were built.
#[must_use]
pub fn page(
    summary: &Summary,
    rows: &[PointRow],
    known: Option<&Accuracies>,
    verified: &[VerifiedRow],
) -> String {
    let shown = drawn(rows);
    let first = rows.first().map(|row| row.input_size);
    let input = first.filter(|&size| rows.iter().all(|row| row.input_size == size));
    let entries = summary.recommended.iter();
    let (names, entries): (Vec<String>, Vec<&PointRow>) = entries
        .map(|entry| (entry.role_names(), &entry.row))
        .unzip();
    let networks: Vec<&PointRow> = summary.networks.iter().take(200).collect();
    let page = HtmlPage {
        cell: summary.cell.title(),
        device: summary.device(),
        style: include_str!("../page.css"),
        script: include_str!("../page.js"),
        points_and_limits: summary.points_and_limits(),
        errors: summary.errors(),
        drawn: shown.len(),
        all: rows.len(),
        recommended: static_table(summary, Some(&names), &entries),
        arguments: summary.arguments(),
        verified: verified::html(verified, summary.setting.clock_mhz),
        memory: known.map(|known| charts::memory_against_accuracy(summary, known, input)),
        latency: charts::lut_against_latency(summary, &shown),
        limits: charts::limits(summary, rows),
        bars: charts::limit_bars(summary),
        networks: (networks.len() > 1).then(|| static_table(summary, None, &networks)),
        left_out: summary.points.len().saturating_sub(MOST_ROWS),
        data: points(summary),
    };
    fill(
        include_str!("../../../../templates/explore.html.tera"),
        &page,
        true,
    )
}

/// The rows of the page's own table as JSON that may stand in an element.
fn points(summary: &Summary) -> String {
    let mut rows: Vec<&PointRow> = summary.points.iter().collect();
    rows.sort_by_key(|row| !row.pareto);
    rows.truncate(MOST_ROWS);
    let columns = columns(summary);
    let cells = |row: &&PointRow| -> Vec<serde_json::Value> {
        columns.iter().map(|column| (column.cell)(row)).collect()
    };
    let data = serde_json::json!({
        "columns": columns.iter().map(|column| &column.name).collect::<Vec<_>>(),
        "texts": columns.iter().map(|column| column.words).collect::<Vec<_>>(),
        "rows": rows.iter().map(cells).collect::<Vec<_>>(),
    });
    // `<` would end the element early.
    data.to_string().replace('<', "\\u003c")
}
