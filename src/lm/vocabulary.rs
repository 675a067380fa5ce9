//! The tokens of a model, in the order of its embedding's rows.

use super::text::{Level, opening, pieces};
use crate::diagnostic::Problem;
use std::collections::HashMap;
use std::path::Path;

/// Tokens and their indices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    tokens: Vec<String>,
    index: HashMap<String, u32>,
}

fn refuse<T>(problem: impl std::fmt::Display, help: &str) -> Result<T, Problem> {
    Err(Problem::within("vocabulary", problem).help(help))
}

/// A vocabulary of another size than the model's embedding.
pub(super) fn other_size(tokens: usize, rows: usize) -> Problem {
    let problem = format!("has {tokens} tokens, the model's embedding has {rows} rows");
    Problem::within("vocabulary", problem)
        .help("give the vocabulary that the model was trained with")
}

impl Vocabulary {
    /// A vocabulary of `tokens` in the order of their indices.
    ///
    /// # Errors
    /// No token, an empty one, or one that is there twice.
    pub fn new(tokens: Vec<String>) -> Result<Self, Problem> {
        if tokens.is_empty() {
            return refuse("holds no tokens", "give a JSON array of them");
        }
        let mut index = HashMap::with_capacity(tokens.len());
        for (at, token) in tokens.iter().enumerate() {
            if token.is_empty() {
                return refuse(format!("token {at} is empty"), "name it, or leave it out");
            }
            if let Some(first) = index.insert(token.clone(), at as u32) {
                return refuse(
                    format!("{token:?} has the indices {first} and {at}"),
                    "leave it once",
                );
            }
        }
        Ok(Self { tokens, index })
    }

    /// Reads a vocabulary file, see [`Vocabulary::from_json`].
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let bytes = crate::files::load(path)?;
        let read = match String::from_utf8(bytes) {
            Ok(text) => Self::from_json(&text),
            Err(_) => refuse("is not UTF-8", "save it as a JSON array of tokens in UTF-8"),
        };
        read.map_err(|problem| problem.in_file(path))
    }

    /// A vocabulary from JSON: an array of tokens in the order of their indices, or an object of
    /// indices by token that has every index from 0 on once.
    pub fn from_json(text: &str) -> Result<Self, Problem> {
        use serde_json::Value;
        let wanted = "give a JSON array of tokens, or an object of indices by token";
        match serde_json::from_str(text) {
            Err(error) => refuse(format!("is not JSON: {error}"), wanted),
            Ok(Value::Array(values)) => {
                let token = |(at, value): (usize, Value)| match value {
                    Value::String(token) => Ok(token),
                    other => refuse(format!("element {at} is {other}, not a string"), wanted),
                };
                let tokens: Result<Vec<_>, _> = values.into_iter().enumerate().map(token).collect();
                Self::new(tokens?)
            }
            Ok(Value::Object(indices)) => {
                let mut tokens = vec![String::new(); indices.len()];
                for (token, value) in indices {
                    let index = value.as_u64().unwrap_or(u64::MAX);
                    let Some(slot) = usize::try_from(index)
                        .ok()
                        .and_then(|at| tokens.get_mut(at))
                    else {
                        return refuse(
                            format!(
                                "{token:?} has the index {value}; indices go from 0 to one less \
                                 than the number of tokens"
                            ),
                            "number them again",
                        );
                    };
                    if !slot.is_empty() {
                        return refuse(
                            format!("{slot:?} and {token:?} have both the index {index}"),
                            "number them again",
                        );
                    }
                    *slot = token;
                }
                Self::new(tokens)
            }
            Ok(_) => refuse("is neither an array nor an object", wanted),
        }
    }

    /// The JSON array of the tokens, one a line; the same vocabulary gives the same text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let lines: Vec<String> = self
            .tokens
            .iter()
            .map(|token| serde_json::Value::from(token.as_str()).to_string())
            .collect();
        format!("[\n{}\n]\n", lines.join(",\n"))
    }

    /// Every token of `text`, the most frequent first, ties in the order of their characters' code
    /// points: the order of the lines does not matter.
    pub fn from_text(text: &str, level: Level) -> Result<Self, Problem> {
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for (_, piece) in pieces(text, level)? {
            *counts.entry(piece).or_default() += 1;
        }
        let mut order: Vec<(&str, u64)> = counts.into_iter().collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        Self::new(order.into_iter().map(|(token, _)| token.into()).collect())
    }

    /// Tokens in the order of their indices.
    #[must_use]
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }

    /// Number of tokens, at least 1.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // never empty
    pub fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Index of a token.
    #[must_use]
    pub fn index(&self, token: &str) -> Option<u32> {
        self.index.get(token).copied()
    }

    /// The beginning of a text as indices, without the end of its last line.
    ///
    /// # Errors
    /// The first token that the vocabulary lacks.
    pub fn opening(&self, text: &str, level: Level) -> Result<Vec<u32>, Problem> {
        let index = |piece: &str| {
            self.index(piece).ok_or_else(|| {
                Problem::new(format!("{piece:?} is not in the vocabulary"))
                    .help("leave it out: the model has not seen it")
            })
        };
        opening(text, level).into_iter().map(index).collect()
    }

    /// `true` if a model with `rows` embedding rows can be used with this vocabulary.
    pub fn check_rows(&self, rows: usize) -> Result<(), Problem> {
        if self.len() == rows {
            return Ok(());
        }
        Err(other_size(self.len(), rows))
    }
}

/// The text as indices of `vocabulary`.
///
/// # Errors
/// Those of an unsuitable text, and the first token that the vocabulary lacks.
pub fn tokenize(text: &str, level: Level, vocabulary: &Vocabulary) -> Result<Vec<u32>, Problem> {
    let index = |(line, piece): (usize, &str)| {
        vocabulary.index(piece).ok_or_else(|| {
            let unknown = level == Level::Word && vocabulary.index("<unk>").is_some();
            let instead = if unknown {
                "write <unk> in its place"
            } else {
                "remove it from the text"
            };
            Problem::line(line, format!("{piece:?} is not in the vocabulary"))
                .help(format!("{instead}, or give the vocabulary of this text"))
        })
    };
    pieces(text, level)?.into_iter().map(index).collect()
}
