//! Where a training is written to, how it begins, and when it ends.

use std::path::{Path, PathBuf};

/// Files of a training's folder, whatever is trained.
pub(super) const CHECKPOINT: &str = "checkpoint.safetensors";
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
    /// Most epochs.
    pub epochs: u64,
    /// Epochs without a better validation after which it ends.
    pub patience: u64,
    /// Threads; one for every core where nothing is said.
    pub threads: Option<usize>,
    /// Windows between two checkpoints within an epoch.
    pub checkpoint_windows: Option<usize>,
    /// Losses are drawn.
    pub plot: bool,
}
