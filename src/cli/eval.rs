//! `lprnn-hw eval`: what a language model predicts of a text.

use super::Ended;
use super::output::{Console, Results, grouped, table};
use super::reference::human_saturations;
use crate::diagnostic::Problems;
use crate::flow::{EvalReport, EvalRequest};
use crate::import::ImportOptions;
use crate::lm::Level;
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
for word what the core computes, and so are linear layers between embedding and LSTM, which a model
file names and of which --front names those of a state dict.

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
    /// Linear layers of a float state dict between embedding and LSTM, `FIRST,SECOND`; `NAME:relu` where a ReLU stands
    /// behind one
    // It is the text of the option too.
    #[allow(clippy::doc_markdown)]
    #[arg(long, value_name = "NAME")]
    front: Option<String>,
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
    let import = ImportOptions {
        prefix: args.prefix.clone(),
        front: args.front.clone(),
        ..ImportOptions::default()
    };
    let request = EvalRequest {
        model: &args.model,
        import: &import,
        text: &args.text,
        vocabulary: args.vocab.as_deref(),
        level: args.level,
        streams: args.streams as usize,
    };
    console.print(&request.run(&console)?)?;
    Ok(Ended::Well)
}
