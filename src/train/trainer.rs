//! Training, window by window.

use super::average::Average;
use super::layout::{ParameterLayout, Sizes};
use super::network::{Dropout, WindowState, backward, forward};
use super::numbers::Numbers;
use super::optimizer::{Optimizer, Rule, clip};
use super::window::TrainingTask;
use crate::import::FloatModel;
use crate::quantize::{QuantizeOptions, QuantizedModel, SplitMix};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything that decides what training computes.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOptions {
    /// Sizes of the model.
    pub sizes: Sizes,
    /// Formats of the hardware; `None` trains in real numbers.
    pub numbers: Option<QuantizeOptions>,
    /// Fraction of x where vectors are read; that of an embedding is chosen.
    pub x_frac: Option<i32>,
    /// The format of h is the one that fits the h of the first parameters best.
    pub fit_h: bool,
    /// Multipliers for the rows of the recurrent layers' weights, fitted in every window.
    pub row_scales: bool,
    /// Sequences side by side.
    pub batch: usize,
    /// Steps of a window: how far gradients go back.
    pub steps: usize,
    /// Rule of a step.
    pub rule: Rule,
    /// First learning rate.
    pub rate: f32,
    /// Divisor of the rate after an epoch that brought nothing.
    pub decay: f32,
    /// Epoch from which on it is divided after every one.
    pub decay_from: u64,
    /// Largest norm of all gradients together.
    pub clip: f32,
    /// Share of values dropped.
    pub dropout: f32,
    /// Epochs, from the first, at whose start fractions are chosen again.
    pub range_epochs: u64,
    /// Windows of an epoch; `None` goes once through the data.
    pub windows: Option<usize>,
    /// Windows that the parameters are averaged over for validation and for the models; `None` takes those
    /// behind the last window.
    pub average: Option<usize>,
    /// Start of all random sequences.
    pub seed: u64,
}

/// A loss or a gradient that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("diverged in window {window} of epoch {epoch}")]
pub struct Diverged {
    /// Epoch, from 1.
    pub epoch: u64,
    /// Window, from 1.
    pub window: usize,
}

impl From<Diverged> for crate::diagnostic::Problem {
    fn from(error: Diverged) -> Self {
        Self::new(error.to_string()).help("try a smaller --rate or --clip")
    }
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// From 1.
    pub epoch: u64,
    /// Mean loss on the data trained on, dropout included: nats a token or class, or mean squared errors by
    /// the variance of the targets.
    pub train: f64,
    /// The same of the data validated on.
    pub valid: f64,
    /// Metrics of the data validated on, by name; none of a text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, f64>,
    /// Learning rate of the epoch.
    pub rate: f32,
    /// Share of values that were clamped in validation, by layer: z, c, h.
    pub clamped: Vec<[f64; 3]>,
    /// `true` if it is the best so far.
    pub best: bool,
}

/// The parameters of the best epoch.
#[derive(Clone, Debug)]
pub(super) struct Best {
    pub epoch: u64,
    pub loss: f64,
    pub values: Vec<f32>,
    pub numbers: Option<Numbers>,
}

/// A model in training. Equal options, task and number of calls give equal bits.
#[derive(Clone, Debug)]
pub struct Trainer {
    pub(super) options: TrainOptions,
    pub(super) layout: ParameterLayout,
    /// The parameters: masters of what the hardware rounds.
    pub(super) values: Vec<f32>,
    /// Their mean over the last windows, where it is what is wanted.
    pub(super) average: Option<Average>,
    pub(super) numbers: Option<Numbers>,
    pub(super) optimizer: Optimizer,
    pub(super) state: WindowState,
    pub(super) noise: SplitMix,
    /// Learning rate now.
    pub(super) rate: f32,
    /// Epoch that runs, from 1, and windows done of it.
    pub(super) epoch: u64,
    pub(super) done: usize,
    /// Pass through the data, from 0, and its next window.
    pub(super) pass: u64,
    pub(super) position: usize,
    /// Loss of the epoch so far, and its answers.
    pub(super) loss: f64,
    pub(super) answers: u64,
    pub(super) best: Option<Best>,
    /// Epochs since the best.
    pub(super) stale: u64,
    pub(super) history: Vec<Epoch>,
    /// Operands of products, and gradients: scratch.
    effective: Vec<f32>,
    gradients: Vec<f32>,
}

