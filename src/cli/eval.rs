//! `lprnn-hw eval`: what a language model predicts of a text.

use super::Ended;
use super::output::{Console, Results, grouped, table};
use super::progress::Progress;
use super::reference::{LayerSaturation, Rate, human_saturations, saturations};
use crate::diagnostic::Problems;
use crate::lm::{
    Decoder, EvalOptions, Evaluation, LanguageModel, Level, Stack, Vocabulary, characters,
    evaluate, read_text, tokenize,
};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `eval`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw eval --model lm.safetensors --text test.txt --vocab vocab.json
  lprnn-hw eval --model lm_w4a4.safetensors --text test.txt --streams 16
  lprnn-hw eval --model chars.safetensors --text test.txt --level char --format json

The model is a float state dict or a quantised model file, with an embedding and a linear decoder;
its kind is told from its metadata. A quantised LSTM is computed in the hardware's integers, word
for word what the core computes.

The text is in PTB form: one sentence a line, words between white space, <eos> appended to every
line, <unk> a word like others. At character level a token is a character of the line without the
white space at its ends, <eos> is one token, <unk> is five characters. Every token but the first is
predicted from all tokens before it. With one stream the state is carried through the whole text;
with N the text is cut into N parts that start from zero state.

Without --vocab the vocabulary is the file beside the model that is named like it, `NAME.vocab.json`
for NAME.safetensors or NAME_anything.safetensors.

Exit status: 0 evaluated, 2 could not: what is wrong is named with its place.")]
pub struct EvalArgs {
    /// Language model, safetensors: a float state dict or a quantised model
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Text, one sentence a line, UTF-8
    #[arg(long, value_name = "FILE")]
    text: PathBuf,
    /// Tokens in the order of the embedding's rows, JSON array, or object of indices by token
    #[arg(long, value_name = "FILE")]
    vocab: Option<PathBuf>,
    /// Split the text into words or characters
    #[arg(long, value_enum, default_value = "word")]
    level: Level,
    /// Parts of the text that are computed side by side, each from zero state
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    streams: u32,
    /// LSTM to read, if a float file has several
    #[arg(long, value_name = "PREFIX")]
    prefix: Option<String>,
}

#[derive(Serialize)]
struct EvalReport {
    schema: u32,
    /// Arithmetic of the LSTM: `float` or `integer`.
    lstm: &'static str,
    decoder: String,
    level: Level,
    /// Mean of -ln p of a token.
    nats: f64,
    /// e^nats.
    perplexity: f64,
    bits_per_token: f64,
    bits_per_character: f64,
    /// Characters that the predicted tokens stand for.
    characters: u64,
    /// Tokens predicted: all but the first.
    tokens: usize,
    streams: usize,
    state: &'static str,
    /// Elements of x that were clamped to its format.
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<Rate>,
    saturation: Vec<LayerSaturation>,
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
            saturation: saturations(&found.saturation),
        }
    }
}

impl Results for EvalReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let (token, tokens) = match self.level {
            Level::Word => ("word", "words, <eos> counted"),
            Level::Char => ("character", "characters, <eos> counted"),
        };
        let rows = [
            [format!("nats per {token}"), format!("{:.6}", self.nats)],
            [
                format!("perplexity per {token}"),
                format!("{:.4}", self.perplexity),
            ],
            [
                "bits per character".into(),
                format!("{:.6}", self.bits_per_character),
            ],
        ];
        table(out, &rows.map(Vec::from))?;
        writeln!(
            out,
            "{} {tokens}, all but the first predicted",
            grouped(self.tokens as u64)
        )?;
        if let Level::Word = self.level {
            writeln!(
                out,
                "{} characters, blanks and line ends counted, <unk> as its five",
                grouped(self.characters)
            )?;
        }
        let streams = if self.streams == 1 {
            "stream"
        } else {
            "streams"
        };
        writeln!(out, "{} {streams}, state {}", self.streams, self.state)?;
        writeln!(out, "LSTM: {}; decoder: {}", self.lstm, self.decoder)?;
        if let Some(x) = &self.x {
            writeln!(out, "x saturated in {:.4} %", 100.0 * x.share)?;
            human_saturations(out, &self.saturation)?;
        }
        Ok(())
    }
}

/// Evaluates a model on a text and prints what it found.
pub fn run(args: &EvalArgs, console: Console) -> Result<Ended, Problems> {
    let level = args.level;
    let text = read_text(&args.text)?;
    let model = LanguageModel::read(&args.model, args.prefix.as_deref())?;
    let vocab = match &args.vocab {
        Some(path) => path.clone(),
        None => Vocabulary::beside(&args.model)?,
    };
    let vocabulary = Vocabulary::read(&vocab).map_err(|problem| problem.in_file(&vocab))?;
    vocabulary
        .check_rows(model.tokens())
        .map_err(|problem| problem.in_file(&vocab))?;
    let tokens =
        tokenize(&text, level, &vocabulary).map_err(|problem| problem.in_file(&args.text))?;
    let characters = characters(&text, level).map_err(|problem| problem.in_file(&args.text))?;
    let options = EvalOptions {
        streams: args.streams as usize,
    };
    let progress = Progress::bar(console, "evaluating", tokens.len());
    let found = evaluate(&model, &tokens, &options, &|done| progress.at(done))
        .map_err(|problem| problem.in_file(&args.text))?;
    drop(progress);
    console.print(&EvalReport::new(&model, level, characters, &found))?;
    Ok(Ended::Well)
}
