//! The texts of a training, as tokens.

use crate::diagnostic::Problem;
use crate::lm::{Level, Vocabulary, read_text, tokenize};
use std::path::Path;

/// The texts of a training, as indices of tokens.
#[derive(Clone, Debug)]
pub struct Texts {
    /// All tokens.
    pub vocabulary: Vocabulary,
    /// Trained on.
    pub train: Vec<u32>,
    /// Validated on after every epoch.
    pub valid: Vec<u32>,
    /// The best model is evaluated on it.
    pub test: Option<Vec<u32>>,
}

/// Files of the texts of a training.
#[derive(Clone, Copy, Debug)]
pub struct TextFiles<'a> {
    /// Text to train on.
    pub train: &'a Path,
    /// Text to validate on after every epoch.
    pub valid: &'a Path,
    /// Text to evaluate the best model on.
    pub test: Option<&'a Path>,
    /// Tokens in the order of their indices; those of the text to train on where nothing is given.
    pub vocabulary: Option<&'a Path>,
}

impl Texts {
    /// Reads the texts of a training of `batch` sequences side by side, whose validation has `streams`.
    ///
    /// # Errors
    /// A file that cannot be read, a token that the vocabulary lacks, and a text that is too short.
    pub fn read(
        files: TextFiles<'_>,
        level: Level,
        batch: usize,
        streams: usize,
    ) -> Result<Self, Problem> {
        let train = read_text(files.train)?;
        let vocabulary = match files.vocabulary {
            Some(path) => Vocabulary::read(path)?,
            None => {
                Vocabulary::from_text(&train, level).map_err(|error| error.in_file(files.train))?
            }
        };
        let tokens = |path: &Path, text: &str| {
            tokenize(text, level, &vocabulary).map_err(|error| error.in_file(path))
        };
        let train = tokens(files.train, &train)?;
        if train.len() < 2 * batch {
            let problem = format!("{batch} sequences of a text of {} tokens", train.len());
            return Err(Problem::flag("--batch", problem)
                .help(format!("give at most {}", (train.len() / 2).max(1))));
        }
        let judged = |path: &Path| {
            let tokens = tokens(path, &read_text(path)?)?;
            if tokens.len() > streams {
                return Ok(tokens);
            }
            let problem = format!("{} tokens for {streams} streams", tokens.len());
            Err(Problem::file(path, problem).help("give a longer text, or fewer --streams"))
        };
        Ok(Self {
            valid: judged(files.valid)?,
            test: files.test.map(judged).transpose()?,
            vocabulary,
            train,
        })
    }
}
