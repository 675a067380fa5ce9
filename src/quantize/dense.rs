//! What stands around the recurrent layers: dense layers behind them, an embedding before.

use crate::fixed::{Codes, Levels, QFormat};
use crate::spec::OutputKind;
use serde::{Deserialize, Serialize};

/// Largest number of rows of an embedding.
pub const LARGEST_VOCABULARY: usize = 65_536;

/// What a dense layer gives of its sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DenseOutput {
    /// The sums themselves, exact.
    Sum,
    /// Codes of this format.
    Code {
        /// Format of the codes.
        format: QFormat,
        /// Sums below zero count as zero.
        relu: bool,
    },
    /// The index of the largest sum, the lowest where several are equal.
    Argmax,
}

impl DenseOutput {
    /// What it is, whatever the formats.
    #[must_use]
    pub const fn kind(&self) -> OutputKind {
        match self {
            Self::Sum => OutputKind::Sum,
            Self::Code { .. } => OutputKind::Code,
            Self::Argmax => OutputKind::Argmax,
        }
    }
}

/// The steps at which a dense layer gives something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Emit {
    /// At every step.
    #[default]
    #[value(help = "Every one")]
    Step,
    /// At the last step of a sequence only, the one with TLAST.
    #[value(help = "The last of a sequence")]
    Last,
}

/// A dense layer: `acc[r] = sum_m weight[r][m] * x[m] + bias[r]`, exact, and what is given of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Elements of x.
    pub input_size: usize,
    /// Rows, the number of sums.
    pub output_size: usize,
    /// Format of x, that of what is before.
    pub x: QFormat,
    /// Bits of every weight.
    pub w_bits: u32,
    /// Levels of every weight; odd at one bit.
    pub w_levels: Levels,
    /// Fraction of the weights.
    pub w_frac: i32,
    /// Symmetric codes, `[output_size, input_size]`, row-major.
    pub weight: Vec<i16>,
    /// `[output_size]`, at the fraction of the sums, [`Dense::sum_frac`].
    pub bias: Vec<i32>,
    /// What is given of the sums.
    pub output: DenseOutput,
    /// When.
    pub when: Emit,
}

impl Dense {
    /// Fraction of the sums.
    #[must_use]
    pub const fn sum_frac(&self) -> i32 {
        self.w_frac + self.x.frac
    }

    /// The codes of the weights; those of even levels are symmetric.
    #[must_use]
    pub fn weights(&self) -> Codes {
        Codes::new(self.w_bits, self.w_levels)
    }

    /// The largest magnitude of any sum: of a row's absolute weights times the largest x, and its bias.
    #[must_use]
    pub fn largest_sum(&self) -> i64 {
        let x = -self.x.min_code();
        let rows = self.weight.chunks_exact(self.input_size).zip(&self.bias);
        let sums = rows.map(|(row, &bias)| {
            let weights: i64 = row.iter().map(|&w| i64::from(w).abs()).sum();
            weights * x + i64::from(bias).abs()
        });
        sums.max().unwrap_or(0)
    }

    /// It gives codes, not sums or an index.
    #[must_use]
    pub const fn gives_codes(&self) -> bool {
        matches!(self.output, DenseOutput::Code { .. })
    }

    /// Values of an output: as many as sums, or the index alone.
    #[must_use]
    pub const fn outputs(&self) -> usize {
        match self.output {
            DenseOutput::Sum | DenseOutput::Code { .. } => self.output_size,
            DenseOutput::Argmax => 1,
        }
    }

    /// Format of each: of the sums as wide as the largest may be; of an index as wide as a signed number.
    #[must_use]
    pub fn output_format(&self) -> QFormat {
        match self.output {
            DenseOutput::Sum => self.sum_format(),
            DenseOutput::Code { format, .. } => format,
            DenseOutput::Argmax => index_format(self.output_size),
        }
    }

    /// Format of the sums, as wide as the largest may be.
    #[must_use]
    pub fn sum_format(&self) -> QFormat {
        let bits = u64::BITS - self.largest_sum().unsigned_abs().leading_zeros() + 1;
        QFormat::new(bits.max(2), self.sum_frac())
    }
}

/// Format of the numbers `0..count` as a stream carries them: signed.
#[must_use]
pub fn index_format(count: usize) -> QFormat {
    let bits = usize::BITS - count.saturating_sub(1).leading_zeros();
    QFormat::new(bits.max(1) + 1, 0)
}

/// A table of codes: the input of the network is the index of one of its rows, which is x of the first layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedding {
    /// Rows.
    pub vocabulary: usize,
    /// Codes in the format of x of the first layer, `[vocabulary, input_size]`, row-major.
    pub codes: Vec<i16>,
}