impl Trainer {
    /// How it is trained.
    #[must_use]
    pub fn options(&self) -> &TrainOptions {
        &self.options
    }

    /// A model of first values, or of those of `start`, whose shapes must be those of the options.
    #[must_use]
    pub fn new(options: TrainOptions, start: Option<&FloatModel>) -> Option<Self> {
        let layout = ParameterLayout::new(options.sizes.clone());
        let values = match start {
            Some(model) => layout.values_of(model)?,
            None => layout.first_values(options.seed),
        };
        let mut trainer = Self {
            optimizer: Optimizer::new(options.rule, layout.len()),
            state: WindowState::zero(&layout, options.batch),
            noise: SplitMix(options.seed ^ 0x5bd1_e995),
            rate: options.rate,
            epoch: 1,
            done: 0,
            pass: 0,
            position: 0,
            loss: 0.0,
            answers: 0,
            best: None,
            stale: 0,
            history: Vec::new(),
            effective: Vec::new(),
            gradients: vec![0.0; layout.len()],
            numbers: None,
            average: options.average.map(|over| Average::new(over, &values)),
            layout,
            values,
            options,
        };
        trainer.fit_numbers();
        Some(trainer)
    }

    /// Chooses fractions anew.
    pub(super) fn fit_numbers(&mut self) {
        let (row_scales, x_frac) = (self.options.row_scales, self.options.x_frac);
        self.numbers = (self.options.numbers)
            .map(|options| Numbers::fit(&self.layout, &self.values, options, row_scales, x_frac));
        if let Some(numbers) = &self.numbers {
            numbers.confine(&self.layout, &mut self.values);
        }
    }

    /// Windows of an epoch of this task.
    #[must_use]
    pub fn windows(&self, task: &dyn TrainingTask) -> usize {
        self.options.windows.unwrap_or_else(|| task.windows())
    }

    /// Epoch that runs, from 1.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Windows done of the epoch.
    #[must_use]
    pub fn done(&self) -> usize {
        self.done
    }

    /// Mean loss of the epoch so far.
    #[must_use]
    pub fn loss(&self) -> f64 {
        self.loss / self.answers.max(1) as f64
    }

    /// The next window's pass and number: at the end of the data they begin again.
    fn next_place(&self, task: &dyn TrainingTask) -> (u64, usize) {
        if self.position >= task.windows() {
            (self.pass + 1, 0)
        } else {
            (self.pass, self.position)
        }
    }

