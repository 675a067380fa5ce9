//! What a model is to answer.

use crate::quantize::Emit;
use std::ops::Range;

/// The right answers to some sequences, sequence after sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// One for every step, or one for the last of each sequence.
    pub when: Emit,
    /// The answers, in order.
    pub wanted: RightAnswers,
}

/// Right answers.
#[derive(Clone, Debug, PartialEq)]
pub enum RightAnswers {
    /// Classes, by number.
    Classes(Vec<u32>),
    /// Vectors of real numbers, `[answers, width]`.
    Values {
        /// The numbers.
        data: Vec<f64>,
        /// Elements of an answer.
        width: usize,
    },
}

impl RightAnswers {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Classes(classes) => classes.len(),
            Self::Values { data, width } => data.len() / width,
        }
    }

    /// `true` where there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// These of them.
    ///
    /// # Panics
    /// Where there are not so many.
    #[must_use]
    pub fn part(&self, answers: Range<usize>) -> Self {
        match self {
            Self::Classes(classes) => Self::Classes(classes[answers].to_vec()),
            Self::Values { data, width } => Self::Values {
                data: data[answers.start * width..answers.end * width].to_vec(),
                width: *width,
            },
        }
    }

    /// Adds others of the same kind behind them.
    ///
    /// # Panics
    /// Where they are of another kind.
    pub fn extend(&mut self, more: Self) {
        match (self, more) {
            (Self::Classes(all), Self::Classes(more)) => all.extend(more),
            (Self::Values { data, .. }, Self::Values { data: more, .. }) => data.extend(more),
            _ => panic!("answers of two kinds"),
        }
    }

    /// The only class that they name, where they name one alone.
    #[must_use]
    pub fn only_class(&self) -> Option<u32> {
        match self {
            Self::Classes(classes) => {
                let first = *classes.first()?;
                classes.iter().all(|&class| class == first).then_some(first)
            }
            Self::Values { .. } => None,
        }
    }
}
