//! `lprnn-hw train`.

mod args;
mod report;
mod session;
mod texts;

use super::Ended;
use super::import::{FloatArgs, read_float};
use super::output::Console;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{check_file, write_file};
use crate::train::{TrainOptions, Trainer};
pub use args::TrainArgs;
use args::{CHECKPOINT, FLOAT, LOG, PLOT, QUANTIZED, VOCABULARY};
use session::Session;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use texts::{Texts, read_texts};

impl TrainArgs {
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

/// Trains, and writes what came of it.
pub fn run(args: &TrainArgs, console: Console) -> Result<Ended, Problems> {
    let texts = read_texts(args)?;
    let options = args.training.options(texts.vocabulary.len())?;
    let settings = args.settings(&options, &texts);
    let start = match &args.init {
        Some(path) => Some(read_float(path, &FloatArgs::default())?),
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
        let bytes = crate::files::load(&checkpoint)?;
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
