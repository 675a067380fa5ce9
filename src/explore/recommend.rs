//! Points that answer what people ask first.

use super::accuracy::Accuracies;
use super::network::NetworkShape;
use super::sweep::{Judged, Sweep};
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

/// Time first, then cost, then order.
fn by_time(judged: &Judged) -> (u64, u64, ordered::Float) {
    (
        judged.point.cycles_per_step,
        judged.point.latency_cycles,
        ordered::Float(judged.worst_share()),
    )
}

/// Cost first, then LUTs, then time.
fn by_cost(judged: &Judged) -> (ordered::Float, u64, u64) {
    (
        ordered::Float(judged.worst_share()),
        judged.point.lut_total,
        judged.point.cycles_per_step,
    )
}

/// Floating-point numbers in an order.
mod ordered {
    #[derive(Clone, Copy, Debug)]
    pub struct Float(pub f64);
    impl PartialEq for Float {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for Float {}
    impl PartialOrd for Float {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for Float {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.total_cmp(&other.0)
        }
    }
}

/// Cost of a point, for the knee: the largest share of one part, or of the LUTs of several.
fn cost(sweep: &Sweep, judged: &Judged) -> f64 {
    match sweep.limits.part {
        Some(_) => judged.worst_share(),
        None => judged.point.lut_total as f64,
    }
}

/// Distance of every kept Pareto point to the ideal that is the best in everything: cost and cycles on
/// logarithmic axes, accuracy on a linear one, each from 0 (best) to 1 (worst).
///
/// Where no accuracy is known, of the points of `network` alone: smaller networks are always cheaper
/// and faster.
fn distances(
    sweep: &Sweep,
    accuracies: Option<&Accuracies>,
    network: Option<NetworkShape>,
) -> Vec<(f64, usize)> {
    let front: Vec<usize> = (0..sweep.judged.len())
        .filter(|&index| {
            let judged = &sweep.judged[index];
            let comparable = match network {
                Some(network) => judged.point.network == network,
                None => judged.accuracy.is_some(),
            };
            judged.pareto && comparable
        })
        .collect();
    let axis = |value: &dyn Fn(&Judged) -> f64| -> Vec<f64> {
        let values: Vec<f64> = front
            .iter()
            .map(|&index| value(&sweep.judged[index]))
            .collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let span = if high > low { high - low } else { 1.0 };
        values.iter().map(|value| (value - low) / span).collect()
    };
    let axes = [
        axis(&|judged| cost(sweep, judged).ln()),
        axis(&|judged| (judged.point.cycles_per_step as f64).ln()),
        axis(&|judged| match (judged.accuracy, accuracies) {
            (Some(value), Some(known)) => known.cost(value),
            _ => 0.0,
        }),
    ];
    let mut distances: Vec<(f64, usize)> = front
        .iter()
        .enumerate()
        .map(|(at, &index)| {
            (
                axes.iter()
                    .map(|axis| axis[at] * axis[at])
                    .sum::<f64>()
                    .sqrt(),
                index,
            )
        })
        .collect();
    distances.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    distances
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
    let judged = |index: usize| &sweep.judged[index];
    let mut chosen: Vec<(Role, usize)> = Vec::new();
    let known = kept
        .iter()
        .copied()
        .filter(|&index| judged(index).accuracy.is_some());
    let accurate = accuracies.and_then(|accuracies| {
        known.min_by_key(|&index| {
            let value = judged(index).accuracy.unwrap_or(f64::INFINITY);
            (
                ordered::Float(accuracies.cost(value)),
                by_time(judged(index)),
            )
        })
    });
    let mut knee_of = None;
    if let Some(index) = accurate {
        chosen.push((Role::MostAccurate, index));
    } else {
        let largest = kept.iter().copied().min_by_key(|&index| {
            let network = &judged(index).point.network;
            let size = (network.weights(), network.weight_bits, network.act_bits);
            (std::cmp::Reverse(size), by_time(judged(index)))
        });
        knee_of = largest.map(|index| judged(index).point.network);
        chosen.extend(largest.map(|index| (Role::LargestNetwork, index)));
    }
    let fastest = kept
        .iter()
        .copied()
        .min_by_key(|&index| by_time(judged(index)));
    chosen.extend(fastest.map(|index| (Role::Fastest, index)));
    let smallest = kept.iter().copied().min_by_key(|&index| {
        let lut = match sweep.limits.part {
            Some(_) => 0,
            None => judged(index).point.lut_total,
        };
        (lut, by_cost(judged(index)))
    });
    chosen.extend(smallest.map(|index| (Role::Smallest, index)));
    let distances = distances(sweep, accuracies, knee_of);
    chosen.extend(distances.first().map(|&(_, index)| (Role::Knee, index)));
    if most.is_some() {
        chosen.extend(
            distances
                .iter()
                .skip(1)
                .map(|&(_, index)| (Role::Next, index)),
        );
    }
    let mut merged: Vec<Recommended> = Vec::new();
    let mut places = BTreeMap::new();
    for (role, index) in chosen {
        if let Some(&place) = places.get(&index) {
            let found: &mut Recommended = &mut merged[place];
            if role != Role::Next {
                found.roles.push(role);
            }
            continue;
        }
        places.insert(index, merged.len());
        merged.push(Recommended {
            roles: vec![role],
            index,
        });
    }
    if let Some(most) = most {
        merged.truncate(most);
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
        match places.get(&judged.point.network) {
            None => {
                places.insert(judged.point.network, fastest.len());
                fastest.push(index);
            }
            Some(&place) => {
                let best: &mut usize = &mut fastest[place];
                if by_time(judged) < by_time(&sweep.judged[*best]) {
                    *best = index;
                }
            }
        }
    }
    fastest
}
