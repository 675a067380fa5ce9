//! Answers of a model.

/// What a model gave, an answer after the other.
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

/// The index of the largest number, the lowest where several are equal: what the hardware's argmax gives.
fn largest(numbers: &[f64]) -> u32 {
    let beats = |best: usize, index: usize| {
        if numbers[index] > numbers[best] {
            index
        } else {
            best
        }
    };
    (0..numbers.len()).fold(0, beats) as u32
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

    /// The class of each: the index of the largest number.
    #[must_use]
    pub fn classes(&self) -> Vec<u32> {
        match self {
            Self::Classes(classes) => classes.clone(),
            Self::Values { data, width } => data.chunks_exact(*width).map(largest).collect(),
        }
    }
}
