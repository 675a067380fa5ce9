//! The formats of one layer that are chosen by what becomes of h, and what they cost.

use super::FormatRequest;
use crate::fixed::{Codes, LevelRule, QFormat};
use crate::import::{FloatDirection, FloatLayer};
use crate::quantize::{
    Direction, Fractions, Layer, MOST_V_BITS, Recurrence, RowMultipliers, V_FINER, layer_with,
};
use crate::spec::{DirectionKind, Numerics};
use serde::Serialize;

/// Most bits that are tried; those of z and of the gate values are the contract's limits.
pub(super) const MOST_Z_BITS: u32 = 12;
pub(super) const MOST_GATE_FRAC: u32 = 14;
pub(super) const MOST_C_BITS: u32 = 24;

/// Fewer bits are not chosen, however little the calibration inputs ask for: others may ask for more.
const FEWEST_Z_BITS: u32 = 6;
const FEWEST_GATE_FRAC: u32 = 6;
const FEWEST_C_FRAC: i32 = 6;
/// Of s of a GRU more: with u near 1 a step adds little, and what is less than half a unit is lost.
const FEWEST_S_FRAC: i32 = 10;

/// What the weights of a direction of a layer are in codes: the weights in units of the multipliers of their rows, where
/// they have some, and their fractions.
#[derive(Clone, Debug)]
pub(super) struct PassFractions {
    pub(super) fractions: Fractions,
    pub(super) rows: Option<(RowMultipliers, FloatLayer)>,
    /// Of a GRU the format of n's parts that it was trained with; without, [`Formats::v`] says it.
    pub(super) v: Option<QFormat>,
}

impl PassFractions {
    /// With multipliers of the least squared error where `row_bits` says how many bits they have.
    pub(super) fn of(
        float: &FloatLayer,
        weights: Codes,
        fractions: Fractions,
        row_bits: Option<u32>,
    ) -> Self {
        let rows = row_bits.map(|bits| {
            let rows = RowMultipliers::of_layer(bits, float, weights, &fractions);
            let unscaled = rows.unscaled(float);
            (rows, unscaled)
        });
        Self {
            fractions,
            rows,
            v: None,
        }
    }
}

/// Fractions of the weights of a layer, and of its other half where it has one.
#[derive(Clone, Debug)]
pub(super) struct LayerFractions {
    pub(super) own: PassFractions,
    pub(super) other: Option<PassFractions>,
}

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
    /// Of the cell state c; of a GRU of the state s.
    pub c: QFormat,
    /// Bits that n's parts of a GRU need above the point, the sign among them; none of an LSTM.
    #[serde(skip)]
    pub v_whole: Option<i32>,
}

impl Formats {
    /// Format of n's parts of a GRU before the reset gate: finer than z as [`V_FINER`] says, in the range of z
    /// or a larger one, since what z clamps the reset gate may first have made small.
    #[must_use]
    pub fn v(&self) -> Option<QFormat> {
        let whole = self.v_whole?.max(self.z.bits as i32 - self.z.frac);
        let frac = (self.z.frac + V_FINER).min(MOST_V_BITS as i32 - whole);
        Some(QFormat::new((whole + frac) as u32, frac))
    }

    /// The name of the state.
    pub(super) const fn state(&self) -> &'static str {
        if self.v_whole.is_some() { "s" } else { "c" }
    }

    /// Rough price of the element-wise part of one unit, in LUTs: both tables as read-only memory
    /// of LUT6, one multiplier of the widest operands, registers and adder of the state. It only ranks
    /// formats; x and h cost nothing here, since only their fractions are chosen.
    #[must_use]
    pub fn price(&self) -> f64 {
        let gate = f64::from(self.a_frac + 2);
        let tables = 2.0 * f64::from(self.z.bits).exp2() * gate / 64.0;
        let v_bits = self.v().map_or(0, |v| v.bits);
        let product = gate * f64::from(self.c.bits.max(self.a_frac + 2).max(v_bits));
        tables + product + 4.0 * f64::from(self.c.bits)
    }

    /// The layer's codes in these formats, of both directions where it has two; `fractions` are those of the
    /// weights.
    pub(super) fn layer(
        &self,
        float: &FloatLayer,
        weights: Codes,
        fractions: &LayerFractions,
    ) -> Layer {
        let mut layer = self.pass(float, weights, &fractions.own);
        layer.direction = match (&float.direction, &fractions.other) {
            (FloatDirection::Bidirectional(other), Some(fractions)) => {
                let order = float.output_order();
                Direction::ordered(DirectionKind::Bidirectional, order, || {
                    self.pass(other, weights, fractions)
                })
            }
            (FloatDirection::Backward(order), _) => Direction::Backward(*order),
            _ => Direction::Forward,
        };
        layer
    }

    /// One direction of a layer.
    fn pass(&self, float: &FloatLayer, weights: Codes, fractions: &PassFractions) -> Layer {
        let PassFractions {
            fractions,
            rows,
            v: trained,
        } = fractions;
        let float = rows.as_ref().map_or(float, |(_, unscaled)| unscaled);
        let numerics = Numerics {
            cell: float.recurrence.kind(),
            weight_bits: weights.bits,
            act_bits: self.h.bits,
            input_bits: self.x.bits,
            levels: if weights.is_odd() {
                LevelRule::Odd
            } else {
                LevelRule::Even
            },
            act_levels: None,
            h_frac: None,
            row_scale_bits: None,
            z: self.z,
            gate_frac: self.a_frac,
            c: self.c,
        };
        let fractions = fractions.clone().settled(float, self.x, self.h);
        let mut layer = layer_with(float, self.x, self.h, &numerics, &fractions);
        layer.row_scale = rows.as_ref().map(|(rows, _)| rows.row_scale());
        let own = trained.or_else(|| self.v());
        if let (Recurrence::Gru { v, .. }, Some(own)) = (&mut layer.recurrence, own) {
            *v = own;
        }
        layer
    }

    pub(super) fn key(&self) -> [i32; 9] {
        // That of v follows from z.
        let Self {
            x, h, z, a_frac, c, ..
        } = self;
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
                let fewest = if self.v_whole.is_some() {
                    FEWEST_S_FRAC
                } else {
                    FEWEST_C_FRAC
                };
                let fine = |c: &QFormat| c.frac >= fewest || wanted.c_frac.is_some();
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
