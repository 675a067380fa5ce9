//! The tables of the page.

use super::super::row::PointRow;
use super::super::summary::Summary;
use crate::files::fill;
use serde::Serialize;

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

fn shown(cell: serde_json::Value) -> String {
    match cell {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null | serde_json::Value::Bool(false) => String::new(),
        serde_json::Value::Bool(true) => "yes".to_string(),
        other => other.to_string(),
    }
}

/// Context of `explore_table.html.tera`.
#[derive(Serialize)]
struct StaticTable {
    columns: Vec<ColumnHead>,
    rows: Vec<Vec<String>>,
}

#[derive(Serialize)]
struct ColumnHead {
    name: String,
    words: bool,
}

/// A table of points, with the names of roles in front where there are any.
pub(super) fn static_table(
    summary: &Summary,
    names: Option<&[String]>,
    rows: &[&PointRow],
) -> String {
    let columns = columns(summary);
    let mut table = StaticTable {
        rows: (rows.iter())
            .map(|row| {
                columns
                    .iter()
                    .map(|column| shown((column.cell)(row)))
                    .collect()
            })
            .collect(),
        columns: (columns.into_iter())
            .map(|Column { name, words, .. }| ColumnHead { name, words })
            .collect(),
    };
    if let Some(names) = names {
        let name = "role".to_string();
        table.columns.insert(0, ColumnHead { name, words: true });
        for (row, name) in table.rows.iter_mut().zip(names) {
            row.insert(0, name.clone());
        }
    }
    let template = include_str!("../../../../templates/explore_table.html.tera");
    fill(template, &table, true)
}
