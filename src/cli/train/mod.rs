//! `lprnn-hw train`.

mod args;
mod report;

use super::Ended;
use super::output::Console;
use crate::diagnostic::Problems;
use crate::flow::{Begin, TextFiles, Texts, Training};
use crate::import::{ImportOptions, read};
pub use args::TrainArgs;

/// Trains, and writes what came of it.
pub fn run(args: &TrainArgs, console: Console) -> Result<Ended, Problems> {
    let streams = args.streams as usize;
    let files = TextFiles {
        train: &args.text,
        valid: &args.valid,
        test: args.test.as_deref(),
        vocabulary: args.vocab.as_deref(),
    };
    let texts = Texts::read(files, args.level, args.training.batch as usize, streams)?;
    let options = args.training.options(texts.vocabulary.len())?;
    let start = match &args.init {
        Some(path) => Some(read(path, &ImportOptions::default())?),
        None => None,
    };
    let read = [
        Some(&args.text),
        Some(&args.valid),
        args.test.as_ref(),
        args.init.as_ref(),
    ];
    let training = Training {
        folder: &args.output,
        begin: match (args.resume, args.force) {
            (true, _) => Begin::Resume,
            (false, true) => Begin::Again,
            (false, false) => Begin::New,
        },
        read: read.into_iter().flatten().cloned().collect(),
        level: args.level,
        epochs: args.epochs,
        patience: args.patience,
        streams,
        threads: args.threads,
        checkpoint_windows: args.checkpoint_windows.map(|count| count as usize),
        plot: args.plot,
    };
    console.print(&training.run(&texts, options, start.as_ref(), &console)?)?;
    Ok(Ended::Well)
}
