//! Files of training: the float model as `PyTorch` names it, and checkpoints.

use super::numbers::Numbers;
use super::trainer::{Best, Epoch, Trainer};
use crate::import::FloatModel;
use crate::quantize::SplitMix;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView, serialize};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};

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

/// One safetensors file of float32 tensors, in the order of their names.
fn file(
    tensors: &BTreeMap<String, (Vec<usize>, &[f32])>,
    metadata: Option<(&str, String)>,
) -> Vec<u8> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, data))| {
            let bytes = data.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), bytes);
        (
            name.as_str(),
            view.expect("as many bytes as the shape says"),
        )
    });
    let metadata = metadata.map(|(key, text)| HashMap::from([(key.to_string(), text)]));
    serialize(views, metadata).expect("names and shapes of our own")
}

/// A float language model as a state dict of `PyTorch`: `embedding`, `lstm`, `decoder`. The bias is
/// the input's, the recurrent one is zero.
#[must_use]
pub fn state_dict(model: &FloatModel) -> Vec<u8> {
    let mut tensors: BTreeMap<String, (Vec<usize>, &[f32])> = BTreeMap::new();
    for (name, (shape, values)) in &model.passengers {
        tensors.insert(name.clone(), (shape.clone(), values));
    }
    let widest = model.layers.iter().map(|layer| layer.bias.len()).max();
    let zeros = vec![0.0; widest.unwrap_or(0)];
    for (index, layer) in model.layers.iter().enumerate() {
        let rows = layer.bias.len();
        for (name, shape, values) in [
            (
                "weight_ih",
                vec![rows, layer.input_size],
                &layer.weight_ih[..],
            ),
            ("weight_hh", vec![rows, layer.hidden_size], &layer.weight_hh),
            ("bias_ih", vec![rows], &layer.bias),
            ("bias_hh", vec![rows], &zeros[..rows]),
        ] {
            tensors.insert(format!("lstm.{name}_l{index}"), (shape, values));
        }
    }
    if let Some(head) = &model.head {
        let columns = head.weight.len() / head.output_size;
        let shape = vec![head.output_size, columns];
        tensors.insert("decoder.weight".into(), (shape, &head.weight));
        tensors.insert("decoder.bias".into(), (vec![head.output_size], &head.bias));
    }
    file(&tensors, None)
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
    position: usize,
    rate: f32,
    noise: u64,
    taken: u64,
    loss: f64,
    tokens: u64,
    stale: u64,
    fractions: Vec<i32>,
    best: Option<(u64, f64, Vec<i32>)>,
    history: Vec<Epoch>,
}

/// Number of the format of checkpoints.
const CHECKPOINT_FORMAT: u32 = 2;
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
        for (layer, (h, c)) in self.state.h.iter().zip(&self.state.c).enumerate() {
            tensors.insert(format!("h.{layer}"), (flat(h), h));
            tensors.insert(format!("c.{layer}"), (flat(c), c));
        }
        if let Some(best) = &self.best {
            tensors.insert("best".into(), (flat(&best.values), &best.values));
        }
        let numbers = |numbers: Option<&Numbers>| numbers.map_or(Vec::new(), Numbers::fractions);
        let progress = TrainingProgress {
            format: CHECKPOINT_FORMAT,
            digest: NO_DIGEST.into(),
            settings: settings.clone(),
            epoch: self.epoch,
            done: self.done,
            position: self.position,
            rate: self.rate,
            noise: self.noise.0,
            taken: self.optimizer.taken,
            loss: self.loss,
            tokens: self.tokens,
            stale: self.stale,
            fractions: numbers(self.numbers.as_ref()),
            best: self
                .best
                .as_ref()
                .map(|best| (best.epoch, best.nats, numbers(best.numbers.as_ref()))),
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
        let damaged =
            |problem: &dyn std::fmt::Display| CheckpointError::Damaged(problem.to_string());
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| damaged(&error))?;
        let text = header
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(KEY))
            .ok_or_else(|| damaged(&"has no record of a training"))?;
        let progress: TrainingProgress =
            serde_json::from_str(text).map_err(|error| damaged(&error))?;
        if progress.format != CHECKPOINT_FORMAT {
            return Err(damaged(&format!("is of format {}", progress.format)));
        }
        if !is_sealed(bytes) {
            return Err(damaged(&"its digest is not that of its contents"));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| damaged(&error))?;
        for (name, is) in settings {
            let none = "nothing".to_string();
            let was = progress.settings.get(name).unwrap_or(&none);
            if was != is {
                return Err(CheckpointError::Setting {
                    name: name.clone(),
                    was: was.clone(),
                    is: is.clone(),
                });
            }
        }
        let take = |name: &str, length: usize| -> Result<Vec<f32>, CheckpointError> {
            let tensor = tensors.tensor(name).map_err(|error| damaged(&error))?;
            let values: Vec<f32> = tensor
                .data()
                .chunks_exact(4)
                .map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
                .collect();
            if tensor.dtype() != Dtype::F32 || values.len() != length {
                return Err(damaged(&format!("{name} has {} elements", values.len())));
            }
            Ok(values)
        };
        let count = self.values.len();
        let values = take("values", count)?;
        let mut state = self.state.clone();
        for (layer, (h, c)) in state.h.iter_mut().zip(&mut state.c).enumerate() {
            *h = take(&format!("h.{layer}"), h.len())?;
            *c = take(&format!("c.{layer}"), c.len())?;
        }
        let mut moments = self.optimizer.moments.clone();
        for (index, moment) in moments.iter_mut().enumerate() {
            *moment = take(&format!("moments.{index}"), moment.len())?;
        }
        let with = |numbers: &Option<Numbers>, fractions: &[i32]| match numbers {
            Some(numbers) => numbers
                .with_fractions(fractions)
                .map(Some)
                .ok_or_else(|| damaged(&"its fractions do not fit")),
            None => Ok(None),
        };
        self.best = match progress.best {
            Some((epoch, nats, fractions)) => Some(Best {
                epoch,
                nats,
                values: take("best", count)?,
                numbers: with(&self.numbers, &fractions)?,
            }),
            None => None,
        };
        self.numbers = with(&self.numbers, &progress.fractions)?;
        (self.values, self.state) = (values, state);
        (self.optimizer.moments, self.optimizer.taken) = (moments, progress.taken);
        (self.epoch, self.done) = (progress.epoch, progress.done);
        (self.position, self.rate) = (progress.position, progress.rate);
        self.noise = SplitMix(progress.noise);
        (self.loss, self.tokens) = (progress.loss, progress.tokens);
        (self.stale, self.history) = (progress.stale, progress.history);
        Ok(())
    }
}
