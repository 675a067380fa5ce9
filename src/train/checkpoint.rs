//! Checkpoints: all of a training in one file, with a digest.

use super::files::file;
use super::numbers::Numbers;
use super::trainer::{Best, Epoch, Trainer};
use crate::quantize::SplitMix;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// A checkpoint that does not belong to this training, or to none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Damaged, or no checkpoint.
    #[error("{0}: it is not a checkpoint of this version")]
    Damaged(String),
    /// Made with another setting.
    #[error("--{name}: the checkpoint was made with {was}, now it is {is}")]
    Setting {
        /// The option.
        name: String,
        /// Its value then.
        was: String,
        /// Its value now.
        is: String,
    },
}

impl From<CheckpointError> for crate::diagnostic::Problem {
    fn from(error: CheckpointError) -> Self {
        match &error {
            CheckpointError::Damaged(_) => {
                Self::new(error.to_string()).help("start again with --force")
            }
            CheckpointError::Setting { .. } => Self::new(error.to_string())
                .help("resume with the same, or start again with --force"),
        }
    }
}

/// Key of a checkpoint's metadata.
const KEY: &str = "lprnn_training";

/// All of a checkpoint that is no tensor.
#[derive(Serialize, Deserialize)]
struct TrainingProgress {
    format: u32,
    /// SHA-256 of the file in hexadecimal digits, made with [`NO_DIGEST`] in its place.
    digest: String,
    settings: BTreeMap<String, String>,
    epoch: u64,
    done: usize,
    pass: u64,
    position: usize,
    rate: f32,
    noise: u64,
    taken: u64,
    loss: f64,
    answers: u64,
    stale: u64,
    /// Windows that the average has seen; 0 without one.
    averaged: u64,
    fitted: Vec<i32>,
    best: Option<(u64, f64, Vec<i32>)>,
    history: Vec<Epoch>,
}

/// Number of the format of checkpoints.
const CHECKPOINT_FORMAT: u32 = 6;
/// Stands in the place of the digest while it is made.
const NO_DIGEST: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// Stands before the digest, in a string of the file's header.
const BEFORE_DIGEST: &[u8] = br#"\"digest\":\""#;

/// Where the digest is.
fn digest_place(file: &[u8]) -> Option<std::ops::Range<usize>> {
    let mut places = file.windows(BEFORE_DIGEST.len());
    let start = places.position(|bytes| bytes == BEFORE_DIGEST)? + BEFORE_DIGEST.len();
    let end = start + NO_DIGEST.len();
    (end <= file.len()).then_some(start..end)
}

