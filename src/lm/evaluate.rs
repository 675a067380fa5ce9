//! Evaluation of a model on a text.

use super::decode;
use super::model::{LanguageModel, Stack};
use super::vocabulary::other_size;
use super::walk::{Prepared, Round, Walk};
use crate::diagnostic::Problem;
use crate::reference::{Saturation, StageCount};

/// How a text is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvalOptions {
    /// Parts of the text that are computed side by side, each from zero state: 1 carries the state
    /// through the whole text.
    pub streams: usize,
}

/// The cost of a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Mean of `-ln p` over all predictions.
    pub nats: f64,
    /// Tokens that were predicted: all but the first.
    pub predictions: usize,
    /// Streams computed side by side, each from zero state.
    pub streams: usize,
    /// Elements of x beyond the first layer's format, of an integer model.
    pub inputs: Option<StageCount>,
    /// Clamped values of every layer of an integer model.
    pub saturation: Vec<Saturation>,
}

impl Evaluation {
    /// `e^nats`: per word at word level.
    #[must_use]
    pub fn perplexity(&self) -> f64 {
        self.nats.exp()
    }

    /// Bits per token: per character at character level.
    #[must_use]
    pub fn bits(&self) -> f64 {
        self.nats / std::f64::consts::LN_2
    }
}

/// Predicts every token of `tokens` but the first from those before it.
///
/// The predictions are divided among the streams in order, as evenly as possible; every stream
/// starts from zero state with the token before its first prediction. `progress` is told how many
/// predictions are done. The result depends on the arguments alone, not on the number of threads;
/// an integer LSTM's words are those of the hardware.
///
/// # Errors
/// A token that the model does not have, no prediction, no stream or more than predictions, a
/// value that is not finite, Ctrl-C.
pub fn evaluate(
    model: &LanguageModel,
    tokens: &[u32],
    options: &EvalOptions,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation, Problem> {
    let known = model.tokens();
    if let Some(&token) = tokens.iter().find(|&&token| token as usize >= known) {
        return Err(other_size(token as usize + 1, known));
    }
    let prepared = Prepared::new(model);
    let mut walk = Walk::new(model, &prepared, tokens, options.streams)?;
    let h = match &model.stack {
        Stack::Float(_) => None,
        Stack::Integer(model) => model.layers.last().map(|layer| layer.h),
    };
    let decoder = decode::PreparedDecoder::new(&model.decoder, model.stack.sizes().1, h);
    let decode = |round: &Round| -> Result<f64, Problem> {
        let targets = round.positions.iter().map(|&at| tokens[at]);
        let nats = decoder.nats(&round.h, &targets.collect::<Vec<_>>());
        match nats.iter().position(|value| !value.is_finite()) {
            Some(at) => {
                let at = round.positions[at];
                let problem = format!("prediction {at} is not finite: the model's values overflow");
                Err(Problem::new(problem)
                    .help("train it with a smaller learning rate, or with gradients clipped"))
            }
            None => Ok(nats.iter().sum()),
        }
    };
    let (mut total, mut done) = (0.0f64, 0);
    let mut round = walk.next();
    while let Some(current) = round {
        let (next, nats) = rayon::join(|| walk.next(), || decode(&current));
        total += nats?;
        done += current.positions.len();
        progress(done);
        if crate::tools::interrupted() {
            return Err(Problem::interrupted("eval"));
        }
        round = next;
    }
    let (inputs, saturation) = walk.saturation();
    Ok(Evaluation {
        nats: total / done as f64,
        predictions: done,
        streams: options.streams,
        inputs,
        saturation,
    })
}
