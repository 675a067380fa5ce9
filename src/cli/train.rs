//! `lprnn-hw train`.

use super::Ended;
use super::error::CliError;
use super::eval::{TokenLevel, read_text};
use super::folder::write_file;
use super::import::read_float;
use super::output::{Console, Results, table};
use super::progress::Progress;
use super::training::TrainingArgs;
use crate::import::FloatModel;
use crate::lm::{EvalOptions, Evaluation, LanguageModel, Level, Vocabulary, evaluate, tokenize};
use crate::train::{Epoch, TrainOptions, Trainer, plot, state_dict};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Arguments of `train`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw train --text train.txt --valid valid.txt --float --hidden 300 -o lm300
  lprnn-hw train --text train.txt --valid valid.txt --bits 4 --hidden 400 -o lm400_w4
  lprnn-hw train --text train.txt --valid valid.txt --level char --bits 2 --hidden 256 \\
      --init lm256/lm.safetensors --rule adam --rate 0.002 -o chars256_w2
  lprnn-hw train ... -o lm400_w4 --resume --epochs 20

Trains embedding, LSTM and decoder on a text in PTB form (one sentence a line). The forward pass is
the hardware's arithmetic, the same formats, tables and rounding as `run`, `gen` and `cosim`; --float
trains in real numbers. Low widths gain from starting at a model trained in real numbers (--init).
Two bits are the weights -1, 0 and 1; one bit is -1 and 1.

Writes into the folder, always whole: lm.safetensors (real numbers, as PyTorch names them),
lm_quantized.safetensors (for `gen`, with embedding and decoder), lm.vocab.json, log.jsonl (a line
an epoch), checkpoint.safetensors. Models are those of the epoch with the best validation. Ctrl-C
ends with a checkpoint; --resume goes on from it, to the same bytes as if it had never stopped.

Exit status: 0 trained, 2 could not or diverged: the last good checkpoint stays, 130 interrupted.")]
pub struct Args {
    /// Text to train on
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// Text to validate on after every epoch
    #[arg(long, value_name = "FILE")]
    valid: PathBuf,
    /// Text to evaluate the best model on at the end
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
    /// What a token is
    #[arg(long, value_enum, default_value = "word")]
    level: TokenLevel,
    /// Tokens in index order, JSON; without it those of the text
    #[arg(long, value_name = "FILE")]
    vocab: Option<PathBuf>,
    /// Folder for everything that is written
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Go on from the checkpoint in the folder
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Begin anew where the folder holds a training already
    #[arg(long)]
    force: bool,
    /// Float model to start from, of the same sizes
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Epochs at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Stop after so many epochs without a better validation
    #[arg(long, value_name = "N", default_value_t = 5)]
    patience: u64,
    /// Streams of validation and test, as in `eval`
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    streams: u32,
    /// Threads; the result does not depend on them [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Write a checkpoint every so many windows too
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    checkpoint_windows: Option<u32>,
    /// Draw losses by epoch as plot.svg
    #[arg(long)]
    plot: bool,
    #[command(flatten)]
    training: TrainingArgs,
}

impl Args {
    /// What must be the same when a training goes on, by the name of its option.
    fn settings(&self, options: &TrainOptions, texts: &Texts) -> BTreeMap<String, String> {
        let digest = |tokens: &[u32]| {
            let bytes: Vec<u8> = tokens
                .iter()
                .flat_map(|token| token.to_le_bytes())
                .collect();
            let hash = Sha256::digest(&bytes);
            let start = hash[..8]
                .iter()
                .fold(0u64, |all, &byte| all << 8 | u64::from(byte));
            format!("{} tokens, SHA-256 {start:016x}...", tokens.len())
        };
        let text = |value: &dyn std::fmt::Debug| format!("{value:?}");
        [
            ("text", digest(&texts.train)),
            ("valid", digest(&texts.valid)),
            ("bits", text(&options.numbers)),
            ("hidden", text(&options.sizes)),
            ("batch", text(&options.batch)),
            ("steps", text(&options.steps)),
            ("rule", text(&options.rule)),
            ("rate", text(&options.rate)),
            ("decay", text(&options.decay)),
            ("decay-from", text(&options.decay_from)),
            ("clip", text(&options.clip)),
            ("dropout", text(&options.dropout)),
            ("range-epochs", text(&options.range_epochs)),
            ("windows", text(&options.windows)),
            ("streams", text(&self.streams)),
            ("seed", text(&options.seed)),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_string(), value))
        .collect()
    }
}

/// The texts as tokens.
struct Texts {
    vocabulary: Vocabulary,
    train: Vec<u32>,
    valid: Vec<u32>,
    test: Option<Vec<u32>>,
}

