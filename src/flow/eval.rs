//! A language model on a text.

use super::saturation::{LayerSaturation, Rate};
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::import::ImportOptions;
use crate::lm::{
    Decoder, EvalOptions, Evaluation, LanguageModel, Level, Stack, Vocabulary, characters,
    evaluate, read_text, tokenize,
};
use serde::Serialize;
use std::path::Path;

/// A language model, and the text that it is to predict.
#[derive(Clone, Copy, Debug)]
pub struct EvalRequest<'a> {
    /// Float state dict or quantised model, safetensors.
    pub model: &'a Path,
    /// Parts of a float file that are wanted.
    pub import: &'a ImportOptions,
    /// Text, one sentence a line.
    pub text: &'a Path,
    /// Tokens in the order of their indices; the file beside the model where nothing is given.
    pub vocabulary: Option<&'a Path>,
    /// Tokens of the text.
    pub level: Level,
    /// Parts of the text that are computed side by side, each from zero state.
    pub streams: usize,
}

impl EvalRequest<'_> {
    /// Evaluates the model.
    ///
    /// # Errors
    /// A file that cannot be read, a token that the vocabulary lacks, a vocabulary of another size than
    /// the model's, a text too short for the streams, and an interruption.
    pub fn run(&self, watch: &dyn Watch) -> Result<EvalReport, Problems> {
        let text = read_text(self.text)?;
        let model = LanguageModel::read(self.model, self.import)?;
        let path = match self.vocabulary {
            Some(path) => path.to_path_buf(),
            None => Vocabulary::beside(self.model)?,
        };
        let vocabulary = Vocabulary::read(&path)?;
        let fits = vocabulary.check_rows(model.tokens());
        fits.map_err(|problem| problem.in_file(&path))?;
        let options = EvalOptions {
            streams: self.streams,
        };
        let found = || {
            let tokens = tokenize(&text, self.level, &vocabulary)?;
            let characters = characters(&text, self.level)?;
            let progress = watch.begin("evaluating", Some(tokens.len()));
            let found = evaluate(&model, &tokens, &options, &|done| progress.at(done))?;
            Ok(EvalReport::new(&model, self.level, characters, &found))
        };
        Ok(found().map_err(|problem: Problem| problem.in_file(self.text))?)
    }
}

/// Cost of a text by a language model.
#[derive(Clone, Debug, Serialize)]
pub struct EvalReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Arithmetic of the LSTM: `float` or `integer`.
    pub lstm: &'static str,
    /// Arithmetic of the decoder.
    pub decoder: String,
    /// Tokens of the text.
    pub level: Level,
    /// Mean of -ln p of a token.
    pub nats: f64,
    /// e^nats.
    pub perplexity: f64,
    /// Bits a token.
    pub bits_per_token: f64,
    /// Bits a character.
    pub bits_per_character: f64,
    /// Characters that the predicted tokens stand for.
    pub characters: u64,
    /// Tokens predicted: all but the first.
    pub tokens: usize,
    /// Streams computed side by side.
    pub streams: usize,
    /// Where the state is carried.
    pub state: &'static str,
    /// Elements of x that were clamped to its format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub x: Option<Rate>,
    /// Saturation of every layer of an integer model.
    pub saturation: Vec<LayerSaturation>,
}

impl EvalReport {
    fn new(model: &LanguageModel, level: Level, characters: u64, found: &Evaluation) -> Self {
        let decoder = match &model.decoder {
            Decoder::Float(_) if model.tied => "float, the embedding's weights".to_string(),
            Decoder::Float(_) => "float".to_string(),
            Decoder::Integer(head) => format!("integer, {} bits", head.w_bits),
        };
        Self {
            schema: 1,
            lstm: match model.stack {
                Stack::Float(_) => "float",
                Stack::Integer(_) => "integer",
            },
            decoder,
            level,
            nats: found.nats,
            perplexity: found.perplexity(),
            bits_per_token: found.bits(),
            bits_per_character: found.bits() * found.predictions as f64 / characters as f64,
            characters,
            tokens: found.predictions,
            streams: found.streams,
            state: if found.streams == 1 {
                "carried through the whole text"
            } else {
                "carried through each stream, zero at its start"
            },
            x: found.inputs.map(Rate::from),
            saturation: match &model.stack {
                Stack::Float(_) => Vec::new(),
                Stack::Integer(model) => LayerSaturation::all(model, &found.saturation),
            },
        }
    }
}
