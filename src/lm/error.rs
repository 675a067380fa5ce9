//! What is wrong with a model, a vocabulary or a text.

use std::path::PathBuf;

/// Why a text cannot be evaluated; every message ends with a remedy.
#[derive(Debug, thiserror::Error)]
pub enum LmError {
    /// A file cannot be read.
    #[error("{}: {source}; check the path", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A vocabulary that is none.
    #[error("vocabulary: {0}")]
    Vocabulary(String),
    /// The vocabulary has another number of tokens than the model.
    #[error(
        "vocabulary: has {tokens} tokens, the model's embedding has {rows} rows; give the \
         vocabulary that the model was trained with"
    )]
    VocabularySize {
        /// Tokens of the vocabulary.
        tokens: usize,
        /// Rows of the embedding.
        rows: usize,
    },
    /// A text without tokens.
    #[error("text: holds no words; give a text with one sentence a line")]
    EmptyText,
    /// A text of one token.
    #[error("text: has one token, which nothing comes before; give a longer text")]
    ShortText,
    /// A word or character that the vocabulary lacks.
    #[error(
        "text, line {line}: {token:?} is not in the vocabulary; {}",
        remedy(*.unknown)
    )]
    UnknownToken {
        /// Line, from 1.
        line: usize,
        /// The word or character.
        token: String,
        /// Whether the vocabulary has a token for unknown words.
        unknown: bool,
    },
    /// A text that already has what is appended.
    #[error("text, line {0}: has <eos> itself; remove it, every line gets it at its end")]
    EndOfSentence(usize),
    /// More streams than predictions.
    #[error(
        "streams: {streams} are more than the {predictions} predictions of the text; give fewer"
    )]
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
    Model(String),
    /// A value that is not finite.
    #[error(
        "prediction {0} is not finite: the model's values overflow; train it with a smaller \
         learning rate, or with gradients clipped"
    )]
    Diverged(usize),
    /// Ctrl-C.
    #[error("eval: interrupted")]
    Interrupted,
}

fn remedy(unknown: bool) -> &'static str {
    if unknown {
        "write <unk> in its place, or give the vocabulary of this text"
    } else {
        "remove it from the text, or give the vocabulary of this text"
    }
}
