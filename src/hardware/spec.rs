//! All that a layer's hardware depends on beside its folding and the values of its weights.

use super::cell::Cell;
use super::gru::GRU;
use super::lstm::LSTM;
use super::op::Source;
use crate::fixed::{Codes, Levels, QFormat};
use crate::quantize::{Layer, Recurrence};
use crate::spec::CellKind;

/// The hardware's view of a kind of cell.
#[must_use]
pub fn cell_of(kind: CellKind) -> &'static Cell {
    match kind {
        CellKind::Lstm => &LSTM,
        CellKind::Gru => &GRU,
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
        }
    }

    /// The description of a quantised layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        let fracs = layer.w_frac_ih.iter().zip(&layer.w_frac_hh);
        Self {
            cell: cell_of(layer.recurrence.kind()),
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
        }
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

    /// Bits of an operand in the array: the wider of x and h.
    #[must_use]
    pub fn operand_bits(&self) -> u32 {
        self.x.bits.max(self.h.bits)
    }

    /// Bits of a gate value: a sign, 1.0 and the fraction.
    #[must_use]
    pub fn gate_width(&self) -> usize {
        self.a_frac as usize + 2
    }

    /// Fractions of both products of every sum.
    pub fn products(&self) -> impl Iterator<Item = (i32, i32)> + '_ {
        let (x, h) = (self.x.frac, self.h.frac);
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
    /// Of h, `[sums * hidden_size, hidden_size]`.
    pub hh: &'a [i16],
    /// Bias, `[sums * hidden_size]`, at the finer fraction of the sum's products, or at that of x of a sum
    /// that is taken apart.
    pub bias: &'a [i32],
    /// Bias of the part of h of a sum that is taken apart, `[hidden_size]`, at that product's fraction; empty
    /// where there is none.
    pub bias_h: &'a [i32],
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
        }
    }
}
