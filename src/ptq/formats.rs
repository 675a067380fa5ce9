//! The formats of one layer that are chosen by what becomes of h, and what they cost.

use super::FormatRequest;
use crate::fixed::{Codes, LevelRule, QFormat};
use crate::import::FloatLayer;
use crate::quantize::{Fractions, Layer, layer_with};
use crate::spec::{CellKind, Numerics};
use serde::Serialize;

/// Most bits that are tried; those of z and of the gate values are the contract's limits.
pub(super) const MOST_Z_BITS: u32 = 12;
pub(super) const MOST_GATE_FRAC: u32 = 14;
pub(super) const MOST_C_BITS: u32 = 24;

/// Fewer bits are not chosen, however little the calibration inputs ask for: others may ask for more.
const FEWEST_Z_BITS: u32 = 6;
const FEWEST_GATE_FRAC: u32 = 6;
const FEWEST_C_FRAC: i32 = 6;

/// Number formats of one layer; those of the weights follow from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Formats {
    /// Of x.
    pub x: QFormat,
    /// Of h.
    pub h: QFormat,
    /// Of the pre-activation z.
    pub z: QFormat,
    /// Fraction bits of the gate values.
    pub a_frac: u32,
    /// Of the cell state c.
    pub c: QFormat,
}

impl Formats {
    /// Rough price of the element-wise part of one unit, in LUTs: both tables as read-only memory
    /// of LUT6, one multiplier of the widest operands, registers and adder of c. It only ranks
    /// formats; x and h cost nothing here, since only their fractions are chosen.
    #[must_use]
    pub fn price(&self) -> f64 {
        let gate = f64::from(self.a_frac + 2);
        let tables = 2.0 * f64::from(self.z.bits).exp2() * gate / 64.0;
        let product = gate * f64::from(self.c.bits.max(self.a_frac + 2));
        tables + product + 4.0 * f64::from(self.c.bits)
    }

    /// The layer's codes in these formats; `fractions` are those of the weights.
    pub(super) fn layer(&self, float: &FloatLayer, weights: Codes, fractions: Fractions) -> Layer {
        let numerics = Numerics {
            cell: CellKind::Lstm,
            weight_bits: weights.bits,
            act_bits: self.h.bits,
            input_bits: self.x.bits,
            levels: if weights.is_odd() {
                LevelRule::Odd
            } else {
                LevelRule::Even
            },
            z: self.z,
            gate_frac: self.a_frac,
            c: self.c,
        };
        let fractions = fractions.settled(float, self.x, self.h);
        layer_with(float, self.x, self.h, &numerics, &fractions)
    }

    pub(super) fn key(&self) -> [i32; 9] {
        let Self { x, h, z, a_frac, c } = self;
        let bits = |format: &QFormat| format.bits as i32;
        [
            bits(x),
            x.frac,
            bits(h),
            h.frac,
            bits(z),
            z.frac,
            *a_frac as i32,
            bits(c),
            c.frac,
        ]
    }

    /// Fewer bits for the element-wise part, by all that `wanted` leaves open. z and c keep
    /// ranges of at least `z_most` and `c_most`.
    pub(super) fn cheaper(
        &self,
        wanted: &FormatRequest,
        (z_most, c_most): (f64, f64),
    ) -> Vec<Self> {
        let mut all = Vec::new();
        if wanted.z_bits.is_none() && self.z.bits > FEWEST_Z_BITS {
            let bits = self.z.bits - 1;
            let fracs = match wanted.z_frac {
                Some(frac) => vec![frac],
                None => vec![self.z.frac, self.z.frac - 1],
            };
            let formats = fracs.into_iter().map(|frac| QFormat::new(bits, frac));
            let fits = |z: &QFormat| holds(*z, z_most) || wanted.z_frac.is_some();
            all.extend(formats.filter(fits).map(|z| Self { z, ..*self }));
        }
        for step in [4, 2, 1] {
            if wanted.a_frac.is_none() && self.a_frac >= FEWEST_GATE_FRAC + step {
                all.push(Self {
                    a_frac: self.a_frac - step,
                    ..*self
                });
            }
            if wanted.c_bits.is_none() && self.c.bits >= step + 2 {
                let bits = self.c.bits - step;
                let fracs = match wanted.c_frac {
                    Some(frac) => vec![frac],
                    None => vec![self.c.frac, self.c.frac - step as i32],
                };
                let fine = |c: &QFormat| c.frac >= FEWEST_C_FRAC || wanted.c_frac.is_some();
                let fits = |c: &QFormat| c.frac < c.bits as i32 && fine(c) && holds(*c, c_most);
                let formats = fracs.into_iter().map(|frac| QFormat::new(bits, frac));
                all.extend(formats.filter(fits).map(|c| Self { c, ..*self }));
            }
        }
        all
    }
}

/// `true` if `format` reaches `most`.
pub(super) fn holds(format: QFormat, most: f64) -> bool {
    format.max_code() as f64 * format.ulp() >= most
}

/// The largest fraction at which these codes reach `most`.
pub(super) fn fraction_for(codes: impl Into<Codes>, most: f64) -> i32 {
    let codes = codes.into();
    if most <= 0.0 {
        return codes.bits as i32 - 1;
    }
    let mut frac = codes.magnitude_bits() as i32 - 1 - most.log2().floor() as i32;
    while !holds(codes.at(frac), most) {
        frac -= 1;
    }
    frac
}
