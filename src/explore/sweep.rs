//! All points of a sweep, judged.

use super::accuracy::Accuracies;
use super::limits::{Limit, Limits, Shares};
use super::network::NetworkShape;
use super::pareto::{OBJECTIVES, front};
use super::point::{Evaluator, Point, PointError, Spec};
use crate::device::{ClockClass, Family, Part};
use crate::estimate::FactorTable;
use crate::estimate::clock::{Clock, clock};
use crate::hardware::Rated;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Points between two looks at progress and Ctrl-C.
const CHUNK: usize = 8192;

/// A point and what is thought of it.
#[allow(clippy::struct_excessive_bools)] // each is a column of its own
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its figures.
    pub point: Point,
    /// The part that was asked for, or the smallest of the family that holds it.
    pub part: Option<&'static Part>,
    /// Of that part; `None` when no part of the family holds it.
    pub shares: Option<Shares>,
    /// The resource of which it takes the largest share.
    pub limited_by: Option<Limit>,
    /// `true` if it fits.
    pub fits: bool,
    /// `true` if it keeps the limit of cycles.
    pub in_time: bool,
    /// The measure of its network, where known.
    pub accuracy: Option<f64>,
    /// `true` if no accuracy is asked for, or its network is known to reach it.
    pub accurate: bool,
    /// `true` if it is in the Pareto set of the kept points.
    pub pareto: bool,
}

impl Judged {
    /// `true` if it meets every limit.
    #[must_use]
    pub fn kept(&self) -> bool {
        self.fits && self.in_time && self.accurate
    }

    /// Looks its network up among the known ones.
    fn compare(&mut self, known: &Accuracies, limits: Limits) {
        self.accuracy = known.of(&self.point.network).map(|row| row.value);
        let worse = |least| self.accuracy.is_none_or(|own| known.better(least, own));
        self.accurate = !limits.least_accuracy.is_some_and(worse);
    }

    /// The clock it will reach on its part after place and route, where that was ever measured.
    #[must_use]
    pub fn clock(&self, fitted: &FactorTable) -> Option<Clock> {
        let target = self.point.fabric.sources();
        let class = ClockClass::of(target, self.part.map(|part| part.name))?;
        clock(class, fitted, &self.point.delays)
    }

    /// As a search for a folding sees it.
    #[must_use]
    pub fn rated(&self) -> Rated {
        Rated {
            cycles: self.point.cycles_per_step,
            share: self.worst_share(),
            price: self.point.price,
        }
    }

    /// Its cost: the largest share of its part.
    #[must_use]
    pub fn worst_share(&self) -> f64 {
        self.shares.map_or(f64::INFINITY, |shares| shares.worst())
    }
}

/// A sweep.
#[derive(Clone, Debug)]
pub struct Sweep {
    /// Estimator of its points.
    pub evaluator: Evaluator,
    /// Limits that the points must meet.
    pub limits: Limits,
    /// Every point that can be built, in the order of its axes.
    pub judged: Vec<Judged>,
    /// Specs without a DSP array for their widths, and those whose folding cannot be built.
    pub skipped: (usize, usize),
    /// The first folding that could not be built, and why.
    pub first_fault: Option<(Spec, PointError)>,
}

impl Sweep {
    /// Estimates and judges `specs`, on all cores, in their order. `progress` is told how many are
    /// done; `None` when interrupted.
    #[must_use]
    pub fn run(
        evaluator: &Evaluator,
        specs: &[Spec],
        limits: Limits,
        accuracies: Option<&Accuracies>,
        progress: &dyn Fn(usize),
    ) -> Option<Self> {
        let parts = match limits.part {
            Some(part) => vec![part],
            None => Part::of_family(evaluator.target),
        };
        let fabrics = fabrics(&parts);
        let mut sweep = Self {
            evaluator: evaluator.clone(),
            limits,
            judged: Vec::with_capacity(specs.len()),
            skipped: (0, 0),
            first_fault: None,
        };
        for (index, chunk) in specs.chunks(CHUNK).enumerate() {
            if crate::tools::interrupted() {
                return None;
            }
            progress(index * CHUNK);
            let points: Vec<Result<Vec<Point>, PointError>> = chunk
                .par_iter()
                .map(|spec| {
                    let on = |&fabric: &Family| evaluator.point(spec, fabric);
                    fabrics.iter().map(on).collect()
                })
                .collect();
            for (spec, point) in chunk.iter().zip(points) {
                match point {
                    Ok(points) => {
                        let mut judged = judge(points, &parts, limits);
                        if let Some(known) = accuracies {
                            judged.compare(known, limits);
                        }
                        sweep.judged.push(judged);
                    }
                    Err(PointError::NoDspArray) => sweep.skipped.0 += 1,
                    Err(fault @ PointError::Folding(_)) => {
                        sweep.skipped.1 += 1;
                        sweep.first_fault.get_or_insert((*spec, fault));
                    }
                }
            }
        }
        // Goals that lead to the same folding are one point.
        let mut seen = std::collections::BTreeSet::new();
        sweep.judged.retain(|judged| {
            let point = &judged.point;
            let built = (point.mac as u8, point.contexts, point.foldings.clone());
            seen.insert((point.network, built))
        });
        sweep.mark(accuracies);
        Some(sweep)
    }

