//! Row multipliers in training: a scale for every row of a layer, which the hardware multiplies its sum by.

use super::nearest::nearest;
use crate::fixed::QFormat;
use crate::quantize::RowScale;
use rayon::prelude::*;

/// Bits of a multiplier, unsigned.
const BITS: u32 = 8;
/// Its fraction: what a row is scaled by lies below 2, the fractions of the gates do the rest.
const FRAC: i32 = 7;
/// Largest multiplier.
const MOST: u32 = (1 << BITS) - 1;
/// Smallest that is tried; the next one is already 4 % larger.
const LEAST: u32 = 24;

/// The multipliers of a layer, one a sum, `[4H]`, and the values that they stand for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RowMultipliers {
    codes: Vec<u32>,
    values: Vec<f32>,
}

/// The weights of one sum, a row of both matrices or of one: real, and the formats of their codes.
#[derive(Clone, Copy)]
pub(super) struct RealRow<'a> {
    pub ih: (&'a [f32], QFormat),
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

    /// The multiplier with the least squared error of all.
    fn best(self, room: &mut Vec<f32>) -> u32 {
        let mut error = |code: u32| {
            let scale = value(code);
            self.moments(scale, room).error(scale.into())
        };
        let errors = (LEAST..=MOST).map(|code| (code, error(code)));
        let least = errors.min_by(|(_, a), (_, b)| a.total_cmp(b));
        least.map_or(MOST.div_ceil(2), |(code, _)| code)
    }

    /// The multiplier with the least squared error for the codes that `code` gives.
    fn refitted(self, code: u32, room: &mut Vec<f32>) -> u32 {
        let sums = self.moments(value(code), room);
        if sums.qq == 0.0 || sums.wq <= 0.0 {
            return code; // all codes are 0, or none has its weight's sign
        }
        let scaled = sums.wq / sums.qq * f64::from(FRAC).exp2();
        (scaled.round() as u32).clamp(LEAST, MOST)
    }
}

/// What a multiplier stands for.
fn value(code: u32) -> f32 {
    code as f32 * (-FRAC as f32).exp2()
}

impl RowMultipliers {
    /// Those of the least squared error.
    pub(super) fn fit<'a>(rows: usize, row: impl Fn(usize) -> RealRow<'a> + Sync) -> Self {
        Self::map(rows, |index, room| row(index).best(room))
    }

    /// One step further for weights that have moved.
    pub(super) fn refit<'a>(&mut self, row: impl Fn(usize) -> RealRow<'a> + Sync) {
        let now = &self.codes;
        *self = Self::map(now.len(), |index, room| {
            row(index).refitted(now[index], room)
        });
    }

    fn map(rows: usize, code: impl Fn(usize, &mut Vec<f32>) -> u32 + Sync) -> Self {
        let rows = (0..rows).into_par_iter();
        Self::of(
            rows.map_init(Vec::new, |room, index| code(index, room))
                .collect(),
        )
    }

    /// Multipliers of these codes.
    pub(super) fn of(codes: Vec<u32>) -> Self {
        let values = codes.iter().map(|&code| value(code)).collect();
        Self { codes, values }
    }

    /// What the rows are scaled by.
    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// As whole numbers, for a checkpoint.
    pub(super) fn codes(&self) -> impl Iterator<Item = i32> + '_ {
        self.codes.iter().map(|&code| code as i32)
    }

    /// As the model has them.
    pub(super) fn row_scale(&self) -> RowScale {
        RowScale {
            bits: BITS,
            frac: FRAC,
            multiplier: self.codes.clone(),
        }
    }

    /// Largest factor by which they lengthen a sum of codes.
    pub(super) const fn longest() -> u128 {
        MOST as u128
    }
}
