//! Training of a language model on texts.

use super::digest;
use super::session::Session;
use super::setup::Training;
use super::subject::{Judgement, Models, Subject};
use super::texts::Texts;
use crate::diagnostic::{Problem, Problems};
use crate::flow::Watch;
use crate::import::FloatModel;
use crate::lm::{EvalOptions, Evaluation, LanguageModel, Level, evaluate};
use crate::train::{Epoch, OutputSampler, TextTask, TrainOptions, TrainingTask};
use serde::Serialize;
use std::collections::BTreeMap;

const FLOAT: &str = "lm.safetensors";
const QUANTIZED: &str = "lm_quantized.safetensors";
const VOCABULARY: &str = "lm.vocab.json";

/// A language model in training: its texts, and how losses on them are taken.
#[derive(Clone, Copy, Debug)]
pub struct LanguageTraining<'a> {
    /// Trained, validated and tested on.
    pub texts: &'a Texts,
    /// Unit of the losses that are drawn.
    pub level: Level,
    /// Streams of validation and test.
    pub streams: usize,
    /// Tokens that the softmax is taken over in training, in the mean; all where nothing is said.
    pub softmax_samples: Option<usize>,
}

/// Losses of the best epoch of a training, and the files that were written.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Epochs trained.
    pub epochs: u64,
    /// The one with the best validation.
    pub best_epoch: u64,
    /// Nats a token of the validation text.
    pub valid: f64,
    /// e^nats.
    pub valid_perplexity: f64,
    /// Bits a token.
    pub valid_bits: f64,
    /// Nats a token of the test text, where there is one.
    pub test: Option<f64>,
    /// e^nats of it.
    pub test_perplexity: Option<f64>,
    /// Bits a token of it.
    pub test_bits: Option<f64>,
    /// Streams of validation and test, each from zero state.
    pub streams: usize,
    /// Names in the folder.
    pub files: Vec<String>,
}

struct Language<'a> {
    about: LanguageTraining<'a>,
    task: TextTask<'a>,
}

impl LanguageTraining<'_> {
    /// Trains, and writes models, vocabulary, log and checkpoint after every epoch.
    ///
    /// # Errors
    /// A model to start from of other cells or sizes, a place that cannot be written, a checkpoint of another
    /// training, a training that diverged, and an interruption, which leaves a checkpoint.
    pub fn run(
        &self,
        run: &Training,
        options: TrainOptions,
        start: Option<&FloatModel>,
        watch: &dyn Watch,
    ) -> Result<TrainReport, Problems> {
        let sampler = self.sampler(options.seed)?;
        let language = Language {
            about: *self,
            task: TextTask {
                tokens: &self.texts.train,
                batch: options.batch,
                steps: options.steps,
                sampler: sampler.as_ref(),
            },
        };
        run.of(&language, (options, start), watch, |session| {
            language.report(session, watch)
        })
    }

    /// What draws the tokens of the softmax, by how often the text trained on has each.
    fn sampler(&self, seed: u64) -> Result<Option<OutputSampler>, Problem> {
        let Some(samples) = self.softmax_samples else {
            return Ok(None);
        };
        let tokens = self.texts.vocabulary.len();
        if samples >= tokens {
            let problem = format!("{samples} of a vocabulary of {tokens}");
            return Err(Problem::flag("--softmax-samples", problem)
                .help("leave it out: the softmax is taken over all of them"));
        }
        let mut counts = vec![0; tokens];
        for &token in &self.texts.train {
            counts[token as usize] += 1;
        }
        Ok(Some(OutputSampler::new(&counts, samples, seed)))
    }
}

impl Language<'_> {
    fn evaluate(
        &self,
        models: &Models,
        (tokens, what): (&[u32], &str),
        watch: &dyn Watch,
    ) -> Result<Evaluation, Problems> {
        let model = match &models.quantized {
            Some(model) => LanguageModel::from_quantized(model.clone())?,
            None => LanguageModel::from_float(&models.float)?,
        };
        let progress = watch.begin(what, Some(tokens.len()));
        let options = EvalOptions {
            streams: self.about.streams,
        };
        let report = |done| progress.at(done);
        Ok(evaluate(&model, tokens, &options, &report)?)
    }

    fn report(&self, session: &Session, watch: &dyn Watch) -> Result<TrainReport, Problems> {
        let best = session.best_epoch()?;
        let test = match (&self.about.texts.test, session.best_models()) {
            (Some(tokens), Some(models)) => {
                Some(self.evaluate(&models, (tokens, "test"), watch)?)
            }
            _ => None,
        };
        Ok(TrainReport {
            schema: 1,
            epochs: session.trainer.history().len() as u64,
            best_epoch: best.epoch,
            valid: best.valid,
            valid_perplexity: best.valid.exp(),
            valid_bits: best.valid / std::f64::consts::LN_2,
            test: test.as_ref().map(|test| test.nats),
            test_perplexity: test.as_ref().map(Evaluation::perplexity),
            test_bits: test.as_ref().map(Evaluation::bits),
            streams: self.about.streams,
            files: session.files(),
        })
    }
}

impl Subject for Language<'_> {
    fn task(&self) -> &dyn TrainingTask {
        &self.task
    }

    fn names(&self) -> [&'static str; 2] {
        [FLOAT, QUANTIZED]
    }

    fn beside(&self) -> Vec<(&'static str, Vec<u8>)> {
        let vocabulary = self.about.texts.vocabulary.to_json();
        vec![(VOCABULARY, vocabulary.into_bytes())]
    }

    fn delivered(&self, models: Models) -> Models {
        models
    }

    fn judge(&self, models: &Models, watch: &dyn Watch) -> Result<Judgement, Problems> {
        let valid = (&self.about.texts.valid[..], "validation");
        let found = self.evaluate(models, valid, watch)?;
        let layers = found.saturation.iter();
        Ok(Judgement {
            loss: found.nats,
            metrics: BTreeMap::new(),
            clamped: layers
                .map(|layer| [layer.z.rate(), layer.c.rate(), layer.h.rate()])
                .collect(),
        })
    }

    fn describe(&self, line: &Epoch) -> String {
        format!(
            "training {:.4} nats, validation {:.4} nats ({:.2} perplexity, {:.4} bits)",
            line.train,
            line.valid,
            line.valid.exp(),
            line.valid / std::f64::consts::LN_2,
        )
    }

    fn unit(&self) -> (f64, &'static str) {
        match self.about.level {
            Level::Word => (1.0, "nats a word"),
            Level::Char => (std::f64::consts::LOG2_E, "bits a character"),
        }
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let digest = |tokens: &[u32]| {
            let bytes: Vec<u8> = tokens.iter().flat_map(|one| one.to_le_bytes()).collect();
            digest(&format!("{} tokens", tokens.len()), &bytes)
        };
        vec![
            ("text", digest(&self.about.texts.train)),
            ("valid", digest(&self.about.texts.valid)),
            ("streams", format!("{:?}", self.about.streams)),
            (
                "softmax-samples",
                format!("{:?}", self.about.softmax_samples),
            ),
        ]
    }
}
