//! Least squares of relative errors with a pull towards 1, and the errors that remain.

use super::points::MeasuredPoint;
use crate::device::{ClockClass, Family};
use crate::estimate::{ClockFactors, Coefficients, Error, FamilyFactors};
use crate::estimate::{DELAYS, Delays};
use std::collections::{BTreeMap, BTreeSet};

/// Strengths of the pull that are tried. A weaker one follows the few points of a family, of which
/// there are hardly more than terms.
const PULLS: [f64; 4] = [0.1, 0.2, 0.5, 1.0];

/// The fit whose pull predicts every point best from all the others.
fn fit_left_out<const N: usize>(points: &[([f64; N], f64)]) -> [f64; N] {
    let loss = |pull: f64| -> f64 {
        (0..points.len())
            .map(|out| {
                let others: Vec<_> = [&points[..out], &points[out + 1..]].concat();
                let weights = weigh(&others, pull);
                let (terms, wanted) = points[out];
                let got: f64 = terms.iter().zip(weights).map(|(t, w)| t * w).sum();
                (got / wanted - 1.0).abs()
            })
            .sum()
    };
    let pull = PULLS
        .into_iter()
        .min_by(|&p, &q| loss(p).total_cmp(&loss(q)))
        .unwrap_or(PULLS[0]);
    weigh(points, pull)
}

/// Relative error from which on a point counts by its error, no more by the square of it.
const ROBUST: f64 = 0.05;

/// Solves for the weights that make `terms . weights` close to `wanted`: Huber's loss of relative
/// errors, by least squares with new weights of the points, plus `pull` times the squared distance
/// of every weight from 1.
fn weigh<const N: usize>(points: &[([f64; N], f64)], pull: f64) -> [f64; N] {
    let mut trust = vec![1.0; points.len()];
    let mut weights = [1.0; N];
    for _ in 0..20 {
        weights = weigh_once(points, &trust, pull);
        for (trust, (terms, wanted)) in trust.iter_mut().zip(points) {
            let got: f64 = terms.iter().zip(weights).map(|(t, w)| t * w).sum();
            *trust = (ROBUST / (got / wanted - 1.0).abs()).min(1.0);
        }
    }
    weights
}

/// One solution, every point counting as much as it is trusted.
fn weigh_once<const N: usize>(points: &[([f64; N], f64)], trust: &[f64], pull: f64) -> [f64; N] {
    // Normal equations of the distance from 1.
    let mut matrix = [[0.0; N]; N];
    let mut right = [0.0; N];
    for ((terms, wanted), trust) in points.iter().zip(trust) {
        let scaled = terms.map(|t| t / wanted);
        let rest = 1.0 - scaled.iter().sum::<f64>();
        for (row, &a) in scaled.iter().enumerate() {
            for (column, &b) in scaled.iter().enumerate() {
                matrix[row][column] += trust * a * b;
            }
            right[row] += trust * a * rest;
        }
    }
    for (index, row) in matrix.iter_mut().enumerate() {
        row[index] += pull;
    }
    solve(matrix, right).map(|distance| 1.0 + distance)
}

/// Gauss's elimination with pivots; the matrix is positive definite.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> [f64; N] {
    for step in 0..N {
        let pivot = (step..N)
            .max_by(|&p, &q| a[p][step].abs().total_cmp(&a[q][step].abs()))
            .unwrap_or(step);
        a.swap(step, pivot);
        b.swap(step, pivot);
        let top = a[step];
        for row in step + 1..N {
            let factor = a[row][step] / top[step];
            for column in step..N {
                a[row][column] -= factor * top[column];
            }
            b[row] -= factor * b[step];
        }
    }
    for step in (0..N).rev() {
        for column in step + 1..N {
            b[step] -= a[step][column] * b[column];
        }
        b[step] /= a[step][step];
    }
    b
}

/// Fits every family and every class of devices.
///
/// # Errors
/// A family without points to fit, or to measure the error on.
pub fn fit(points: &[MeasuredPoint]) -> Result<Coefficients, String> {
    let mut families = BTreeMap::new();
    for fabric in super::FABRICS {
        let name = fabric.key();
        let of: Vec<&MeasuredPoint> = points
            .iter()
            .filter(|point| point.design.fabric() == fabric)
            .collect();
        families.insert(name.to_string(), fit_family(name, fabric.sources(), &of)?);
    }
    let mut clocks = BTreeMap::new();
    for class in ClockClass::ALL {
        let of: Vec<&MeasuredPoint> = points
            .iter()
            .filter(|point| point.clock_class() == Some(class))
            .collect();
        // Where too few designs were routed, there is no estimate of the clock.
        if let Ok(clock) = fit_clock(class, &of) {
            clocks.insert(class, clock);
        }
    }
    let versions = |tool: usize| -> String {
        let found: BTreeSet<&str> = points
            .iter()
            .map(|point| point.tools[tool].as_str())
            .filter(|version| !version.is_empty())
            .collect();
        found.into_iter().collect::<Vec<_>>().join(", ")
    };
    let numbers = families.values().flat_map(|family: &FamilyFactors| {
        let factors = family.lut.iter().chain(&family.ff).chain(&family.carry);
        let errors = family.errors.iter();
        factors
            .copied()
            .chain(errors.flat_map(|error| [error.median, error.worst]))
    });
    let of_clocks = clocks.values().flat_map(|clock: &ClockFactors| {
        let error = [clock.error.median, clock.error.worst];
        clock.delays.into_iter().chain(error)
    });
    if numbers.chain(of_clocks).any(|number| !number.is_finite()) {
        return Err("the counts cannot be fitted: the coefficients are not finite".into());
    }
    Ok(Coefficients {
        schema: crate::estimate::SCHEMA,
        yosys: versions(0),
        nextpnr: versions(1),
        families,
        clocks,
    })
}

