//! The format of h, by what the first parameters give in real numbers.

use super::network::{Dropout, Tape, WindowState, forward};
use super::trainer::Trainer;
use super::window::{TrainingTask, Window};
use crate::fixed::{Codes, LevelRule, Levels, MOST_ODD_BITS, QFormat};
use crate::quantize::{SplitMix, best_format};
use crate::spec::Numerics;

/// Windows that h is taken of.
const WINDOWS: usize = 8;

impl Trainer {
    /// Chooses the format of h that has the least squared error for the h of the parameters as they are, in
    /// real numbers, over the first windows of `task`: its fraction, and its levels where none are given and
    /// there is a choice. All layers have the same. Nothing changes in a training in real numbers.
    pub fn fit_h(&mut self, task: &dyn TrainingTask) {
        let Some(numerics) = self.options.numbers.map(|options| options.numerics) else {
            return;
        };
        let h = best_format(&self.hidden_states(task), &candidates(&numerics));
        self.keep_h(h);
        self.fit_numbers();
    }

    /// Takes this format of h for all formats that are fitted from now on.
    pub(super) fn keep_h(&mut self, h: QFormat) {
        if let Some(options) = &mut self.options.numbers {
            options.numerics.act_levels = Some(match h.levels {
                Levels::Even => LevelRule::Even,
                Levels::Odd => LevelRule::Odd,
            });
            options.numerics.h_frac = Some(h.frac);
        }
    }

    /// h of every step of the first windows, of all layers, padding left out.
    fn hidden_states(&self, task: &dyn TrainingTask) -> Vec<f32> {
        let mut state = WindowState::zero(&self.layout, self.options.batch);
        let mut all = Vec::new();
        for index in 0..task.windows().min(WINDOWS) {
            let window = task.window(0, index);
            if window.fresh {
                state = WindowState::zero(&self.layout, window.batch);
            }
            let mut dropout = Dropout {
                share: 0.0,
                noise: &mut SplitMix(0),
            };
            let values = (&self.values[..], &self.values[..]);
            let tape = forward(
                &self.layout,
                None,
                values,
                &window,
                &mut state,
                &mut dropout,
            );
            add_states(&mut all, &tape, &window);
        }
        all
    }
}

/// Adds h of the rows that are no padding, which stands behind the steps in both directions.
fn add_states(all: &mut Vec<f32>, tape: &Tape, window: &Window) {
    for pass in &tape.passes {
        let units = pass.h.len() / window.rows();
        for (row, h) in pass.h.chunks_exact(units).enumerate() {
            if row / window.batch < window.lengths[row % window.batch] {
                all.extend(h);
            }
        }
    }
}

/// The codes that h may have.
fn candidates(numerics: &Numerics) -> Vec<Codes> {
    let given = numerics.h();
    if numerics.act_levels.is_some() || !(2..=MOST_ODD_BITS).contains(&given.bits) {
        return vec![given];
    }
    [Levels::Even, Levels::Odd]
        .map(|levels| Codes::new(given.bits, levels))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixed::LevelRule;
    use crate::quantize::{HeadFormat, QuantizeOptions};
    use crate::spec::CellKind;
    use crate::train::{Rule, Sizes, TextTask, TrainOptions};

    fn options(act_bits: u32) -> TrainOptions {
        TrainOptions {
            sizes: Sizes::language(CellKind::Lstm, 9, 6, vec![8]),
            numbers: Some(QuantizeOptions {
                numerics: Numerics {
                    levels: LevelRule::Odd,
                    ..Numerics::of_widths(2, act_bits, 4)
                },
                head: HeadFormat::Float,
            }),
            x_frac: None,
            fit_h: true,
            row_scales: false,
            batch: 2,
            steps: 5,
            rule: Rule::Adam,
            rate: 0.01,
            decay: 2.0,
            decay_from: 1,
            clip: 1.0,
            dropout: 0.0,
            range_epochs: 1,
            windows: None,
            average: None,
            seed: 1,
        }
    }

    /// The format that is taken has the least error of all levels and fractions, and stays when fractions are
    /// fitted again; levels that are given are kept.
    #[test]
    fn h_gets_the_format_that_fits_it_best() {
        let tokens: Vec<u32> = (0..60).map(|at| at * at % 9).collect();
        let task = TextTask {
            tokens: &tokens,
            batch: 2,
            steps: 5,
            sampler: None,
        };
        for bits in [1, 2, 3, 4, 8] {
            let mut trainer = Trainer::new(options(bits), None).unwrap();
            let h = trainer.hidden_states(&task);
            assert_eq!(h.len(), 29 * 2 * 8);
            trainer.fit_h(&task);
            trainer.fit_numbers();
            let found = trainer.numbers.as_ref().unwrap().h();
            let error = |format| crate::quantize::squared_error(&h, format, false);
            for levels in [Levels::Even, Levels::Odd] {
                let codes = Codes::new(bits, if bits > 4 { Levels::Even } else { levels });
                for frac in -2..12 {
                    assert!(
                        error(found) <= error(codes.at(frac)),
                        "{found} {levels:?} {frac}"
                    );
                }
            }
            // First values are small: just below 1 is far too coarse.
            assert!(found.frac > crate::quantize::default_h(found.codes()).frac);

            let mut given = options(bits);
            given.numbers.as_mut().unwrap().numerics.act_levels = Some(LevelRule::Auto);
            let mut trainer = Trainer::new(given, None).unwrap();
            trainer.fit_h(&task);
            let found = trainer.numbers.as_ref().unwrap().h();
            assert_eq!(found.codes(), LevelRule::Auto.of(bits));
        }
    }
}
