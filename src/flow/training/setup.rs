//! Where a training is written to, how it begins, and when it ends.

use crate::lm::Level;
use std::path::{Path, PathBuf};

/// Files of a training's folder.
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
pub(super) const FLOAT: &str = "lm.safetensors";
pub(super) const QUANTIZED: &str = "lm_quantized.safetensors";
pub(super) const VOCABULARY: &str = "lm.vocab.json";
pub(super) const LOG: &str = "log.jsonl";
pub(super) const PLOT: &str = "plot.svg";

/// How a training begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// In a new folder.
    New,
    /// Anew, in place of the training in the folder.
    Again,
    /// At the checkpoint in the folder.
    Resume,
}

/// Where a training is written to, how it begins, and when it ends.
#[derive(Clone, Debug)]
pub struct Training<'a> {
    /// Folder for everything that is written.
    pub folder: &'a Path,
    /// Its begin.
    pub begin: Begin,
    /// Files that are read, which nothing may replace.
    pub read: Vec<PathBuf>,
    /// Unit of the losses that are drawn.
    pub level: Level,
    /// Most epochs.
    pub epochs: u64,
    /// Epochs without a better validation after which it ends.
    pub patience: u64,
    /// Streams of validation and test.
    pub streams: usize,
    /// Threads; one for every core where nothing is said.
    pub threads: Option<usize>,
    /// Windows between two checkpoints within an epoch.
    pub checkpoint_windows: Option<usize>,
    /// Losses are drawn.
    pub plot: bool,
}
