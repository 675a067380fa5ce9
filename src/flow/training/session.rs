//! A training at work: its epochs, their validation, and the files that are written then.

use super::report::with_rate;
use super::setup::{CHECKPOINT, LOG, PLOT, Training};
use super::subject::{Models, Subject};
use crate::diagnostic::{Problem, Problems};
use crate::flow::{Watch, write_file};
use crate::import::FloatModel;
use crate::quantize::QuantizedModel;
use crate::train::{Epoch, Trainer, plot, state_dict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// A training at work.
pub(super) struct Session<'a> {
    pub run: &'a Training<'a>,
    pub watch: &'a dyn Watch,
    pub subject: &'a dyn Subject,
    pub settings: &'a BTreeMap<String, String>,
    pub trainer: Trainer,
}

impl Session<'_> {
    fn file(&self, name: &str) -> PathBuf {
        self.run.folder.join(name)
    }

    fn write_checkpoint(&self) -> Result<(), Problems> {
        write_file(
            &self.file(CHECKPOINT),
            &self.trainer.checkpoint(self.settings),
        )
    }

    fn delivered(&self, (float, quantized): (FloatModel, Option<QuantizedModel>)) -> Models {
        self.subject.delivered(Models { float, quantized })
    }

    /// The figures of the best epoch.
    ///
    /// # Errors
    /// No epoch.
    pub(super) fn best_epoch(&self) -> Result<&Epoch, Problem> {
        let best = self.trainer.history().iter().rfind(|epoch| epoch.best);
        best.ok_or_else(|| {
            Problem::flag("--epochs", "no epoch was trained").help("give at least 1")
        })
    }

    /// The models of that epoch as they are written; none before the first has ended.
    pub(super) fn best_models(&self) -> Option<Models> {
        let models = self.trainer.best_models();
        models.map(|models| self.delivered(models))
    }

    /// An integer model is trained.
    pub(super) fn quantizes(&self) -> bool {
        self.trainer.options().numbers.is_some()
    }

    /// Names of everything in the folder.
    pub(super) fn files(&self) -> Vec<String> {
        let [float, quantized] = self.subject.names();
        let mut files = vec![float];
        if self.quantizes() {
            files.push(quantized);
        }
        files.extend(self.subject.beside().iter().map(|(name, _)| *name));
        files.extend([LOG, CHECKPOINT]);
        if self.run.plot {
            files.push(PLOT);
        }
        files.into_iter().map(String::from).collect()
    }

    /// Trains until the end, and writes what is to be written on the way.
    pub(super) fn train(&mut self) -> Result<(), Problems> {
        for (name, contents) in self.subject.beside() {
            write_file(&self.file(name), &contents)?;
        }
        let limit = self.run.epochs;
        while self.trainer.epoch() <= limit
            && (self.trainer.stale() < self.run.patience || self.trainer.done() > 0)
        {
            self.epoch()?;
        }
        Ok(())
    }

    /// The rest of an epoch, its validation, and everything that is written then.
    fn epoch(&mut self) -> Result<(), Problems> {
        let begun = Instant::now();
        self.windows()?;
        let models = self.delivered(self.trainer.models());
        let judged = match self.subject.judge(&models, self.watch) {
            Ok(judged) => judged,
            Err(error) => {
                // The epoch's work is kept; what failed may have been an interruption.
                self.write_checkpoint()?;
                return Err(error);
            }
        };
        self.trainer
            .end_epoch(judged.loss, judged.metrics, judged.clamped);
        self.write_models()?;
        self.write_log()?;
        self.write_checkpoint()?;
        if let Some(line) = self.trainer.history().last() {
            let losses = self.subject.describe(line);
            let seconds = begun.elapsed().as_secs_f64();
            self.watch.say(&with_rate(line, &losses, seconds));
        }
        Ok(())
    }

    /// The windows of an epoch that are still to be trained on.
    fn windows(&mut self) -> Result<(), Problems> {
        let task = self.subject.task();
        let windows = self.trainer.windows(task);
        let epoch = self.trainer.epoch();
        let progress = self.watch.begin(&format!("epoch {epoch}"), Some(windows));
        let every = self.run.checkpoint_windows;
        while self.trainer.done() < windows {
            if let Err(error) = self.trainer.step(task) {
                return Err(Problem::from(error).into());
            }
            let done = self.trainer.done();
            progress.at(done);
            if crate::tools::interrupted() {
                self.write_checkpoint()?;
                return Err(Problem::interrupted("train").into());
            }
            if every.is_some_and(|every| done.is_multiple_of(every)) {
                self.write_checkpoint()?;
            }
        }
        Ok(())
    }

    /// The models of the best epoch.
    fn write_models(&self) -> Result<(), Problems> {
        let Some(models) = self.best_models() else {
            return Ok(());
        };
        let [float, quantized] = self.subject.names();
        if let Some(model) = models.quantized {
            write_file(&self.file(quantized), &model.to_bytes()?)?;
        }
        write_file(&self.file(float), &state_dict(&models.float))
    }

    fn write_log(&self) -> Result<(), Problems> {
        let mut text = String::new();
        for epoch in self.trainer.history() {
            text += &serde_json::to_string(epoch)
                .map_err(|error| Problem::file(self.file(LOG), error))?;
            text.push('\n');
        }
        write_file(&self.file(LOG), text.as_bytes())?;
        if self.run.plot {
            let (scale, unit) = self.subject.unit();
            let title = format!(
                "{} units, loss by epoch",
                self.trainer.options().sizes.hidden[0]
            );
            let picture = plot(self.trainer.history(), &title, scale, unit);
            write_file(&self.file(PLOT), picture.as_bytes())?;
        }
        Ok(())
    }
}
