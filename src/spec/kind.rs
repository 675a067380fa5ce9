//! Kinds of settings, and the values that fit.

use crate::diagnostic::Problem;
use std::fmt::{Display, Formatter};

/// Kind of a setting's values.
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
    /// Any text that is not empty.
    Text,
}

/// A value that somebody gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of [`Kind::Integer`] and [`Kind::Width`].
    Integer(i64),
    /// Of [`Kind::Positive`].
    Number(f64),
    /// Of [`Kind::Choice`] and [`Kind::Text`].
    Text(String),
}

impl Display for Kind {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(low, high) => write!(out, "a whole number from {low} to {high}"),
            Self::Width => out.write_str("a width of 1 to 8, or 16"),
            Self::Positive(high) => write!(out, "a number above 0, at most {high}"),
            Self::Choice([words @ .., last]) => write!(out, "{} or {last}", words.join(", ")),
            Self::Choice([]) | Self::Text => out.write_str("text that is not empty"),
        }
    }
}

impl Display for Value {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Integer(value) => write!(out, "{value}"),
            Self::Number(value) => write!(out, "{value}"),
            Self::Text(value) => write!(out, "{value:?}"),
        }
    }
}

impl Kind {
    /// A word of the command line as a value; whether it fits is [`Kind::check`]'s to say.
    #[must_use]
    pub fn read(self, word: &str) -> Value {
        let number = || word.parse().map(Value::Number);
        let value = match self {
            Self::Integer(..) | Self::Width => {
                word.parse().map(Value::Integer).or_else(|_| number())
            }
            Self::Positive(_) => number(),
            Self::Choice(_) | Self::Text => Ok(Value::Text(word.into())),
        };
        value.unwrap_or_else(|_| Value::Text(word.into()))
    }

    /// The value, where it fits.
    ///
    /// # Errors
    /// A problem without a place.
    pub fn check(self, value: Value) -> Result<Value, Problem> {
        let fits = match (self, &value) {
            (Self::Integer(low, high), Value::Integer(value)) => (low..=high).contains(value),
            (Self::Width, Value::Integer(value)) => (1..=8).contains(value) || *value == 16,
            (Self::Positive(high), Value::Number(value)) => *value > 0.0 && *value <= high,
            (Self::Positive(_), Value::Integer(value)) => {
                return self.check(Value::Number(*value as f64));
            }
            (Self::Choice(words), Value::Text(value)) => words.contains(&value.as_str()),
            (Self::Text, Value::Text(value)) => !value.is_empty(),
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let what = match (self, &value) {
            (Self::Choice(_), _) => format!("unknown value {value}"),
            (Self::Text, Value::Text(_)) => "is empty".to_string(),
            (Self::Text, _) => format!("{value} is not text"),
            (_, Value::Text(_)) => format!("{value} is not a number"),
            (Self::Integer(..) | Self::Width, Value::Number(_)) => {
                format!("{value} is not a whole number")
            }
            _ => format!("{value} is out of range"),
        };
        let help = match (self, &value) {
            (Self::Choice(words), Value::Text(word)) => {
                match nearest(word, words.iter().copied()) {
                    Some(near) => format!("did you mean {near}? expected {self}"),
                    None => format!("expected {self}"),
                }
            }
            (Self::Choice(_), _) => format!("expected {self}"),
            _ => format!("give {self}"),
        };
        Err(Problem::new(what).help(help))
    }
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
