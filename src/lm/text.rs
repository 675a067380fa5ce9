//! Text in PTB form: one sentence a line, its end a token of its own.

use crate::diagnostic::Problem;
use serde::Serialize;

/// The token at the end of every line.
pub const EOS: &str = "<eos>";

/// Kind of the tokens: words are what stands between white space, characters those of a line without the
/// white space at its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A word, or the end of a line
    Word,
    /// A character, or the end of a line
    Char,
}

/// All tokens of `text` as they stand, each with its line from 1; `<eos>` ends every line.
///
/// Word level: `<unk>` is a word like others. Character level: it is five characters.
///
/// # Errors
/// A text without words, and one where a word is `<eos>` already.
pub(super) fn pieces(text: &str, level: Level) -> Result<Vec<(usize, &str)>, Problem> {
    if text.trim().is_empty() {
        return Err(
            Problem::within("text", "holds no words").help("give a text with one sentence a line")
        );
    }
    let mut pieces = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = (at + 1, line.trim());
        match level {
            Level::Word => pieces.extend(line.1.split_whitespace().map(|word| (line.0, word))),
            Level::Char => pieces.extend(
                line.1
                    .char_indices()
                    .map(|(from, letter)| (line.0, &line.1[from..from + letter.len_utf8()])),
            ),
        }
        pieces.push((line.0, EOS));
    }
    if level == Level::Word {
        let twice = pieces
            .windows(2)
            .find(|pair| pair[0].1 == EOS && pair[0].0 == pair[1].0);
        if let Some(pair) = twice {
            return Err(Problem::line(pair[0].0, "has <eos> itself")
                .help("remove it, every line gets it at its end"));
        }
    }
    Ok(pieces)
}

/// The tokens that `text` begins with, as the start of a line that goes on: white space at its ends counts, and every
/// end of a line in it is [`EOS`].
pub(super) fn opening(text: &str, level: Level) -> Vec<&str> {
    let mut pieces = Vec::new();
    for (at, line) in text.split('\n').enumerate() {
        if at > 0 {
            pieces.push(EOS);
        }
        match level {
            Level::Word => pieces.extend(line.split_whitespace()),
            Level::Char => pieces.extend(line.split("").filter(|letter| !letter.is_empty())),
        }
    }
    pieces
}

/// What a token is in a running text behind `before`, the token before it: an end of a line, a character, or a
/// word with the blank before it.
#[must_use]
pub fn written(token: &str, before: &str, level: Level) -> String {
    match (level, token) {
        (_, EOS) => "\n".to_string(),
        (Level::Word, word) if before != EOS => format!(" {word}"),
        (_, token) => token.to_string(),
    }
}

/// Characters that all tokens but the first stand for, by which bits per character are counted.
///
/// Word level: a word's own characters, and one for the blank or the end of the line behind it; an
/// empty line is one;
/// `<unk>` counts as the five characters that it is written with. Character level: one each.
pub fn characters(text: &str, level: Level) -> Result<u64, Problem> {
    let pieces = pieces(text, level)?;
    Ok(match level {
        Level::Char => pieces.len() as u64 - 1,
        Level::Word => {
            // The end of a line takes the place of the blank behind its last word, where it has one.
            let count = |pair: &[(usize, &str)]| match pair[1].1 {
                EOS => u64::from(pair[0].1 == EOS),
                word => word.chars().count() as u64 + 1,
            };
            pieces.windows(2).map(count).sum()
        }
    })
}
