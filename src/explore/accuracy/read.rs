//! Reading an accuracy file: everything that is wrong with it at once.

use super::cells::Line;
use super::columns::Columns;
use super::direction::of_name;
use super::table::{Accuracies, AccuracyRow};
use crate::diagnostic::{Problem, Problems};
use std::collections::BTreeMap;

/// A line that is no row of the table.
fn no_row(error: &csv::Error) -> Problem {
    let line = error.position().map_or(1, csv::Position::line) as usize;
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => {
            format!("has {len} fields where the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    Problem::line(line, problem).help("give one value per column, separated by commas")
}

/// The rows of a file so far.
struct Rows<'a> {
    /// The measure that was asked for.
    metric: Option<&'a str>,
    columns: Columns,
    header: &'a [String],
    issues: Vec<Problem>,
    found: Vec<AccuracyRow>,
    /// The word in the column `metric`.
    metric_word: Option<String>,
}

impl Rows<'_> {
    /// `true` if a line is of the measure that is read.
    fn wanted(&mut self, line: &Line) -> bool {
        let Some(column) = self.columns.metric_word else {
            return true;
        };
        let word = line.cell(column);
        let wanted = self.metric.or(self.metric_word.as_deref());
        if wanted.is_some_and(|wanted| wanted != word) {
            if self.metric.is_none() {
                self.issues.push(
                    Problem::key(
                        line.number,
                        "metric",
                        format!(
                            "`{word}` after `{}`",
                            self.metric_word.as_deref().unwrap_or("")
                        ),
                    )
                    .help("choose one by --metric"),
                );
            }
            return false;
        }
        self.metric_word = Some(word.to_string());
        true
    }

    fn read(&mut self, records: csv::StringRecordsIter<&[u8]>) {
        let mut lines = BTreeMap::new();
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    self.issues.push(no_row(&error));
                    continue;
                }
            };
            let number = record.position().map_or(0, csv::Position::line) as usize;
            let line = Line {
                header: self.header,
                record: &record,
                number,
            };
            if !self.wanted(&line) {
                continue;
            }
            let row = line.row(&self.columns).and_then(|row| {
                let (widths, hidden) = (row.widths(), row.hidden);
                match lines.insert(row.key(), number) {
                    None => Ok(row),
                    Some(first) => Err(Problem::line(
                        number,
                        format!("{widths} {hidden} units is already on line {first}"),
                    )
                    .help("remove one of the two")),
                }
            });
            match row {
                Ok(row) => self.found.push(row),
                Err(issue) => self.issues.push(issue),
            }
        }
    }

    /// The table, or all that is wrong with it.
    fn finish(mut self, larger_is_better: Option<bool>) -> Result<Accuracies, Problems> {
        let word = self.metric_word.as_deref();
        let found = word.unwrap_or(&self.header[self.columns.value]);
        let direction = larger_is_better.or_else(|| of_name(found));
        if direction.is_none() {
            self.issues.push(
                Problem::within(
                    found,
                    "its name does not say whether larger or smaller is better",
                )
                .help("give --accuracy-direction larger or smaller"),
            );
        }
        if self.issues.is_empty() && self.found.is_empty() {
            self.issues
                .push(Problem::new("holds no accuracies").help("give one row per network"));
        }
        let table = Accuracies {
            metric: found.to_string(),
            larger_is_better: direction.unwrap_or_default(),
            rows: self.found,
        };
        Problems::none_or(self.issues, table)
    }
}

/// Reads the accuracies in `text`, a CSV file. `metric` names the column to take
/// where there are several; `larger_is_better` says what its name may not say.
///
/// Everything that is wrong is said at once, with line and column.
pub fn read(
    text: &str,
    metric: Option<&str>,
    larger_is_better: Option<bool>,
) -> Result<Accuracies, Problems> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_ascii_lowercase).collect(),
        Err(error) => return Err(no_row(&error).into()),
    };
    let mut rows = Rows {
        metric,
        columns: Columns::of(&header, metric)?,
        header: &header,
        issues: Vec::new(),
        found: Vec::new(),
        metric_word: None,
    };
    rows.read(reader.records());
    rows.finish(larger_is_better)
}
