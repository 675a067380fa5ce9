//! The settings of a design: one table for the command line and the design file alike.

use crate::diagnostic::{Location, Problem};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A whole number from the first to the second, both included.
    Integer(i64, i64),
    /// A width in bits: 1 to 8, or 16.
    Width,
    /// A number above zero, at most this.
    Positive(f64),
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
}

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Dotted path in the design file.
    pub path: &'static str,
    /// Option of the command line.
    pub flag: &'static str,
    /// What it may be.
    pub kind: Kind,
}

const fn field(path: &'static str, flag: &'static str, kind: Kind) -> Field {
    Field { path, flag, kind }
}

/// Sizes of vectors, as far as a quantised model may go.
const SIZE: Kind = Kind::Integer(1, 4096);
/// More elements than that would be slower to write than to synthesise.
const COUNT: Kind = Kind::Integer(1, 1 << 20);

/// Every setting, in the order in which errors are reported.
pub const FIELDS: &[Field] = &[
    field("network.model", "--model", Kind::Text),
    field("network.hidden", "--hidden", SIZE),
    field("network.input_size", "--input-size", SIZE),
    field("network.layers", "--layers", Kind::Integer(1, 64)),
    field("network.seed", "--seed", Kind::Integer(0, i64::MAX)),
    field("numerics.bits", "--bits", Kind::Width),
    field("numerics.weight_bits", "--weight-bits", Kind::Width),
    field("numerics.act_bits", "--act-bits", Kind::Width),
    field("numerics.input_bits", "--input-bits", Kind::Width),
    field("numerics.z.bits", "--z-bits", Kind::Integer(2, 12)),
    field("numerics.z.frac", "--z-frac", Kind::Integer(-8, 16)),
    field("numerics.gate_frac", "--gate-frac", Kind::Integer(1, 14)),
    field("numerics.c.bits", "--c-bits", Kind::Integer(2, 24)),
    field("numerics.c.frac", "--c-frac", Kind::Integer(-8, 23)),
    field("implementation.name", "--name", Kind::Text),
    field(
        "implementation.target",
        "--target",
        Kind::Choice(&["xc7", "xcup", "ecp5", "ice40", "generic"]),
    ),
    field(
        "implementation.mac",
        "--mac",
        Kind::Choice(&["lut", "dsp", "auto"]),
    ),
    field("implementation.units", "--units", SIZE),
    field("implementation.columns", "--columns", SIZE),
    field(
        "implementation.target_cycles",
        "--target-cycles",
        Kind::Integer(1, 1 << 40),
    ),
    field("implementation.max_macs", "--max-macs", COUNT),
    field(
        "implementation.state_policy",
        "--state-policy",
        Kind::Choice(&["tlast", "never", "host_pulse", "fixed_window"]),
    ),
    field(
        "implementation.window",
        "--window",
        Kind::Integer(1, u32::MAX as i64),
    ),
    field(
        "implementation.memory_init",
        "--memory-init",
        Kind::Choice(&["readmemh", "inline"]),
    ),
    field("implementation.stream_elements", "--stream-elements", SIZE),
    field(
        "implementation.clock_ns",
        "--clock-ns",
        Kind::Positive(1_000_000.0),
    ),
];

/// The setting at `path`.
///
/// # Panics
/// When there is none: the paths are written in this crate.
#[must_use]
pub fn find(path: &str) -> &'static Field {
    FIELDS
        .iter()
        .find(|field| field.path == path)
        .unwrap_or_else(|| unreachable!("no setting {path}"))
}

