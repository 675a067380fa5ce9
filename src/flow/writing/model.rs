//! Language models that write: what of a model goes into the core, and the tokens around it.

use crate::diagnostic::{Problem, Problems};
use crate::lm::{EOS, Level, Vocabulary};
use crate::quantize::{DenseOutput, Emit, QuantizedModel};
use std::path::Path;

/// The trained model and its tokens; `models/text/README.md` says how they were made.
const MODEL: &[u8] = include_bytes!("../../../models/text/text.safetensors");
const TOKENS: &str = include_str!("../../../models/text/text.vocab.json");

/// A language model that goes from the index of a token to that of the next, and the tokens.
#[derive(Clone, Debug)]
pub struct WritingModel {
    /// Embedding, recurrent layers, and a dense layer that gives the index of its largest sum at every step.
    pub model: QuantizedModel,
    /// Tokens by index.
    pub vocabulary: Vocabulary,
    /// What a token is.
    pub level: Level,
}

fn refuse<T>(problem: &str, help: &str) -> Result<T, Problem> {
    Err(Problem::within("model", problem).help(help))
}

/// The model with the index of the largest sum in the place of the sums.
pub(super) fn choosing(mut model: QuantizedModel) -> Result<QuantizedModel, Problem> {
    let whole =
        "train or quantise it with --head-bits, which puts embedding and decoder into integers";
    let Some(embedding) = &model.embedding else {
        return refuse(
            "has no embedding in integers, which takes the index that the core gives",
            whole,
        );
    };
    let rows = embedding.vocabulary;
    if model.needs_whole_sequences() {
        return refuse(
            "has a layer that takes steps backward: it needs the whole text before its first choice",
            "train it forward",
        );
    }
    let Some(last) = model.head.last_mut() else {
        return refuse("has no dense layer that chooses the next token", whole);
    };
    if last.when == Emit::Last || last.gives_codes() {
        return refuse(
            "has a dense layer that gives codes, or waits for the end of a sequence: to write, it must choose a \
             token at every step",
            "quantise it without --head-kind code and --emit last",
        );
    }
    if last.output_size != rows {
        let problem = format!(
            "chooses among {} outputs, and its embedding has {rows} rows",
            last.output_size
        );
        return refuse(&problem, "both must have one for every token");
    }
    last.output = DenseOutput::Argmax;
    // What only rides along is no part of a core.
    model.passengers.clear();
    Ok(model)
}

impl WritingModel {
    /// The model that is compiled in, of characters.
    ///
    /// # Errors
    /// None, as its test says.
    pub fn built_in() -> Result<Self, Problems> {
        let model = choosing(QuantizedModel::from_bytes(MODEL)?)?;
        let vocabulary = Vocabulary::from_json(TOKENS)?;
        Ok(Self::new(model, vocabulary, Level::Char)?)
    }

    /// A model from a file; its tokens from the file beside it where none is named.
    ///
    /// # Errors
    /// Files that cannot be read, a model without an integer embedding or a dense layer that chooses among as many
    /// tokens, and a vocabulary of another size.
    pub fn read(model: &Path, vocabulary: Option<&Path>, level: Level) -> Result<Self, Problems> {
        let path = match vocabulary {
            Some(path) => path.to_path_buf(),
            None => Vocabulary::beside(model)?,
        };
        let tokens = Vocabulary::read(&path)?;
        let quantized = QuantizedModel::read(model)?;
        let chosen = choosing(quantized).map_err(|problem| problem.in_file(model))?;
        let made = Self::new(chosen, tokens, level);
        Ok(made.map_err(|problem| problem.in_file(path))?)
    }

    fn new(model: QuantizedModel, vocabulary: Vocabulary, level: Level) -> Result<Self, Problem> {
        let rows = model.embedding.as_ref().map_or(0, |rows| rows.vocabulary);
        vocabulary.check_rows(rows)?;
        Ok(Self {
            model,
            vocabulary,
            level,
        })
    }

    /// What the core is fed before it writes: the end of a line, where there is such a token, and `prompt`.
    ///
    /// # Errors
    /// A token that the vocabulary lacks, and nothing to begin with.
    pub fn opening(&self, prompt: &str) -> Result<Vec<u32>, Problem> {
        let mut tokens: Vec<u32> = self.vocabulary.index(EOS).into_iter().collect();
        tokens.extend(self.vocabulary.opening(prompt, self.level)?);
        if tokens.is_empty() {
            return Err(Problem::new("is empty, and the vocabulary has no <eos>")
                .help("give the beginning of a text"));
        }
        Ok(tokens)
    }

    /// The token with this index, which is below the vocabulary's size.
    #[must_use]
    pub fn token(&self, index: u32) -> &str {
        &self.vocabulary.tokens()[index as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_model_that_is_compiled_in_can_write() {
        let writing = WritingModel::built_in().unwrap();
        let opening = writing.opening("The core").unwrap();
        assert_eq!(writing.token(opening[0]), EOS);
        assert_eq!(writing.token(opening[1]), "T");
        assert_eq!(opening.len(), 9);
        let problem = writing.opening("100 %").unwrap_err().to_string();
        assert!(
            problem.contains("\"1\" is not in the vocabulary"),
            "{problem}"
        );
    }
}
