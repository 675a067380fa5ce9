//! A training at work: its epochs, their validation, and the files that are written then.

use super::report::{TrainReport, describe};
use super::setup::{CHECKPOINT, FLOAT, LOG, PLOT, QUANTIZED, Training, VOCABULARY};
use super::texts::Texts;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{Watch, write_file};
use crate::import::FloatModel;
use crate::lm::{EvalOptions, Evaluation, LanguageModel, Level, evaluate};
use crate::train::{Trainer, plot, state_dict};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

/// A language model as it is written and evaluated.
fn language_model(
    float: &FloatModel,
    quantized: Option<crate::quantize::QuantizedModel>,
) -> Result<LanguageModel, Problems> {
    Ok(match quantized {
        Some(model) => LanguageModel::from_quantized(model)?,
        None => LanguageModel::from_float(float)?,
    })
}

/// Clamped shares of validation: z, c, h of every layer.
fn clamped(evaluation: &Evaluation) -> Vec<[f64; 3]> {
    let layers = evaluation.saturation.iter();
    layers
        .map(|layer| [layer.z.rate(), layer.c.rate(), layer.h.rate()])
        .collect()
}

/// A training at work.
pub(super) struct Session<'a> {
    pub run: &'a Training<'a>,
    pub watch: &'a dyn Watch,
    pub texts: &'a Texts,
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

    fn evaluate(
        &self,
        model: &LanguageModel,
        tokens: &[u32],
        what: &str,
    ) -> Result<Evaluation, Problems> {
        let progress = self.watch.begin(what, Some(tokens.len()));
        let options = EvalOptions {
            streams: self.run.streams,
        };
        let report = |done| progress.at(done);
        Ok(evaluate(model, tokens, &options, &report)?)
    }

    pub(super) fn train(&mut self) -> Result<TrainReport, Problems> {
        let limit = self.run.epochs;
        while self.trainer.epoch() <= limit
            && (self.trainer.stale() < self.run.patience || self.trainer.done() > 0)
        {
            self.epoch()?;
        }
        self.finish()
    }

    /// The rest of an epoch, its validation, and everything that is written then.
    fn epoch(&mut self) -> Result<(), Problems> {
        let begun = Instant::now();
        let windows = self.trainer.windows(&self.texts.train);
        let epoch = self.trainer.epoch();
        let progress = self.watch.begin(&format!("epoch {epoch}"), Some(windows));
        let every = self.run.checkpoint_windows;
        while self.trainer.done() < windows {
            if let Err(error) = self.trainer.step(&self.texts.train) {
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
        drop(progress);
        let (float, quantized) = self.trainer.models();
        let model = language_model(&float, quantized)?;
        let evaluation = match self.evaluate(&model, &self.texts.valid, "validation") {
            Ok(evaluation) => evaluation,
            Err(error) => {
                // The epoch's work is kept; what failed may have been an interruption.
                self.write_checkpoint()?;
                return Err(error);
            }
        };
        self.trainer
            .end_epoch(evaluation.nats, clamped(&evaluation));
        self.write_models()?;
        self.write_log()?;
        self.write_checkpoint()?;
        if let Some(line) = self.trainer.history().last() {
            self.watch
                .say(&describe(line, begun.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    /// The models of the best epoch.
    fn write_models(&self) -> Result<(), Problems> {
        let Some((float, quantized)) = self.trainer.best_models() else {
            return Ok(());
        };
        if let Some(model) = quantized {
            write_file(&self.file(QUANTIZED), &model.to_bytes()?)?;
        }
        write_file(&self.file(FLOAT), &state_dict(&float))
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
            let (scale, unit) = match self.run.level {
                Level::Word => (1.0, "nats a word"),
                Level::Char => (std::f64::consts::LOG2_E, "bits a character"),
            };
            let title = format!(
                "{} units, loss by epoch",
                self.trainer.options().sizes.hidden[0]
            );
            let picture = plot(self.trainer.history(), &title, scale, unit);
            write_file(&self.file(PLOT), picture.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<TrainReport, Problems> {
        let history = self.trainer.history();
        let best = history.iter().rfind(|epoch| epoch.best).ok_or_else(|| {
            Problem::flag("--epochs", "no epoch was trained").help("give at least 1")
        })?;
        let test = match (&self.texts.test, self.trainer.best_models()) {
            (Some(tokens), Some((float, quantized))) => {
                let model = language_model(&float, quantized)?;
                Some(self.evaluate(&model, tokens, "test")?)
            }
            _ => None,
        };
        let mut files = vec![FLOAT, VOCABULARY, LOG, CHECKPOINT];
        if self.trainer.options().numbers.is_some() {
            files.insert(1, QUANTIZED);
        }
        if self.run.plot {
            files.push(PLOT);
        }
        Ok(TrainReport {
            schema: 1,
            epochs: history.len() as u64,
            best_epoch: best.epoch,
            valid: best.valid,
            valid_perplexity: best.valid.exp(),
            valid_bits: best.valid / std::f64::consts::LN_2,
            test: test.as_ref().map(|test| test.nats),
            test_perplexity: test.as_ref().map(Evaluation::perplexity),
            test_bits: test.as_ref().map(Evaluation::bits),
            streams: self.run.streams,
            files: files.into_iter().map(String::from).collect(),
        })
    }
}
