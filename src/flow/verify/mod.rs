//! `explore --verify`: the recommended points, built, simulated and synthesised.

mod measured;

pub use measured::Measured;

use super::build::build;
use super::check::{Checking, FAILURES, check};
use super::measure::measure;
use super::open::Opened;
use super::plan::plan;
use super::watch::Watch;
use crate::cosim::Workload;
use crate::device::{Family, Part, PlacedPart};
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::{ReportSetting, Summary, VerifiedRow};
use crate::explore::{Evaluator, Point, Recommended, Role, Sweep};
use crate::spec::{CorePart, DesignConfig, Network, Origins};
use crate::synth::{Options, RouteOptions, SynthError};
use serde::Serialize;
use std::path::Path;
use std::time::Duration;

/// Steps that are cosimulated.
const STEPS: usize = 32;
/// Seed of weights, stimulus and placer.
const SEED: u64 = 1;
/// Most time for one run of a tool.
const LIMIT: Duration = Duration::from_secs(60 * 60);

/// A recommended point and what was measured of it.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// Place in the sweep.
    pub index: usize,
    /// Questions it answers.
    pub roles: Vec<Role>,
    /// Measurements.
    #[serde(flatten)]
    pub measured: Measured,
}

impl Verified {
    /// True where nothing speaks against the estimate: equal, fitting, built.
    #[must_use]
    pub fn holds(&self) -> bool {
        let measured = &self.measured;
        measured.cosim_equal && measured.fits != Some(false) && measured.problem.is_none()
    }
}

/// Measurements beside the recommended points of the summary.
#[must_use]
pub fn verified_rows<'a>(summary: &'a Summary, all: &'a [Verified]) -> Vec<VerifiedRow<'a>> {
    let row = |one: &'a Verified| {
        let Verified {
            index, measured, ..
        } = one;
        let recommended = &summary.recommended;
        Some(VerifiedRow {
            entry: recommended.iter().find(|entry| entry.row.index == *index)?,
            equal_words: measured.words,
            cycles_per_step: measured.cycles_per_step,
            measured: measured.figures,
            fmax_mhz: measured.fmax_mhz,
            fits: measured.fits,
            problem: measured.problem.as_deref(),
            tools: &measured.tools,
        })
    };
    all.iter().filter_map(row).collect()
}

/// nextpnr's name of a part of the table.
fn device(name: &str) -> Option<String> {
    if let Some(size) = name.strip_prefix("lfe5u-") {
        return Some(size.replace('f', "k"));
    }
    name.strip_prefix("ice40").map(str::to_string)
}

/// Builds, simulates and synthesises the points.
pub fn verify(
    sweep: &Sweep,
    chosen: &[Recommended],
    setting: ReportSetting,
    watch: &dyn Watch,
) -> Result<Vec<Verified>, Problems> {
    let evaluator = &sweep.evaluator;
    let mut verified = Vec::new();
    for Recommended { roles, index } in chosen {
        let judged = &sweep.judged[*index];
        let design = (&judged.point, judged.part);
        verified.push(Verified {
            index: *index,
            roles: roles.clone(),
            measured: Measured {
                estimated_fmax_mhz: judged.clock(&evaluator.fitted).map(|clock| clock.mhz),
                ..measure_point(design, evaluator, setting, true, watch)?
            },
        });
        if crate::tools::interrupted() {
            return Err(Problem::interrupted("explore").into());
        }
    }
    Ok(verified)
}

/// Builds and simulates a point, synthesises it where asked to, and places and routes it where there
/// is an open router for its part.
///
/// # Errors
/// A tool that is missing, or an interruption; a point that a tool could not build is a result.
pub fn measure_point(
    (point, part): (&Point, Option<&'static Part>),
    evaluator: &Evaluator,
    setting: ReportSetting,
    synthesise: bool,
    watch: &dyn Watch,
) -> Result<Measured, Problems> {
    let spec = point.spec();
    let config = DesignConfig {
        network: Network::Seeded(spec.network.seeded(evaluator.numerics, SEED)),
        core: CorePart::Network,
        implementation: evaluator.implementation(&spec),
        clock_ns: 1000.0 / setting.clock_mhz,
        origins: Origins::default(),
    };
    let design = format!("{}, {}", spec.network, point.folding_text());
    let progress = watch.begin(&format!("generating {design}"), None);
    let (_scratch, opened) = build(&plan(config)?)?.open()?;
    drop(progress);
    let mut measured = Measured {
        design,
        clock_mhz: setting.clock_mhz,
        ..simulated(&opened, watch)?
    };
    if !synthesise {
        return Ok(measured);
    }
    let options = options(evaluator.target, part, setting.clock_mhz)?;
    match measure(&opened, evaluator.target, &options, watch) {
        Ok(found) => measured.add(&found.synthesis, (point, part), evaluator.target),
        Err(error) if crate::tools::interrupted() => return Err(error.into()),
        Err(error) => measured.problem = Some(error.to_string()),
    }
    Ok(measured)
}

/// Cosimulates a point.
fn simulated(opened: &Opened, watch: &dyn Watch) -> Result<Measured, Problems> {
    let load = Workload::random(&opened.interface, STEPS, SEED);
    let patterns = opened.patterns();
    let checking = Checking {
        seed: SEED,
        failures: Some(Path::new(FAILURES)),
        ..Checking::new(&load, &patterns)
    };
    let checked = check(opened, &checking, watch)?;
    let (words, cycles_per_step) = checked.agreed().unzip();
    Ok(Measured {
        cosim_equal: checked.equal,
        words,
        cycles_per_step: cycles_per_step.flatten(),
        tools: checked.tools.to_vec(),
        ..Measured::default()
    })
}

/// Place and route where there is an open router for the part.
fn options(family: Family, part: Option<&Part>, clock_mhz: f64) -> Result<Options, SynthError> {
    let device = part.and_then(|part| device(part.name));
    let route = match (family.facts().route, device) {
        (Some(_), Some(device)) => Some(RouteOptions {
            part: PlacedPart::new(family, Some(&device), None)?,
            target_mhz: clock_mhz,
            seed: SEED,
            seeds: 1,
        }),
        _ => None,
    };
    Ok(Options {
        route,
        netlist: None,
        limit: LIMIT,
    })
}
