//! Row multipliers that are fitted: a scale for every row of a layer, which the hardware multiplies its sum by.

use super::codes::Fractions;
use super::model::RowScale;
use super::nearest::nearest;
use crate::fixed::{Codes, QFormat};
use crate::import::{FloatLayer, FloatRecurrence};
use rayon::prelude::*;

/// Smallest scale that is tried, in units of the largest multiplier of 8 bits: the next one is already 4 % larger.
const LEAST: f64 = 24.0 / 256.0;

/// The multipliers of a layer, one a sum, `[4H]`, and the values that they stand for. What a row is scaled by lies
/// below 2; the fractions of the gates do the rest.
#[derive(Clone, Debug, PartialEq)]
pub struct RowMultipliers {
    /// Bits of each, unsigned.
    bits: u32,
    codes: Vec<u32>,
    values: Vec<f32>,
}

/// The weights of one sum, a row of both matrices or of one: real, and the formats of their codes.
#[derive(Clone, Copy, Debug)]
pub struct RealRow<'a> {
    /// Weights of x, and the format of their codes; no weights where the sum has none of x.
    pub ih: (&'a [f32], QFormat),
    /// The same of h.
    pub hh: (&'a [f32], QFormat),
}

/// Sums over a row of real weights `w` and the nearest values `q` of codes.
#[derive(Clone, Copy, Default)]
struct Moments {
    /// Sum of `w * q`.
    wq: f64,
    /// Sum of `q * q`.
    qq: f64,
}

impl Moments {
    /// What the squared error of `w - scale * q` is beside the sum of `w * w`.
    fn error(self, scale: f64) -> f64 {
        scale * (scale * self.qq - 2.0 * self.wq)
    }
}

impl RealRow<'_> {
    /// With the codes that are nearest at this scale.
    fn moments(self, scale: f32, room: &mut Vec<f32>) -> Moments {
        let mut sums = Moments::default();
        for (weights, format) in [self.ih, self.hh] {
            room.clear();
            room.extend(weights.iter().map(|weight| weight / scale));
            nearest(&mut room[..], format, true);
            for (&w, &q) in weights.iter().zip(&*room) {
                sums.wq += f64::from(w * q);
                sums.qq += f64::from(q * q);
            }
        }
        sums
    }

    /// The multiplier of so many bits with the least squared error of all.
    fn best(self, bits: u32, room: &mut Vec<f32>) -> u32 {
        let mut error = |code: u32| {
            let scale = value(code, bits);
            self.moments(scale, room).error(scale.into())
        };
        let errors = (least(bits)..=most(bits)).map(|code| (code, error(code)));
        let least = errors.min_by(|(_, a), (_, b)| a.total_cmp(b));
        least.map_or(most(bits).div_ceil(2), |(code, _)| code)
    }

    /// The multiplier with the least squared error for the codes that `code` gives.
    fn refitted(self, code: u32, bits: u32, room: &mut Vec<f32>) -> u32 {
        let sums = self.moments(value(code, bits), room);
        if sums.qq == 0.0 || sums.wq <= 0.0 {
            return code; // all codes are 0, or none has its weight's sign
        }
        let scaled = sums.wq / sums.qq * f64::from(bits - 1).exp2();
        (scaled.round() as u32).clamp(least(bits), most(bits))
    }
}

/// Largest multiplier of so many bits.
const fn most(bits: u32) -> u32 {
    (1 << bits) - 1
}

/// Smallest that is tried.
fn least(bits: u32) -> u32 {
    ((LEAST * f64::from(bits).exp2()) as u32).max(1)
}

/// What a multiplier stands for.
fn value(code: u32, bits: u32) -> f32 {
    code as f32 * (1.0 - bits as f32).exp2()
}

