//! The columns of an accuracy file.

use super::accuracy::Row;
use crate::spec::Issue;

/// Columns that name the network.
const KEYS: [&str; 10] = [
    "bits",
    "w_bits",
    "weight_bits",
    "weights",
    "a_bits",
    "act_bits",
    "hidden",
    "units",
    "layers",
    "ternary",
];
/// Columns that are taken for the measure by their names; the larger is the better one in the second
/// list.
const SMALL_IS_GOOD: [&str; 12] = [
    "valid_bpc",
    "test_bpc",
    "bpc",
    "valid_ppw",
    "test_ppw",
    "valid_perplexity",
    "test_perplexity",
    "perplexity",
    "valid_nats",
    "test_nats",
    "loss",
    "error",
];
const LARGE_IS_GOOD: [&str; 3] = ["accuracy", "valid_accuracy", "test_accuracy"];

/// Whether a column of this name holds a measure.
fn is_measure(name: &str) -> bool {
    SMALL_IS_GOOD.contains(&name) || LARGE_IS_GOOD.contains(&name)
}

/// Columns that are there twice, or that nobody knows.
fn unknown(header: &[String], shown: &str, metric: Option<&str>) -> Vec<Issue> {
    let mut issues = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let known = KEYS.contains(&name.as_str())
            || is_measure(name)
            || ["metric", "value"].contains(&name.as_str());
        let place = format!("{shown}:1: {name}");
        if header[..index].contains(name) {
            issues.push(Issue::new(
                place,
                "the column is there twice",
                "leave one away",
            ));
        } else if !known && metric.is_none() {
            let names = KEYS.iter().chain(&SMALL_IS_GOOD).chain(&LARGE_IS_GOOD);
            let near = names
                .map(|known| (strsim::damerau_levenshtein(name, known), *known))
                .min()
                .filter(|(distance, _)| *distance <= 2);
            let remedy = match near {
                Some((_, known)) => format!("did you mean `{known}`?"),
                None => {
                    "name the column of the measure by --metric; others are then left aside".into()
                }
            };
            issues.push(Issue::new(place, "unknown column", remedy));
        }
    }
    issues
}

/// Column, problem, remedy.
type Fault = (String, String, String);

/// Where the file has what.
pub(super) struct Columns {
    weight: usize,
    act: usize,
    hidden: usize,
    layers: Option<usize>,
    ternary: Option<usize>,
    pub(super) metric_word: Option<usize>,
    pub(super) value: usize,
}

impl Columns {
    /// The columns of `header`, or everything that is wrong with it. With `metric` the file may have
    /// any others.
    pub(super) fn of(
        header: &[String],
        shown: &str,
        metric: Option<&str>,
    ) -> Result<Self, Vec<Issue>> {
        let mut issues = unknown(header, shown, metric);
        let find = |names: &[&str]| {
            header
                .iter()
                .position(|name| names.contains(&name.as_str()))
        };
        let need = |column: Option<usize>, what: &str, remedy: &str| {
            column.ok_or_else(|| {
                let problem = format!("there is no column for {what}");
                Issue::new(format!("{shown}:1"), problem, remedy)
            })
        };
        let bits = find(&["bits"]);
        let weight = find(&["w_bits", "weight_bits", "weights"]).or(bits);
        let act = find(&["a_bits", "act_bits"]).or(bits);
        let metric_word = find(&["metric"]);
        let value = match (metric, metric_word) {
            (_, Some(_)) => find(&["value"]),
            (Some(metric), None) => find(&[metric]),
            (None, None) => {
                let measures: Vec<usize> = (0..header.len())
                    .filter(|&index| is_measure(&header[index]))
                    .collect();
                if measures.len() > 1 {
                    let names: Vec<&str> = measures
                        .iter()
                        .map(|&index| header[index].as_str())
                        .collect();
                    issues.push(Issue::new(
                        format!("{shown}:1"),
                        format!("has several measures: {}", names.join(", ")),
                        "choose one by --metric",
                    ));
                }
                measures.first().copied()
            }
        };
        let value_remedy = match metric {
            Some(metric) => {
                let columns = header.join(", ");
                format!("--metric says `{metric}`; the columns are {columns}")
            }
            None => format!(
                "add {}, or a column of your own and --metric",
                SMALL_IS_GOOD[..3].join(", ")
            ),
        };
        let remedy = "add `w_bits` and `a_bits`, or `bits` for weights and activations";
        let found = (
            need(weight, "the bits of weights", remedy),
            need(act, "the bits of activations", remedy),
            need(find(&["hidden", "units"]), "the units", "add `hidden`"),
            need(value, "the measure", &value_remedy),
        );
        match found {
            (Ok(weight), Ok(act), Ok(hidden), Ok(value)) if issues.is_empty() => Ok(Self {
                weight,
                act,
                hidden,
                layers: find(&["layers"]),
                ternary: find(&["ternary"]),
                metric_word,
                value,
            }),
            (weight, act, hidden, value) => {
                let missing = [weight, act, hidden, value].into_iter();
                issues.extend(missing.filter_map(Result::err));
                Err(issues)
            }
        }
    }

    /// The row in line `line`, or the column that is wrong, why, and the remedy.
    pub(super) fn row<'a>(
        &self,
        header: &[String],
        cell: &impl Fn(usize) -> &'a str,
        line: u64,
    ) -> Result<Row, Fault> {
        let fault = |column: usize, problem: &str, remedy: &str| {
            (
                header[column].clone(),
                format!("`{}` {problem}", cell(column)),
                remedy.to_string(),
            )
        };
        let size = |column: usize| match cell(column).parse::<usize>() {
            Ok(size) if (1..=4096).contains(&size) => Ok(size),
            _ => Err(fault(
                column,
                "is no size",
                "give a whole number from 1 to 4096",
            )),
        };
        let bits = |column: usize| match cell(column).to_ascii_lowercase().as_str() {
            "float" | "f32" | "32" => Ok((None, false)),
            "ternary" => Ok((Some(2), true)),
            "binary" => Ok((Some(1), false)),
            text => match text.parse::<u32>() {
                Ok(bits) if (1..=8).contains(&bits) || bits == 16 => Ok((Some(bits), false)),
                _ => Err(fault(
                    column,
                    "is no width",
                    "give 1 to 8, 16, float, or ternary",
                )),
            },
        };
        let (weight_bits, mut ternary) = bits(self.weight)?;
        let (act_bits, _) = bits(self.act)?;
        if let Some(column) = self.ternary {
            ternary |= match cell(column).to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" => true,
                "" | "0" | "false" | "no" => false,
                _ => return Err(fault(column, "is no flag", "give true or false")),
            };
        }
        let value = match cell(self.value).parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            _ => {
                return Err(fault(
                    self.value,
                    "is no finite number",
                    "give the measured value",
                ));
            }
        };
        Ok(Row {
            weight_bits: if ternary {
                weight_bits.map(|bits| bits.max(2))
            } else {
                weight_bits
            },
            act_bits,
            ternary,
            hidden: size(self.hidden)?,
            layers: self.layers.map_or(Ok(1), size)?,
            value,
            line,
        })
    }
}
