//! The tables of the page.

use super::super::chart::escape;
use super::super::row::PointRow;
use super::super::summary::Summary;
use std::fmt::Write;

/// A column of the tables: its name, whether it holds words, and a row's cell.
pub(super) struct Column {
    pub(super) name: String,
    pub(super) words: bool,
    pub(super) cell: fn(&PointRow) -> serde_json::Value,
}

/// The columns that say something in this sweep: no clock where none is known, no part where it is given.
pub(super) fn columns(summary: &Summary) -> Vec<Column> {
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
pub(super) fn static_table(
    text: &mut String,
    summary: &Summary,
    names: &[String],
    rows: &[&PointRow],
) {
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
