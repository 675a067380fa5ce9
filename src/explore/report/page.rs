//! One page of charts that needs nothing but a browser.

use super::super::accuracy::Accuracies;
use super::super::recommend::Role;
use super::chart::escape;
use super::charts;
use super::row::PointRow;
use super::summary::Summary;
use super::verified::{self, VerifiedRow};
use std::fmt::Write;

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
    let device = match &summary.part {
        Some(part) => format!("{} ({}, {})", part.name, part.series, part.source),
        None => format!("family {}", summary.family),
    };
    let mut text =
        String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    text.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "<title>lprnn-hw explore: {}</title>", escape(&device));
    let _ = writeln!(
        text,
        "<style>\n{}</style>\n</head>\n<body>",
        include_str!("page.css")
    );
    text.push_str(SYMBOLS);
    let _ = writeln!(text, "<h1>LSTM cores on {}</h1>", escape(&device));
    head(&mut text, summary, shown.len(), rows.len());
    recommended(&mut text, summary);
    verified::html(&mut text, verified, summary.setting.clock_mhz);
    text.push_str("<h2>Charts</h2>\n<div class=\"charts\">\n");
    if let Some(known) = known {
        figure(
            &mut text,
            false,
            "Memory against accuracy",
            &charts::memory_against_accuracy(
                summary,
                known,
                rows.first()
                    .map(|row| row.input_size)
                    .filter(|_| rows.iter().all(|row| row.input_size == rows[0].input_size)),
            ),
            "Rows of the accuracy file, one line per width, fewer to more units. A ring marks what nothing beats in \
             both; pale marks have no point in this sweep that meets the limits. Float weights count 32 bits.",
        );
    }
    figure(
        &mut text,
        false,
        "LUTs against latency",
        &charts::lut_against_latency(summary, &shown),
        "Points that meet all limits; coloured: the Pareto set over accuracy where known, LUT, BRAM, DSP, latency, \
         throughput and memory. Networks of unknown accuracy are compared with themselves only.",
    );
    let bars = charts::limit_bars(summary);
    let limits = charts::limits(summary, rows);
    figure(
        &mut text,
        // The third of three: a row of its own.
        known.is_some(),
        "What limits each point",
        &format!("{limits}<div>{bars}</div>"),
        "The resource of which a point takes the largest share; pale: it takes more than there is. Bandwidth: blocks \
         of RAM taken for the width of the weight word, with less than half of their bits in use.",
    );
    text.push_str("</div>\n");
    networks(&mut text, summary);
    points(&mut text, summary);
    text.push_str("</body>\n</html>\n");
    text
}

fn head(text: &mut String, summary: &Summary, drawn: usize, all: usize) {
    let counts = &summary.counts;
    let mut line = format!(
        "{} points estimated; {} fit, {} meet all limits, {} of these are in the Pareto set. ",
        counts.points, counts.fit, counts.kept, counts.pareto
    );
    let _ = write!(
        line,
        "Up to {} % of LUTs and flip-flops may be used",
        summary.fill_percent
    );
    if let Some(most) = summary.max_cycles {
        let _ = write!(line, ", at most {most} cycles a step");
    }
    let _ = write!(line, "; times are at {} MHz.", summary.setting.clock_mhz);
    if drawn < all {
        let _ = write!(
            line,
            " LUTs against latency are drawn of {drawn} of the {all} points."
        );
    }
    let _ = writeln!(text, "<p>{}</p>", escape(&line));
    let estimate = &summary.estimate;
    let errors = format!(
        "Estimated by {}. LUT sites were off by {:.1} % at the median and {:.1} % at worst, flip-flops by {:.1} % and \
         {:.1} %, on designs outside the fit. {}",
        estimate.source,
        estimate.lut_total[0],
        estimate.lut_total[1],
        estimate.ff[0],
        estimate.ff[1],
        estimate.note
    );
    let _ = writeln!(text, "<p class=\"soft\">{}</p>", escape(&errors));
}

