//! What a search found.

use super::asked::Asked;
use super::tried::Tried;
use crate::diagnostic::Problem;
use crate::explore::NetworkShape;
use crate::search::{Aim, Goal, Objective, TrialOutcome};
use serde::Serialize;
use serde_json::Value;

/// A network that was trained.
#[derive(Clone, Debug, Serialize)]
pub struct TriedNetwork {
    /// The network.
    pub network: NetworkShape,
    /// In words.
    pub name: String,
    /// Price of its cheapest point within the limits.
    pub price: u64,
    /// Epochs that it was trained.
    pub epochs: u64,
    /// Its measure after these.
    pub value: f64,
    /// It was trained to the last stage.
    pub fully: bool,
    /// It is good enough.
    pub good_enough: bool,
    /// It is the answer.
    pub chosen: bool,
}

/// The core that was generated, estimated by `gen`.
#[derive(Clone, Debug, Serialize)]
pub struct CoreFigures {
    /// Arguments of `gen` beside model and folder.
    pub arguments: String,
    /// All LUT sites.
    pub lut_total: Option<u64>,
    /// Flip-flops.
    pub ff: Option<u64>,
    /// Block RAM in the family's smallest blocks.
    pub bram: Option<u64>,
    /// DSP blocks.
    pub dsp: Option<u64>,
    /// Cycles between results.
    pub cycles_per_step: Option<u64>,
}

impl CoreFigures {
    /// The figures of what `estimate --format json` printed.
    pub(super) fn new(arguments: String, printed: &Value) -> Self {
        let estimate = &printed["estimate"];
        Self {
            arguments,
            lut_total: estimate["lut_total"]["value"].as_u64(),
            ff: estimate["ff"]["value"].as_u64(),
            bram: estimate["bram"].as_u64(),
            dsp: estimate["dsp"].as_u64(),
            cycles_per_step: estimate["cycles_per_step"].as_u64(),
        }
    }
}

/// What a search found, and what it took.
#[derive(Clone, Debug, Serialize)]
pub struct SearchReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Name of the measure.
    pub metric: String,
    /// A larger value of it is the better one.
    pub larger_is_better: bool,
    /// What was asked for.
    pub aim: Aim,
    /// The value that follows.
    pub least_accuracy: f64,
    /// What was to be small.
    pub smallest: Objective,
    /// Best value of a network in real numbers, where one was trained.
    pub float: Option<f64>,
    /// Epochs of networks in real numbers.
    pub float_epochs: u64,
    /// Epochs of all candidates together.
    pub epochs: u64,
    /// Candidates, cheapest first.
    pub networks: Vec<TriedNetwork>,
    /// The core of the chosen one, where the trainer named its model.
    pub core: Option<CoreFigures>,
}

impl SearchReport {
    /// Sums up; `chosen` is a place in `tried`.
    pub(super) fn new(
        asked: &Asked,
        tried: &[Tried],
        floats: &[TrialOutcome],
        goal: &Goal,
        chosen: Option<usize>,
    ) -> Self {
        let last = |one: &Tried| {
            one.values
                .iter()
                .next_back()
                .map(|(epochs, outcome)| (*epochs, outcome.value))
        };
        let trained = |one: &Tried| last(one).map_or(0, |(epochs, _)| epochs);
        let longest = tried.iter().map(trained).max().unwrap_or(0);
        let mut networks: Vec<TriedNetwork> = (tried.iter().enumerate())
            .filter_map(|(index, one)| {
                let (epochs, value) = last(one)?;
                let network = one.candidate.network;
                Some(TriedNetwork {
                    network,
                    name: network.to_string(),
                    price: one.candidate.price,
                    epochs,
                    value,
                    fully: epochs == longest,
                    good_enough: goal.met_by(value),
                    chosen: chosen == Some(index),
                })
            })
            .collect();
        networks.sort_by_key(|one| (one.price, one.network));
        let losses = floats.iter().map(|float| float.value);
        let best = losses.min_by(|a, b| goal.loss(*a).total_cmp(&goal.loss(*b)));
        Self {
            schema: 1,
            metric: asked.metric.clone(),
            larger_is_better: asked.larger_is_better,
            aim: asked.aim,
            least_accuracy: goal.value,
            smallest: asked.smallest,
            float: best,
            float_epochs: asked.float_epochs * floats.len() as u64,
            epochs: tried.iter().map(trained).sum(),
            networks,
            core: None,
        }
    }

    /// The networks as a table that `explore --accuracy` reads, too.
    pub(super) fn to_csv(&self) -> Vec<u8> {
        let mut text = format!(
            "w_bits,a_bits,input_bits,levels,row_scale_bits,z_bits,hidden,layers,{},cell,direction,epochs,price,chosen\n",
            self.metric
        );
        for one in &self.networks {
            let network = &one.network;
            let cells = [
                network.weight_bits.to_string(),
                network.act_bits.to_string(),
                network.input_bits.to_string(),
                network.levels.word().to_string(),
                network.row_scale_bits.unwrap_or(0).to_string(),
                network.z_bits.to_string(),
                network.hidden.to_string(),
                network.layers.to_string(),
                one.value.to_string(),
                network.cell.word().to_string(),
                network.direction.word().to_string(),
                one.epochs.to_string(),
                one.price.to_string(),
                one.chosen.to_string(),
            ];
            text += &cells.join(",");
            text.push('\n');
        }
        text.into_bytes()
    }

    /// The file's text.
    pub(super) fn to_json(&self) -> String {
        // Plain data has a text.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// No network is good enough: the nearest.
    pub(super) fn nothing_found(&self) -> Problem {
        let loss = |one: &&TriedNetwork| {
            if self.larger_is_better {
                -one.value
            } else {
                one.value
            }
        };
        let nearest = (self.networks.iter()).min_by(|a, b| loss(a).total_cmp(&loss(b)));
        let nearest = nearest.map_or(String::new(), |one| {
            format!(
                "; the best has {} ({}, {} epochs)",
                one.value, one.name, one.epochs
            )
        });
        let option = match self.aim {
            Aim::Value(_) => "--min-accuracy",
            Aim::Loss(_) => "--max-loss",
        };
        let problem = format!(
            "no network that was trained reaches {} {}{nearest}",
            self.metric, self.least_accuracy
        );
        Problem::flag(option, problem)
            .help("ask for less, or give wider or larger networks, or more --epochs; what was trained is kept")
    }
}
