//! All that a layer's hardware depends on beside its folding and the values of its weights.

use super::cell::Cell;
use super::dense::DENSE;
use super::gru::{GRU, GRU_SCALED};
use super::lstm::{LSTM, LSTM_SCALED};
use super::op::Source;
use crate::fixed::{Codes, Levels, QFormat};
use crate::quantize::{Dense, DenseOutput, Emit, Layer, PassPlace, QuantizedModel, Recurrence};
use crate::spec::{CellKind, OutputKind, OutputOrder};

/// The hardware's view of a kind of cell, whose rows may have multipliers.
#[must_use]
pub const fn cell_of(kind: CellKind, scales_rows: bool) -> &'static Cell {
    match (kind, scales_rows) {
        (CellKind::Lstm, false) => &LSTM,
        (CellKind::Lstm, true) => &LSTM_SCALED,
        (CellKind::Gru, false) => &GRU,
        (CellKind::Gru, true) => &GRU_SCALED,
    }
}

/// Format of the numbers by which rows are multiplied, unsigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowMultiplier {
    /// Bits.
    pub bits: u32,
    /// Fraction.
    pub frac: i32,
}

impl RowMultiplier {
    /// That of seeded networks: numbers of one half to one.
    #[must_use]
    pub fn drawn(bits: Option<u32>) -> Option<Self> {
        bits.map(|bits| Self {
            bits,
            frac: bits as i32,
        })
    }
}

/// Cell, sizes and number formats of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSpec {
    /// The computation of a unit.
    pub cell: &'static Cell,
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// x.
    pub x: QFormat,
    /// h.
    pub h: QFormat,
    /// Bits of every weight.
    pub w_bits: u32,
    /// Levels of every weight; odd at one bit.
    pub w_levels: Levels,
    /// Fractions of the weights of x and of h, one pair per sum of the cell.
    pub w_fracs: Vec<(i32, i32)>,
    /// Pre-activation z.
    pub z: QFormat,
    /// Fraction bits of gate values.
    pub a_frac: u32,
    /// State.
    pub c: QFormat,
    /// Parts of a sum that is taken apart, where the cell has one.
    pub v: Option<QFormat>,
    /// Multipliers of rows, where the cell has them.
    pub row_multiplier: Option<RowMultiplier>,
    /// Rows of the embedding before the layer, where there is one.
    pub vocabulary: Option<usize>,
    /// What a dense layer makes of its sums; `None` of a recurrent one.
    pub dense: Option<DenseEnd>,
    /// Number of the layer, and the direction in which this takes the steps of a sequence.
    pub pass: PassPlace,
}

/// The pass of a layer that takes the steps as they come, and is no half of another.
#[must_use]
pub const fn forward_pass(layer: usize) -> PassPlace {
    PassPlace {
        layer,
        backward: false,
        half: false,
        order: OutputOrder::Time,
    }
}

/// What a dense layer makes of its sums, beside their format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DenseEnd {
    /// What of them leaves the layer.
    pub gives: OutputKind,
    /// Codes below zero count as zero.
    pub relu: bool,
    /// Steps that are computed.
    pub when: Emit,
}

impl LayerSpec {
    /// A layer of `cell` with x and h of `act_bits` bits, and formats that suit values of about 1.
    #[must_use]
    pub fn ordinary(
        cell: &'static Cell,
        (input_size, hidden_size): (usize, usize),
        (w_bits, act_bits): (u32, u32),
    ) -> Self {
        let act = QFormat::new(act_bits, act_bits as i32 - 1);
        Self {
            cell,
            input_size,
            hidden_size,
            x: act,
            h: act,
            w_bits,
            w_levels: Codes::from(w_bits).levels,
            w_fracs: vec![(w_bits as i32 - 1, w_bits as i32 - 1); cell.sums.len()],
            z: QFormat::new(8, 4),
            a_frac: 8,
            c: QFormat::new(16, if cell.parted().is_some() { 14 } else { 10 }),
            v: cell.parted().map(|_| QFormat::new(12, 8)),
            row_multiplier: (cell.scales_rows()).then_some(RowMultiplier { bits: 8, frac: 7 }),
            vocabulary: None,
            dense: None,
            pass: forward_pass(0),
        }
    }