fn digest_of(file: &[u8]) -> String {
    let hash = Sha256::digest(file);
    let digits = hash.iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

/// The file with its digest.
fn sealed(mut file: Vec<u8>) -> Vec<u8> {
    let digest = digest_of(&file);
    if let Some(place) = digest_place(&file) {
        file[place].copy_from_slice(digest.as_bytes());
    }
    file
}

/// `true` if the file has the digest of its contents.
fn is_sealed(file: &[u8]) -> bool {
    let Some(place) = digest_place(file) else {
        return false;
    };
    let mut bare = file.to_vec();
    bare[place.clone()].copy_from_slice(NO_DIGEST.as_bytes());
    file[place] == *digest_of(&bare).as_bytes()
}

impl Trainer {
    /// Everything that is needed to go on as if nothing had happened. `settings` are the options
    /// that must be the same then, by name.
    ///
    /// # Panics
    /// Never: what is written is plain data.
    #[must_use]
    pub fn checkpoint(&self, settings: &BTreeMap<String, String>) -> Vec<u8> {
        let mut tensors: BTreeMap<String, (Vec<usize>, &[f32])> = BTreeMap::new();
        let flat = |values: &[f32]| vec![values.len()];
        tensors.insert("values".into(), (flat(&self.values), &self.values));
        for (index, moment) in self.optimizer.moments.iter().enumerate() {
            tensors.insert(format!("moments.{index}"), (flat(moment), moment));
        }
        if let Some(average) = &self.average {
            tensors.insert("average".into(), (flat(&average.values), &average.values));
        }
        for (pass, (h, c)) in self.state.h.iter().zip(&self.state.c).enumerate() {
            tensors.insert(format!("h.{pass}"), (flat(h), h));
            tensors.insert(format!("c.{pass}"), (flat(c), c));
        }
        if let Some(best) = &self.best {
            tensors.insert("best".into(), (flat(&best.values), &best.values));
        }
        let numbers = |numbers: Option<&Numbers>| numbers.map_or(Vec::new(), Numbers::fitted);
        let progress = TrainingProgress {
            format: CHECKPOINT_FORMAT,
            digest: NO_DIGEST.into(),
            settings: settings.clone(),
            epoch: self.epoch,
            done: self.done,
            pass: self.pass,
            position: self.position,
            rate: self.rate,
            noise: self.noise.0,
            taken: self.optimizer.taken,
            loss: self.loss,
            answers: self.answers,
            stale: self.stale,
            averaged: self.average.as_ref().map_or(0, |average| average.windows),
            fitted: numbers(self.numbers.as_ref()),
            best: self
                .best
                .as_ref()
                .map(|best| (best.epoch, best.loss, numbers(best.numbers.as_ref()))),
            history: self.history.clone(),
        };
        let text = serde_json::to_string(&progress).expect("plain data");
        sealed(file(&tensors, Some((KEY, text))))
    }

    /// Takes up what a checkpoint left, on a trainer made with the same options.
    pub fn resume(
        &mut self,
        bytes: &[u8],
        settings: &BTreeMap<String, String>,
    ) -> Result<(), CheckpointError> {
        let progress = progress(bytes)?;
        if !is_sealed(bytes) {
            return Err(damaged("its digest is not that of its contents"));
        }
        let tensors = Saved(SafeTensors::deserialize(bytes).map_err(damaged)?);
        same_settings(&progress.settings, settings)?;
        let count = self.values.len();
        let values = tensors.take("values", count)?;
        let mut state = self.state.clone();
        let passes = self.layout.sizes.passes().enumerate();
        for ((index, pass), (h, c)) in passes.zip(state.h.iter_mut().zip(&mut state.c)) {
            let units = self.layout.sizes.hidden[pass.layer];
            *h = tensors.rows(&format!("h.{index}"), units)?;
            *c = tensors.take(&format!("c.{index}"), h.len())?;
        }
        let mut moments = self.optimizer.moments.clone();
        for (index, moment) in moments.iter_mut().enumerate() {
            *moment = tensors.take(&format!("moments.{index}"), moment.len())?;
        }
        if let Some(average) = &mut self.average {
            average.values = tensors.take("average", count)?;
            average.windows = progress.averaged;
        }
        self.best = match progress.best {
            Some((epoch, loss, fitted)) => Some(Best {
                epoch,
                loss,
                values: tensors.take("best", count)?,
                numbers: self.with_fitted(&fitted)?,
            }),
            None => None,
        };
        self.numbers = self.with_fitted(&progress.fitted)?;
        if let Some(h) = self.numbers.as_ref().map(Numbers::h) {
            self.keep_h(h);
        }
        (self.values, self.state) = (values, state);
        (self.optimizer.moments, self.optimizer.taken) = (moments, progress.taken);
        (self.epoch, self.done) = (progress.epoch, progress.done);
        (self.pass, self.position) = (progress.pass, progress.position);
        self.rate = progress.rate;
        self.noise = SplitMix(progress.noise);
        (self.loss, self.answers) = (progress.loss, progress.answers);
        (self.stale, self.history) = (progress.stale, progress.history);
        Ok(())
    }

    /// The formats with these fitted numbers.
    fn with_fitted(&self, fitted: &[i32]) -> Result<Option<Numbers>, CheckpointError> {
        let Some(numbers) = &self.numbers else {
            return Ok(None);
        };
        let with = numbers.with_fitted(&self.layout, fitted);
        with.map(Some)
            .ok_or_else(|| damaged("its formats do not fit"))
    }
}

fn damaged(problem: impl std::fmt::Display) -> CheckpointError {
    CheckpointError::Damaged(problem.to_string())
}

/// The record in the metadata of a checkpoint.
fn progress(bytes: &[u8]) -> Result<TrainingProgress, CheckpointError> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let text = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY))
        .ok_or_else(|| damaged("has no record of a training"))?;
    let progress: TrainingProgress = serde_json::from_str(text).map_err(damaged)?;
    if progress.format != CHECKPOINT_FORMAT {
        return Err(damaged(format!("is of format {}", progress.format)));
    }
    Ok(progress)
}

fn same_settings(
    then: &BTreeMap<String, String>,
    now: &BTreeMap<String, String>,
) -> Result<(), CheckpointError> {
    for (name, is) in now {
        let was = then.get(name).map_or("nothing", String::as_str);
        if was != is {
            return Err(CheckpointError::Setting {
                name: name.clone(),
                was: was.to_owned(),
                is: is.clone(),
            });
        }
    }
    Ok(())
}

/// The tensors of a checkpoint.
struct Saved<'a>(SafeTensors<'a>);

impl Saved<'_> {
    /// The tensor `name`, which must have `length` elements.
    fn take(&self, name: &str, length: usize) -> Result<Vec<f32>, CheckpointError> {
        let values = self.any(name)?;
        if values.len() != length {
            return Err(damaged(format!("{name} has {} elements", values.len())));
        }
        Ok(values)
    }

    /// The tensor `name`, which must have whole rows of `width` elements.
    fn rows(&self, name: &str, width: usize) -> Result<Vec<f32>, CheckpointError> {
        let values = self.any(name)?;
        if !values.len().is_multiple_of(width) {
            return Err(damaged(format!("{name} has {} elements", values.len())));
        }
        Ok(values)
    }

    fn any(&self, name: &str) -> Result<Vec<f32>, CheckpointError> {
        let tensor = self.0.tensor(name).map_err(damaged)?;
        if tensor.dtype() != Dtype::F32 {
            return Err(damaged(format!("{name} has other elements")));
        }
        let (words, _) = tensor.data().as_chunks();
        Ok(words.iter().copied().map(f32::from_le_bytes).collect())
    }
}
