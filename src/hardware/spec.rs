//! All that a layer's hardware depends on beside its folding and the values of its weights.

use super::cell::Cell;
use super::lstm::LSTM;
use crate::fixed::{Codes, Levels, QFormat};
use crate::quantize::Layer;

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
    /// Cell state.
    pub c: QFormat,
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
            c: QFormat::new(16, 10),
        }
    }

    /// The description of a quantised layer.
    #[must_use]
    pub fn of(layer: &Layer) -> Self {
        let fracs = layer.w_frac_ih.iter().zip(&layer.w_frac_hh);
        Self {
            cell: &LSTM,
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
        self.cell.turns().count().next_power_of_two()
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
        self.products()
            .fold(self.z.frac, |finest, (x, h)| finest.max(x).max(h))
    }
}

/// The values of a layer's weights, rows of all units of a sum after one another.
#[derive(Clone, Copy, Debug)]
pub struct LayerWeights<'a> {
    /// Of x, `[sums * hidden_size, input_size]`.
    pub ih: &'a [i16],
    /// Of h, `[sums * hidden_size, hidden_size]`.
    pub hh: &'a [i16],
    /// Bias, `[sums * hidden_size]`, at the finer fraction of the sum's products.
    pub bias: &'a [i32],
}

impl<'a> From<&'a Layer> for LayerWeights<'a> {
    fn from(layer: &'a Layer) -> Self {
        Self {
            ih: &layer.weight_ih,
            hh: &layer.weight_hh,
            bias: &layer.bias,
        }
    }
}
