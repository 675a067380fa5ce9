//! Metrics of answers.

use super::answers::Answers;
use serde::{Deserialize, Serialize};

/// A number that says how good answers are.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Share of the answers that are the right class
    Accuracy,
    /// Mean over the classes of the harmonic mean of precision and recall
    F1,
    /// Mean of the absolute errors
    Mae,
    /// Root of the mean of the squared errors
    Rmse,
}

impl Metric {
    /// Those of classes, or of real numbers.
    #[must_use]
    pub const fn all_of(wanted: &Answers) -> [Self; 2] {
        match wanted {
            Answers::Classes(_) => [Self::Accuracy, Self::F1],
            Answers::Values { .. } => [Self::Mae, Self::Rmse],
        }
    }

    /// It is one of classes.
    #[must_use]
    pub const fn of_classes(self) -> bool {
        matches!(self, Self::Accuracy | Self::F1)
    }

    /// The larger value is the better one.
    #[must_use]
    pub const fn larger_is_better(self) -> bool {
        self.of_classes()
    }

    /// Its name, as the option has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::F1 => "f1",
            Self::Mae => "mae",
            Self::Rmse => "rmse",
        }
    }

    /// The value of these answers; `None` where answers and targets are not of its kind, not as many, or none.
    #[must_use]
    pub fn value(self, answers: &Answers, wanted: &Answers) -> Option<f64> {
        if answers.len() != wanted.len() || wanted.is_empty() {
            return None;
        }
        match (wanted, answers) {
            (Answers::Classes(wanted), _) if self.of_classes() => {
                let given = answers.classes();
                Some(match self {
                    Self::Accuracy => accuracy(&given, wanted),
                    _ => f1(&given, wanted),
                })
            }
            (
                Answers::Values {
                    data: wanted,
                    width,
                },
                Answers::Values { data, width: given },
            ) if !self.of_classes() && width == given => Some(match self {
                Self::Mae => mean(data, wanted, f64::abs),
                _ => mean(data, wanted, |error| error * error).sqrt(),
            }),
            _ => None,
        }
    }
}

fn accuracy(given: &[u32], wanted: &[u32]) -> f64 {
    let right = given
        .iter()
        .zip(wanted)
        .filter(|(given, wanted)| given == wanted);
    right.count() as f64 / wanted.len() as f64
}

/// The mean of the F1 of every class that is given or wanted: `2 right / (given + wanted)` of each.
fn f1(given: &[u32], wanted: &[u32]) -> f64 {
    let most = given
        .iter()
        .chain(wanted)
        .max()
        .map_or(0, |&class| class as usize);
    let mut right = vec![0u64; most + 1];
    let mut named = vec![0u64; most + 1];
    for (&given, &wanted) in given.iter().zip(wanted) {
        named[given as usize] += 1;
        named[wanted as usize] += 1;
        right[given as usize] += u64::from(given == wanted);
    }
    let classes = right.iter().zip(&named).filter(|(_, named)| **named > 0);
    let each = classes.map(|(&right, &named)| 2.0 * right as f64 / named as f64);
    let (sum, count) = each.fold((0.0, 0u32), |(sum, count), one| (sum + one, count + 1));
    sum / f64::from(count.max(1))
}

fn mean(given: &[f64], wanted: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let errors = given
        .iter()
        .zip(wanted)
        .map(|(given, wanted)| of(given - wanted));
    errors.sum::<f64>() / wanted.len() as f64
}

#[cfg(test)]
mod tests;
