//! One page of charts that needs nothing but a browser.

mod table;

use super::super::accuracy::Accuracies;
use super::chart::escape;
use super::charts;
use super::row::PointRow;
use super::summary::Summary;
use super::verified::{self, VerifiedRow};
use std::fmt::Write;
use table::{columns, static_table};

/// Points drawn in a chart; more would only cover one another.
const MOST_DRAWN: usize = 2500;
/// Rows in the page's own table; `points.csv` has all.
const MOST_ROWS: usize = 3000;

/// Marks by shape, so that colour is not needed to tell them apart.
const SYMBOLS: &str = r#"<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>
<circle id="s0" r="3.6"/><path id="s1" d="M-4.6 -1.2h3.4v-3.4h2.4v3.4h3.4v2.4h-3.4v3.4h-2.4v-3.4h-3.4z"/>
<path id="s2" d="M-3.4 -3.4h6.8v6.8h-6.8z"/><path id="s3" d="M0 -4.8l4.8 4.8l-4.8 4.8l-4.8 -4.8z"/>
<path id="s4" d="M0 -4.6l4.4 7.8h-8.8z"/><circle id="ring" r="6.4"/></defs></svg>
"#;

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
    let device = escape(&summary.device());
    let mut text =
        String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    text.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "<title>lprnn-hw explore: {device}</title>");
    let style = include_str!("../page.css");
    let _ = writeln!(text, "<style>\n{style}</style>\n</head>\n<body>");
    text.push_str(SYMBOLS);
    let _ = writeln!(text, "<h1>LSTM cores on {device}</h1>");
    head(&mut text, summary, shown.len(), rows.len());
    recommended(&mut text, summary);
    verified::html(&mut text, verified, summary.setting.clock_mhz);
    text.push_str("<h2>Charts</h2>\n<div class=\"charts\">\n");
    figures(&mut text, summary, rows, &shown, known);
    text.push_str("</div>\n");
    networks(&mut text, summary);
    points(&mut text, summary);
    text.push_str("</body>\n</html>\n");
    text
}

fn figures(
    text: &mut String,
    summary: &Summary,
    rows: &[PointRow],
    shown: &[&PointRow],
    known: Option<&Accuracies>,
) {
    if let Some(known) = known {
        let first = rows.first().map(|row| row.input_size);
        let input = first.filter(|&size| rows.iter().all(|row| row.input_size == size));
        figure(
            text,
            false,
            "Memory against accuracy",
            &charts::memory_against_accuracy(summary, known, input),
            "Rows of the accuracy file, one line per width, fewer to more units. A ring marks what nothing beats in \
             both; pale marks have no point in this sweep that meets the limits. Float weights count 32 bits.",
        );
    }
    figure(
        text,
        false,
        "LUTs against latency",
        &charts::lut_against_latency(summary, shown),
        "Points that meet all limits; coloured: the Pareto set over accuracy where known, LUT, BRAM, DSP, latency, \
         throughput and memory. Networks of unknown accuracy are compared with themselves only.",
    );
    let bars = charts::limit_bars(summary);
    let limits = charts::limits(summary, rows);
    figure(
        text,
        // The third of three: a row of its own.
        known.is_some(),
        "What limits each point",
        &format!("{limits}<div>{bars}</div>"),
        "The resource of which a point takes the largest share; pale: it takes more than there is. Bandwidth: blocks \
         of RAM taken for the width of the weight word, with less than half of their bits in use.",
    );
}

fn head(text: &mut String, summary: &Summary, drawn: usize, all: usize) {
    let mut line = summary.points_and_limits();
    if drawn < all {
        let _ = write!(
            line,
            " LUTs against latency are drawn of {drawn} of the {all} points."
        );
    }
    let _ = writeln!(text, "<p>{}</p>", escape(&line));
    let errors = escape(&summary.errors());
    let _ = writeln!(text, "<p class=\"soft\">{errors}</p>");
}

fn figure(text: &mut String, alone: bool, title: &str, chart: &str, caption: &str) {
    let class = if alone { " class=\"alone\"" } else { "" };
    let _ = writeln!(
        text,
        "<figure{class}><h2>{title}</h2>\n<div class=\"chart\">{chart}</div>\n<figcaption>{caption}</figcaption></figure>"
    );
}

fn recommended(text: &mut String, summary: &Summary) {
    text.push_str("<h2>Recommended</h2>\n");
    let entries = summary.recommended.iter();
    let (names, rows): (Vec<String>, Vec<&PointRow>) = entries
        .map(|entry| (entry.role_names(), &entry.row))
        .unzip();
    static_table(text, summary, &names, &rows);
    for entry in &summary.recommended {
        let arguments = escape(&entry.row.gen_arguments);
        let _ = writeln!(text, "<p><code>lprnn-hw gen {arguments}</code></p>");
    }
}

fn networks(text: &mut String, summary: &Summary) {
    if summary.networks.len() < 2 {
        return;
    }
    text.push_str("<h2>The fastest point of every network</h2>\n");
    let rows: Vec<&PointRow> = summary.networks.iter().take(200).collect();
    static_table(text, summary, &[], &rows);
}

fn points(text: &mut String, summary: &Summary) {
    let mut rows: Vec<&PointRow> = summary.points.iter().collect();
    rows.sort_by_key(|row| !row.pareto);
    let left_out = rows.len().saturating_sub(MOST_ROWS);
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
    text.push_str("<h2>Points</h2>\n<div id=\"tools\" hidden><p><label>filter <input type=\"search\" id=\"words\" \
                   placeholder=\"such as: W4 H128 lut\"></label><label><input type=\"checkbox\" id=\"front\" checked> \
                   Pareto set only</label><span id=\"told\" class=\"soft\" role=\"status\"></span></p></div>\n");
    if left_out > 0 {
        let _ = writeln!(
            text,
            "<p class=\"soft\">{left_out} more points are in points.csv.</p>"
        );
    }
    text.push_str("<div class=\"scroll\"><table id=\"points\"><thead><tr></tr></thead><tbody></tbody></table></div>\n");
    text.push_str("<noscript><p>Without scripts: points.csv has all points.</p></noscript>\n");
    // `<` would end the element early.
    let data = data.to_string().replace('<', "\\u003c");
    let _ = writeln!(
        text,
        "<script type=\"application/json\" id=\"data\">{data}</script>"
    );
    let _ = writeln!(text, "<script>\n{}</script>", include_str!("../page.js"));
}
