//! Outcome of a check.

use crate::cosim::{Outcome, Pattern, Pauses, SequenceStep, Toolchain};
use serde::Serialize;
use std::path::PathBuf;

/// One comparison.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Absent for a replay, which repeats the recorded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    #[serde(flatten)]
    /// Outcome of the run.
    pub outcome: Outcome,
    /// One line on the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// Whose step it is in, where the core's contexts come in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<SequenceStep>,
    /// Folder that replays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<PathBuf>,
}

/// A core held against its reference: all comparisons, in their order.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Number of this object's format.
    pub schema: u32,
    /// Top module, or the folder of a replay.
    pub top: String,
    /// Verilator and the compiler, with their versions.
    pub tools: [String; 2],
    /// Elements of real inputs beyond the codes of x, with --float-input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamped_inputs: Option<u64>,
    /// True where every word, beat and cycle agreed in every run.
    pub equal: bool,
    /// The runs, up to the first that differs.
    pub runs: Vec<Comparison>,
    /// Words that the core gave in the last of them, in their order, where they were asked for.
    #[serde(skip)]
    pub words: Vec<i64>,
}

impl Comparison {
    /// `place` says of a step whose it is.
    pub(super) fn new(
        pattern: Option<Pattern>,
        outcome: Outcome,
        place: impl Fn(usize) -> Option<SequenceStep>,
    ) -> Self {
        let (difference, place) = match &outcome {
            Outcome::Different(difference) => {
                let place = difference.step().and_then(place);
                let whose = place.map(|place| format!(" ({place})")).unwrap_or_default();
                (Some(format!("{difference}{whose}")), place)
            }
            Outcome::Equal(_) => (None, None),
        };
        Self {
            pattern,
            outcome,
            difference,
            place,
            replay: None,
        }
    }
}

impl Checked {
    pub(super) fn new(top: String, toolchain: &Toolchain, runs: Vec<Comparison>) -> Self {
        let equal = |run: &Comparison| matches!(run.outcome, Outcome::Equal(_));
        Self {
            schema: 1,
            top,
            tools: toolchain.versions(),
            clamped_inputs: None,
            equal: runs.iter().all(equal),
            runs,
            words: Vec::new(),
        }
    }

    /// Words that were compared over all runs, and the cycles of a step where they were counted; none
    /// where something differs.
    #[must_use]
    pub fn agreed(&self) -> Option<(u64, Option<u64>)> {
        let mut words = 0;
        let mut cycles = None;
        for run in &self.runs {
            let Outcome::Equal(agreed) = &run.outcome else {
                return None;
            };
            words += agreed.words as u64;
            cycles = cycles.or(agreed.cycles_per_step);
        }
        Some((words, cycles))
    }
}

/// Pauses of source and sink, in words.
#[must_use]
pub fn pattern_words(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        None => "as recorded",
        Some(Pattern::AlwaysReady) => "without pauses",
        Some(Pattern::Random { .. }) => "with random pauses",
        Some(Pattern::Bursts { .. }) => "with bursts and pauses",
        Some(Pattern::Following(following)) => match following.pauses {
            Pauses::Mixed => "with pauses",
            Pauses::Random => "with random pauses",
            Pauses::Bursts => "with bursts and pauses",
        },
    }
}
