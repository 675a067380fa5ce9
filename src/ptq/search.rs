//! The choice of a layer's formats: the least error first, then the least hardware.
//!
//! From the widest element-wise part that the contract has, the fractions of x, z, h and c are tried
//! by turns until none lowers the error of h. Then bits are taken away, each time where they save
//! most for what they lose, as long as all of it together loses no more than [`BUDGET`].

use super::FormatRequest;
use super::formats::{Formats, MOST_C_BITS, MOST_GATE_FRAC, MOST_Z_BITS, fraction_for};
use super::measure::{LayerCase, Operand};
use crate::fixed::{Codes, QFormat};
use crate::quantize::{MOST_V_BITS, best_fraction, default_h};
use rayon::prelude::*;

/// How much noise a cheaper element-wise part may add to the least that was found, in decibel.
const BUDGET: f64 = 0.2;
/// Room above the largest state, and the largest of n's parts of a GRU, of the calibration, for inputs that it did not hold.
const ROOM: f64 = 1.25;
/// Shares of the largest inputs that may be clamped: their range is tried for x.
const CLAMPED: [f64; 8] = [0.0, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.25];
/// Beyond that sigmoid and tanh are nearly flat.
const FLAT: f64 = 4.0;
/// Operations of a run that is quick enough to be made some hundred times.
const QUICK: usize = 1 << 22;
/// Rounds through the fractions.
const ROUNDS: usize = 4;
/// Saving per lost decibel is judged as if at least so much were lost.
const LEAST_LOSS: f64 = 0.02;

/// Largest magnitudes in the float layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ranges {
    pub z: f64,
    /// Of the state: c, or s of a GRU.
    pub c: f64,
    pub h: f64,
    /// Of n's parts of a GRU.
    pub v: Option<f64>,
}

impl Ranges {
    /// The least range of z: half of what it reaches, as the argument of tanh too, or where both
    /// functions turn flat. Less may do on the calibration inputs, and fail on others.
    fn least_z(&self) -> f64 {
        (self.z.max(self.c) / 2.0).min(FLAT)
    }

    /// The least range of the state. s of a GRU lies between values of tanh.
    fn least_c(&self) -> f64 {
        let most = self.c * ROOM;
        if self.v.is_some() {
            most.min(1.0)
        } else {
            most
        }
    }

    /// Bits that n's parts of a GRU need above the point, the sign among them.
    fn v_whole(&self) -> Option<i32> {
        let frac = |most: f64| fraction_for(MOST_V_BITS, most * ROOM);
        self.v.map(|most| MOST_V_BITS as i32 - frac(most))
    }
}

/// The formats of choice for one layer.
pub(super) fn choose(problem: &LayerCase, wanted: &FormatRequest, ranges: Ranges) -> Formats {
    let search = FormatSearch {
        problem,
        wanted,
        ranges,
        x_fractions: x_fractions(&problem.operand, wanted),
    };
    let wide = search.fractions(search.all_pairs(search.start()));
    let lean = search.shrink(wide);
    search.fractions(lean)
}

struct FormatSearch<'a> {
    problem: &'a LayerCase<'a>,
    wanted: &'a FormatRequest,
    ranges: Ranges,
    x_fractions: Vec<i32>,
}

/// Fractions of x worth a try: those that hold all but some share of the inputs, and that of the
/// least squared error with its neighbours.
pub(super) fn x_fractions(operand: &Operand, wanted: &FormatRequest) -> Vec<i32> {
    let inputs = match operand {
        Operand::Codes(_, format) => return vec![format.frac],
        Operand::Real(inputs) => &inputs.data,
    };
    if let Some(frac) = wanted.x_frac {
        return vec![frac];
    }
    let codes = wanted.levels.of(wanted.input_bits);
    let mut sizes: Vec<f32> = inputs.iter().map(|value| value.abs()).collect();
    sizes.sort_unstable_by(f32::total_cmp);
    let mut fractions: Vec<i32> = if codes.bits == 1 {
        let mean = sizes.iter().map(|&size| f64::from(size)).sum::<f64>() / sizes.len() as f64;
        let middle = -mean.max(1e-9).log2().round() as i32;
        (middle - 1..=middle + 1).chain([0]).collect()
    } else {
        let held = |share: f64| {
            let at = ((sizes.len() - 1) as f64 * (1.0 - share)).round() as usize;
            fraction_for(codes, f64::from(sizes[at]))
        };
        let least = best_fraction(inputs, codes, false);
        CLAMPED
            .into_iter()
            .map(held)
            .chain(least - 1..=least + 2)
            .collect()
    };
    for frac in &mut fractions {
        *frac = (*frac).clamp(-32, 32);
    }
    fractions.sort_unstable();
    fractions.dedup();
    fractions
}