    /// The description of a dense layer: sums or codes are its h. It has no gates and no state, whose formats are
    /// those of the output.
    #[must_use]
    pub fn of_dense(dense: &Dense) -> Self {
        let (h, relu) = match dense.output {
            DenseOutput::Sum | DenseOutput::Argmax => (dense.sum_format(), false),
            DenseOutput::Code { format, relu } => (format, relu),
        };
        Self {
            cell: &DENSE,
            input_size: dense.input_size,
            hidden_size: dense.output_size,
            x: dense.x,
            h,
            w_bits: dense.w_bits,
            w_levels: dense.w_levels,
            w_fracs: vec![(dense.w_frac, dense.w_frac)],
            z: h,
            a_frac: 0,
            c: h,
            v: None,
            row_multiplier: None,
            vocabulary: None,
            dense: Some(DenseEnd {
                gives: dense.output.kind(),
                relu,
                when: dense.when,
            }),
            pass: forward_pass(0),
        }
    }

    /// h comes back as an operand of the next step.
    #[must_use]
    pub const fn is_recurrent(&self) -> bool {
        self.dense.is_none()
    }

    /// The layer computes the last steps of sequences only.
    #[must_use]
    pub fn waits_for_last(&self) -> bool {
        self.dense.is_some_and(|dense| dense.when == Emit::Last)
    }

    /// The index of the largest sum leaves the layer.
    #[must_use]
    pub fn gives_index(&self) -> bool {
        (self.dense).is_some_and(|dense| dense.gives == OutputKind::Argmax)
    }

    /// Elements of the longest operand.
    #[must_use]
    pub fn longest_operand(&self) -> usize {
        if self.is_recurrent() {
            self.input_size.max(self.hidden_size)
        } else {
            self.input_size
        }
    }

    /// The description of a quantised layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        let fracs = layer.w_frac_ih.iter().zip(&layer.w_frac_hh);
        Self {
            cell: cell_of(layer.recurrence.kind(), layer.row_scale.is_some()),
            input_size: layer.input_size,
            hidden_size: layer.hidden_size,
            x: layer.x,
            h: layer.h,
            w_bits: layer.w_bits,
            w_levels: layer.w_levels,
            w_fracs: fracs.map(|(&ih, &hh)| (ih, hh)).collect(),
            z: layer.z,
            a_frac: layer.a_frac,
            c: layer.state(),
            v: layer.recurrence.v(),
            row_multiplier: layer.row_scale.as_ref().map(|scale| RowMultiplier {
                bits: scale.bits,
                frac: scale.frac,
            }),
            vocabulary: None,
            dense: None,
            pass: forward_pass(0),
        }
    }

    /// Bits of a row's multiplier; 0 where rows have none.
    #[must_use]
    pub fn multiplier_bits(&self) -> usize {
        self.row_multiplier.map_or(0, |row| row.bits as usize)
    }

    /// The codes of the weights.
    #[must_use]
    pub fn weights(&self) -> Codes {
        Codes::new(self.w_bits, self.w_levels)
    }

    /// Rows of the array for one unit.
    #[must_use]
    pub fn sums(&self) -> usize {
        self.cell.sums.len()
    }

    /// Rows of the bias memory for one group, fresh or not: one for every turn of the lane, and as many
    /// as make a power of two, so that the turn is the lowest bits of the address.
    #[must_use]
    pub fn bias_turns(&self) -> usize {
        self.turns().next_power_of_two()
    }

    /// Rows of the bias memory for a turn of a group: fresh or not; one where h is no operand.
    #[must_use]
    pub const fn bias_rows(&self) -> usize {
        if self.is_recurrent() { 2 } else { 1 }
    }

    /// Turns of the lane: sums, and parts of sums, that it takes of a group.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.cell.turns().count()
    }

    /// Format of what a turn's sum is requantised to.
    #[must_use]
    pub fn taken(&self, source: Source) -> QFormat {
        match source {
            Source::Both => self.z,
            Source::X | Source::H => self.v.unwrap_or(self.z),
        }
    }

    /// Bits of the widest of these.
    #[must_use]
    pub fn widest_taken(&self) -> u32 {
        self.z.bits.max(self.v.map_or(0, |v| v.bits))
    }

    /// Bits of an operand in the array: the wider of x and h, where h is one.
    #[must_use]
    pub fn operand_bits(&self) -> u32 {
        if self.is_recurrent() {
            self.x.bits.max(self.h.bits)
        } else {
            self.x.bits
        }
    }

    /// Bits of a gate value: a sign, 1.0 and the fraction.
    #[must_use]
    pub fn gate_width(&self) -> usize {
        self.a_frac as usize + 2
    }

    /// Bits of the lane multiplier's first operand: a gate value, or a row's multiplier, which needs a sign.
    #[must_use]
    pub fn factor_bits(&self) -> usize {
        let row = self.row_multiplier.map_or(0, |row| row.bits as usize + 1);
        self.gate_width().max(row)
    }

    /// Fractions of both products of every sum.
    pub fn products(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        let h = if self.is_recurrent() { self.h } else { self.x };
        let (x, h) = (self.x.frac, h.frac);
        self.w_fracs.iter().map(move |(ih, hh)| (ih + x, hh + h))
    }

    /// The finest fraction in the layer, which all accumulators have.
    #[must_use]
    pub fn acc_frac(&self) -> i32 {
        let taken = self.v.map_or(self.z.frac, |v| v.frac.max(self.z.frac));
        self.products()
            .fold(taken, |finest, (x, h)| finest.max(x).max(h))
    }
}

