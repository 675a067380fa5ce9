//! `lprnn-hw train`.

mod args;
mod begin;
mod data;
mod report;
mod tasks;

use super::Ended;
use super::output::Console;
use super::training::Ends;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{LanguageTraining, TextFiles, Texts, TrainReport};
use crate::import::{FloatModel, ImportOptions, read};
pub use args::TrainArgs;
use begin::training;
use data::Learnt;
use std::path::PathBuf;

/// Trains, and writes what came of it.
pub fn run(args: &TrainArgs, console: Console) -> Result<Ended, Problems> {
    let start = || match &args.init {
        Some(path) => read(path, &ImportOptions::default()).map(Some),
        None => Ok(None),
    };
    if args.task == Learnt::Language {
        console.print(&language(args, start, console)?)?;
    } else {
        console.print(&tasks::run(args, start()?.as_ref(), &console)?)?;
    }
    Ok(Ended::Well)
}

/// A text that has to be given.
fn text<'a>(option: &'static str, path: Option<&'a PathBuf>) -> Result<&'a PathBuf, Problem> {
    path.ok_or_else(|| {
        Problem::flag(option, "is missing")
            .help("give --text and --valid, or --task with --data and --targets")
    })
}

fn language(
    args: &TrainArgs,
    start: impl FnOnce() -> Result<Option<FloatModel>, Problem>,
    console: Console,
) -> Result<TrainReport, Problems> {
    args.data.refuse_any()?;
    let streams = args.streams as usize;
    let files = TextFiles {
        train: text("--text", args.text.as_ref())?,
        valid: text("--valid", args.valid.as_ref())?,
        test: args.test.as_deref(),
        vocabulary: args.vocab.as_deref(),
    };
    let batch = args.training.batch(true);
    let texts = Texts::read(files, args.level, batch, streams)?;
    let options = args
        .training
        .options(Ends::Tokens(texts.vocabulary.len()))?;
    let start = start()?;
    let read = [&args.text, &args.valid, &args.test, &args.init];
    let training = training(args, read.into_iter().flatten());
    let language = LanguageTraining {
        texts: &texts,
        level: args.level,
        streams,
        softmax_samples: args.softmax_samples.map(|count| count as usize),
    };
    language.run(&training, options, start.as_ref(), &console)
}
