//! The integer model that reference, hardware and estimate all take.

use super::dense::{Dense, DenseOutput, Embedding, Emit};
use crate::fixed::{Codes, Levels, QFormat};
use crate::spec::{CellKind, DirectionKind, LayerDirection, Numerics, OutputOrder};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Largest input or hidden size.
pub const LARGEST_SIZE: usize = 4096;
/// Largest left shift that may align two products.
pub const LARGEST_SHIFT: u32 = 24;
/// Largest magnitude of a code of [`InputOffset`]: exact in double precision.
pub(super) const LARGEST_OFFSET: u64 = 1 << 53;

/// Fraction bits that v of a GRU has more than z, so that two roundings before one more do not show.
pub const V_FINER: i32 = 4;
/// Most bits of v of a GRU.
pub const MOST_V_BITS: u32 = 24;

/// What the units of a recurrent layer compute, with the formats that only they have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// The long short-term memory.
    Lstm {
        /// Format of the cell state c.
        c: QFormat,
    },
    /// The gated recurrent unit whose reset gate acts behind the product with h.
    Gru {
        /// Format of both parts of n's pre-activation, of x and of h, before the reset gate.
        v: QFormat,
        /// Format of the state s, of which h is the narrow image.
        s: QFormat,
        /// Bias of n's part of h, `[H]`, at that part's fraction.
        bias_n_h: Vec<i32>,
    },
}

impl Recurrence {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> CellKind {
        match self {
            Self::Lstm { .. } => CellKind::Lstm,
            Self::Gru { .. } => CellKind::Gru,
        }
    }

    /// A cell of `numerics`, whose own biases are still to come. v of a GRU has four fraction bits more
    /// than z, in the same range.
    #[must_use]
    pub fn of(numerics: &Numerics) -> Self {
        match numerics.cell {
            CellKind::Lstm => Self::Lstm { c: numerics.c },
            CellKind::Gru => Self::Gru {
                v: QFormat::new(
                    numerics.z.bits + V_FINER.unsigned_abs(),
                    numerics.z.frac + V_FINER,
                ),
                s: numerics.c,
                bias_n_h: Vec::new(),
            },
        }
    }

    /// The gate whose parts of x and of h are not added up before they are requantised; its `bias` is that
    /// of the part of x.
    #[must_use]
    pub const fn parted(&self) -> Option<usize> {
        self.kind().parted()
    }

    /// The gates in `PyTorch`'s order.
    #[must_use]
    pub const fn gates(&self) -> &'static [&'static str] {
        self.kind().gates()
    }

    /// The formats that only this kind has, each with the most bits that it may have.
    #[must_use]
    pub fn formats(&self) -> Vec<(&'static str, QFormat, u32)> {
        match self {
            Self::Lstm { c } => vec![("c", *c, 32)],
            Self::Gru { v, s, .. } => vec![("v", *v, MOST_V_BITS), ("s", *s, 32)],
        }
    }

    /// Format of the parts of a gate that are taken apart, where there is one.
    #[must_use]
    pub const fn v(&self) -> Option<QFormat> {
        match self {
            Self::Lstm { .. } => None,
            Self::Gru { v, .. } => Some(*v),
        }
    }

    /// Format of what a unit keeps from step to step beside h.
    #[must_use]
    pub const fn state(&self) -> QFormat {
        match self {
            Self::Lstm { c } => *c,
            Self::Gru { s, .. } => *s,
        }
    }
}

/// The order in which a layer takes the steps; the halves of a bidirectional one have the same formats of x and h.
pub type Direction = LayerDirection<Layer>;

impl Direction {
    /// The direction of this kind; `other` makes the half that takes the steps backward, where there is one. Outputs
    /// of what takes them backward are in the order of time.
    pub fn of(kind: DirectionKind, other: impl FnOnce() -> Layer) -> Self {
        Self::ordered(kind, OutputOrder::Time, other)
    }

    /// The same with outputs of what takes the steps backward in this order.
    pub fn ordered(kind: DirectionKind, order: OutputOrder, other: impl FnOnce() -> Layer) -> Self {
        match kind {
            DirectionKind::Forward => Self::Forward,
            DirectionKind::Backward => Self::Backward(order),
            DirectionKind::Bidirectional => Self::Bidirectional(Box::new(Layer {
                direction: Self::Backward(order),
                ..other()
            })),
        }
    }
}

/// One recurrent layer in integers, of G gates ([`Recurrence::gates`]). Matrices are row-major with
/// `G * hidden_size` rows, gate after gate: row `k * hidden_size + j` belongs to gate `k` of unit `j`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Order of the steps; the other half of a bidirectional layer.
    pub direction: Direction,
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
    /// Bias `[GH]` at the fraction [`Layer::bias_frac`] of its gate.
    pub bias: Vec<i32>,
    /// Optional unsigned per-row multiplier and its format, `[GH]`; of a GRU `[4H]`, those of n's part of h
    /// last.
    pub row_scale: Option<RowScale>,
}

