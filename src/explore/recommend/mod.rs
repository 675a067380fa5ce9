//! Points that answer what people ask first.

mod knee;
mod order;

use super::accuracy::Accuracies;
use super::sweep::{Judged, Sweep};
use knee::distances;
use order::{Ordered, by_cost, by_time};
use serde::Serialize;
use std::collections::BTreeMap;

/// Which question a point answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Best known accuracy; of that network the fastest.
    MostAccurate,
    /// Most weights, where no accuracy is known; of that network the fastest.
    LargestNetwork,
    /// Fewest cycles of a step.
    Fastest,
    /// Smallest largest share of the part.
    Smallest,
    /// Balance of cost, time and accuracy; where that is unknown, of the largest network's points.
    Knee,
    /// A further point of the Pareto set, by its distance to the knee's ideal.
    Next,
}

impl Role {
    /// As tables name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MostAccurate => "most accurate",
            Self::LargestNetwork => "largest network",
            Self::Fastest => "fastest",
            Self::Smallest => "smallest",
            Self::Knee => "knee",
            Self::Next => "next",
        }
    }
}

/// A point and the questions it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recommended {
    /// Questions.
    pub roles: Vec<Role>,
    /// Index of the point in the sweep.
    pub index: usize,
}

/// The recommended points among those that meet every limit, each once; at most `most`, if given as
/// many as there are in the Pareto set.
#[must_use]
pub fn recommend(
    sweep: &Sweep,
    accuracies: Option<&Accuracies>,
    most: Option<usize>,
) -> Vec<Recommended> {
    let kept = sweep.kept();
    let least = |role, found: Option<usize>| found.map(|index| (role, index));
    let first = first_choice(sweep, &kept, accuracies);
    let mut chosen: Vec<(Role, usize)> = Vec::from_iter(first);
    chosen.extend(least(Role::Fastest, least_of(sweep, &kept, by_time)));
    chosen.extend(least(
        Role::Smallest,
        least_of(sweep, &kept, |judged| {
            let lut = match sweep.limits.part {
                Some(_) => 0,
                None => judged.point.lut_total,
            };
            (lut, by_cost(judged))
        }),
    ));
    let knee_of = match first {
        Some((Role::LargestNetwork, index)) => Some(sweep.judged[index].point.network),
        _ => None,
    };
    let distances = distances(sweep, accuracies, knee_of);
    let others = if most.is_some() { usize::MAX } else { 1 };
    for (place, &(_, index)) in distances.iter().take(others).enumerate() {
        chosen.push((if place == 0 { Role::Knee } else { Role::Next }, index));
    }
    let mut merged = merged(chosen);
    if let Some(most) = most {
        merged.truncate(most);
    }
    merged
}

/// Of the points `kept` the first with the least `key`.
fn least_of<K: Ord>(sweep: &Sweep, kept: &[usize], key: impl Fn(&Judged) -> K) -> Option<usize> {
    let indices = kept.iter().copied();
    indices.min_by_key(|&index| key(&sweep.judged[index]))
}

/// The most accurate point, or the fastest of the largest network where no accuracy is known.
fn first_choice(
    sweep: &Sweep,
    kept: &[usize],
    accuracies: Option<&Accuracies>,
) -> Option<(Role, usize)> {
    let known: Vec<usize> = kept
        .iter()
        .copied()
        .filter(|&index| sweep.judged[index].accuracy.is_some())
        .collect();
    let accurate = accuracies.and_then(|accuracies| {
        least_of(sweep, &known, |judged| {
            let value = judged.accuracy.unwrap_or(f64::INFINITY);
            (Ordered(accuracies.cost(value)), by_time(judged))
        })
    });
    if let Some(index) = accurate {
        return Some((Role::MostAccurate, index));
    }
    let largest = least_of(sweep, kept, |judged| {
        let network = &judged.point.network;
        let size = (network.weights(), network.weight_bits, network.act_bits);
        (std::cmp::Reverse(size), by_time(judged))
    });
    largest.map(|index| (Role::LargestNetwork, index))
}

/// Every point once, with all of its roles; [`Role::Next`] only where it has no other.
fn merged(chosen: Vec<(Role, usize)>) -> Vec<Recommended> {
    let mut merged: Vec<Recommended> = Vec::new();
    let mut places = BTreeMap::new();
    for (role, index) in chosen {
        let place = *places.entry(index).or_insert(merged.len());
        match merged.get_mut(place) {
            Some(_) if role == Role::Next => {}
            Some(found) => found.roles.push(role),
            None => merged.push(Recommended {
                roles: vec![role],
                index,
            }),
        }
    }
    merged
}

/// For every network the fastest point that meets the limits, in the order of the axes.
#[must_use]
pub fn fastest_of_networks(sweep: &Sweep) -> Vec<usize> {
    let mut fastest: Vec<usize> = Vec::new();
    let mut places = BTreeMap::new();
    for index in sweep.kept() {
        let judged = &sweep.judged[index];
        let place = *places.entry(judged.point.network).or_insert(fastest.len());
        match fastest.get_mut(place) {
            None => fastest.push(index),
            Some(best) if by_time(judged) < by_time(&sweep.judged[*best]) => *best = index,
            Some(_) => {}
        }
    }
    fastest
}