fn figure(text: &mut String, alone: bool, title: &str, chart: &str, caption: &str) {
    let class = if alone { " class=\"alone\"" } else { "" };
    let _ = writeln!(
        text,
        "<figure{class}><h2>{title}</h2>\n<div class=\"chart\">{chart}</div>\n<figcaption>{caption}</figcaption></figure>"
    );
}

/// A column of the tables: its name, whether it holds words, and a row's cell.
struct Column {
    name: String,
    words: bool,
    cell: fn(&PointRow) -> serde_json::Value,
}

/// The columns that say something in this sweep: no clock where none is known, no part where it is given.
fn columns(summary: &Summary) -> Vec<Column> {
    use serde_json::json;
    type ShownCell = fn(&PointRow) -> serde_json::Value;
    let words = |name: &str, cell: ShownCell| Column {
        name: name.to_string(),
        words: true,
        cell,
    };
    let number = |name: &str, cell: ShownCell| Column {
        name: name.to_string(),
        words: false,
        cell,
    };
    let mut columns = vec![
        words("network", |row| json!(row.network())),
        words("array", |row| json!(row.mac)),
        words("units x columns", |row| json!(row.folding)),
        number("LUT", |row| json!(row.lut_total)),
        number("FF", |row| json!(row.ff)),
        number("BRAM", |row| json!(row.bram)),
        number("DSP", |row| json!(row.dsp)),
        number("cycles", |row| json!(row.cycles_per_step)),
        number("latency us", |row| json!(row.latency_us)),
    ];
    if summary.points.iter().any(|row| row.fmax_mhz.is_some()) {
        columns.push(number("MHz", |row| json!(row.fmax_mhz)));
    }
    columns.extend([
        words("limit", |row| json!(row.limited_by)),
        number("share %", |row| json!(largest_share(row))),
    ]);
    if let Some(metric) = &summary.metric {
        columns.push(number(metric, |row| json!(row.shown_accuracy())));
    }
    if summary.part.is_none() {
        columns.push(words("part", |row| json!(row.part)));
    }
    columns.push(words("Pareto", |row| json!(row.pareto)));
    columns
}

fn largest_share(row: &PointRow) -> Option<f64> {
    let shares = [
        row.lut_percent,
        row.ff_percent,
        row.bram_percent,
        row.dsp_percent,
    ];
    shares.into_iter().flatten().max_by(f64::total_cmp)
}

fn shown(cell: &serde_json::Value) -> String {
    match cell {
        serde_json::Value::String(text) => escape(text),
        serde_json::Value::Null | serde_json::Value::Bool(false) => String::new(),
        serde_json::Value::Bool(true) => "yes".to_string(),
        other => other.to_string(),
    }
}

/// A table of points, with names in front where there are any.
fn static_table(text: &mut String, summary: &Summary, names: &[String], rows: &[&PointRow]) {
    let columns = columns(summary);
    let class = |words: bool| if words { " class=\"t\"" } else { "" };
    text.push_str("<div class=\"scroll\"><table><thead><tr>");
    if !names.is_empty() {
        text.push_str("<th scope=\"col\" class=\"t\">role</th>");
    }
    for Column { name, words, .. } in &columns {
        let class = class(*words);
        let _ = write!(text, "<th scope=\"col\"{class}>{}</th>", escape(name));
    }
    text.push_str("</tr></thead><tbody>\n");
    for (index, row) in rows.iter().enumerate() {
        text.push_str("<tr>");
        if let Some(name) = names.get(index) {
            let _ = write!(text, "<td class=\"t\">{}</td>", escape(name));
        }
        for Column { words, cell, .. } in &columns {
            let class = class(*words);
            let _ = write!(text, "<td{class}>{}</td>", shown(&cell(row)));
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
}

fn recommended(text: &mut String, summary: &Summary) {
    text.push_str("<h2>Recommended</h2>\n");
    let roles = |roles: &[Role]| -> Vec<&str> { roles.iter().map(|role| role.name()).collect() };
    let entries = summary.recommended.iter();
    let (names, rows): (Vec<String>, Vec<&PointRow>) = entries
        .map(|entry| (roles(&entry.roles).join(", "), &entry.row))
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
    let _ = writeln!(text, "<script>\n{}</script>", include_str!("page.js"));
}
