//! The findings of a sweep as one record.

use super::super::accuracy::Accuracies;
use super::super::limits::Limit;
use super::super::recommend::{Recommended, Role, fastest_of_networks, recommend};
use super::super::sweep::Sweep;
use super::row::PointRow;
use crate::device::ClockClass;
use crate::spec::CellKind;
use serde::Serialize;
use std::collections::BTreeMap;

/// Settings of the command line beside the axes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ReportSetting {
    /// Clock to convert cycles into time, MHz.
    pub clock_mhz: f64,
    /// `true` if points that miss a limit are listed too.
    pub all: bool,
}

/// How far estimates were off on designs outside the fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EstimateErrors {
    /// The estimator, and what it was fitted to.
    pub source: String,
    /// LUT sites: median and worst of the absolute error, percent.
    pub lut_total: [f64; 2],
    /// Flip-flops: the same.
    pub ff: [f64; 2],
    /// Of clocks, where there is an open router: which devices, and median and worst of the absolute
    /// error, percent.
    pub clock: Option<(ClockClass, [f64; 2])>,
    /// Figures that are exact, and those that are not covered.
    pub note: &'static str,
}

/// How many points there are of which kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Estimated.
    pub points: usize,
    /// Without a DSP array for their widths.
    pub without_dsp_array: usize,
    /// Whose folding cannot be built.
    pub not_foldable: usize,
    /// That fit a part.
    pub fit: usize,
    /// That fit and keep the limit of cycles.
    pub kept: usize,
    /// In the Pareto set.
    pub pareto: usize,
    /// By what runs out first.
    pub limited_by: BTreeMap<&'static str, usize>,
    /// Of those that do not fit, by what is missing most.
    pub excluded_by: BTreeMap<&'static str, usize>,
}

/// A point and the questions it answers.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// Questions.
    pub roles: Vec<Role>,
    /// The point.
    #[serde(flatten)]
    pub row: PointRow,
}

/// The findings of a sweep.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Version of this record.
    pub schema: u32,
    /// Program and version.
    pub generator: &'static str,
    /// Cell of all networks; `lstm` goes without saying.
    #[serde(skip_serializing_if = "CellKind::is_lstm")]
    pub cell: CellKind,
    /// Family.
    pub family: &'static str,
    /// Part that was asked for.
    pub part: Option<crate::device::Part>,
    /// Share of LUTs and flip-flops that may be used, percent.
    pub fill_percent: f64,
    /// Most cycles of a step, where limited.
    pub max_cycles: Option<u64>,
    /// Worst accuracy of a network, where limited.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least_accuracy: Option<f64>,
    /// Clock and the like.
    #[serde(flatten)]
    pub setting: ReportSetting,
    /// Name of the measure in the accuracy file.
    pub metric: Option<String>,
    /// `true` if a larger measure is a better one.
    pub larger_is_better: Option<bool>,
    /// Errors of the estimates.
    pub estimate: EstimateErrors,
    /// Numbers of points.
    pub counts: Counts,
    /// Points to look at first.
    pub recommended: Vec<Entry>,
    /// For every network the fastest point that meets the limits.
    pub networks: Vec<PointRow>,
    /// The points that meet the limits, or all.
    pub points: Vec<PointRow>,
}

impl Summary {
    /// Sums up a sweep; `most` asks for so many recommended points.
    #[must_use]
    pub fn new(
        sweep: &Sweep,
        accuracies: Option<&Accuracies>,
        setting: ReportSetting,
        most: Option<usize>,
    ) -> Self {
        let row = |index: usize| PointRow::new(index, sweep, setting.clock_mhz);
        let recommended = recommend(sweep, accuracies, most);
        let entry = |Recommended { roles, index }| Entry {
            roles,
            row: row(index),
        };
        let listed =
            (0..sweep.judged.len()).filter(|&index| setting.all || sweep.judged[index].kept());
        // Of the worst fabric among the parts.
        let error = |figure: usize| {
            let of = |fabric| sweep.evaluator.fitted.factors(fabric).errors[figure];
            let all = || sweep.fabrics().into_iter().map(of);
            [
                all().map(|error| error.median).fold(0.0, f64::max),
                all().map(|error| error.worst).fold(0.0, f64::max),
            ]
        };
        Self {
            schema: 1,
            generator: concat!("lprnn-hw ", env!("CARGO_PKG_VERSION")),
            cell: (sweep.judged.first()).map_or(CellKind::Lstm, |judged| judged.point.network.cell),
            family: sweep.target().word(),
            part: sweep.limits.part.copied(),
            fill_percent: 100.0 * sweep.limits.fill,
            max_cycles: sweep.limits.deadline.map(|deadline| deadline.most()),
            least_accuracy: sweep.limits.least_accuracy,
            setting,
            metric: accuracies.map(|known| known.metric.clone()),
            larger_is_better: accuracies.map(|known| known.larger_is_better),
            estimate: EstimateErrors {
                source: format!(
                    "lprnn-hw {}, fitted to Yosys {}",
                    env!("CARGO_PKG_VERSION"),
                    sweep.evaluator.fitted.coefficients().yosys
                ),
                lut_total: error(1),
                ff: error(2),
                clock: clock_errors(sweep),
                note: "Cycles and DSP blocks are exact. Block RAM and memory bits are exact but for the width of \
                       biases, which follows from the weights.",
            },
            counts: counts(sweep),
            recommended: recommended.into_iter().map(entry).collect(),
            networks: fastest_of_networks(sweep).into_iter().map(row).collect(),
            points: listed.map(row).collect(),
        }
    }
}

