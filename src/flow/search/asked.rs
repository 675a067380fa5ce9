//! What decides the result of a search.

use super::trainer::TrainerWords;
use crate::explore::{NetworkShape, Sweep};
use crate::search::{Aim, Candidate, Objective, candidates, drawn};
use serde::{Deserialize, Serialize};

/// The file of it: a folder that has it is one of a search.
pub(super) const ASKED: &str = "search.json";

/// Everything that decides the result; a search goes on only where it is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Number of this object's format.
    pub schema: u32,
    /// Who trains.
    pub trainer: TrainerWords,
    /// Name of the measure in what the trainer says.
    pub metric: String,
    /// A larger value of it is the better one.
    pub larger_is_better: bool,
    /// What is good enough.
    pub aim: Aim,
    /// What is to be small.
    pub smallest: Objective,
    /// Epochs of networks in real numbers, one for each size; 0: none is trained.
    pub float_epochs: u64,
    /// Epochs of the last stage.
    pub epochs: u64,
    /// Stages.
    pub stages: u32,
    /// Ratio of the epochs of two stages, and of their candidates.
    pub eta: u32,
    /// Candidates at most; of more so many are drawn.
    pub candidates: usize,
    /// Seed of that draw.
    pub seed: u64,
    /// Networks that are looked at.
    pub networks: Vec<NetworkShape>,
    /// Limits of the hardware in words.
    pub limits: String,
}

impl Asked {
    /// Number of the format.
    pub const SCHEMA: u32 = 1;

    /// The networks to train, with their prices.
    #[must_use]
    pub fn candidates(&self, priced: &Sweep) -> Vec<Candidate> {
        drawn(
            candidates(priced, self.smallest),
            self.candidates,
            self.seed,
        )
    }

    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain data has a text.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// Why it is none.
    pub fn from_json(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("is damaged: {error}"))
    }

    /// The keys in which two differ.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let fields = |asked: &Self| match serde_json::to_value(asked) {
            Ok(serde_json::Value::Object(fields)) => fields,
            _ => serde_json::Map::new(),
        };
        let (own, other) = (fields(self), fields(other));
        let differs = |key: &&String| own.get(*key) != other.get(*key);
        own.keys().filter(differs).cloned().collect()
    }
}
