//! The LSTM's walk through a text, in one or many streams, without the decoder.

use super::forward::float_layer;
use super::front::rows_behind;
use super::model::{LanguageModel, Stack, TokenRows};
use super::state::FloatState;
use crate::diagnostic::Problem;
use crate::import::FloatLayer;
use crate::quantize::QuantizedModel;
use crate::reference::{Saturation, StageCount, StreamInputs, Streams, StreamsState, dense_codes};
use rayon::prelude::*;

/// Predictions of one round, over all streams; bounds the memory.
const ROUND: usize = 4096;
/// Streams that are computed in lockstep; fixed, so that float results do not depend on threads.
/// Four vectors are what the integer product keeps in registers.
const INTEGER_GROUP: usize = 4;
/// Wide enough for a float matrix product to be worth its preparation.
const FLOAT_GROUP: usize = 16;

/// Hidden states of some predictions and where in the text what they predict stands.
pub struct Round {
    /// h of the last layer, `[predictions, H]`.
    pub h: Vec<f32>,
    /// Index in the text of every token to be predicted.
    pub positions: Vec<usize>,
}

/// The rounds of a text, an iterator. The order of the predictions within depends on the number
/// of streams alone.
pub struct Walk<'a> {
    tokens: &'a [u32],
    input: Input<'a>,
    groups: Vec<StreamGroup<'a>>,
    /// Steps that all streams have, and how many streams have one more.
    steps: usize,
    longer: usize,
    streams: usize,
    at: usize,
}

/// A token as the first recurrent layer takes it.
enum Input<'a> {
    Float(&'a [f32], usize),
    Integer(TokenCodes),
}

/// The embeddings of the tokens that a text has, behind the dense layers where there are some, in codes.
struct TokenCodes {
    inputs: StreamInputs,
    /// Row of every token among them.
    rows: Vec<u32>,
    /// How many elements of each embedding were clamped; nothing is known where the model has codes.
    clamped: Option<Vec<u64>>,
    /// Elements of an embedding.
    size: usize,
}

impl TokenCodes {
    fn new(
        (embedding, size): (&TokenRows, usize),
        tokens: &[u32],
        stack: &Streams,
        quantized: &QuantizedModel,
    ) -> Self {
        let known = tokens.iter().max().map_or(0, |&most| most as usize + 1);
        let mut rows = vec![u32::MAX; known];
        let mut seen: Vec<usize> = Vec::new();
        for &token in tokens {
            let row = &mut rows[token as usize];
            if *row == u32::MAX {
                *row = seen.len() as u32;
                seen.push(token as usize);
            }
        }
        let (codes, clamped): (Vec<i32>, _) = match embedding {
            TokenRows::Codes(all) => {
                let rows = seen.iter().flat_map(|row| &all[row * size..][..size]);
                (rows.map(|&code| code.into()).collect(), None)
            }
            TokenRows::Float(all) => {
                let rows = || seen.par_iter().map(|row| &all[row * size..][..size]);
                let clamped = rows().map(|row| quantized.clamped_inputs(row)).collect();
                let codes = rows().flat_map_iter(|row| quantized.input_codes(row));
                (codes.collect(), Some(clamped))
            }
        };
        let codes = dense_codes(&quantized.front, codes);
        let codes: Vec<i16> = codes.into_iter().map(|code| code as i16).collect();
        Self {
            inputs: stack.inputs(&codes),
            rows,
            clamped,
            size,
        }
    }
}

struct StreamGroup<'a> {
    first: usize,
    streams: usize,
    running: Running<'a>,
    clamped: u64,
}