    /// Marks the Pareto set. Networks of unknown accuracy are compared with themselves alone: that a
    /// network is smaller says nothing as long as nobody knows how good it is.
    fn mark(&mut self, accuracies: Option<&Accuracies>) {
        let mut groups: BTreeMap<Option<NetworkShape>, Vec<usize>> = BTreeMap::new();
        for (index, judged) in self.judged.iter().enumerate() {
            if judged.kept() {
                let unknown = judged.accuracy.is_none().then_some(judged.point.network);
                groups.entry(unknown).or_default().push(index);
            }
        }
        for members in groups.values() {
            let objectives: Vec<[f64; OBJECTIVES]> = members
                .iter()
                .map(|&index| {
                    let Judged {
                        point, accuracy, ..
                    } = &self.judged[index];
                    let cost = match (accuracy, accuracies) {
                        (Some(value), Some(known)) => known.cost(*value),
                        _ => 0.0,
                    };
                    [
                        cost,
                        point.lut_total as f64,
                        point.bram as f64,
                        point.dsp as f64,
                        point.latency_cycles as f64,
                        // Throughput is the clock over it.
                        point.cycles_per_step as f64,
                        point.memory_bits as f64,
                    ]
                })
                .collect();
            for (&index, on_front) in members.iter().zip(front(&objectives)) {
                self.judged[index].pareto = on_front;
            }
        }
    }

    /// Family.
    #[must_use]
    pub const fn target(&self) -> Family {
        self.evaluator.target
    }

    /// Fabrics of the parts that points are held against.
    #[must_use]
    pub fn fabrics(&self) -> Vec<Family> {
        match self.limits.part {
            Some(part) => vec![part.family],
            None => fabrics(&Part::of_family(self.target())),
        }
    }

    /// Indices of the points that meet every limit.
    #[must_use]
    pub fn kept(&self) -> Vec<usize> {
        let kept = |&index: &usize| self.judged[index].kept();
        (0..self.judged.len()).filter(kept).collect()
    }
}

/// The fabrics of `parts`.
fn fabrics(parts: &[&'static Part]) -> Vec<Family> {
    let mut fabrics: Vec<Family> = parts.iter().map(|part| part.family).collect();
    fabrics.sort_unstable();
    fabrics.dedup();
    fabrics
}

/// Holds a point against `parts`, the smallest first; `priced` has it on the fabric of every part.
pub(super) fn judge(mut priced: Vec<Point>, parts: &[&'static Part], limits: Limits) -> Judged {
    let on = |part: &Part| priced.iter().position(|own| own.fabric == part.family);
    let of = |part: &Part| Shares::of(&priced[on(part).unwrap_or(0)], part, limits.fill);
    let holds = parts.iter().copied().find(|part| of(part).fit());
    // Where nothing holds it, the part that comes nearest says what is missing.
    let part = holds.or_else(|| {
        parts
            .iter()
            .copied()
            .min_by(|a, b| of(a).worst().total_cmp(&of(b).worst()))
    });
    let shares = part.map(of);
    let place = part.and_then(on).unwrap_or(0);
    let point = priced.swap_remove(place);
    Judged {
        limited_by: part
            .zip(shares)
            .map(|(part, shares)| shares.limit(&point, part)),
        fits: holds.is_some(),
        in_time: (limits.deadline).is_none_or(|deadline| point.cycles_per_step <= deadline.most()),
        accuracy: None,
        accurate: limits.least_accuracy.is_none(),
        pareto: false,
        part,
        shares,
        point,
    }
}