impl FormatSearch<'_> {
    /// The widest formats, their ranges by what the float layer reaches.
    fn start(&self) -> Formats {
        let Self { wanted, ranges, .. } = self;
        let x = match &self.problem.operand {
            Operand::Codes(_, format) => *format,
            Operand::Real(inputs) => {
                let codes = wanted.levels.of(wanted.input_bits);
                let frac = wanted.x_frac.unwrap_or_else(|| match codes.bits {
                    1 => 0,
                    _ => best_fraction(&inputs.data, codes, false).clamp(-32, 32),
                });
                codes.at(frac)
            }
        };
        let h = default_h(wanted.acts());
        let z_bits = wanted.z_bits.unwrap_or(MOST_Z_BITS);
        let z_reach = ranges.z.clamp(1.0, 8.0);
        Formats {
            x,
            h: h.codes().at(wanted.h_frac.unwrap_or(h.frac)),
            z: QFormat::new(
                z_bits,
                wanted
                    .z_frac
                    .unwrap_or_else(|| fraction_for(z_bits, z_reach)),
            ),
            a_frac: wanted.a_frac.unwrap_or(MOST_GATE_FRAC),
            c: self.widest_c(),
            v_whole: ranges.v_whole(),
        }
    }

    /// c as fine as its bits allow with room for the largest state; where the fraction is given, as
    /// many bits as that takes.
    fn widest_c(&self) -> QFormat {
        let bits = self.wanted.c_bits.unwrap_or(MOST_C_BITS);
        let most = self.ranges.least_c();
        let frac = self.wanted.c_frac.unwrap_or_else(|| {
            let finest = if self.wanted.c_bits.is_some() { 32 } else { 23 };
            fraction_for(bits, most).min(bits as i32 - 1).min(finest)
        });
        QFormat::new(bits, frac)
    }

    /// Where a run is quick: every pair of fractions of x and z; where it is very quick, with gates of
    /// some widths. Two that
    /// only help together are found nowhere else.
    fn all_pairs(&self, now: Formats) -> Formats {
        let operations = self.problem.operations();
        if operations > QUICK {
            return now;
        }
        let gates = match self.wanted.a_frac {
            None if operations < QUICK / 16 => MOST_GATE_FRAC - 3..=MOST_GATE_FRAC,
            _ => now.a_frac..=now.a_frac,
        };
        let all = gates.flat_map(|a_frac| {
            let xs = self.x_fractions.iter().map(move |&frac| Formats {
                x: now.x.codes().at(frac),
                a_frac,
                ..now
            });
            xs.flat_map(|formats| self.z_fractions(formats))
        });
        self.least(now, all)
    }

    /// Tries the fractions by turns until none helps.
    fn fractions(&self, mut now: Formats) -> Formats {
        for _ in 0..ROUNDS {
            let before = now;
            now = self.least(
                now,
                self.x_fractions.iter().map(|&frac| Formats {
                    x: now.x.codes().at(frac),
                    ..now
                }),
            );
            now = self.least(now, self.z_fractions(now));
            now = self.least(now, self.h_fractions(now));
            now = self.least(now, self.c_fractions(now));
            if now == before {
                break;
            }
        }
        now
    }

    /// The formats with the least error; `now`, where none is better.
    fn least(&self, now: Formats, others: impl Iterator<Item = Formats>) -> Formats {
        let all: Vec<Formats> = std::iter::once(now).chain(others).collect();
        let noise = self.measure(&all);
        let best = (0..all.len()).min_by(|&a, &b| noise[a].total_cmp(&noise[b]));
        all[best.unwrap_or(0)]
    }

    fn measure(&self, all: &[Formats]) -> Vec<f64> {
        all.par_iter()
            .map(|formats| {
                if crate::tools::interrupted() {
                    return f64::INFINITY; // the caller throws everything away
                }
                self.problem.noise(formats)
            })
            .collect()
    }

    /// z from a range of 32 down to the least.
    fn z_fractions(&self, now: Formats) -> impl Iterator<Item = Formats> + use<> {
        let bits = now.z.bits as i32;
        let fractions = match self.wanted.z_frac {
            Some(frac) => frac..frac + 1,
            None => bits - 6..fraction_for(now.z.bits, self.ranges.least_z()) + 1,
        };
        fractions.map(move |frac| Formats {
            z: QFormat::new(now.z.bits, frac),
            ..now
        })
    }

    /// h from its whole range down to the one that clamps its largest value.
    fn h_fractions(&self, now: Formats) -> impl Iterator<Item = Formats> {
        let least = default_h(now.h.codes()).frac;
        // One bit is searched as two are: its codes stand for halves of the range.
        let codes = match now.h.codes() {
            Codes { bits: 1, .. } => Codes::from(2),
            codes => codes,
        };
        let most = fraction_for(codes, self.ranges.h).clamp(least, 31) + 1;
        let fractions = match self.wanted.h_frac {
            Some(_) => 0..0,
            None => least..most + 1,
        };
        fractions.map(move |frac| Formats {
            h: now.h.codes().at(frac),
            ..now
        })
    }

    /// c finer than its largest value allows, where its bits are given: clamping may pay.
    fn c_fractions(&self, now: Formats) -> impl Iterator<Item = Formats> {
        let fractions = match (self.wanted.c_frac, self.wanted.c_bits) {
            (None, Some(bits)) => now.c.frac..(now.c.frac + 3).min(bits as i32 - 1) + 1,
            _ => 0..0,
        };
        fractions.map(move |frac| Formats {
            c: QFormat::new(now.c.bits, frac),
            ..now
        })
    }

    /// Takes bits away from z, the gates and c while h keeps its quality.
    fn shrink(&self, mut now: Formats) -> Formats {
        let mut noise = self.problem.noise(&now);
        let mut least = noise;
        let reach = (self.ranges.least_z(), self.ranges.least_c());
        loop {
            let cheaper = now.cheaper(self.wanted, reach);
            let measured = self.measure(&cheaper);
            least = measured.iter().copied().fold(least, f64::min);
            let allowed = least * 10f64.powf(BUDGET / 10.0);
            let worth = |index: usize| {
                let lost = (10.0 * (measured[index] / noise).log10()).max(LEAST_LOSS);
                (now.price() - cheaper[index].price()) / lost
            };
            let best = (0..cheaper.len())
                .filter(|&index| measured[index] <= allowed)
                .max_by(|&a, &b| worth(a).total_cmp(&worth(b)));
            let Some(best) = best else {
                return now;
            };
            (now, noise) = (cheaper[best], measured[best]);
        }
    }
}
