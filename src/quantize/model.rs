//! The integer model that reference, hardware and estimate all take.

use crate::fixed::{Codes, Levels, QFormat};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest input or hidden size.
pub const LARGEST_SIZE: usize = 4096;
/// Largest left shift that may align two products.
pub const LARGEST_SHIFT: u32 = 24;
/// Largest magnitude of a code of [`InputOffset`]: exact in double precision.
pub(super) const LARGEST_OFFSET: u64 = 1 << 53;

/// What the units of a recurrent layer compute, with the formats that only they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// The long short-term memory.
    Lstm {
        /// Format of the cell state c.
        c: QFormat,
    },
}

impl Recurrence {
    /// The gates in `PyTorch`'s order; of an LSTM input, forget, cell candidate, output.
    #[must_use]
    pub const fn gates(&self) -> &'static [&'static str] {
        match self {
            Self::Lstm { .. } => &["i", "f", "g", "o"],
        }
    }

    /// Format of what a unit keeps from step to step beside h.
    #[must_use]
    pub const fn state(&self) -> QFormat {
        match self {
            Self::Lstm { c } => *c,
        }
    }
}

/// One recurrent layer in integers, of G gates ([`Recurrence::gates`]). Matrices are row-major with
/// `G * hidden_size` rows, gate after gate: row `k * hidden_size + j` belongs to gate `k` of unit `j`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Elements of the input vector x.
    pub input_size: usize,
    /// Units, the elements of h and of the state.
    pub hidden_size: usize,
    /// Format of x.
    pub x: QFormat,
    /// Format of h.
    pub h: QFormat,
    /// Bits of every weight.
    pub w_bits: u32,
    /// Levels of every weight; odd at one bit, -1 and +1.
    pub w_levels: Levels,
    /// Fraction of `weight_ih`, per gate.
    pub w_frac_ih: Vec<i32>,
    /// Fraction of `weight_hh`, per gate.
    pub w_frac_hh: Vec<i32>,
    /// Format of the pre-activation z.
    pub z: QFormat,
    /// Fraction bits of the gate values; 1.0 is `2^a_frac`.
    pub a_frac: u32,
    /// The cell, with the format of its state.
    pub recurrence: Recurrence,
    /// Input weights, `[GH, I]`, symmetric codes.
    pub weight_ih: Vec<i16>,
    /// Recurrent weights, `[GH, H]`, symmetric codes.
    pub weight_hh: Vec<i16>,
    /// Bias `[GH]` at the accumulator's fraction [`Alignment::frac`] of its gate.
    pub bias: Vec<i32>,
    /// Optional unsigned per-row multiplier `[GH]` and its format.
    pub row_scale: Option<RowScale>,
}

/// A per-row multiplier that refines the scale of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowScale {
    /// Width of an unsigned multiplier.
    pub bits: u32,
    /// Fraction of the multiplier.
    pub frac: i32,
    /// One multiplier per row, `[GH]`.
    pub multiplier: Vec<u32>,
}

/// How both products of one gate are brought to one fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alignment {
    /// Left shift of the input product.
    pub shift_x: u32,
    /// Left shift of the recurrent product.
    pub shift_h: u32,
    /// Fraction of the accumulator, `P` in `docs/numerics.md`.
    pub frac: i32,
}

impl Layer {
    /// Gates of a unit.
    #[must_use]
    pub fn gates(&self) -> usize {
        self.recurrence.gates().len()
    }

    /// Rows of the matrices.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.gates() * self.hidden_size
    }

    /// Format of what a unit keeps from step to step beside h.
    #[must_use]
    pub const fn state(&self) -> QFormat {
        self.recurrence.state()
    }

    /// The codes of the weights; those of even levels are symmetric.
    #[must_use]
    pub fn weights(&self) -> Codes {
        Codes::new(self.w_bits, self.w_levels)
    }

    /// The shifts that align gate `gate`'s two products; one of them is zero.
    #[must_use]
    pub fn alignment(&self, gate: usize) -> Alignment {
        let x = self.w_frac_ih[gate] + self.x.frac;
        let h = self.w_frac_hh[gate] + self.h.frac;
        let frac = x.max(h);
        Alignment {
            shift_x: (frac - x) as u32,
            shift_h: (frac - h) as u32,
            frac,
        }
    }
}

/// The dense layer after the last LSTM layer: `y[r] = sum_j w[r][j] * h[j] + bias[r]`, exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Rows, the number of outputs.
    pub output_size: usize,
    /// Bits of every weight.
    pub w_bits: u32,
    /// Fraction of the weights; the output's fraction is `w_frac + h.frac`.
    pub w_frac: i32,
    /// `[O, H]`, row-major.
    pub weight: Vec<i16>,
    /// `[O]`, at the output's fraction.
    pub bias: Vec<i32>,
}

/// One constant for each element of x: the integer model is one of `x - offset`, exactly, since
/// `W x + b = W (x - offset) + (b + W offset)` and the biases hold the second bracket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOffset {
    /// Fraction of the codes.
    pub frac: i32,
    /// The constants, `[input_size]`, in units of `2^-frac`.
    pub codes: Vec<i64>,
}

/// A stack of layers, the optional head, and float tensors that only ride along.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantizedModel {
    /// At least one; the x format of a layer is the h format of the one before.
    pub layers: Vec<Layer>,
    /// A constant taken off every x before it is quantised, where the file has one.
    pub input_offset: Option<InputOffset>,
    /// Dense head, not part of the hardware.
    pub head: Option<Head>,
    /// Float tensors around the LSTM (`embedding.weight`, ...): shape and values.
    pub passengers: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}
