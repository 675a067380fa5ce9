//! Measured accuracies of networks.

use super::super::network::{NetworkShape, refined, usual_z};
use crate::fixed::LevelRule;
use crate::spec::DirectionKind;

/// Accuracies of networks in one measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Accuracies {
    /// Name of the measure: the column, or the word in the column `metric`.
    pub metric: String,
    /// `true` if a larger value is a better one.
    pub larger_is_better: bool,
    /// One entry per row of the file, in its order.
    pub rows: Vec<AccuracyRow>,
}

/// The accuracy of one network.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct AccuracyRow {
    /// Bits of a weight; `None` for a float network, which no point is.
    pub weight_bits: Option<u32>,
    /// Bits of h; `None` for float.
    pub act_bits: Option<u32>,
    /// Bits of x; `None` where the file does not say them: of any.
    pub input_bits: Option<u32>,
    /// Levels of weights, x and h; `None` where the file does not say them: of any.
    pub levels: Option<LevelRule>,
    /// Bits of a multiplier of every row, 0 for none; `None` where the file does not say it: any.
    pub row_scale_bits: Option<u32>,
    /// Bits of z; `None` where the file does not say them: of any.
    pub z_bits: Option<u32>,
    /// `true` for weights of -1, 0 and 1, which the hardware holds in 2 bits.
    pub ternary: bool,
    /// Order in which the layers take the steps; forward where the file does not say it.
    #[serde(skip_serializing_if = "DirectionKind::is_forward")]
    pub direction: DirectionKind,
    /// Units of every layer.
    pub hidden: usize,
    /// Layers.
    pub layers: usize,
    /// The measure.
    pub value: f64,
    /// Line of the file.
    pub line: usize,
}

impl AccuracyRow {
    /// The network, which no second row of the file may have again.
    pub(super) fn key(&self) -> impl Ord + use<> {
        (
            (self.weight_bits, self.act_bits, self.ternary),
            (
                self.input_bits,
                self.levels,
                self.row_scale_bits,
                self.z_bits,
            ),
            (self.hidden, self.layers, self.direction),
        )
    }

    /// `W2A4`, `W2A2 odd r8`, `ternary A4`, `float`, `bidirectional W4A4`.
    #[must_use]
    pub fn widths(&self) -> String {
        let levels = self.levels.unwrap_or_default();
        let input = self.input_bits.filter(|_| self.input_bits != self.act_bits);
        let rows = self.row_scale_bits.filter(|&bits| bits > 0);
        let refined = refined(
            input,
            levels,
            rows,
            self.z_bits.filter(|&bits| bits != usual_z()),
        );
        let direction = match self.direction {
            DirectionKind::Forward => String::new(),
            direction => format!("{} ", direction.word()),
        };
        direction + &self.plain_widths() + &refined
    }

    fn plain_widths(&self) -> String {
        match (self.weight_bits, self.act_bits) {
            (Some(_), Some(act)) if self.ternary => format!("ternary A{act}"),
            (Some(weight), Some(act)) => format!("W{weight}A{act}"),
            (Some(weight), None) => format!("W{weight}"),
            (None, Some(act)) => format!("float W A{act}"),
            (None, None) => "float".to_string(),
        }
    }
}

impl AccuracyRow {
    /// `true` if it is of a network of this direction, these widths, units and layers, and of these bits of x, levels and multipliers of rows where
    /// it says them. Weights of -1, 0 and 1 are even ones.
    #[must_use]
    pub fn is_of(&self, network: &NetworkShape) -> bool {
        let bits = [network.weight_bits, network.act_bits, network.input_bits];
        let levels = |rule: LevelRule| rule.plainest(&bits) == network.levels;
        let rows = |bits: u32| bits == network.row_scale_bits.unwrap_or(0);
        self.weight_bits == Some(network.weight_bits)
            && self.act_bits == Some(network.act_bits)
            && self.hidden == network.hidden
            && self.layers == network.layers
            && self.direction == network.direction
            && !(self.ternary && network.levels.of(network.weight_bits).is_odd())
            && self
                .input_bits
                .is_none_or(|bits| bits == network.input_bits)
            && self.z_bits.is_none_or(|bits| bits == network.z_bits)
            && self.levels.is_none_or(levels)
            && self.row_scale_bits.is_none_or(rows)
    }
}

impl Accuracies {
    /// `true` if `a` is better than `b`.
    #[must_use]
    pub fn better(&self, a: f64, b: f64) -> bool {
        if self.larger_is_better { a > b } else { a < b }
    }

    /// The accuracy of a network: the best row of its widths, levels, units and layers.
    #[must_use]
    pub fn of(&self, network: &NetworkShape) -> Option<&AccuracyRow> {
        let mut best: Option<&AccuracyRow> = None;
        for row in self.rows.iter().filter(|row| row.is_of(network)) {
            if best.is_none_or(|best| self.better(row.value, best.value)) {
                best = Some(row);
            }
        }
        best
    }

    /// The measure as a number to be small.
    #[must_use]
    pub fn cost(&self, value: f64) -> f64 {
        if self.larger_is_better { -value } else { value }
    }
}
