//! Options of `lprnn-hw train` that decide the result.

use super::design::NumericsArgs;
use crate::diagnostic::{Problem, Problems};
use crate::quantize::{HeadFormat, LARGEST_VOCABULARY, QuantizeOptions};
use crate::spec::{CellKind, DirectionKind, OutputOrder};
use crate::train::{Rule, Sizes, TrainOptions};
use clap::builder::PossibleValue;

/// Numbers of a model; training takes five times their 4 bytes.
const MOST_PARAMETERS: u64 = 1 << 30;

/// What stands before and behind the recurrent layers.
#[derive(Clone, Copy, Debug)]
pub enum Ends {
    /// An embedding and a decoder of so many tokens.
    Tokens(usize),
    /// Vectors in, a linear layer behind.
    Vectors {
        /// Elements of x.
        inputs: usize,
        /// Outputs of the linear layer.
        outputs: usize,
        /// Steps of a window where none are given.
        steps: usize,
    },
}

/// Options that decide what training computes.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Training")]
pub struct TrainingArgs {
    /// Train in real numbers
    #[arg(long, conflicts_with_all = ["numerics.bits", "numerics.weight_bits", "numerics.act_bits", "numerics.input_bits", "numerics.levels", "numerics.act_levels", "numerics.h_frac", "head_bits"])]
    pub float: bool,
    /// Bits of the weights of the decoder or linear layer [default: real numbers of a text; else at
    /// least 8]
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(2..=16))]
    head_bits: Option<u32>,
    /// Take the format of h that fits the h of the model to start from best: its levels, where none are given
    /// for h, and its fraction
    #[arg(long, requires = "init", conflicts_with_all = ["float", "numerics.h_frac"])]
    fit_h: bool,
    /// A multiplier of 8 bits for every row of the recurrent layers' weights, fitted anew in every window
    #[arg(long, conflicts_with = "float")]
    row_scales: bool,
    /// Cell of the layers: lstm, or gru (its reset gate behind the product with h, as in PyTorch)
    #[arg(long, value_name = "CELL", default_value = "lstm", value_parser = ["lstm", "gru"])]
    cell: String,
    /// Order in which every layer takes the steps of a sequence: forward, or bidirectional (both side by
    /// side, twice the outputs), not of a text
    #[arg(long, value_name = "DIR", default_value = "forward", value_parser = directions())]
    direction: String,
    /// Order in which the last bidirectional layer's backward half gives its outputs: time, or processing,
    /// in which an answer at the last step is made of the last states of both directions [default: time]
    #[arg(long, value_name = "ORDER", value_parser = ["time", "processing"])]
    output_order: Option<String>,
    /// Units of every layer, of each direction
    #[arg(long, value_name = "H", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    pub hidden: u32,
    /// Elements of an embedding, of a text [default: as many as units]
    #[arg(long, value_name = "E", value_parser = clap::value_parser!(u32).range(1..=65536))]
    embedding: Option<u32>,
    /// Layers
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=64))]
    layers: u32,
    /// Windows of an epoch [default: once through the data]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    windows: Option<u32>,
    /// Validate, and write, the mean of the parameters over about the last N windows [default: the parameters
    /// behind the last window]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    average: Option<u32>,
    /// Sequences side by side [default: 20 of a text, else 32]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    batch: Option<u32>,
    /// Steps of a window: how far gradients go back [default: 35 of a text; whole sequences, with an
    /// answer at every step at most 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub steps: Option<u32>,
    /// Rule of a step [default: sgd of a text, else adam]
    #[arg(long, value_enum)]
    rule: Option<Rule>,
    /// Learning rate [default: 20 for sgd, 0.002 for adam]
    #[arg(long, value_name = "R")]
    rate: Option<f32>,
    /// Divides the rate after an epoch without a better validation
    #[arg(long, value_name = "D", default_value_t = 4.0)]
    decay: f32,
    /// Epoch from which on the rate is divided after every one
    #[arg(long, value_name = "N")]
    decay_from: Option<u64>,
    /// Largest norm of all gradients together [default: 0.25 of a text, else 1]
    #[arg(long, value_name = "G")]
    clip: Option<f32>,
    /// Share of inputs and hidden states that is dropped
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

/// Words of directions; backward alone is refused later on, with what to do.
fn directions() -> [PossibleValue; 3] {
    let kinds = [
        DirectionKind::Forward,
        DirectionKind::Backward,
        DirectionKind::Bidirectional,
    ];
    kinds.map(|kind| PossibleValue::new(kind.word()).hide(kind == DirectionKind::Backward))
}