fn read_texts(args: &Args) -> Result<Texts, CliError> {
    let level = args.level.into();
    let train = read_text(&args.text)?;
    let vocabulary = match &args.vocab {
        Some(path) => Vocabulary::read(path)?,
        None => {
            Vocabulary::from_text(&train, level).map_err(|error| in_file(&args.text, &error))?
        }
    };
    let tokens = |path: &Path, text: &str| {
        tokenize(text, level, &vocabulary).map_err(|error| in_file(path, &error))
    };
    let train = tokens(&args.text, &train)?;
    let valid = tokens(&args.valid, &read_text(&args.valid)?)?;
    let test = match &args.test {
        Some(path) => Some(tokens(path, &read_text(path)?)?),
        None => None,
    };
    if train.len() < 2 * args.training.batch as usize {
        let problem = format!(
            "{} sequences of a text of {} tokens",
            args.training.batch,
            train.len()
        );
        return Err(CliError::new("--batch", problem)
            .help(format!("give at most {}", (train.len() / 2).max(1))));
    }
    for (path, tokens) in [Some(&args.valid), args.test.as_ref()]
        .into_iter()
        .zip([Some(&valid), test.as_ref()])
        .filter_map(|(path, tokens)| Some((path?, tokens?)))
    {
        if tokens.len() <= args.streams as usize {
            let problem = format!("{} tokens for {} streams", tokens.len(), args.streams);
            return Err(CliError::new(path.display(), problem)
                .help("give a longer text, or fewer --streams"));
        }
    }
    Ok(Texts {
        vocabulary,
        train,
        valid,
        test,
    })
}

fn in_file(path: &Path, error: &dyn std::fmt::Display) -> CliError {
    CliError::from_message(&format!("{}: {error}", path.display()))
}

/// What a training came to, as it is printed.
#[derive(Serialize)]
struct TrainReport {
    schema: u32,
    epochs: u64,
    best_epoch: u64,
    /// Nats a token.
    valid: f64,
    valid_perplexity: f64,
    valid_bits: f64,
    test: Option<f64>,
    test_perplexity: Option<f64>,
    test_bits: Option<f64>,
    streams: u32,
    files: Vec<String>,
}

impl Results for TrainReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let row = |text: &str, nats: f64, perplexity: f64, bits: f64| {
            vec![
                text.to_string(),
                format!("{nats:.6}"),
                format!("{perplexity:.4}"),
                format!("{bits:.6}"),
            ]
        };
        writeln!(out, "best of {} epochs: {}", self.epochs, self.best_epoch)?;
        let heads = ["text", "nats a token", "perplexity", "bits a token"];
        let mut rows = vec![heads.map(String::from).to_vec()];
        rows.push(row(
            "validation",
            self.valid,
            self.valid_perplexity,
            self.valid_bits,
        ));
        if let (Some(nats), Some(perplexity), Some(bits)) =
            (self.test, self.test_perplexity, self.test_bits)
        {
            rows.push(row("test", nats, perplexity, bits));
        }
        table(out, &rows)?;
        writeln!(out, "  {} streams, each from zero state", self.streams)
    }
}

