//! What a training needs to know of what it trains.

use crate::diagnostic::Problems;
use crate::flow::Watch;
use crate::import::FloatModel;
use crate::quantize::QuantizedModel;
use crate::train::{Epoch, TrainingTask};
use std::collections::BTreeMap;

/// A network in training, as it is written.
pub(super) struct Models {
    pub float: FloatModel,
    /// In the hardware's integers, where those are trained.
    pub quantized: Option<QuantizedModel>,
}

/// What validation found.
pub(super) struct Judgement {
    pub loss: f64,
    /// By name; none of a text.
    pub metrics: BTreeMap<String, f64>,
    /// Clamped shares of z, c and h, by layer.
    pub clamped: Vec<[f64; 3]>,
}

/// What is trained: its data, how its models are written and judged.
pub(super) trait Subject: Sync {
    /// Windows of data.
    fn task(&self) -> &dyn TrainingTask;

    /// Names of the files of both models: in real numbers, in integers.
    fn names(&self) -> [&'static str; 2];

    /// Files that stand beside the models, with their contents.
    fn beside(&self) -> Vec<(&'static str, Vec<u8>)>;

    /// The models as they are written, made of those in training.
    fn delivered(&self, models: Models) -> Models;

    /// The loss of a delivered model on what it is validated on.
    fn judge(&self, models: &Models, watch: &dyn Watch) -> Result<Judgement, Problems>;

    /// The losses of an epoch in words.
    fn describe(&self, line: &Epoch) -> String;

    /// The unit that losses are drawn in: how many of it the loss 1 is, and its name.
    fn unit(&self) -> (f64, &'static str);

    /// Settings that must be the same when a training goes on, by the names of their options.
    fn settings(&self) -> Vec<(&'static str, String)>;
}
