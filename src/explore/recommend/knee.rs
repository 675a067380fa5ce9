//! The balance of cost, time and accuracy.

use super::super::accuracy::Accuracies;
use super::super::network::NetworkShape;
use super::super::sweep::{Judged, Sweep};

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
pub fn distances(
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
