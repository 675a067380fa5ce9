//! What is wrong with a model, a vocabulary or a text.

use crate::remedy::{Fault, Remedy};
use std::path::PathBuf;

/// Why a text cannot be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum LmError {
    /// A file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A vocabulary that is none.
    #[error("vocabulary: {0}")]
    Vocabulary(Fault),
    /// The vocabulary has another number of tokens than the model.
    #[error("vocabulary: has {tokens} tokens, the model's embedding has {rows} rows")]
    VocabularySize {
        /// Tokens of the vocabulary.
        tokens: usize,
        /// Rows of the embedding.
        rows: usize,
    },
    /// A text without tokens.
    #[error("text: holds no words")]
    EmptyText,
    /// A text of one token.
    #[error("text: has one token, which nothing comes before")]
    ShortText,
    /// A word or character that the vocabulary lacks.
    #[error("text, line {line}: {token:?} is not in the vocabulary")]
    UnknownToken {
        /// Line, from 1.
        line: usize,
        /// The word or character.
        token: String,
        /// Whether the vocabulary has a token for unknown words.
        unknown: bool,
    },
    /// A text that already has what is appended.
    #[error("text, line {0}: has <eos> itself")]
    EndOfSentence(usize),
    /// More streams than predictions.
    #[error("streams: {streams} are more than the {predictions} predictions of the text")]
    Streams {
        /// Streams asked for.
        streams: usize,
        /// Predictions that the text allows.
        predictions: usize,
    },
    /// A float model that is refused.
    #[error(transparent)]
    Import(#[from] crate::import::ImportError),
    /// A quantised model that is refused.
    #[error(transparent)]
    Quantized(#[from] crate::quantize::ModelFileError),
    /// A model that is no language model.
    #[error("model: {0}")]
    Model(Fault),
    /// A value that is not finite.
    #[error("prediction {0} is not finite: the model's values overflow")]
    Diverged(usize),
    /// Ctrl-C.
    #[error("eval: interrupted")]
    Interrupted,
}

impl Remedy for LmError {
    fn help(&self) -> Option<String> {
        let help = match self {
            Self::Io { .. } => "check the path",
            Self::Vocabulary(fault) | Self::Model(fault) => return fault.help(),
            Self::VocabularySize { .. } => "give the vocabulary that the model was trained with",
            Self::EmptyText => "give a text with one sentence a line",
            Self::ShortText => "give a longer text",
            Self::UnknownToken { unknown, .. } => remedy(*unknown),
            Self::EndOfSentence(_) => "remove it, every line gets it at its end",
            Self::Streams { .. } => "give fewer",
            Self::Quantized(error) => return error.help(),
            Self::Diverged(_) => "train it with a smaller learning rate, or with gradients clipped",
            Self::Import(error) => return error.help(),
            Self::Interrupted => return None,
        };
        Some(help.to_string())
    }
}

fn remedy(unknown: bool) -> &'static str {
    if unknown {
        "write <unk> in its place, or give the vocabulary of this text"
    } else {
        "remove it from the text, or give the vocabulary of this text"
    }
}