impl Summary {
    /// The part with its series, or the family.
    pub(super) fn device(&self) -> String {
        match &self.part {
            Some(part) => format!("{} ({}, {})", part.name, part.series, part.source),
            None => format!("family {}", self.family),
        }
    }

    /// Arguments of `lprnn-hw gen` for every recommended point.
    pub(super) fn arguments(&self) -> Vec<&str> {
        let rows = self.recommended.iter().map(|entry| &entry.row);
        rows.map(|row| &*row.gen_arguments).collect()
    }

    /// The estimator and its errors in a sentence or two.
    pub(super) fn errors(&self) -> String {
        let estimate = &self.estimate;
        format!(
            "Estimated by {}. LUT sites were off by {:.1} % at the median and {:.1} % at worst, flip-flops by {:.1} % and \
             {:.1} %, on designs outside the fit. {}",
            estimate.source,
            estimate.lut_total[0],
            estimate.lut_total[1],
            estimate.ff[0],
            estimate.ff[1],
            estimate.note
        )
    }

    /// How many points there are and which limits hold, in a sentence or two.
    pub(super) fn points_and_limits(&self) -> String {
        let counts = &self.counts;
        let most = self.max_cycles.map_or(String::new(), |most| {
            format!(", at most {most} cycles a step")
        });
        let least = match (self.least_accuracy, &self.metric) {
            (Some(least), Some(metric)) => format!(", {metric} {least} or better"),
            _ => String::new(),
        };
        format!(
            "{} points estimated; {} fit, {} meet all limits, {} of these are in the Pareto set. \
             Up to {} % of LUTs and flip-flops may be used{most}{least}; times are at {} MHz.",
            counts.points,
            counts.fit,
            counts.kept,
            counts.pareto,
            self.fill_percent,
            self.setting.clock_mhz
        )
    }
}

impl Entry {
    /// The questions, as tables name them.
    pub(super) fn role_names(&self) -> String {
        let names: Vec<&str> = self.roles.iter().map(|role| role.name()).collect();
        names.join(", ")
    }
}

/// Every point of a sweep, in its order.
#[must_use]
pub fn all_rows(sweep: &Sweep, setting: ReportSetting) -> Vec<PointRow> {
    (0..sweep.judged.len())
        .map(|index| PointRow::new(index, sweep, setting.clock_mhz))
        .collect()
}

fn clock_errors(sweep: &Sweep) -> Option<(ClockClass, [f64; 2])> {
    let part = sweep.limits.part.map(|part| part.name);
    let class = ClockClass::of(sweep.target(), part)?;
    let error = (sweep.evaluator.fitted.coefficients().clocks.get(&class))?.error;
    Some((class, [error.median, error.worst]))
}

fn counts(sweep: &Sweep) -> Counts {
    let mut counts = Counts {
        points: sweep.judged.len(),
        without_dsp_array: sweep.skipped.0,
        not_foldable: sweep.skipped.1,
        ..Counts::default()
    };
    for judged in &sweep.judged {
        counts.fit += usize::from(judged.fits);
        counts.kept += usize::from(judged.kept());
        counts.pareto += usize::from(judged.pareto);
        if let Some(limit) = judged.limited_by.map(Limit::name) {
            *counts.limited_by.entry(limit).or_default() += 1;
            if !judged.fits {
                *counts.excluded_by.entry(limit).or_default() += 1;
            }
        }
    }
    counts
}

/// Rows as CSV with a header.
///
/// # Panics
/// Never: rows are flat records, written to memory.
#[must_use]
pub fn to_csv(rows: &[PointRow]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("a flat record");
    }
    writer.into_inner().expect("written to memory")
}
