//! A model on data whose right answers are known.

mod model;
mod targets;

pub use model::{Answered, AnsweringModel, ModelInputs};
pub use targets::{TargetShape, read_targets};

use super::inputs::ArrayLayout;
use super::saturation::{LayerSaturation, Rate};
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::import::ImportOptions;
use crate::quantize::Emit;
use crate::score::Metric;
use serde::Serialize;
use std::path::Path;

/// A model, data, the right answers, and how answers are counted.
#[derive(Clone, Copy, Debug)]
pub struct ScoreRequest<'a> {
    /// Float model in any format that `import` reads, or quantised model.
    pub model: &'a Path,
    /// Parts of a float file that are wanted.
    pub import: &'a ImportOptions,
    /// Real inputs, or indices of tokens of a model with an embedding.
    pub data: &'a Path,
    /// Layout of the data.
    pub layout: ArrayLayout<'a>,
    /// The right answers.
    pub targets: &'a Path,
    /// How they are counted.
    pub metric: Metric,
}

/// What the answers of a model are worth.
#[derive(Clone, Debug, Serialize)]
pub struct ScoreReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Arithmetic of the recurrent layers: `float` or `integer`.
    pub model: &'static str,
    /// Arithmetic of what is behind them.
    pub head: &'static str,
    /// The metric.
    pub metric: Metric,
    /// Its value.
    pub value: f64,
    /// `higher` or `lower`: the better direction.
    pub better: &'static str,
    /// Sequences, each from zero state.
    pub sequences: usize,
    /// Answers that were counted.
    pub answers: usize,
    /// One for every step, or for the last of each sequence.
    pub when: Emit,
    /// Elements of x that were clamped to its format, of an integer model on real inputs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<Rate>,
    /// Saturation of every layer of an integer model.
    pub saturation: Vec<LayerSaturation>,
}

impl ScoreRequest<'_> {
    /// Answers, and counts.
    ///
    /// # Errors
    /// A file that cannot be read, data or targets that do not fit the model or one another, a metric of
    /// another kind than the model's answers, and an interruption.
    pub fn run(&self, watch: &dyn Watch) -> Result<ScoreReport, Problems> {
        let model = AnsweringModel::read(self.model, self.import)?;
        model.check(self.metric)?;
        let (inputs, places) = model.inputs(&self.layout, self.data, watch)?;
        let shape = TargetShape {
            classes: self.metric.of_classes(),
            outputs: Some(model.outputs()),
            when: model.waits_for_last().then_some(Emit::Last),
        };
        let targets = read_targets(self.targets, &places, shape)?;
        if let Some(class) = targets.wanted.only_class() {
            watch.say(&format!(
                "warning: {}: all targets are class {class}: a model that always says so is right everywhere",
                self.targets.display()
            ));
        }
        let given = model.answers(&inputs, targets.when, watch)?;
        let value = self.metric.value(&given.answers, &targets.wanted);
        let value = value.ok_or_else(|| {
            Problem::flag(
                "--metric",
                format!("{} has no value here", self.metric.name()),
            )
            .help("give another metric")
        })?;
        if !value.is_finite() {
            return Err(Problem::file(self.model, "its answers are not finite")
                .help("train it with a smaller learning rate, or with gradients clipped")
                .into());
        }
        let higher = self.metric.larger_is_better();
        Ok(ScoreReport {
            schema: 1,
            model: model.arithmetic(),
            head: model.head(),
            metric: self.metric,
            value,
            better: if higher { "higher" } else { "lower" },
            sequences: places.lengths.len(),
            answers: given.answers.len(),
            when: targets.when,
            x: given.x.map(Rate::from),
            saturation: given.saturation,
        })
    }
}
