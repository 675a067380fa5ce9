//! `lprnn-hw train`.

mod report;
mod session;
mod texts;

use super::Ended;
use super::eval::TokenLevel;
use super::import::{ImportArgs, read_float};
use super::output::Console;
use super::training::TrainingArgs;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{check_file, write_file};
use crate::train::{TrainOptions, Trainer};
use session::Session;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;
use texts::{Texts, read_texts};

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
    /// Split the text into words or characters
    #[arg(long, value_enum, default_value = "word")]
    level: TokenLevel,
    /// Tokens in index order, JSON; without it those of the text
    #[arg(long, value_name = "FILE")]
    vocab: Option<PathBuf>,
    /// Folder for everything that is written
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Resume from the checkpoint in the folder
    #[arg(long, conflicts_with = "force")]
    resume: bool,
    /// Start again, replacing the training in the folder
    #[arg(long)]
    force: bool,
    /// Float model to start from, of the same sizes
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Maximum number of epochs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    epochs: u64,
    /// Stop after this many epochs without a better validation loss
    #[arg(long, value_name = "N", default_value_t = 5)]
    patience: u64,
    /// Streams of validation and test, as in `eval`
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    streams: u32,
    /// Threads; the result does not depend on them [default: all]
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Also write a checkpoint every N windows
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

/// Files of a training's folder.
const CHECKPOINT: &str = "checkpoint.safetensors";
const FLOAT: &str = "lm.safetensors";
const QUANTIZED: &str = "lm_quantized.safetensors";
const VOCABULARY: &str = "lm.vocab.json";
const LOG: &str = "log.jsonl";
const PLOT: &str = "plot.svg";

/// Trains, and writes what came of it.
pub fn run(args: &Args, console: Console) -> Result<Ended, Problems> {
    let texts = read_texts(args)?;
    let options = args.training.options(texts.vocabulary.len())?;
    let settings = args.settings(&options, &texts);
    let start = match &args.init {
        Some(path) => Some(read_float(path, &ImportArgs::default())?),
        None => None,
    };
    let sizes = options.sizes.clone();
    let mut trainer = Trainer::new(options, start.as_ref()).ok_or_else(|| {
        Problem::flag("--init", format!("its shapes are not those of {sizes:?}"))
            .help("give the sizes of that model, or none to start from")
    })?;
    let folder = &args.output;
    let checkpoint = folder.join(CHECKPOINT);
    if args.resume {
        let bytes = crate::files::read(&checkpoint)
            .map_err(|error| crate::files::problem(&checkpoint, "read", &error))?;
        trainer
            .resume(&bytes, &settings)
            .map_err(|error| Problem::from(error).in_file(&checkpoint))?;
    } else {
        if folder.exists() && !args.force {
            return Err(Problem::file(folder, "exists already")
                .help("give --resume to go on, --force to start again, or another folder")
                .into());
        }
        std::fs::create_dir_all(folder)
            .map_err(|error| crate::files::problem(folder, "make", &error))?;
    }
    let read = [
        Some(&args.text),
        Some(&args.valid),
        args.test.as_ref(),
        args.init.as_ref(),
    ];
    for name in [CHECKPOINT, FLOAT, QUANTIZED, VOCABULARY, LOG, PLOT] {
        check_file(&folder.join(name), read.into_iter().flatten())?;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(args.threads.unwrap_or(0))
        .build()
        .map_err(|error| Problem::flag("--threads", error))?;
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
