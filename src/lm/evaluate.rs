//! What a model predicts of a text.

use super::decode::Prepared;
use super::error::LmError;
use super::forward::{FloatState, float_layer};
use super::model::{LanguageModel, Stack};
use crate::import::FloatLayer;
use crate::quantize::quantize_input;
use crate::reference::{Lstm, Saturation, StageCount};
use rayon::prelude::*;

/// How a text is divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EvalOptions {
    /// Parts of the text that are computed side by side, each from zero state: 1 carries the state
    /// through the whole text.
    pub streams: usize,
}

/// What a text costs.
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

/// Predictions in all streams between two turns of the decoder; bounds the memory.
const ROUND: usize = 4096;

/// State of the stack in one or more streams.
enum Running<'a> {
    Float(&'a [FloatLayer], Vec<FloatState>),
    Integer(Box<Lstm>),
}

/// Predicts every token of `tokens` but the first from those before it.
///
/// The predictions are divided among the streams in order, as evenly as possible; every stream
/// starts from zero state with the token before its first prediction. `progress` is told how many
/// predictions are done. The result depends on the arguments alone, not on the number of threads.
///
/// # Errors
/// Fewer predictions than streams, no stream, a value that is not finite, Ctrl-C.
pub fn evaluate(
    model: &LanguageModel,
    tokens: &[u32],
    options: &EvalOptions,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Evaluation, LmError> {
    let predictions = tokens.len().saturating_sub(1);
    let streams = options.streams;
    if predictions == 0 {
        return Err(LmError::EmptyText);
    }
    if streams == 0 || streams > predictions {
        return Err(LmError::Streams {
            streams,
            predictions,
        });
    }
    let starts: Vec<usize> = (0..=streams).map(|s| s * predictions / streams).collect();
    let mut lanes: Vec<Running> = (0..streams)
        .map(|_| match &model.stack {
            Stack::Float(layers) => Running::Float(
                layers,
                layers
                    .iter()
                    .map(|layer| FloatState::new(layer, 1))
                    .collect(),
            ),
            Stack::Integer(model) => Running::Integer(Box::new(Lstm::new(model))),
        })
        .collect();
    let h = match &model.stack {
        Stack::Float(_) => None,
        Stack::Integer(model) => model.layers.last().map(|layer| layer.h),
    };
    let decoder = Prepared::new(&model.decoder, model.stack.sizes().1, h);
    let steps = (ROUND / streams).max(1);
    let longest = predictions.div_ceil(streams);
    let mut total = 0.0f64;
    let mut done = 0;
    for from in (0..longest).step_by(steps) {
        let parts: Vec<(usize, usize)> = starts
            .windows(2)
            .map(|s| ((s[0] + from).min(s[1]), (s[0] + from + steps).min(s[1])))
            .collect();
        let hidden: Vec<Vec<f32>> = lanes
            .par_iter_mut()
            .zip(&parts)
            .map(|(lane, &(from, to))| lane.run(model, &tokens[from..to]))
            .collect();
        for (hidden, &(from, to)) in hidden.iter().zip(&parts) {
            let nats = decoder.nats(hidden, &tokens[from + 1..=to]);
            if let Some(at) = nats.iter().position(|value| !value.is_finite()) {
                return Err(LmError::Diverged(from + at + 1));
            }
            total += nats.iter().sum::<f64>();
            done += to - from;
        }
        progress(done);
        if crate::tools::interrupted() {
            return Err(LmError::Interrupted);
        }
    }
    let mut saturation: Vec<Saturation> = Vec::new();
    for lane in &lanes {
        if let Running::Integer(lstm) = lane {
            let counts = lstm.saturation();
            saturation.resize(counts.len(), Saturation::default());
            saturation
                .iter_mut()
                .zip(&counts)
                .for_each(|(sum, count)| sum.add(count));
        }
    }
    Ok(Evaluation {
        nats: total / predictions as f64,
        predictions,
        streams,
        inputs: None,
        saturation,
    })
}

impl Running<'_> {
    /// h of the last layer for each of `tokens`, `[tokens, H]`.
    fn run(&mut self, model: &LanguageModel, tokens: &[u32]) -> Vec<f32> {
        let width = model.stack.sizes().0;
        let row = |token: u32| &model.embedding[token as usize * width..][..width];
        match self {
            Self::Float(layers, states) => {
                let mut x: Vec<f32> = tokens
                    .iter()
                    .flat_map(|&token| row(token))
                    .copied()
                    .collect();
                for (layer, state) in layers.iter().zip(states) {
                    x = float_layer(layer, &x, 1, state);
                }
                x
            }
            Self::Integer(lstm) => {
                let Stack::Integer(quantized) = &model.stack else {
                    unreachable!()
                };
                let (first, last) = (&quantized.layers[0], quantized.layers.last().unwrap());
                let ulp = last.h.ulp() as f32;
                let mut out = Vec::new();
                for &token in tokens {
                    let x = quantize_input(row(token), first.x);
                    out.extend(lstm.step(&x).iter().map(|&code| code as f32 * ulp));
                }
                out
            }
        }
    }
}
