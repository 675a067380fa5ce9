//! Successive halving: how long each candidate is trained, and which go on.

use super::goal::Goal;
use crate::explore::{OBJECTIVES, front};
use serde::{Deserialize, Serialize};

/// A stage: so many candidates, trained so long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// Candidates at most.
    pub candidates: usize,
    /// Epochs of each, those of the stages before included.
    pub epochs: u64,
}

/// The stages, from many candidates and few epochs to few and many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule(pub Vec<Rung>);

impl Schedule {
    /// `stages` stages for `candidates` candidates, the last of `epochs` epochs; from stage to stage `eta` times the
    /// epochs and one of `eta` candidates, so that each costs about the same.
    ///
    /// # Panics
    /// No stage, or an `eta` below 2.
    #[must_use]
    pub fn new(candidates: usize, epochs: u64, stages: u32, eta: u32) -> Self {
        assert!(stages > 0 && eta > 1, "{stages} stages, eta {eta}");
        let share = |power: u32| u64::from(eta).saturating_pow(power);
        let mut rungs: Vec<Rung> = Vec::new();
        for stage in 0..stages {
            let rung = Rung {
                candidates: (candidates as u64).div_ceil(share(stage)).max(1) as usize,
                epochs: epochs.div_ceil(share(stages - 1 - stage)).max(1),
            };
            // So few epochs that the next stage has as many.
            rungs.retain(|before| before.epochs < rung.epochs);
            rungs.push(rung);
        }
        if let Some(first) = rungs.first_mut() {
            first.candidates = candidates;
        }
        Self(rungs)
    }

    /// Epochs of all stages together, if every stage is full.
    #[must_use]
    pub fn total_epochs(&self) -> u64 {
        let mut before = 0;
        let mut total = 0;
        for rung in &self.0 {
            total += rung.candidates as u64 * (rung.epochs - before);
            before = rung.epochs;
        }
        total
    }
}

/// A trained candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored {
    /// Price of its hardware.
    pub price: u64,
    /// Its measure.
    pub value: f64,
}

/// Places of the `count` candidates that are worth more training, in their order.
///
/// One that costs as much as another that has reached the goal already, or more, cannot win any more and
/// goes, unless it is that other. The rest go by their front of price against measure, the first front first; of
/// a front that is too long, those spread evenly from its cheapest to its best.
#[must_use]
pub fn promising(scored: &[Scored], goal: &Goal, count: usize) -> Vec<usize> {
    let good = choose(scored, goal);
    let in_play = |index: &usize| {
        good.is_none_or(|good| *index == good || scored[*index].price < scored[good].price)
    };
    let mut left: Vec<usize> = (0..scored.len()).filter(in_play).collect();
    let mut chosen: Vec<usize> = good.into_iter().collect();
    left.retain(|index| !chosen.contains(index));
    while chosen.len() < count && !left.is_empty() {
        let points: Vec<[f64; OBJECTIVES]> = left
            .iter()
            .map(|&index| {
                let mut point = [0.0; OBJECTIVES];
                point[0] = scored[index].price as f64;
                point[1] = goal.loss(scored[index].value);
                point
            })
            .collect();
        let marked = front(&points);
        let mut first: Vec<usize> = (left.iter().zip(&marked))
            .filter_map(|(&index, &on)| on.then_some(index))
            .collect();
        left.retain(|index| !first.contains(index));
        first.sort_by_key(|&index| (scored[index].price, index));
        chosen.extend(spread(&first, count - chosen.len()));
    }
    chosen.sort_unstable();
    chosen
}

/// `count` of a list, evenly from its first to its last; of one alone the last.
fn spread(list: &[usize], count: usize) -> Vec<usize> {
    match count {
        _ if list.len() <= count => list.to_vec(),
        0 => Vec::new(),
        1 => list.last().copied().into_iter().collect(),
        _ => (0..count)
            .map(|place| list[place * (list.len() - 1) / (count - 1)])
            .collect(),
    }
}

/// The place of the cheapest that reaches the goal; of equally cheap ones the better.
#[must_use]
pub fn choose(scored: &[Scored], goal: &Goal) -> Option<usize> {
    let met = (0..scored.len()).filter(|&index| goal.met_by(scored[index].value));
    met.min_by(|&a, &b| {
        let rank = |index: usize| (scored[index].price, goal.loss(scored[index].value));
        let ((price_a, loss_a), (price_b, loss_b)) = (rank(a), rank(b));
        price_a.cmp(&price_b).then(loss_a.total_cmp(&loss_b))
    })
}

#[cfg(test)]
mod tests {
    use super::super::Aim;
    use super::*;

    fn goal(value: f64) -> Goal {
        Aim::Value(value).goal(true, None).unwrap()
    }

    fn scored(list: &[(u64, f64)]) -> Vec<Scored> {
        let of = |&(price, value)| Scored { price, value };
        list.iter().map(of).collect()
    }

    #[test]
    fn stages_cost_about_the_same() {
        let rungs = |schedule: Schedule| -> Vec<(usize, u64)> {
            (schedule.0.iter())
                .map(|rung| (rung.candidates, rung.epochs))
                .collect()
        };
        assert_eq!(rungs(Schedule::new(27, 9, 3, 3)), [(27, 1), (9, 3), (3, 9)]);
        assert_eq!(rungs(Schedule::new(10, 8, 2, 4)), [(10, 2), (3, 8)]);
        // Stages of as many epochs as the next are left out.
        assert_eq!(rungs(Schedule::new(12, 2, 3, 3)), [(12, 1), (2, 2)]);
        assert_eq!(rungs(Schedule::new(1, 5, 1, 2)), [(1, 5)]);
        assert_eq!(
            Schedule::new(27, 9, 3, 3).total_epochs(),
            27 + 9 * 2 + 3 * 6
        );
    }

    #[test]
    fn the_front_goes_on_and_what_is_beaten_does_not() {
        let list = scored(&[(10, 0.5), (20, 0.6), (20, 0.4), (30, 0.8), (40, 0.7)]);
        assert_eq!(promising(&list, &goal(0.9), 3), [0, 1, 3]);
        // The second front fills up.
        assert_eq!(promising(&list, &goal(0.9), 4).len(), 4);
        assert_eq!(promising(&list, &goal(0.9), 9), [0, 1, 2, 3, 4]);
        // A front that is too long: both ends stay.
        assert_eq!(promising(&list, &goal(0.9), 2), [0, 3]);
        assert_eq!(promising(&list, &goal(0.9), 1), [3]);
    }

    #[test]
    fn nothing_goes_on_that_costs_more_than_what_is_good_enough() {
        let list = scored(&[(10, 0.5), (20, 0.93), (20, 0.91), (30, 0.99), (15, 0.4)]);
        assert_eq!(promising(&list, &goal(0.9), 5), [0, 1, 4]);
        assert_eq!(promising(&list, &goal(0.9), 1), [1]);
        assert_eq!(choose(&list, &goal(0.9)), Some(1));
        assert_eq!(choose(&list, &goal(0.995)), None);
    }
}
