//! Options of `lprnn-hw train` that decide the result.

use super::design::NumericsArgs;
use crate::diagnostic::{Problem, Problems};
use crate::quantize::{HeadFormat, LARGEST_VOCABULARY, QuantizeOptions};
use crate::train::{Rule, Sizes, TrainOptions};

/// Numbers of a model; training takes five times their 4 bytes.
const MOST_PARAMETERS: u64 = 1 << 30;

/// Options that decide what training computes.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Training")]
pub struct TrainingArgs {
    /// Train in real numbers
    #[arg(long, conflicts_with_all = ["numerics.bits", "numerics.weight_bits", "numerics.act_bits", "numerics.input_bits", "numerics.levels", "head_bits"])]
    pub float: bool,
    /// Bits of the decoder's weights [default: real numbers]
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(2..=16))]
    head_bits: Option<u32>,
    /// A multiplier of 8 bits for every row of the LSTM's weights, fitted anew in every window
    #[arg(long, conflicts_with = "float")]
    row_scales: bool,
    /// Units of every layer
    #[arg(long, value_name = "H", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub hidden: u32,
    /// Elements of an embedding [default: as many as units]
    #[arg(long, value_name = "E", value_parser = clap::value_parser!(u32).range(1..=65536))]
    embedding: Option<u32>,
    /// Layers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    layers: u32,
    /// Windows of an epoch [default: once through the text]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    windows: Option<u32>,
    /// Sequences side by side
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: u32,
    /// Steps of a window
    #[arg(long, value_name = "N", default_value_t = 35, value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
    /// Rule of a step
    #[arg(long, value_enum, default_value = "sgd")]
    rule: Rule,
    /// Learning rate [default: 20 for sgd, 0.002 for adam]
    #[arg(long, value_name = "R")]
    rate: Option<f32>,
    /// Divides the rate after an epoch without a better validation
    #[arg(long, value_name = "D", default_value_t = 4.0)]
    decay: f32,
    /// Epoch from which on the rate is divided after every one
    #[arg(long, value_name = "N")]
    decay_from: Option<u64>,
    /// Largest norm of all gradients together
    #[arg(long, value_name = "G", default_value_t = 0.25)]
    clip: f32,
    /// Share of embeddings and hidden states that is dropped
    #[arg(long, value_name = "P", default_value_t = 0.0)]
    dropout: f32,
    /// Epochs at whose start fractions are chosen again; afterwards they stay
    #[arg(long, value_name = "N", default_value_t = 2)]
    range_epochs: u64,
    /// Start of all random sequences
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    numerics: NumericsArgs,
}

impl TrainingArgs {
    /// Refuses numbers that no training has.
    fn check(&self, rate: f32) -> Result<(), Problems> {
        for (name, value, low, high) in [
            ("--rate", rate, 0.0, f32::MAX),
            ("--clip", self.clip, 0.0, f32::MAX),
            ("--decay", self.decay, 0.999_999, f32::MAX),
        ] {
            if !(value > low && value <= high) {
                let wanted = if name == "--decay" {
                    "at least 1"
                } else {
                    "above 0"
                };
                return Err(Problem::flag(name, format!("{value} is not {wanted}"))
                    .help(format!("give a number {wanted}"))
                    .into());
            }
        }
        if !(0.0..1.0).contains(&self.dropout) {
            return Err(
                Problem::flag("--dropout", format!("{} is out of range", self.dropout))
                    .help("give a number from 0 to below 1")
                    .into(),
            );
        }
        Ok(())
    }

    /// The library's options, checked.
    pub fn options(&self, vocabulary: usize) -> Result<TrainOptions, Problems> {
        let numerics = self.numerics.resolve()?;
        let rate = self.rate.unwrap_or(match self.rule {
            Rule::Sgd => 20.0,
            Rule::Adam => 0.002,
        });
        self.check(rate)?;
        let sizes = Sizes {
            vocabulary,
            embedding: self.embedding.unwrap_or(self.hidden) as usize,
            hidden: vec![self.hidden as usize; self.layers as usize],
        };
        let parameters = sizes.parameters();
        if parameters > MOST_PARAMETERS {
            let problem = format!("{parameters} numbers to train, {MOST_PARAMETERS} at most");
            return Err(Problem::flag("--hidden", problem)
                .help("give fewer units or layers, or a smaller --embedding or vocabulary")
                .into());
        }
        if self.head_bits.is_some() && vocabulary > LARGEST_VOCABULARY {
            let problem = format!(
                "{vocabulary} tokens, a head of integers has {LARGEST_VOCABULARY} outputs at most"
            );
            return Err(Problem::flag("--head-bits", problem)
                .help("leave it out: the head stays in real numbers")
                .into());
        }
        Ok(TrainOptions {
            sizes,
            numbers: (!self.float).then(|| {
                let head = self
                    .head_bits
                    .map_or(HeadFormat::Float, HeadFormat::Integer);
                QuantizeOptions { numerics, head }
            }),
            row_scales: self.row_scales,
            batch: self.batch as usize,
            steps: self.steps as usize,
            rule: self.rule,
            rate,
            decay: self.decay,
            decay_from: self.decay_from.unwrap_or(u64::MAX),
            clip: self.clip,
            dropout: self.dropout,
            range_epochs: self.range_epochs,
            windows: self.windows.map(|count| count as usize),
            seed: self.seed,
        })
    }
}
