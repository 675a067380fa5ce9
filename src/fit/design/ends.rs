//! What stands around the recurrent layers of a design: an embedding and dense layers before them, dense layers
//! behind.

use crate::fixed::{Codes, Levels};
use crate::quantize::{DenseOutput, Emit, LARGEST_VOCABULARY};

/// What stands between the rows of an embedding and the elements of x in the table.
const OF: char = ':';

/// What stands before the sums of every dense layer in the table.
const BEHIND: char = '>';

/// What stands behind a dense layer that gives something at the last step only.
const LAST: char = 'l';

/// Longest vector of a design.
pub(super) const MOST_UNITS: usize = 4096;

/// A dense layer of a design; its weights have the bits and levels of the recurrent layers'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeriesDense {
    /// Number of sums.
    pub outputs: usize,
    /// What is given of them.
    pub gives: Gives,
    /// At the last step only.
    pub last: bool,
}

/// What a dense layer gives, as the table has it: `s`, `a`, `c8` and, nothing below zero, `r8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gives {
    /// The sums.
    Sums,
    /// The index of the largest.
    Argmax,
    /// Codes of so many bits, of positive sums alone or of all.
    Codes {
        /// Bits.
        bits: u32,
        /// Sums below zero count as zero.
        relu: bool,
    },
}

impl Gives {
    fn parse(text: &str) -> Option<Self> {
        let codes = |bits: &str, relu| {
            let bits = bits.parse().ok().filter(|bits| (1..=16).contains(bits))?;
            Some(Self::Codes { bits, relu })
        };
        match text.split_at_checked(1)? {
            ("s", "") => Some(Self::Sums),
            ("a", "") => Some(Self::Argmax),
            ("c", bits) => codes(bits, false),
            ("r", bits) => codes(bits, true),
            _ => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Sums => "s".into(),
            Self::Argmax => "a".into(),
            Self::Codes { bits, relu } => format!("{}{bits}", if relu { 'r' } else { 'c' }),
        }
    }

    /// The layer's output.
    pub(super) fn output(self) -> DenseOutput {
        match self {
            Self::Sums => DenseOutput::Sum,
            Self::Argmax => DenseOutput::Argmax,
            Self::Codes { bits, relu } => {
                let codes = Codes::new(bits, Levels::Even);
                DenseOutput::Code {
                    format: codes.at(codes.unit_frac() - 1),
                    relu,
                }
            }
        }
    }
}

impl SeriesDense {
    /// When it gives something.
    pub(super) const fn when(&self) -> Emit {
        if self.last { Emit::Last } else { Emit::Step }
    }

    /// `true` if another layer may follow: codes at every step.
    pub(super) const fn may_be_followed(&self) -> bool {
        matches!(self.gives, Gives::Codes { .. }) && !self.last
    }

    fn parse(text: &str) -> Option<Self> {
        let (text, last) = match text.strip_suffix(LAST) {
            Some(text) => (text, true),
            None => (text, false),
        };
        let (outputs, gives) = text.split_at_checked(text.find(|c: char| !c.is_ascii_digit())?)?;
        let outputs = outputs.parse().ok()?;
        (1..=MOST_UNITS).contains(&outputs).then_some(Self {
            outputs,
            gives: Gives::parse(gives)?,
            last,
        })
    }

    fn text(&self) -> String {
        let last = if self.last {
            LAST.to_string()
        } else {
            String::new()
        };
        format!("{BEHIND}{}{}{last}", self.outputs, self.gives.text())
    }
}

/// The rows of an embedding, 0 where there is none, and the elements that it gives or that come in.
pub(super) fn split_input(text: &str) -> Option<(usize, usize)> {
    let Some((rows, elements)) = text.split_once(OF) else {
        return Some((0, text.parse().ok()?));
    };
    let rows = rows.parse().ok()?;
    let fits = (1..=LARGEST_VOCABULARY).contains(&rows);
    fits.then_some((rows, elements.parse().ok()?))
}

/// What stands before the first mark of a dense layer, and the dense layers behind it.
pub(super) fn split_dense(text: &str) -> Option<(&str, Vec<SeriesDense>)> {
    let mut parts = text.split(BEHIND);
    let before = parts.next()?;
    Some((
        before,
        parts.map(SeriesDense::parse).collect::<Option<_>>()?,
    ))
}

/// Dense layers as the table has them.
pub(super) fn dense_text(dense: &[SeriesDense]) -> String {
    dense.iter().map(SeriesDense::text).collect()
}

/// The input's column without its dense layers: rows of an embedding, elements.
pub(super) fn input_text(vocabulary: usize, input: usize) -> String {
    match vocabulary {
        0 => input.to_string(),
        rows => format!("{rows}{OF}{input}"),
    }
}
