//! Pieces of data that are trained on at once.

use super::sampled::{OutputSampler, SampledOutputs};

/// The inputs of a window.
#[derive(Clone, Debug, PartialEq)]
pub enum Reading {
    /// Tokens of an embedding, `[steps, batch]`.
    Tokens(Vec<u32>),
    /// Vectors, `[steps, batch, I]`.
    Vectors(Vec<f32>),
}

/// What is wanted of the linear layer, an answer after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowGoal {
    /// Classes or tokens: the loss is the cross entropy, in nats.
    Classes(Vec<u32>),
    /// Numbers, `[answers, O]`: the loss is the mean over the outputs of the squared error times the
    /// output's weight.
    Values {
        /// The numbers.
        data: Vec<f32>,
        /// Of every output, `[O]`.
        weights: Vec<f32>,
    },
}

/// A piece of every sequence of a batch, and what is to be answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Sequences side by side.
    pub batch: usize,
    /// Steps.
    pub steps: usize,
    /// Its sequences begin here, from zero state.
    pub fresh: bool,
    /// Steps of every sequence in this window, `[batch]`; what stands behind them is padding.
    pub lengths: Vec<usize>,
    /// The inputs.
    pub read: Reading,
    /// Rows that an answer is wanted of, `step * batch + sequence`; every one where nothing is said.
    pub asked: Option<Vec<usize>>,
    /// The right answers.
    pub goal: WindowGoal,
    /// The outputs that the loss of classes is taken over; all of them where nothing is said.
    pub among: Option<SampledOutputs>,
}

impl Window {
    /// Rows: steps of all sequences.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.steps * self.batch
    }

    /// Answers that are wanted.
    #[must_use]
    pub fn answers(&self) -> usize {
        self.asked.as_ref().map_or(self.rows(), Vec::len)
    }
}

/// What is learnt: windows of data, one pass after the other.
pub trait TrainingTask: Sync {
    /// Windows of a pass through the data, at least one.
    fn windows(&self) -> usize;

    /// Window `index` of pass `pass`, both from 0; the same at every call.
    fn window(&self, pass: u64, index: usize) -> Window;
}

/// A text, every token of which is to be told from those before it: cut into sequences of equal length, read
/// side by side.
#[derive(Clone, Copy, Debug)]
pub struct TextTask<'a> {
    /// At least two a sequence.
    pub tokens: &'a [u32],
    /// Sequences side by side.
    pub batch: usize,
    /// Steps of a window.
    pub steps: usize,
    /// Draws the tokens that a window's softmax is taken over; all of them where nothing is said.
    pub sampler: Option<&'a OutputSampler>,
}

impl TextTask<'_> {
    /// Steps of text that every sequence has: tokens over sequences, less the last token.
    fn length(&self) -> usize {
        (self.tokens.len() / self.batch).saturating_sub(1)
    }
}

impl TrainingTask for TextTask<'_> {
    fn windows(&self) -> usize {
        self.length().div_ceil(self.steps)
    }

    fn window(&self, pass: u64, index: usize) -> Window {
        let (batch, position) = (self.batch, index * self.steps);
        let steps = self.steps.min(self.length() - position);
        let piece = self.tokens.len() / batch;
        let at = |step: usize, sequence: usize| sequence * piece + position + step;
        let gather = |ahead: usize| -> Vec<u32> {
            (0..steps)
                .flat_map(|step| (0..batch).map(move |sequence| (step, sequence)))
                .map(|(step, sequence)| self.tokens[at(step, sequence) + ahead])
                .collect()
        };
        let next = gather(1);
        Window {
            batch,
            steps,
            fresh: index == 0,
            lengths: vec![steps; batch],
            read: Reading::Tokens(gather(0)),
            asked: None,
            among: (self.sampler).map(|sampler| sampler.draw((pass, index), &next)),
            goal: WindowGoal::Classes(next),
        }
    }
}
