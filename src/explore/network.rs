//! The network of a point: widths and sizes, without a weight.

use crate::fixed::{LevelRule, QFormat};
use crate::hardware::{LayerSpec, RowMultiplier, cell_of};
use crate::quantize::{PassPlace, Recurrence, default_h};
use crate::spec::{CellKind, DirectionKind, Numerics, OutputOrder, SeededNetwork};
use serde::{Deserialize, Serialize};

/// A network as far as hardware and accuracy depend on it: widths and sizes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkShape {
    /// Cell of the layers; `lstm` goes without saying.
    #[serde(default, skip_serializing_if = "CellKind::is_lstm")]
    pub cell: CellKind,
    /// Order in which the layers take the steps of a sequence; `forward` goes without saying.
    #[serde(default, skip_serializing_if = "DirectionKind::is_forward")]
    pub direction: DirectionKind,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of x of the first layer.
    pub input_bits: u32,
    /// Levels of weights, x and h; even ones go without saying.
    #[serde(default, skip_serializing_if = "LevelRule::is_even")]
    pub levels: LevelRule,
    /// Bits of a multiplier of every row, where rows have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_scale_bits: Option<u32>,
    /// Bits of z, four of them whole; 8 go without saying.
    #[serde(default = "usual_z", skip_serializing_if = "is_usual_z")]
    pub z_bits: u32,
    /// Units of every layer.
    pub hidden: usize,
    /// Elements of x of the first layer.
    pub input_size: usize,
    /// Stacked layers.
    pub layers: usize,
}

/// Whole bits of z, its sign among them: sigmoid and tanh are flat outside of them.
const WHOLE_Z: u32 = 4;

/// Bits of z that a sweep may have: with fewer the tables have no fraction.
pub const Z_BITS: std::ops::RangeInclusive<u32> = 5..=12;

/// Bits of z where nothing is said.
pub(super) const fn usual_z() -> u32 {
    8
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
const fn is_usual_z(bits: &u32) -> bool {
    *bits == usual_z()
}

impl NetworkShape {
    /// Fraction bits of z.
    #[must_use]
    pub const fn z_frac(&self) -> i32 {
        self.z_bits as i32 - WHOLE_Z as i32
    }

    /// Elements of x of layer `index`.
    fn input_of(&self, index: usize) -> usize {
        if index == 0 {
            self.input_size
        } else {
            self.hidden * self.direction.passes()
        }
    }

    /// Elements of the longest vector that a layer multiplies.
    #[must_use]
    pub fn longest_operand(&self) -> usize {
        let inputs = (0..self.layers).map(|index| self.input_of(index)).max();
        self.hidden.max(inputs.unwrap_or(0))
    }

    /// Weights of all layers, of both directions where there are two; biases not counted.
    #[must_use]
    pub fn weights(&self) -> u64 {
        let rows = (self.cell.gates().len() * self.direction.passes() * self.hidden) as u64;
        (0..self.layers)
            .map(|layer| rows * (self.input_of(layer) + self.hidden) as u64)
            .sum()
    }

    /// Bits of all weights, biases and padding not counted.
    #[must_use]
    pub fn weight_memory_bits(&self) -> u64 {
        self.weights() * u64::from(self.weight_bits)
    }

    /// The numbers of the network, the other formats as `numerics` has them.
    fn numerics(&self, numerics: Numerics) -> Numerics {
        Numerics {
            weight_bits: self.weight_bits,
            act_bits: self.act_bits,
            input_bits: self.input_bits,
            levels: self.levels,
            row_scale_bits: self.row_scale_bits,
            z: QFormat::new(self.z_bits, self.z_frac()),
            ..numerics.for_cell(self.cell)
        }
    }

    /// Sizes and formats of every pass of a network whose scales nobody has calibrated: those of seeded
    /// models of the same cell, widths and levels.
    #[must_use]
    pub fn specs(&self, numerics: &Numerics) -> Vec<LayerSpec> {
        let numerics = self.numerics(*numerics);
        let recurrence = Recurrence::of(&numerics);
        let cell = cell_of(self.cell, numerics.row_scale_bits.is_some());
        let codes = |bits| numerics.levels.of(bits);
        let (weights, h, x) = (
            codes(self.weight_bits),
            default_h(codes(self.act_bits)),
            codes(self.input_bits),
        );
        let scale = (self.hidden.max(1).ilog2() / 2) as i32 - 1;
        let w_frac = weights.unit_frac() + scale;
        (0..self.layers)
            .flat_map(|index| PassPlace::all(self.direction, OutputOrder::Time, index))
            .map(|pass| LayerSpec {
                cell,
                input_size: self.input_of(pass.layer),
                hidden_size: self.hidden,
                x: match pass.layer {
                    0 => x.at((x.unit_frac() - 1).max(0)),
                    _ => h,
                },
                h,
                w_bits: weights.bits,
                w_levels: weights.levels,
                w_fracs: vec![(w_frac, w_frac); cell.sums.len()],
                z: numerics.z,
                a_frac: numerics.gate_frac,
                c: recurrence.state(),
                v: recurrence.v(),
                vocabulary: None,
                dense: None,
                pass,
                row_multiplier: RowMultiplier::drawn(numerics.row_scale_bits),
            })
            .collect()
    }

    /// The network with weights from a seed.
    #[must_use]
    pub fn seeded(&self, numerics: Numerics, seed: u64) -> SeededNetwork {
        let (sizes, numerics) = ((self.input_size, self.hidden), self.numerics(numerics));
        SeededNetwork {
            layers: self.layers,
            direction: self.direction,
            ..SeededNetwork::one_layer(sizes, numerics, seed)
        }
    }
}

impl NetworkShape {
    /// `W4A4`, `W2A4 X8 odd r8 Z6`: bits of weights and h, of x where they are others, levels that are not even, bits of the
    /// rows' multipliers, of z where they are not 8.
    #[must_use]
    pub fn widths(&self) -> String {
        let input = (self.input_bits != self.act_bits).then_some(self.input_bits);
        let z = (!is_usual_z(&self.z_bits)).then_some(self.z_bits);
        let refined = refined(input, self.levels, self.row_scale_bits, z);
        format!("W{}A{}{refined}", self.weight_bits, self.act_bits)
    }
}

impl std::fmt::Display for NetworkShape {
    /// `W4A4 256 units`, `W2A4 512 units x 2 layers`, `W4A4 256 GRU units`, `W2A2 odd 256 units, bidirectional`.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} {} ", self.widths(), self.hidden)?;
        match self.cell {
            CellKind::Lstm => write!(out, "units")?,
            CellKind::Gru => write!(out, "GRU units")?,
        }
        match self.layers {
            1 => {}
            layers => write!(out, " x {layers} layers")?,
        }
        match self.direction {
            DirectionKind::Forward => Ok(()),
            direction => write!(out, ", {}", direction.word()),
        }
    }
}

/// What stands behind the widths of weights and h: ` X8` for the bits of x, ` odd`, ` r8` for multipliers of rows
/// of 8 bits, ` Z6` for the bits of z.
pub(super) fn refined(
    input: Option<u32>,
    levels: LevelRule,
    row_scale_bits: Option<u32>,
    z: Option<u32>,
) -> String {
    let input = input.map(|bits| format!(" X{bits}"));
    let rule = (!levels.is_even()).then(|| format!(" {}", levels.word()));
    let rows = row_scale_bits.map(|bits| format!(" r{bits}"));
    let z = z.map(|bits| format!(" Z{bits}"));
    [input, rule, rows, z].into_iter().flatten().collect()
}
