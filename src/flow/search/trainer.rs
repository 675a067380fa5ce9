//! The commands that train a candidate.

use crate::search::CandidateTrial;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The checkpoint of `lprnn-hw train`.
const CHECKPOINT: &str = "checkpoint.safetensors";
/// The options of `train` that have no meaning in real numbers, and that the search does not decide: one with a
/// value, and one without.
const HEAD_BITS: &str = "--head-bits";
const FIT_H: &str = "--fit-h";

/// Who trains.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrainerWords {
    /// `lprnn-hw train` with these arguments: data, batch, rule, rate ..
    Train(Vec<String>),
    /// A command of the user's for the shell, with the two placeholders.
    Command(String),
}

/// What a command of the user's reads.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Instructions<'a> {
    /// Network and epochs.
    #[serde(flatten)]
    pub trial: CandidateTrial,
    /// A folder that stays, for checkpoints and the model.
    pub folder: &'a Path,
    /// The model in real numbers to start from, as an earlier command named it.
    pub init: Option<&'a Path>,
}

/// A training's places.
pub(super) struct TrialPlaces<'a> {
    /// The trial's own folder.
    pub folder: PathBuf,
    /// Model in real numbers to start from.
    pub init: Option<&'a Path>,
}

impl TrialPlaces<'_> {
    /// What `train` writes, of all epochs.
    pub fn training(&self) -> PathBuf {
        self.folder.join("training")
    }

    /// Instructions of a command of the user's.
    pub fn widths(&self) -> PathBuf {
        self.folder.join("widths.json")
    }

    /// What it answers, and what `train` prints.
    pub fn said(&self) -> PathBuf {
        self.folder.join("said.json")
    }
}

impl TrainerWords {
    /// The placeholders of a command: the file that it reads, the file that it writes.
    pub const PLACEHOLDERS: [&str; 2] = ["{widths.json}", "{result.json}"];

    /// The words of the command of a trial; `program` is this one, `threads` how many it may take.
    pub(super) fn command(
        &self,
        trial: &CandidateTrial,
        places: &TrialPlaces<'_>,
        (program, threads): (&Path, usize),
    ) -> Vec<OsString> {
        match self {
            Self::Train(given) => {
                let mut words: Vec<OsString> = vec![program.into(), "-q".into(), "train".into()];
                words.extend(arguments(given, trial.float));
                words.extend(options(trial).into_iter().map(OsString::from));
                words.extend(["--threads".into(), threads.to_string().into()]);
                words.extend(["--format".into(), "json".into(), "-o".into()]);
                words.push(places.training().into());
                if let Some(init) = places.init {
                    words.extend(["--init".into(), init.into()]);
                }
                if places.training().join(CHECKPOINT).exists() {
                    words.push("--resume".into());
                } else if places.training().exists() {
                    words.push("--force".into());
                }
                words
            }
            Self::Command(text) => {
                let quoted = |path: PathBuf| {
                    let text = path.to_string_lossy().replace('\'', r"'\''");
                    format!("'{text}'")
                };
                let [widths, result] = Self::PLACEHOLDERS;
                let text = text.replace(widths, &quoted(places.widths()));
                let text = text.replace(result, &quoted(places.said()));
                vec!["sh".into(), "-c".into(), text.into()]
            }
        }
    }
}

/// The arguments that were given; in real numbers without those of integers.
fn arguments(given: &[String], float: bool) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut left = given.iter();
    while let Some(word) = left.next() {
        if float && word == HEAD_BITS {
            left.next();
        } else if !(float && (word == FIT_H || word.starts_with(&format!("{HEAD_BITS}=")))) {
            words.push(word.into());
        }
    }
    words
}

/// The options of `train` that a trial decides.
fn options(trial: &CandidateTrial) -> Vec<String> {
    let network = &trial.network;
    let mut words = Vec::new();
    let mut add = |option: &str, value: String| words.extend([option.to_string(), value]);
    if !network.cell.is_lstm() {
        add("--cell", network.cell.word().into());
    }
    if !network.direction.is_forward() {
        add("--direction", network.direction.word().into());
    }
    add("--hidden", network.hidden.to_string());
    add("--layers", network.layers.to_string());
    add("--epochs", trial.epochs.to_string());
    if trial.float {
        words.push("--float".into());
        return words;
    }
    add("--weight-bits", network.weight_bits.to_string());
    add("--act-bits", network.act_bits.to_string());
    add("--input-bits", network.input_bits.to_string());
    if !network.levels.is_even() {
        add("--levels", network.levels.word().into());
    }
    add("--z-bits", network.z_bits.to_string());
    add("--z-frac", network.z_frac().to_string());
    if network.row_scale_bits.is_some() {
        words.push("--row-scales".into());
    }
    words
}
