//! A layer on its way into terms: the numbers of its design, and adders as its family builds them.

use super::terms::Terms;
use crate::device::Family;
use crate::hardware::{Folding, LayerDesign, LayerSpec, RomColumns, Widths};

/// A layer being taken apart.
pub(super) struct LayerPricing<'a> {
    pub(super) family: Family,
    pub(super) layer: &'a LayerDesign,
    pub(super) spec: &'a LayerSpec,
    pub(super) w: &'a Widths,
    pub(super) s: &'a Folding,
    /// Columns of the memories that vary, where weights are known.
    pub(super) roms: Option<RomColumns>,
}

/// Takes a layer apart.
#[must_use]
pub fn of_layer(family: Family, layer: &LayerDesign, roms: Option<RomColumns>) -> Terms {
    let part = LayerPricing {
        family,
        layer,
        spec: layer.spec(),
        w: layer.widths(),
        s: layer.folding(),
        roms,
    };
    let mut terms = Terms::default();
    part.array(&mut terms);
    part.accumulators(&mut terms);
    if part.spec.is_recurrent() {
        part.lanes(&mut terms);
    } else {
        part.dense_lanes(&mut terms);
    }
    part.small_memories(&mut terms);
    part.roms(&mut terms);
    part.control(&mut terms);
    part.embedding(&mut terms);
    part.argmax(&mut terms);
    part.directions(&mut terms);
    terms
}

impl LayerPricing<'_> {
    /// Bits of a weight.
    pub(super) fn weight(&self) -> usize {
        self.spec.w_bits as usize
    }

    /// `true` if the weights are odd.
    pub(super) fn odd(&self) -> bool {
        self.spec.weights().is_odd()
    }

    /// Bits of an operand of the array.
    pub(super) fn act(&self) -> usize {
        self.spec.operand_bits() as usize
    }

    /// Bits of a pre-activation.
    pub(super) fn z(&self) -> usize {
        self.spec.z.bits as usize
    }

    /// Bits of a gate value.
    pub(super) fn gate(&self) -> usize {
        self.spec.gate_width()
    }

    /// Bits of the cell state.
    pub(super) fn c(&self) -> usize {
        self.spec.c.bits as usize
    }

    /// Bits of the parts of a sum that is taken apart; 0 where the cell has none.
    pub(super) fn v(&self) -> usize {
        self.spec.v.map_or(0, |v| v.bits as usize)
    }

    /// Bits of h.
    pub(super) fn h(&self) -> usize {
        self.spec.h.bits as usize
    }

    /// Carry cells of an adder of `bits` bits; Yosys makes short ones of LUTs.
    pub(super) fn carry(&self, bits: usize) -> f64 {
        let carry = &self.family.facts().carry;
        if bits < carry.shortest {
            return 0.0;
        }
        bits.div_ceil(carry.bits) as f64
    }

    /// LUTs of an adder on ECP5, where carry cells bring their own.
    pub(super) fn short_adder(&self, bits: usize) -> usize {
        if self.adders_are_carries() && bits < self.family.facts().carry.shortest {
            2 * bits
        } else {
            0
        }
    }

    /// ECP5's carry cell brings the LUTs of an adder with it.
    pub(super) fn adders_are_carries(&self) -> bool {
        self.family.facts().carry.luts > 0
    }
}