/// The values of a layer's weights, rows of all units of a sum after one another.
#[derive(Clone, Copy, Debug)]
pub struct LayerWeights<'a> {
    /// Of x, `[sums * hidden_size, input_size]`.
    pub ih: &'a [i16],
    /// Of h, `[sums * hidden_size, hidden_size]`; empty of a dense layer.
    pub hh: &'a [i16],
    /// Bias, `[sums * hidden_size]`, at the finer fraction of the sum's products, or at that of x of a sum
    /// that is taken apart.
    pub bias: &'a [i32],
    /// Bias of the part of h of a sum that is taken apart, `[hidden_size]`, at that product's fraction; empty
    /// where there is none.
    pub bias_h: &'a [i32],
    /// Multipliers of rows, one for every sum or part of one that is taken, in the order of the numbers by
    /// which the reference counts them; empty where there are none.
    pub multipliers: &'a [u32],
}

impl<'a> From<&'a Layer> for LayerWeights<'a> {
    fn from(layer: &'a Layer) -> Self {
        Self {
            ih: &layer.weight_ih,
            hh: &layer.weight_hh,
            bias: &layer.bias,
            bias_h: match &layer.recurrence {
                Recurrence::Lstm { .. } => &[],
                Recurrence::Gru { bias_n_h, .. } => bias_n_h,
            },
            multipliers: (layer.row_scale.as_ref()).map_or(&[], |scale| &scale.multiplier),
        }
    }
}

impl<'a> From<&'a Dense> for LayerWeights<'a> {
    fn from(dense: &'a Dense) -> Self {
        Self {
            ih: &dense.weight,
            hh: &[],
            bias: &dense.bias,
            bias_h: &[],
            multipliers: &[],
        }
    }
}

impl<'a> LayerWeights<'a> {
    /// Those of every pass and dense layer of a network, in the order of the data.
    pub fn of_network(model: &'a QuantizedModel) -> impl Iterator<Item = Self> {
        let front = model.front.iter().map(Self::from);
        let recurrent = model.passes().map(|pass| Self::from(pass.layer));
        (front.chain(recurrent)).chain(model.head.iter().map(Self::from))
    }

    /// The weights of h of a row; none of a dense layer.
    pub(super) fn of_h(&self, row: usize, units: usize) -> &'a [i16] {
        if self.hh.is_empty() {
            &[]
        } else {
            &self.hh[row * units..][..units]
        }
    }
}

impl LayerSpec {
    /// Every pass and dense layer of a network, in the order of the data; of a bidirectional layer the forward pass
    /// first.
    #[must_use]
    pub fn of_network(model: &QuantizedModel) -> Vec<Self> {
        let dense = |(number, layer): (usize, &Dense)| Self {
            pass: forward_pass(number),
            ..Self::of_dense(layer)
        };
        let first = model.front.len();
        let recurrent = model.passes().map(|pass| Self {
            pass: PassPlace {
                layer: first + pass.place.layer,
                ..pass.place
            },
            ..Self::of(pass.layer)
        });
        let behind = (first + model.layers.len()..).zip(&model.head).map(dense);
        let front = model.front.iter().enumerate().map(dense);
        let mut specs: Vec<Self> = front.chain(recurrent).chain(behind).collect();
        if let (Some(embedding), Some(first)) = (&model.embedding, specs.first_mut()) {
            first.vocabulary = Some(embedding.vocabulary);
        }
        specs
    }
}