impl RowMultipliers {
    /// Those of `bits` bits with the least squared error.
    pub fn fit<'a>(bits: u32, rows: usize, row: impl Fn(usize) -> RealRow<'a> + Sync) -> Self {
        Self::map(bits, rows, |index, room| row(index).best(bits, room))
    }

    /// Those of a float layer, or of one of its directions, whose weights have these codes and fractions.
    #[must_use]
    pub fn of_layer(bits: u32, float: &FloatLayer, codes: Codes, fractions: &Fractions) -> Self {
        let rows = float.bias.len();
        let units = float.hidden_size;
        let parted = float.recurrence.kind().parted().map(|gate| gate * units);
        Self::fit(bits, rows + float.recurrence.bias_n_h().len(), |sum| {
            let of_h = sum >= rows;
            let of_x = parted == Some(sum / units * units) && !of_h;
            let row = if of_h { sum - units } else { sum };
            let weights = |all: &'_ [f32], has: bool| {
                let width = all.len() / rows;
                let at = row * width;
                if has { at..at + width } else { at..at }
            };
            RealRow {
                ih: (
                    &float.weight_ih[weights(&float.weight_ih, !of_h)],
                    codes.at(fractions.ih[row / units]),
                ),
                hh: (
                    &float.weight_hh[weights(&float.weight_hh, !of_x)],
                    codes.at(fractions.hh[row / units]),
                ),
            }
        })
    }

    /// One step further for weights that have moved.
    pub fn refit<'a>(&mut self, row: impl Fn(usize) -> RealRow<'a> + Sync) {
        let now = &self.codes;
        *self = Self::map(self.bits, now.len(), |index, room| {
            row(index).refitted(now[index], self.bits, room)
        });
    }

    fn map(bits: u32, rows: usize, code: impl Fn(usize, &mut Vec<f32>) -> u32 + Sync) -> Self {
        let rows = (0..rows).into_par_iter();
        let codes = rows.map_init(Vec::new, |room, index| code(index, room));
        Self::of(bits, codes.collect())
    }

    /// Multipliers of these codes.
    #[must_use]
    pub fn of(bits: u32, codes: Vec<u32>) -> Self {
        let values = codes.iter().map(|&code| value(code, bits)).collect();
        Self {
            bits,
            codes,
            values,
        }
    }

    /// What the rows are scaled by.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// As whole numbers, for a checkpoint.
    pub fn codes(&self) -> impl Iterator<Item = i32> + '_ {
        self.codes.iter().map(|&code| code as i32)
    }

    /// As the model has them.
    #[must_use]
    pub fn row_scale(&self) -> RowScale {
        RowScale {
            bits: self.bits,
            frac: self.bits as i32 - 1,
            multiplier: self.codes.clone(),
        }
    }

    /// Largest factor by which they lengthen a sum of codes.
    #[must_use]
    pub const fn longest(&self) -> u128 {
        most(self.bits) as u128
    }

    /// The weights and biases of a direction of a layer in units of their multipliers: what becomes codes.
    #[must_use]
    pub fn unscaled(&self, float: &FloatLayer) -> FloatLayer {
        let mut unscaled = float.clone();
        let rows = unscaled.bias.len();
        let (of_rows, of_n_h) = self.values.split_at(rows);
        for (bias, scale) in unscaled.bias.iter_mut().zip(of_rows) {
            *bias /= scale;
        }
        if let FloatRecurrence::Gru { bias_n_h } = &mut unscaled.recurrence {
            for (bias, scale) in bias_n_h.iter_mut().zip(of_n_h) {
                *bias /= scale;
            }
        }
        // Rows of h of a GRU's n have multipliers behind all others.
        let apart = rows - of_n_h.len();
        let of_h: Vec<f32> = (of_rows[..apart].iter().chain(of_n_h)).copied().collect();
        let matrices = [
            (&mut unscaled.weight_ih, of_rows),
            (&mut unscaled.weight_hh, &of_h),
        ];
        for (weights, scales) in matrices {
            let width = weights.len() / rows;
            for (row, scale) in weights.chunks_exact_mut(width).zip(scales) {
                for weight in row {
                    *weight /= scale;
                }
            }
        }
        unscaled
    }
}