/// A language model as it is written and evaluated.
fn language_model(
    float: &FloatModel,
    quantized: Option<crate::quantize::QuantizedModel>,
) -> Result<LanguageModel, CliError> {
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

/// Files of a training's folder.
const CHECKPOINT: &str = "checkpoint.safetensors";
const FLOAT: &str = "lm.safetensors";
const QUANTIZED: &str = "lm_quantized.safetensors";
const VOCABULARY: &str = "lm.vocab.json";
const LOG: &str = "log.jsonl";
const PLOT: &str = "plot.svg";

/// Trains, and writes what came of it.
pub fn run(args: &Args, console: Console) -> Result<Ended, CliError> {
    let texts = read_texts(args)?;
    let options = args.training.options(texts.vocabulary.len())?;
    let settings = args.settings(&options, &texts);
    let start = match &args.init {
        Some(path) => Some(read_float(path, None)?),
        None => None,
    };
    let sizes = options.sizes.clone();
    let mut trainer = Trainer::new(options, start.as_ref()).ok_or_else(|| {
        CliError::new("--init", format!("its shapes are not those of {sizes:?}"))
            .help("give the sizes of that model, or none to start from")
    })?;
    let folder = &args.output;
    let checkpoint = folder.join(CHECKPOINT);
    if args.resume {
        let bytes = std::fs::read(&checkpoint)
            .map_err(|error| CliError::io(&checkpoint, "read", &error))?;
        trainer.resume(&bytes, &settings).map_err(|error| {
            CliError::from_message(&format!("{}: {error}", checkpoint.display()))
        })?;
    } else {
        if folder.exists() && !args.force {
            return Err(CliError::new(folder.display(), "exists already")
                .help("give --resume to go on, --force to begin anew, or another folder"));
        }
        std::fs::create_dir_all(folder).map_err(|error| CliError::io(folder, "make", &error))?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .build()
        .map_err(|error| CliError::new("--threads", error))?;
    write_file(
        &folder.join(VOCABULARY),
        texts.vocabulary.to_json().as_bytes(),
    )?;
    let mut session = Session {
        args,
        console,
        texts: &texts,
        settings: &settings,
        trainer,
    };
    let report = pool.install(|| session.train())?;
    console.print(&report)?;
    Ok(Ended::Well)
}

/// A training at work.
struct Session<'a> {
    args: &'a Args,
    console: Console,
    texts: &'a Texts,
    settings: &'a BTreeMap<String, String>,
    trainer: Trainer,
}

impl Session<'_> {
    fn file(&self, name: &str) -> PathBuf {
        self.args.output.join(name)
    }

    fn write_checkpoint(&self) -> Result<(), CliError> {
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
    ) -> Result<Evaluation, CliError> {
        let progress = Progress::bar(self.console, what, tokens.len());
        let options = EvalOptions {
            streams: self.args.streams as usize,
        };
        let report = |done| progress.at(done);
        Ok(evaluate(model, tokens, &options, &report)?)
    }

    fn train(&mut self) -> Result<TrainReport, CliError> {
        let limit = self.args.epochs;
        while self.trainer.epoch() <= limit
            && (self.trainer.stale() < self.args.patience || self.trainer.done() > 0)
        {
            self.epoch()?;
        }
        self.finish()
    }

    /// The rest of an epoch, its validation, and everything that is written then.
    fn epoch(&mut self) -> Result<(), CliError> {
        let begun = Instant::now();
        let windows = self.trainer.windows(&self.texts.train);
        let epoch = self.trainer.epoch();
        let progress = Progress::bar(self.console, &format!("epoch {epoch}"), windows);
        let every = self.args.checkpoint_windows.map(|count| count as usize);
        while self.trainer.done() < windows {
            if let Err(error) = self.trainer.step(&self.texts.train) {
                return Err(CliError::from_message(&error.to_string()));
            }
            let done = self.trainer.done();
            progress.at(done);
            if crate::tools::interrupted() {
                self.write_checkpoint()?;
                return Err(CliError::new("train", "interrupted"));
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
            self.console
                .say(describe(line, begun.elapsed().as_secs_f64()));
        }
        Ok(())
    }

    /// The models of the best epoch.
    fn write_models(&self) -> Result<(), CliError> {
        let Some((float, quantized)) = self.trainer.best_models() else {
            return Ok(());
        };
        if let Some(model) = quantized {
            write_file(&self.file(QUANTIZED), &model.to_bytes()?)?;
        }
        write_file(&self.file(FLOAT), &state_dict(&float))
    }

    fn write_log(&self) -> Result<(), CliError> {
        let mut text = String::new();
        for epoch in self.trainer.history() {
            text += &serde_json::to_string(epoch)
                .map_err(|error| CliError::new(self.file(LOG).display(), error))?;
            text.push('\n');
        }
        write_file(&self.file(LOG), text.as_bytes())?;
        if self.args.plot {
            let (scale, unit) = match self.args.level.into() {
                Level::Word => (1.0, "nats a word"),
                Level::Char => (std::f64::consts::LOG2_E, "bits a character"),
            };
            let title = format!("{} units, loss by epoch", self.args.training.hidden);
            let picture = plot(self.trainer.history(), &title, scale, unit);
            write_file(&self.file(PLOT), picture.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&self) -> Result<TrainReport, CliError> {
        let history = self.trainer.history();
        let best = history.iter().rfind(|epoch| epoch.best).ok_or_else(|| {
            CliError::new("--epochs", "no epoch was trained").help("give at least 1")
        })?;
        let test = match (&self.texts.test, self.trainer.best_models()) {
            (Some(tokens), Some((float, quantized))) => {
                let model = language_model(&float, quantized)?;
                Some(self.evaluate(&model, tokens, "test")?)
            }
            _ => None,
        };
        let mut files = vec![FLOAT, VOCABULARY, LOG, CHECKPOINT];
        if !self.args.training.float {
            files.insert(1, QUANTIZED);
        }
        if self.args.plot {
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
            streams: self.args.streams,
            files: files.into_iter().map(String::from).collect(),
        })
    }
}

/// An epoch in one line.
fn describe(line: &Epoch, seconds: f64) -> String {
    let clamped: Vec<String> = line.clamped.iter().map(clamped_shares).collect();
    let clamped = if clamped.is_empty() {
        String::new()
    } else {
        format!(", clamped {}", clamped.join("; "))
    };
    format!(
        "epoch {}: training {:.4} nats, validation {:.4} nats ({:.2} perplexity, {:.4} bits), rate {}{clamped}, {seconds:.1} s{}",
        line.epoch,
        line.train,
        line.valid,
        line.valid.exp(),
        line.valid / std::f64::consts::LN_2,
        line.rate,
        if line.best { ", best so far" } else { "" },
    )
}

fn clamped_shares(shares: &[f64; 3]) -> String {
    let [z, c, h] = shares.map(|share| 100.0 * share);
    format!("z {z:.2} % c {c:.2} % h {h:.2} %")
}
