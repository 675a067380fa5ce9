//! Results of a training for a task.

use super::sets::TaskKind;
use crate::train::Epoch;
use serde::Serialize;
use std::collections::BTreeMap;

/// Loss and metrics of the best epoch of a training, and the files that were written.
#[derive(Clone, Debug, Serialize)]
pub struct TaskReport {
    /// Number of this object's format.
    pub schema: u32,
    /// The task.
    pub task: TaskKind,
    /// Arithmetic of the model whose metrics are given: `float` or `integer`.
    pub arithmetic: &'static str,
    /// Epochs trained.
    pub epochs: u64,
    /// The one with the best validation loss.
    pub best_epoch: u64,
    /// That loss: nats an answer, or mean squared errors by the variance of the targets.
    pub valid_loss: f64,
    /// Metrics of the file, `valid_NAME` on the data validated on, `test_NAME` on those tested on, where there are some.
    #[serde(flatten)]
    pub metrics: BTreeMap<String, f64>,
    /// Names in the folder.
    pub files: Vec<String>,
}

impl TaskReport {
    /// Metrics of a set, `valid` or `test`, by name.
    pub fn of<'a>(&'a self, set: &'a str) -> impl Iterator<Item = (&'a str, f64)> {
        let named = self.metrics.iter();
        named.filter_map(move |(name, &value)| {
            let (of, name) = name.split_once('_')?;
            (of == set).then_some((name, value))
        })
    }
}

/// The losses of an epoch in words.
pub(super) fn describe(line: &Epoch) -> String {
    let metrics = line.metrics.iter();
    let metrics: Vec<String> = metrics
        .map(|(name, value)| format!("{name} {value:.4}"))
        .collect();
    format!(
        "training {:.4}, validation {:.4}, {}",
        line.train,
        line.valid,
        metrics.join(", ")
    )
}
