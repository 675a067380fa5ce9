//! Answers: those of a model, and the right ones.

use crate::reference::largest;
use std::ops::Range;

/// What a model gave, or what is right, an answer after the other.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
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

impl Answers {
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

    /// The class of each: the index of the largest number.
    #[must_use]
    pub fn classes(&self) -> Vec<u32> {
        match self {
            Self::Classes(classes) => classes.clone(),
            Self::Values { data, width } => {
                let answers = data.chunks_exact(*width);
                answers.map(|answer| largest(answer) as u32).collect()
            }
        }
    }
}