    /// Trains on the next window of `task`. Nothing changes when it fails.
    pub fn step(&mut self, task: &dyn TrainingTask) -> Result<(), Diverged> {
        let (pass, position) = self.next_place(task);
        let window = task.window(pass, position);
        if window.answers() == 0 {
            // All its sequences have ended: nothing is wanted, and nothing follows from their state.
            (self.pass, self.position, self.done) = (pass, position + 1, self.done + 1);
            return Ok(());
        }
        let diverged = Diverged {
            epoch: self.epoch,
            window: self.done + 1,
        };
        let effective = match &self.numbers {
            Some(numbers) => {
                numbers.effective(&self.layout, &self.values, &mut self.effective);
                &self.effective
            }
            None => &self.values,
        };
        let mut state = if window.fresh {
            WindowState::zero(&self.layout, window.batch)
        } else {
            self.state.clone()
        };
        let mut dropout = Dropout {
            share: self.options.dropout,
            noise: &mut self.noise,
        };
        let tape = forward(
            &self.layout,
            self.numbers.as_ref(),
            (&self.values, effective),
            &window,
            &mut state,
            &mut dropout,
        );
        self.gradients
            .par_chunks_mut(1 << 16)
            .for_each(|part| part.fill(0.0));
        let loss = backward(&self.layout, effective, &window, &tape, &mut self.gradients);
        let (scale, norm) = clip(&self.gradients, self.options.clip);
        if !loss.is_finite() || !norm.is_finite() {
            return Err(diverged);
        }
        self.optimizer
            .step(&mut self.values, &self.gradients, scale, self.rate);
        if let Some(numbers) = &mut self.numbers {
            numbers.confine(&self.layout, &mut self.values);
            numbers.refit_rows(&self.layout, &self.values);
        }
        if let Some(average) = &mut self.average {
            average.take(&self.values);
        }
        self.state = state;
        self.loss += loss;
        self.answers += window.answers() as u64;
        (self.pass, self.position, self.done) = (pass, position + 1, self.done + 1);
        Ok(())
    }

    /// Ends the epoch with what validation found, and begins the next. Where validation did not get
    /// better, the learning rate is divided.
    pub fn end_epoch(
        &mut self,
        valid: f64,
        metrics: BTreeMap<String, f64>,
        clamped: Vec<[f64; 3]>,
    ) {
        let better = self.best.as_ref().is_none_or(|best| valid < best.loss);
        self.history.push(Epoch {
            epoch: self.epoch,
            train: self.loss(),
            valid,
            metrics,
            rate: self.rate,
            clamped,
            best: better,
        });
        if better {
            self.best = Some(Best {
                epoch: self.epoch,
                loss: valid,
                values: self.wanted().to_vec(),
                numbers: self.wanted_numbers(),
            });
            self.stale = 0;
        } else {
            self.stale += 1;
        }
        if !better || self.epoch >= self.options.decay_from {
            self.rate /= self.options.decay;
        }
        self.epoch += 1;
        self.done = 0;
        (self.loss, self.answers) = (0.0, 0);
        if self.options.windows.is_none() {
            self.position = usize::MAX;
        }
        if self.epoch <= self.options.range_epochs {
            self.fit_numbers();
        }
    }

    /// Epochs since the best one.
    #[must_use]
    pub fn stale(&self) -> u64 {
        self.stale
    }

    /// Every epoch's figures.
    #[must_use]
    pub fn history(&self) -> &[Epoch] {
        &self.history
    }

    /// The parameters that are validated: those now, or their mean.
    fn wanted(&self) -> &[f32] {
        self.average
            .as_ref()
            .map_or(&self.values, |average| &average.values)
    }

    /// Formats of [`Self::wanted`]: a mean's rows have multipliers of their own.
    fn wanted_numbers(&self) -> Option<Numbers> {
        let mut numbers = self.numbers.clone()?;
        if let Some(average) = &self.average {
            numbers.refit_rows(&self.layout, &average.values);
        }
        Some(numbers)
    }

    /// The parameters that are validated, in real numbers, and the integer model where one is trained.
    #[must_use]
    pub fn models(&self) -> (FloatModel, Option<QuantizedModel>) {
        self.models_of(self.wanted(), self.wanted_numbers().as_ref())
    }

    /// Those of the best epoch, `None` before the first has ended.
    #[must_use]
    pub fn best_models(&self) -> Option<(FloatModel, Option<QuantizedModel>)> {
        let best = self.best.as_ref()?;
        Some(self.models_of(&best.values, best.numbers.as_ref()))
    }

    fn models_of(
        &self,
        values: &[f32],
        numbers: Option<&Numbers>,
    ) -> (FloatModel, Option<QuantizedModel>) {
        let quantized = numbers.map(|numbers| numbers.quantized(&self.layout, values));
        (self.layout.float_model(values), quantized)
    }
}
