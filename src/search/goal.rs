//! What is good enough.

use serde::{Deserialize, Serialize};

/// What a network is to reach, as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// This value of the measure, or a better one.
    Value(f64),
    /// At most so many percent worse than the best network of real numbers.
    Loss(f64),
}

/// The value of a measure that is good enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Goal {
    /// The worst value that is.
    pub value: f64,
    /// A larger value is the better one.
    pub larger_is_better: bool,
}

impl Aim {
    /// The goal; `float` is the best value of a network of real numbers, which a loss is counted from.
    #[must_use]
    pub fn goal(self, larger_is_better: bool, float: Option<f64>) -> Option<Goal> {
        let value = match self {
            Self::Value(value) => value,
            Self::Loss(percent) => {
                let float = float?;
                let lost = float.abs() * percent / 100.0;
                float + if larger_is_better { -lost } else { lost }
            }
        };
        Some(Goal {
            value,
            larger_is_better,
        })
    }
}

impl Goal {
    /// `true` if a network of this value is good enough.
    #[must_use]
    pub fn met_by(&self, value: f64) -> bool {
        if self.larger_is_better {
            value >= self.value
        } else {
            value <= self.value
        }
    }

    /// The measure as a number to be small.
    #[must_use]
    pub fn loss(&self, value: f64) -> f64 {
        if self.larger_is_better { -value } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_counted_from_the_float_network_in_the_direction_of_the_measure() {
        let goal = |aim: Aim, larger, float| aim.goal(larger, float).map(|goal| goal.value);
        assert_eq!(goal(Aim::Loss(10.0), false, Some(2.0)), Some(2.2));
        assert_eq!(goal(Aim::Loss(10.0), true, Some(0.5)), Some(0.45));
        assert_eq!(goal(Aim::Loss(10.0), true, None), None);
        assert_eq!(goal(Aim::Value(0.9), true, None), Some(0.9));
        // A measure may be negative: a log-likelihood that is lost becomes smaller.
        assert_eq!(goal(Aim::Loss(10.0), true, Some(-2.0)), Some(-2.2));
        let accuracy = Aim::Value(0.9).goal(true, None).unwrap();
        assert!(accuracy.met_by(0.9) && accuracy.met_by(0.95) && !accuracy.met_by(0.89));
        let perplexity = Aim::Value(90.0).goal(false, None).unwrap();
        assert!(perplexity.met_by(90.0) && !perplexity.met_by(90.1));
    }
}
