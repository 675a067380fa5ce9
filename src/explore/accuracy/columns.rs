//! The columns of an accuracy file.
use crate::diagnostic::{Problem, Problems};

/// Columns that name the network.
const KEYS: [&str; 15] = [
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
    "input_bits",
    "levels",
    "row_scale_bits",
    "z_bits",
    "direction",
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

/// `true` if a column of this name holds a measure.
fn is_measure(name: &str) -> bool {
    SMALL_IS_GOOD.contains(&name) || LARGE_IS_GOOD.contains(&name)
}

/// Columns that are there twice, or that nobody knows.
fn unknown(header: &[String], metric: Option<&str>) -> Vec<Problem> {
    let mut issues = Vec::new();
    for (index, name) in header.iter().enumerate() {
        let known = KEYS.contains(&name.as_str())
            || is_measure(name)
            || ["metric", "value"].contains(&name.as_str());
        if header[..index].contains(name) {
            issues.push(Problem::key(1, name, "the column is there twice").help("remove one"));
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
            issues.push(Problem::key(1, name, "unknown column").help(remedy));
        }
    }
    issues
}

/// Index of every column that is read.
pub(super) struct Columns {
    pub(super) weight: usize,
    pub(super) act: usize,
    pub(super) hidden: usize,
    pub(super) layers: Option<usize>,
    pub(super) ternary: Option<usize>,
    pub(super) input: Option<usize>,
    pub(super) levels: Option<usize>,
    pub(super) row_scale_bits: Option<usize>,
    pub(super) z_bits: Option<usize>,
    pub(super) direction: Option<usize>,
    pub(super) metric_word: Option<usize>,
    pub(super) value: usize,
}

impl Columns {
    /// The columns of `header`, or everything that is wrong with it. With `metric` the file may have
    /// any others.
    pub(super) fn of(header: &[String], metric: Option<&str>) -> Result<Self, Problems> {
        let mut issues = unknown(header, metric);
        let find = |names: &[&str]| position(header, names);
        let need = |column: Option<usize>, what: &str, remedy: &str| {
            column.ok_or_else(|| {
                let problem = format!("there is no column for {what}");
                Problem::line(1, problem).help(remedy)
            })
        };
        let bits = find(&["bits"]);
        let metric_word = find(&["metric"]);
        let value = match (metric, metric_word) {
            (_, Some(_)) => find(&["value"]),
            (Some(metric), None) => find(&[metric]),
            (None, None) => only_measure(header, &mut issues),
        };
        let remedy = "add `w_bits` and `a_bits`, or `bits` for weights and activations";
        let weight = find(&["w_bits", "weight_bits", "weights"]).or(bits);
        let act = find(&["a_bits", "act_bits"]).or(bits);
        let found = (
            need(weight, "the bits of weights", remedy),
            need(act, "the bits of activations", remedy),
            need(find(&["hidden", "units"]), "the units", "add `hidden`"),
            need(value, "the measure", &value_remedy(header, metric)),
        );
        match found {
            (Ok(weight), Ok(act), Ok(hidden), Ok(value)) if issues.is_empty() => Ok(Self {
                weight,
                act,
                hidden,
                layers: find(&["layers"]),
                ternary: find(&["ternary"]),
                input: find(&["input_bits"]),
                levels: find(&["levels"]),
                row_scale_bits: find(&["row_scale_bits"]),
                z_bits: find(&["z_bits"]),
                direction: find(&["direction"]),
                metric_word,
                value,
            }),
            (weight, act, hidden, value) => {
                let missing = [weight, act, hidden, value].into_iter();
                issues.extend(missing.filter_map(Result::err));
                Problems::none_or(issues, ()).map(|()| unreachable!("one is missing"))
            }
        }
    }
}

/// The first column that has one of these names.
fn position(header: &[String], names: &[&str]) -> Option<usize> {
    header
        .iter()
        .position(|name| names.contains(&name.as_str()))
}

/// The column of the measure by its name; several are an issue.
fn only_measure(header: &[String], issues: &mut Vec<Problem>) -> Option<usize> {
    let measures: Vec<usize> = (0..header.len())
        .filter(|&index| is_measure(&header[index]))
        .collect();
    if measures.len() > 1 {
        let names: Vec<&str> = measures
            .iter()
            .map(|&index| header[index].as_str())
            .collect();
        issues.push(
            Problem::line(1, format!("has several measures: {}", names.join(", ")))
                .help("choose one by --metric"),
        );
    }
    measures.first().copied()
}

/// Remedy where there is no column of the measure.
fn value_remedy(header: &[String], metric: Option<&str>) -> String {
    match metric {
        Some(metric) => {
            let columns = header.join(", ");
            format!("--metric says `{metric}`; the columns are {columns}")
        }
        None => format!(
            "add {}, or a column of your own and --metric",
            SMALL_IS_GOOD[..3].join(", ")
        ),
    }
}