/// A per-row multiplier that refines the scale of each row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowScale {
    /// Width of an unsigned multiplier.
    pub bits: u32,
    /// Fraction of the multiplier.
    pub frac: i32,
    /// One multiplier per sum that is requantised.
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

    /// Sums of all units that are requantised: one for each gate, two for one whose parts stay apart.
    #[must_use]
    pub fn scaled_sums(&self) -> usize {
        let parted = usize::from(self.recurrence.parted().is_some());
        (self.gates() + parted) * self.hidden_size
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

    /// Fills the biases: `draw` gives those of all units at a fraction, gate after gate.
    pub(super) fn fill_biases(&mut self, mut draw: impl FnMut(i32) -> Vec<i32>) {
        for gate in 0..self.gates() {
            let biases = draw(self.bias_frac(gate));
            self.bias.extend(biases);
        }
        if let Some(gate) = self.recurrence.parted() {
            let (_, of_h) = self.product_fracs(gate);
            if let Recurrence::Gru { bias_n_h, .. } = &mut self.recurrence {
                *bias_n_h = draw(of_h);
            }
        }
    }

    /// Fractions of gate `gate`'s products of x and of h.
    #[must_use]
    pub fn product_fracs(&self, gate: usize) -> (i32, i32) {
        (
            self.w_frac_ih[gate] + self.x.frac,
            self.w_frac_hh[gate] + self.h.frac,
        )
    }

    /// Fraction of gate `gate`'s bias: the finer of both products', or that of x alone where they stay
    /// apart.
    #[must_use]
    pub fn bias_frac(&self, gate: usize) -> i32 {
        let (x, h) = self.product_fracs(gate);
        if self.recurrence.parted() == Some(gate) {
            x
        } else {
            x.max(h)
        }
    }

    /// The shifts that align gate `gate`'s two products, which are added up; one of them is zero.
    #[must_use]
    pub fn alignment(&self, gate: usize) -> Alignment {
        let (x, h) = self.product_fracs(gate);
        let frac = x.max(h);
        Alignment {
            shift_x: (frac - x) as u32,
            shift_h: (frac - h) as u32,
            frac,
        }
    }
}

/// What is done to every element of x before it becomes a code: a constant is taken off, and the rest is
/// multiplied by a power of two. The integer model is one of `(x - offset) * 2^shift`, exactly, since
/// `W x + b = (W 2^-shift) ((x - offset) 2^shift) + (b + W offset)`, and the biases hold the second bracket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputOffset {
    /// Fraction of the codes.
    pub frac: i32,
    /// The constants, `[input_size]`, in units of `2^-frac`.
    pub codes: Vec<i64>,
    /// Exponents of the powers of two, `[input_size]`; none where all are 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shift: Vec<i32>,
}

/// A network: an embedding or none, dense layers or none, recurrent layers, dense layers or none; and float
/// tensors that only ride along.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuantizedModel {
    /// Makes x of the first layer out of a token's index.
    pub embedding: Option<Embedding>,
    /// Dense layers before the recurrent ones, which give codes at every step; the x format of a layer is the
    /// output format of the one before.
    pub front: Vec<Dense>,
    /// At least one; a layer takes the output of the one before, in its h format.
    pub layers: Vec<Layer>,
    /// A constant taken off every x, and a scale, before it is quantised, where the file has one.
    pub input_offset: Option<InputOffset>,
    /// Dense layers behind the recurrent ones; the x format of one is the output format of what is before.
    pub head: Vec<Dense>,
    /// Float tensors around the network (`embedding.weight`, ...): shape and values.
    pub passengers: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

impl QuantizedModel {
    /// The dense layer behind the recurrent ones, where it is the only one and gives its sums at every step: a
    /// decoder, or a linear head.
    #[must_use]
    pub fn linear_head(&self) -> Option<&Dense> {
        match &self.head[..] {
            [
                dense @ Dense {
                    output: DenseOutput::Sum,
                    when: Emit::Step,
                    ..
                },
            ] => Some(dense),
            _ => None,
        }
    }

    /// A real embedding, `[V, input_size]`, becomes codes of x, the offset taken off where there is one: the
    /// codes hold it then.
    pub fn embed(&mut self, embedding: &[f32]) {
        let codes = self.input_codes(embedding);
        self.input_offset = None;
        self.embedding = Some(Embedding {
            vocabulary: embedding.len() / self.first_input().0,
            codes: codes.into_iter().map(|code| code as i16).collect(),
        });
    }

    /// Elements of x of the first layer, dense or recurrent, and their format.
    ///
    /// # Panics
    /// For a network without layers.
    #[must_use]
    pub fn first_input(&self) -> (usize, QFormat) {
        match self.front.first() {
            Some(dense) => (dense.input_size, dense.x),
            None => (self.layers[0].input_size, self.layers[0].x),
        }
    }

    /// Codes or indices of one step's input: elements of x, or 1, the index of a token.
    #[must_use]
    pub fn input_elements(&self) -> usize {
        match self.embedding {
            Some(_) => 1,
            None if self.layers.is_empty() => 0,
            None => self.first_input().0,
        }
    }

    /// The network without its dense layers.
    #[must_use]
    pub fn without_head(&self) -> Self {
        Self {
            head: Vec::new(),
            ..self.clone()
        }
    }

    /// The recurrent layers alone, with what rides along; an offset of x is that of what the network takes, and
    /// goes with the layers before them.
    #[must_use]
    pub fn recurrent(&self) -> Self {
        Self {
            embedding: None,
            front: Vec::new(),
            head: Vec::new(),
            input_offset: (self.input_offset.clone()).filter(|_| self.front.is_empty()),
            ..self.clone()
        }
    }

    /// Number of the first recurrent layer in the file's list of layers.
    pub(super) fn first_recurrent(&self) -> usize {
        self.first_front() + self.front.len()
    }

    /// Number of the first layer behind the embedding in that list.
    pub(super) fn first_front(&self) -> usize {
        usize::from(self.embedding.is_some())
    }
}
