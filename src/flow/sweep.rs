//! A sweep, and its report.

use super::place::Place;
use super::verify::{Verified, verified_rows, verify};
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::{ReportSetting, Summary, all_rows, markdown, page, to_csv};
use crate::explore::{Accuracies, Evaluator, Limits, Spec, Sweep, nothing_left, recommend};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The file by which a folder of a sweep is known.
const MARK: &str = "points.json";

/// Estimates and judges all points of a sweep.
///
/// # Errors
/// An interruption, and a sweep without a point that meets the limits: the nearest is named.
pub fn sweep(
    evaluator: &Evaluator,
    specs: &[Spec],
    limits: Limits,
    known: Option<&Accuracies>,
    watch: &dyn Watch,
) -> Result<Sweep, Problems> {
    let progress = watch.begin("estimating", Some(specs.len()));
    let sweep = Sweep::run(evaluator, specs, limits, known, &|done| progress.at(done));
    drop(progress);
    let sweep = sweep.ok_or_else(|| Problem::interrupted("explore"))?;
    if let Some(known) = known {
        check_join(known, &sweep)?;
    }
    match nothing_left(&sweep, known) {
        Some(problem) => Err(problem.into()),
        None => Ok(sweep),
    }
}

/// Refuses accuracies of which none is of a network of the sweep: they are the wrong ones.
fn check_join(known: &Accuracies, sweep: &Sweep) -> Result<(), Problem> {
    if sweep.judged.iter().any(|judged| judged.accuracy.is_some()) {
        return Ok(());
    }
    let rows = known.rows.iter().take(3);
    let rows: Vec<String> = rows
        .map(|row| format!("{} {} units x {}", row.widths(), row.hidden, row.layers))
        .collect();
    let first = sweep.judged.first();
    let point = first.map(|judged| judged.point.network.to_string());
    let problem = format!(
        "no row is of a network of the sweep: it has {}, the sweep {}",
        rows.join(", "),
        point.unwrap_or_default()
    );
    Err(Problem::new(problem)
        .help("sweep the widths, units and layers of the file, or leave --accuracy out"))
}

/// A sweep, and what was measured of its recommended points.
#[derive(Debug, Serialize)]
pub struct SweepReport {
    /// The sweep.
    #[serde(flatten)]
    pub summary: Summary,
    /// Recommended points that were built.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verified: Vec<Verified>,
}

impl SweepReport {
    /// Sums a sweep up; with `verify` so many recommended points are built, simulated and synthesised.
    ///
    /// # Errors
    /// A tool that is missing, or an interruption.
    pub fn new(
        sweep: &Sweep,
        known: Option<&Accuracies>,
        setting: ReportSetting,
        verify_most: Option<usize>,
        watch: &dyn Watch,
    ) -> Result<Self, Problems> {
        let chosen = verify_most.map(|_| recommend(sweep, known, verify_most));
        Ok(Self {
            summary: Summary::new(sweep, known, setting, verify_most),
            verified: verify(sweep, &chosen.unwrap_or_default(), setting, watch)?,
        })
    }

    /// `true` where nothing that was measured speaks against an estimate.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verified.iter().all(Verified::holds)
    }

    /// Where the folder of a sweep will be written; an older one there is replaced with `force`.
    ///
    /// # Errors
    /// As [`Place::check`].
    pub fn place(folder: &Path, force: bool) -> Result<Place, Problems> {
        Place::marked(folder, force, MARK, |_| false)
    }

    /// Table, JSON, summary and page of a sweep.
    ///
    /// # Errors
    /// A number that JSON cannot hold.
    pub fn files(
        &self,
        sweep: &Sweep,
        known: Option<&Accuracies>,
    ) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
        let summary = &self.summary;
        let verified = verified_rows(summary, &self.verified);
        let page = page(summary, &all_rows(sweep, summary.setting), known, &verified);
        let mut json = serde_json::to_vec_pretty(self)
            .map_err(|error| Problem::named(MARK, format!("cannot be written: {error}")))?;
        json.push(b'\n');
        Ok([
            ("points.csv", to_csv(&summary.points)),
            (MARK, json),
            ("summary.md", markdown(summary, &verified).into_bytes()),
            ("index.html", page.into_bytes()),
        ]
        .map(|(name, contents)| (name.to_string(), contents))
        .into())
    }
}
