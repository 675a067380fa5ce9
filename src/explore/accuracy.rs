//! Measured accuracies of networks, from a CSV file.

use super::accuracy_columns::Columns;
use super::direction::of_name;
use super::network::NetworkShape;
use crate::spec::Issue;
use std::collections::BTreeMap;

/// Accuracies of networks and what they measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracies {
    /// Name of the measure: the column, or the word in the column `metric`.
    pub metric: String,
    /// Whether a larger value is a better one.
    pub larger_is_better: bool,
    /// One entry per row of the file, in its order.
    pub rows: Vec<Row>,
}

/// The accuracy of one network.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Row {
    /// Bits of a weight; `None` for a float network, which no point is.
    pub weight_bits: Option<u32>,
    /// Bits of h; `None` for float.
    pub act_bits: Option<u32>,
    /// Whether the weights are -1, 0 or 1, which the hardware holds in 2 bits.
    pub ternary: bool,
    /// Units of every layer.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// The measure.
    pub value: f64,
    /// Line of the file.
    pub line: u64,
}

impl Row {
    fn key(&self) -> (Option<u32>, Option<u32>, bool, usize, usize) {
        (
            self.weight_bits,
            self.act_bits,
            self.ternary,
            self.hidden,
            self.layers,
        )
    }

    /// `W2A4`, `ternary A4`, `float`.
    #[must_use]
    pub fn widths(&self) -> String {
        match (self.weight_bits, self.act_bits) {
            (Some(_), Some(act)) if self.ternary => format!("ternary A{act}"),
            (Some(weight), Some(act)) => format!("W{weight}A{act}"),
            (Some(weight), None) => format!("W{weight}"),
            (None, Some(act)) => format!("float W A{act}"),
            (None, None) => "float".to_string(),
        }
    }
}

/// A line that is no row of the table.
fn no_row(shown: &str, error: &csv::Error) -> Issue {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("has {len} fields where the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    Issue::new(
        format!("{shown}:{line}"),
        problem,
        "give one value per column, separated by commas",
    )
}

/// Reads the accuracies in `text`, a CSV file called `shown`. `metric` names the column to take
/// where there are several; `larger_is_better` says what its name may not say.
///
/// Everything that is wrong is said at once, with line and column.
pub fn read(
    text: &str,
    shown: &str,
    metric: Option<&str>,
    larger_is_better: Option<bool>,
) -> Result<Accuracies, Vec<Issue>> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let failed = |error: &csv::Error| no_row(shown, error);
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
        Err(error) => return Err(vec![failed(&error)]),
    };
    let columns = Columns::of(&header, shown, metric)?;
    let mut issues = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut metric_word: Option<String> = None;
    let mut lines = BTreeMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                issues.push(failed(&error));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let cell = |column: usize| record.get(column).unwrap_or("");
        if let Some(column) = columns.metric_word {
            let word = cell(column);
            let wanted = metric.or(metric_word.as_deref());
            if wanted.is_some_and(|wanted| wanted != word) {
                if metric.is_none() {
                    issues.push(Issue::new(
                        format!("{shown}:{line}: metric"),
                        format!("`{word}` after `{}`", metric_word.as_deref().unwrap_or("")),
                        "choose one by --metric",
                    ));
                }
                continue;
            }
            metric_word = Some(word.to_string());
        }
        match columns.row(&header, &cell, line) {
            Ok(row) => {
                if let Some(first) = lines.insert(row.key(), line) {
                    issues.push(Issue::new(
                        format!("{shown}:{line}"),
                        format!(
                            "{} {} units stands on line {first} already",
                            row.widths(),
                            row.hidden
                        ),
                        "leave one of the two away",
                    ));
                } else {
                    rows.push(row);
                }
            }
            Err((column, problem, remedy)) => {
                issues.push(Issue::new(
                    format!("{shown}:{line}: {column}"),
                    problem,
                    remedy,
                ));
            }
        }
    }
    let found = metric_word.as_deref().unwrap_or(&header[columns.value]);
    let direction = larger_is_better.or_else(|| of_name(found));
    if direction.is_none() {
        issues.push(Issue::new(
            format!("{shown}: {found}"),
            "whether a larger or a smaller value is the better one does not follow from the name",
            "say it by --accuracy-direction larger, or smaller",
        ));
    }
    if issues.is_empty() && rows.is_empty() {
        issues.push(Issue::new(
            shown,
            "holds no accuracies",
            "give one row per network",
        ));
    }
    match direction {
        Some(larger_is_better) if issues.is_empty() => Ok(Accuracies {
            metric: found.to_string(),
            larger_is_better,
            rows,
        }),
        _ => Err(issues),
    }
}

impl Accuracies {
    /// Whether `a` is better than `b`.
    #[must_use]
    pub fn better(&self, a: f64, b: f64) -> bool {
        if self.larger_is_better { a > b } else { a < b }
    }

    /// The accuracy of a network: the best row of its widths, units and layers.
    #[must_use]
    pub fn of(&self, network: &NetworkShape) -> Option<&Row> {
        let fits = |row: &&Row| {
            row.weight_bits == Some(network.weight_bits)
                && row.act_bits == Some(network.act_bits)
                && row.hidden == network.hidden
                && row.layers == network.layers
        };
        let mut best: Option<&Row> = None;
        for row in self.rows.iter().filter(fits) {
            if best.is_none_or(|best| self.better(row.value, best.value)) {
                best = Some(row);
            }
        }
        best
    }

    /// The measure as a number to be small.
    #[must_use]
    pub fn cost(&self, value: f64) -> f64 {
        if self.larger_is_better { -value } else { value }
    }
}