/// A value that fits its [`Kind`].
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Integer`] and [`Kind::Width`].
    Integer(i64),
    /// Of [`Kind::Positive`].
    Number(f64),
    /// Of [`Kind::Choice`] and [`Kind::Text`].
    Text(String),
}

/// A value and where it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The value.
    pub value: Value,
    /// `--units`, or `design.toml:4: implementation.units`.
    pub place: Location,
    /// Folder that a relative path is meant from: the one of the design file.
    pub folder: Option<PathBuf>,
}

/// Settings that were given, and what was wrong with those that could not be.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    given: BTreeMap<&'static str, Given>,
    /// What is wrong so far.
    pub issues: Vec<Problem>,
}

/// Settings of which one replaces all others when it comes from a stronger source.
const RIVALS: &[&[&str]] = &[
    &[
        "implementation.units",
        "implementation.columns",
        "implementation.target_cycles",
        "implementation.max_macs",
    ],
    &["implementation.state_policy", "implementation.window"],
];

/// Settings that a model file answers.
pub(super) const SHAPE: &[&str] = &[
    "network.hidden",
    "network.input_size",
    "network.layers",
    "network.seed",
    "numerics.bits",
    "numerics.weight_bits",
    "numerics.act_bits",
    "numerics.input_bits",
    "numerics.z.bits",
    "numerics.z.frac",
    "numerics.gate_frac",
    "numerics.c.bits",
    "numerics.c.frac",
];

impl Settings {
    /// Takes the value of an option of the command line, where it was given.
    pub fn flag(&mut self, path: &'static str, value: Option<Value>) {
        if let Some(value) = value {
            let place = Location::Flag(find(path).flag.into());
            self.insert(path, value, place, None);
        }
    }

    /// Checks `value` against the setting's kind and keeps it, or an issue.
    pub(super) fn insert(
        &mut self,
        path: &'static str,
        value: Value,
        place: Location,
        folder: Option<PathBuf>,
    ) {
        match check(find(path).kind, value) {
            Ok(value) => {
                self.given.insert(
                    path,
                    Given {
                        value,
                        place,
                        folder,
                    },
                );
            }
            Err((problem, remedy)) => self.issues.push(Problem::at(place, problem).help(remedy)),
        }
    }

    /// These settings, and those of `weaker` that say nothing against them.
    #[must_use]
    pub fn over(mut self, weaker: Self) -> Self {
        let mut weaker = weaker;
        for rivals in RIVALS {
            if rivals.iter().any(|path| self.given.contains_key(path)) {
                weaker.given.retain(|path, _| !rivals.contains(path));
            }
        }
        if self.given.contains_key("network.model") {
            weaker.given.retain(|path, _| !SHAPE.contains(path));
        }
        if SHAPE.iter().any(|path| self.given.contains_key(path)) {
            weaker.given.remove("network.model");
        }
        for (path, given) in weaker.given {
            self.given.entry(path).or_insert(given);
        }
        self.issues.extend(weaker.issues);
        self
    }

    /// Whether nothing was given, right or wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.given.is_empty() && self.issues.is_empty()
    }

    /// What was given for `path`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Given> {
        self.given.get(path)
    }

    /// The whole number given for `path`.
    #[must_use]
    pub fn integer(&self, path: &str) -> Option<i64> {
        match self.get(path)?.value {
            Value::Integer(value) => Some(value),
            _ => None,
        }
    }

    /// The text given for `path`.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<&str> {
        match &self.get(path)?.value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    /// Where everything was given.
    #[must_use]
    pub fn origins(&self) -> BTreeMap<&'static str, Location> {
        let place = |(path, given): (&&'static str, &Given)| (*path, given.place.clone());
        self.given.iter().map(place).collect()
    }

    /// Where `path` was given, or the option to give it by.
    #[must_use]
    pub fn place(&self, path: &str) -> Location {
        self.get(path).map_or_else(
            || Location::Flag(find(path).flag.into()),
            |given| given.place.clone(),
        )
    }
}

type Fault = (String, String);

fn check(kind: Kind, value: Value) -> Result<Value, Fault> {
    let fits = match (kind, &value) {
        (Kind::Integer(low, high), Value::Integer(value)) => (low..=high).contains(value),
        (Kind::Width, Value::Integer(value)) => (1..=8).contains(value) || *value == 16,
        (Kind::Positive(high), Value::Number(value)) => *value > 0.0 && *value <= high,
        (Kind::Positive(_), Value::Integer(value)) => {
            return check(kind, Value::Number(*value as f64));
        }
        (Kind::Choice(words), Value::Text(value)) => words.contains(&value.as_str()),
        (Kind::Text, Value::Text(value)) => !value.is_empty(),
        _ => false,
    };
    if fits {
        return Ok(value);
    }
    let shown = match &value {
        Value::Integer(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::Text(value) => format!("{value:?}"),
    };
    let remedy = match kind {
        Kind::Integer(low, high) => format!("give a whole number from {low} to {high}"),
        Kind::Width => "give a width of 1 to 8, or 16".to_string(),
        Kind::Positive(high) => format!("give a number above 0, at most {high}"),
        Kind::Choice(words) => {
            let nearest = match &value {
                Value::Text(value) => nearest(value, words.iter().copied()),
                _ => None,
            };
            match nearest {
                Some(word) => format!("did you mean `{word}`? there are {}", words.join(", ")),
                None => format!("give one of {}", words.join(", ")),
            }
        }
        Kind::Text => "give a text in quotes that is not empty".to_string(),
    };
    let problem = match (kind, &value) {
        (Kind::Choice(_), Value::Text(_)) => format!("{shown} is no choice"),
        (Kind::Choice(_) | Kind::Text, _) => format!("{shown} is no text"),
        (_, Value::Text(_)) => format!("{shown} is no number"),
        (Kind::Integer(..) | Kind::Width, Value::Number(_)) => {
            format!("{shown} is no whole number")
        }
        _ => format!("{shown} is out of range"),
    };
    Err((problem, remedy))
}

/// The candidate most like `word`, if any is like it at all.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .map(|candidate| {
            let distance = strsim::damerau_levenshtein(&word.to_ascii_lowercase(), candidate);
            (distance, candidate)
        })
        .min()
        .filter(|(distance, candidate)| *distance * 2 <= candidate.len().max(3))
        .map(|(_, candidate)| candidate)
}
