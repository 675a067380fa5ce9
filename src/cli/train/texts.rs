//! The texts of a training, as tokens.

use super::super::eval::read_text;
use super::args::TrainArgs;
use crate::diagnostic::{Problem, Problems};
use crate::lm::{Vocabulary, tokenize};
use std::path::Path;

/// The texts as tokens.
pub struct Texts {
    pub vocabulary: Vocabulary,
    pub train: Vec<u32>,
    pub valid: Vec<u32>,
    pub test: Option<Vec<u32>>,
}

pub fn read_texts(args: &TrainArgs) -> Result<Texts, Problems> {
    let level = args.level.into();
    let train = read_text(&args.text)?;
    let vocabulary = match &args.vocab {
        Some(path) => Vocabulary::read(path)?,
        None => Vocabulary::from_text(&train, level).map_err(|error| error.in_file(&args.text))?,
    };
    let tokens = |path: &Path, text: &str| {
        tokenize(text, level, &vocabulary).map_err(|error| error.in_file(path))
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
        return Err(Problem::flag("--batch", problem)
            .help(format!("give at most {}", (train.len() / 2).max(1)))
            .into());
    }
    for (path, tokens) in [Some(&args.valid), args.test.as_ref()]
        .into_iter()
        .zip([Some(&valid), test.as_ref()])
        .filter_map(|(path, tokens)| Some((path?, tokens?)))
    {
        if tokens.len() <= args.streams as usize {
            let problem = format!("{} tokens for {} streams", tokens.len(), args.streams);
            return Err(Problem::file(path, problem)
                .help("give a longer text, or fewer --streams")
                .into());
        }
    }
    Ok(Texts {
        vocabulary,
        train,
        valid,
        test,
    })
}