impl TrainingArgs {
    /// Refuses numbers that no training has.
    fn check(&self, rate: f32, clip: f32) -> Result<(), Problems> {
        for (name, value, low, high) in [
            ("--rate", rate, 0.0, f32::MAX),
            ("--clip", clip, 0.0, f32::MAX),
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

    /// Sequences side by side, of a text or of a task.
    #[must_use]
    pub fn batch(&self, text: bool) -> usize {
        self.batch.unwrap_or(if text { 20 } else { 32 }) as usize
    }

    fn cell(&self) -> CellKind {
        match &*self.cell {
            "gru" => CellKind::Gru,
            _ => CellKind::Lstm,
        }
    }

    /// The order in which every layer takes the steps.
    #[must_use]
    pub fn direction(&self) -> DirectionKind {
        match &*self.direction {
            "bidirectional" => DirectionKind::Bidirectional,
            "backward" => DirectionKind::Backward,
            _ => DirectionKind::Forward,
        }
    }

    /// The order in which the last layer's backward half gives its outputs.
    fn output_order(&self) -> Result<OutputOrder, Problem> {
        if self.output_order.is_some() && self.direction().is_forward() {
            let problem = "a forward layer has one order of its outputs, that of time";
            return Err(Problem::flag("--output-order", problem)
                .help("leave it out, or give --direction bidirectional"));
        }
        Ok(match self.output_order.as_deref() {
            Some("processing") => OutputOrder::Processing,
            _ => OutputOrder::Time,
        })
    }

    /// Refuses directions that cannot be trained.
    fn check_direction(&self, ends: Ends) -> Result<(), Problem> {
        let (why, help) = match (self.direction(), ends) {
            (DirectionKind::Forward, _) | (DirectionKind::Bidirectional, Ends::Vectors { .. }) => {
                return Ok(());
            }
            (_, Ends::Tokens(_)) => (
                "a language model tells a token from those before it, and a backward layer reads it first",
                "leave it out, or give another --task",
            ),
            (DirectionKind::Backward, Ends::Vectors { .. }) => (
                "layers backward alone are not trained",
                "turn the sequences around and train forward layers, or give bidirectional",
            ),
        };
        Err(Problem::flag("--direction", why).help(help))
    }

    /// Start of all random sequences.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sizes of the network, not too large.
    fn sizes(&self, ends: Ends) -> Result<Sizes, Problem> {
        self.check_direction(ends)?;
        let hidden = vec![self.hidden as usize; self.layers as usize];
        let sizes = match ends {
            Ends::Tokens(vocabulary) => {
                let embedding = self.embedding.unwrap_or(self.hidden) as usize;
                Sizes::language(self.cell(), vocabulary, embedding, hidden)
            }
            Ends::Vectors { .. } if self.embedding.is_some() => {
                return Err(Problem::flag("--embedding", "is one of a language model")
                    .help("leave it out: vectors are read"));
            }
            Ends::Vectors {
                inputs, outputs, ..
            } => Sizes {
                cell: self.cell(),
                vocabulary: None,
                input: inputs,
                hidden,
                direction: self.direction(),
                output_order: self.output_order()?,
                outputs,
            },
        };
        let parameters = sizes.parameters();
        if parameters > MOST_PARAMETERS {
            let problem = format!("{parameters} numbers to train, {MOST_PARAMETERS} at most");
            return Err(Problem::flag("--hidden", problem)
                .help("give fewer units or layers, or a smaller --embedding or vocabulary"));
        }
        Ok(sizes)
    }

    /// Format of the linear layer.
    fn head(&self, ends: Ends, weight_bits: u32) -> Result<HeadFormat, Problem> {
        match (self.head_bits, ends) {
            (Some(_), Ends::Tokens(vocabulary)) if vocabulary > LARGEST_VOCABULARY => {
                let problem = format!(
                    "{vocabulary} tokens, a head of integers has {LARGEST_VOCABULARY} outputs at most"
                );
                Err(Problem::flag("--head-bits", problem)
                    .help("leave it out: the head stays in real numbers"))
            }
            (Some(bits), _) => Ok(HeadFormat::Integer(bits)),
            (None, Ends::Tokens(_)) => Ok(HeadFormat::Float),
            (None, Ends::Vectors { .. }) => Ok(HeadFormat::Integer(weight_bits.max(8))),
        }
    }

    /// The library's options, checked.
    pub fn options(&self, ends: Ends) -> Result<TrainOptions, Problems> {
        let (text, steps) = match ends {
            Ends::Tokens(_) => (true, 35),
            Ends::Vectors { steps, .. } => (false, steps),
        };
        let numerics = self.numerics.resolve(self.cell())?;
        let rule = self
            .rule
            .unwrap_or(if text { Rule::Sgd } else { Rule::Adam });
        let rate = self.rate.unwrap_or(match rule {
            Rule::Sgd => 20.0,
            Rule::Adam => 0.002,
        });
        let clip = self.clip.unwrap_or(if text { 0.25 } else { 1.0 });
        self.check(rate, clip)?;
        let sizes = self.sizes(ends)?;
        let head = self.head(ends, numerics.weight_bits)?;
        Ok(TrainOptions {
            sizes,
            numbers: (!self.float).then_some(QuantizeOptions { numerics, head }),
            x_frac: None,
            fit_h: self.fit_h,
            row_scales: self.row_scales,
            batch: self.batch(text),
            steps: self.steps.map_or(steps, |steps| steps as usize),
            rule,
            rate,
            decay: self.decay,
            decay_from: self.decay_from.unwrap_or(u64::MAX),
            clip,
            dropout: self.dropout,
            range_epochs: self.range_epochs,
            windows: self.windows.map(|count| count as usize),
            average: self.average.map(|count| count as usize),
            seed: self.seed,
        })
    }
}
