//! The whole numbers of formats that were fitted, as a checkpoint has them.

use super::layout::ParameterLayout;
use super::numbers::{Numbers, ROW_BITS};
use crate::fixed::{Codes, Levels, QFormat};
use crate::quantize::RowMultipliers;

impl Numbers {
    /// All whole numbers that were fitted: the fractions of x and h and whether h has odd levels, the fractions
    /// of the weights and the multipliers of rows pass by pass, the fraction of the decoder.
    pub(super) fn fitted(&self) -> Vec<i32> {
        let (x, h) = (self.passes[0].x, self.h());
        let mut all = vec![x.frac, h.frac, i32::from(h.is_odd())];
        for pass in &self.passes {
            all.extend(&pass.fractions.ih);
            all.extend(&pass.fractions.hh);
            all.extend(pass.rows.iter().flat_map(RowMultipliers::codes));
        }
        all.extend(self.head.map(|format| format.frac));
        all
    }

    /// The same formats with other fitted numbers; `None` where they are not as many.
    pub(super) fn with_fitted(&self, layout: &ParameterLayout, fitted: &[i32]) -> Option<Self> {
        if fitted.len() != self.fitted().len() {
            return None;
        }
        let mut numbers = self.clone();
        let &[x, h, odd, ref rest @ ..] = fitted else {
            return None;
        };
        let h = h_of(self.h().bits, h, odd);
        let mut rest = rest;
        for (pass, places) in numbers.passes.iter_mut().zip(&layout.passes) {
            pass.h = h;
            if places.pass.layer == 0 {
                pass.x.frac = x;
            } else {
                pass.x = h;
            }
            let gates = pass.fractions.ih.len();
            let (of_pass, more) = rest.split_at(2 * gates);
            pass.fractions.ih.copy_from_slice(&of_pass[..gates]);
            pass.fractions.hh.copy_from_slice(&of_pass[gates..]);
            rest = more;
            if let Some(rows) = &mut pass.rows {
                let (codes, more) = rest.split_at(rows.values().len());
                let codes = codes.iter().map(|&code| u32::try_from(code).ok());
                *rows = RowMultipliers::of(ROW_BITS, codes.collect::<Option<_>>()?);
                rest = more;
            }
        }
        if let (Some(format), Some(&frac)) = (&mut numbers.head, rest.first()) {
            format.frac = frac;
        }
        Some(numbers)
    }
}

fn h_of(bits: u32, frac: i32, odd: i32) -> QFormat {
    let levels = if odd == 0 { Levels::Even } else { Levels::Odd };
    Codes::new(bits, levels).at(frac)
}