/// Points of the fit and points outside it; both must be there.
fn split<'a>(name: &str, of: &[&'a MeasuredPoint]) -> Result<[Vec<&'a MeasuredPoint>; 2], String> {
    let (seen, held): (Vec<&MeasuredPoint>, Vec<&MeasuredPoint>) =
        of.iter().partition(|point| point.fitted());
    if seen.len() < 4 || held.len() < 4 {
        return Err(format!(
            "{name}: {} designs to fit and {} to measure the error on, at least 4 of both are needed",
            seen.len(),
            held.len()
        ));
    }
    Ok([seen, held])
}

fn rounded(weight: f64) -> f64 {
    (weight * 1e3).round() / 1e3
}

fn fit_family(name: &str, family: Family, of: &[&MeasuredPoint]) -> Result<FamilyFactors, String> {
    let [seen, held] = split(name, of)?;
    let lut: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.lut, p.measured.counts[0]))
        .collect();
    let ff: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.ff, p.measured.counts[2]))
        .collect();
    let carry: Vec<_> = seen
        .iter()
        .map(|p| (p.terms.carry, p.measured.counts[3]))
        .collect();
    let mut factors = FamilyFactors {
        lut: fit_left_out(&lut).map(rounded),
        ff: fit_left_out(&ff).map(rounded),
        carry: fit_left_out(&carry).map(rounded),
        luts_of_carry: family.facts().carry.luts as u8,
        errors: [Error {
            median: 0.0,
            worst: 0.0,
        }; 4],
    };
    factors.errors = std::array::from_fn(|figure| {
        let errors: Vec<f64> = held
            .iter()
            .map(|point| error(point, &factors, figure))
            .collect();
        Statistics::new(&errors).error()
    });
    Ok(factors)
}

/// Typical delay of every term, ns, by class: what the fit pulls towards.
const fn typical(class: ClockClass) -> [f64; DELAYS.len()] {
    match class {
        ClockClass::Ecp5 => [5.0, 0.0, 0.25, 0.2],
        ClockClass::Ice40Hx => [5.0, 0.4, 0.25, 0.2],
        ClockClass::Ice40Up => [14.0, 0.0, 0.5, 0.8],
    }
}

fn fit_clock(class: ClockClass, of: &[&MeasuredPoint]) -> Result<ClockFactors, String> {
    let [seen, held] = split(class.name(), of)?;
    let typical = typical(class);
    // Weights near 1 of counts in ns.
    let periods: Vec<_> = seen
        .iter()
        .filter_map(|point| {
            let scaled: Delays = std::array::from_fn(|term| point.delays[term] * typical[term]);
            Some((scaled, 1000.0 / point.measured.fmax_mhz?))
        })
        .collect();
    let weights = fit_left_out(&periods);
    let mut factors = ClockFactors {
        delays: std::array::from_fn(|term| rounded(weights[term] * typical[term])),
        error: Error {
            median: 0.0,
            worst: 0.0,
        },
    };
    let errors: Vec<f64> = held
        .iter()
        .filter_map(|point| clock_error(point, &factors))
        .collect();
    factors.error = Statistics::new(&errors).error();
    Ok(factors)
}

/// Relative error in percent of one of [`super::points::FIGURES`].
#[must_use]
pub fn error(point: &MeasuredPoint, factors: &FamilyFactors, figure: usize) -> f64 {
    let weighed = factors.weigh(&point.terms);
    let got = [weighed.lut, weighed.lut_total, weighed.ff, weighed.carry][figure];
    (got / point.measured.counts[figure] - 1.0) * 100.0
}

/// Relative error of the clock in percent, of a routed design.
#[must_use]
pub fn clock_error(point: &MeasuredPoint, factors: &ClockFactors) -> Option<f64> {
    let measured = point.measured.fmax_mhz?;
    Some((factors.mhz(&point.delays) / measured - 1.0) * 100.0)
}

/// Statistics of signed errors, percent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Statistics {
    /// Median of the absolute error.
    pub median: f64,
    /// 90 % of the absolute errors are at most this.
    pub p90: f64,
    /// Largest absolute error.
    pub worst: f64,
    /// Mean of the signed error.
    pub bias: f64,
}

impl Statistics {
    /// Of at least one error.
    #[must_use]
    pub fn new(errors: &[f64]) -> Self {
        let mut sorted: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let place =
                ((sorted.len() as f64 * share).ceil() as usize).clamp(1, sorted.len().max(1));
            sorted.get(place - 1).copied().unwrap_or(f64::NAN)
        };
        Self {
            median: at(0.5),
            p90: at(0.9),
            worst: at(1.0),
            bias: errors.iter().sum::<f64>() / errors.len() as f64,
        }
    }

    /// The error beside estimates, to a tenth of a percent.
    fn error(self) -> Error {
        let tenth = |percent: f64| (percent * 10.0).round() / 10.0;
        Error {
            median: tenth(self.median),
            worst: tenth(self.worst),
        }
    }
}