enum Running<'a> {
    Float(&'a [FloatLayer], Vec<FloatState>),
    Integer(&'a Streams, StreamsState, f32),
}

impl<'a> Running<'a> {
    /// All of `streams` from zero state.
    fn from_zero(stack: &'a Stack, prepared: &'a Prepared, streams: usize) -> Self {
        match (stack, &prepared.streams) {
            (Stack::Integer(model), Some(prepared)) => {
                let ulp = model.layers.last().map_or(1.0, |layer| layer.h.ulp());
                Self::Integer(prepared, prepared.state(streams), ulp as f32)
            }
            (Stack::Float(model), _) => {
                let layers = model.layers.iter();
                let states = layers.map(|layer| FloatState::new(layer, streams));
                Self::Float(&model.layers, states.collect())
            }
            (Stack::Integer(_), None) => panic!("prepared for another model"),
        }
    }
}

/// A stack made ready, to be kept while a [`Walk`] goes on.
pub struct Prepared {
    /// Of an integer stack.
    streams: Option<Streams>,
    /// What the recurrent layers of a float stack take for every token, where linear layers stand before them.
    rows: Option<Vec<f32>>,
}

impl Prepared {
    /// Prepares the stack of `model`.
    #[must_use]
    pub fn new(model: &LanguageModel) -> Self {
        let (streams, rows) = match (&model.stack, &model.embedding) {
            (Stack::Integer(model), _) => (Some(Streams::new(model)), None),
            (Stack::Float(stack), TokenRows::Float(rows)) if !stack.front.is_empty() => {
                (None, Some(rows_behind(&stack.front, rows)))
            }
            (Stack::Float(_), _) => (None, None),
        };
        Self { streams, rows }
    }
}

impl<'a> Walk<'a> {
    /// The walk through `tokens` in `streams` streams, all from zero state: the predictions of
    /// all tokens but the first are divided among them in order, the first streams have one more
    /// where they do not come out even.
    ///
    /// # Errors
    /// No prediction, no stream, or more streams than predictions.
    ///
    /// # Panics
    /// If `prepared` is of a model of the other kind.
    pub fn new(
        model: &'a LanguageModel,
        prepared: &'a Prepared,
        tokens: &'a [u32],
        streams: usize,
    ) -> Result<Self, Problem> {
        let predictions = tokens.len().saturating_sub(1);
        if predictions == 0 {
            return Err(
                Problem::within("text", "has one token, which nothing comes before")
                    .help("give a longer text"),
            );
        }
        if streams == 0 || streams > predictions {
            return Err(Problem::flag(
                "--streams",
                format!("{streams} are more than the {predictions} predictions of the text"),
            )
            .help("give fewer"));
        }
        let size = model.stack.sizes().0;
        let (input, most) = match (&model.stack, &prepared.streams) {
            (Stack::Float(stack), _) => {
                let TokenRows::Float(rows) = &model.embedding else {
                    panic!("codes before a float stack");
                };
                let rows = prepared.rows.as_ref().unwrap_or(rows);
                (Input::Float(rows, stack.layers[0].input_size), FLOAT_GROUP)
            }
            (Stack::Integer(quantized), Some(stack)) => {
                let embedding = (&model.embedding, size);
                let codes = TokenCodes::new(embedding, tokens, stack, quantized);
                (Input::Integer(codes), INTEGER_GROUP)
            }
            (Stack::Integer(_), None) => panic!("prepared for another model"),
        };
        let groups = (0..streams).step_by(most).map(|first| {
            let streams = most.min(streams - first);
            StreamGroup {
                first,
                streams,
                running: Running::from_zero(&model.stack, prepared, streams),
                clamped: 0,
            }
        });
        Ok(Self {
            tokens,
            groups: groups.collect(),
            input,
            steps: predictions / streams,
            longer: predictions % streams,
            streams,
            at: 0,
        })
    }

    /// Elements of x beyond their format, where the embedding is in real numbers, and clamped values of
    /// every layer so far; `None` and nothing in floating point.
    #[must_use]
    pub fn saturation(&self) -> (Option<StageCount>, Vec<Saturation>) {
        let Input::Integer(TokenCodes { size, clamped, .. }) = &self.input else {
            return (None, Vec::new());
        };
        let mut sum: Vec<Saturation> = Vec::new();
        let mut inputs = StageCount::default();
        for group in &self.groups {
            inputs.saturated += group.clamped;
            if let Running::Integer(_, state, _) = &group.running {
                let counts = state.saturation();
                sum.resize(counts.len(), Saturation::default());
                sum.iter_mut()
                    .zip(&counts)
                    .for_each(|(sum, count)| sum.add(count));
            }
        }
        let steps = self.at.min(self.steps) * self.streams
            + if self.at > self.steps { self.longer } else { 0 };
        inputs.total = (steps * size) as u64;
        (clamped.as_ref().map(|_| inputs), sum)
    }
}

impl Iterator for Walk<'_> {
    type Item = Round;

    fn next(&mut self) -> Option<Round> {
        let end = self.steps + usize::from(self.longer > 0);
        let (from, to) = (self.at, end.min(self.at + (ROUND / self.streams).max(1)));
        if from >= to {
            return None;
        }
        self.at = to;
        let (steps, longer) = (self.steps, self.longer);
        // The token that is seen before the first prediction of a stream.
        let start = |stream: usize| stream * steps + stream.min(longer);
        let (tokens, input) = (self.tokens, &self.input);
        let parts: Vec<Round> = self
            .groups
            .par_iter_mut()
            .map(|group| {
                let streams = group.first..group.first + group.streams;
                let with_more = longer.clamp(streams.start, streams.end) - streams.start;
                let all = |step| streams.clone().map(move |stream| start(stream) + step);
                let mut seen: Vec<usize> = (from..to.min(steps)).flat_map(all).collect();
                let mut h = group.run(tokens, input, &seen, group.streams);
                if to > steps && with_more > 0 {
                    let last: Vec<usize> = all(steps).take(with_more).collect();
                    h.extend(group.run(tokens, input, &last, with_more));
                    seen.extend(last);
                }
                for position in &mut seen {
                    *position += 1;
                }
                Round { h, positions: seen }
            })
            .collect();
        let mut all = Round {
            h: Vec::new(),
            positions: Vec::new(),
        };
        for part in parts {
            all.h.extend(part.h);
            all.positions.extend(part.positions);
        }
        Some(all)
    }
}

impl StreamGroup<'_> {
    /// h after each of the tokens at `seen`, `[steps, streams]` of the first `streams` streams.
    fn run(&mut self, tokens: &[u32], input: &Input, seen: &[usize], streams: usize) -> Vec<f32> {
        if seen.is_empty() {
            return Vec::new();
        }
        let rows = seen.iter().map(|&position| tokens[position] as usize);
        match (&mut self.running, input) {
            (Running::Float(layers, states), Input::Float(embedding, size)) => {
                let x = rows.flat_map(|row| &embedding[row * size..][..*size]);
                let mut signal: Vec<f32> = x.copied().collect();
                for (layer, state) in layers.iter().zip(states) {
                    signal = float_layer(layer, &signal, streams, state);
                }
                signal
            }
            (Running::Integer(stack, state, ulp), Input::Integer(codes)) => {
                let indices: Vec<u32> = rows.map(|token| codes.rows[token]).collect();
                if let Some(clamped) = &codes.clamped {
                    let rows = indices.iter().map(|&row| clamped[row as usize]);
                    self.clamped += rows.sum::<u64>();
                }
                let h = stack.run_inputs(&codes.inputs, &indices, streams, state);
                h.into_iter().map(|code| f32::from(code) * *ulp).collect()
            }
            _ => unreachable!("input and stack are of one kind"),
        }
    }
}
