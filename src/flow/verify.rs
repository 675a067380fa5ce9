//! `explore --verify`: the recommended points, built, simulated and synthesised.

use super::build::build;
use super::check::{Checking, FAILURES, check};
use super::measure::{Compared, measure};
use super::open::Opened;
use super::plan::plan;
use super::watch::Watch;
use crate::cosim::Workload;
use crate::device::{Family, Part, PlacedPart};
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::{Setting, Summary, VerifiedRow};
use crate::explore::{Evaluator, Figures, Point, Recommended, Role, Sweep};
use crate::spec::{DesignConfig, Network, Origins};
use crate::synth::{Options, Provenance, RouteOptions, SynthError, Synthesis, Utilization};
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
    /// What was measured.
    #[serde(flatten)]
    pub measured: Measured,
}

/// What was measured of a point.
#[derive(Debug, Default, Serialize)]
pub struct Measured {
    /// Network and folding.
    pub design: String,
    /// Whether every word and the cycle counts agreed in cosimulation.
    pub cosim_equal: bool,
    /// Words that were compared, where all are equal.
    pub words: Option<u64>,
    /// Cycles of a step, simulated.
    pub cycles_per_step: Option<u64>,
    /// Tools and versions.
    pub tools: Vec<String>,
    /// Figures of synthesis beside the sweep's.
    pub compared: Vec<Compared>,
    /// The same, as synthesis has them.
    #[serde(skip)]
    pub figures: Option<Figures>,
    /// Clock reached after place and route, MHz, where there is an open router.
    pub fmax_mhz: Option<f64>,
    /// The sweep's estimate of it, MHz.
    pub estimated_fmax_mhz: Option<f64>,
    /// Clock that was aimed at, MHz.
    pub clock_mhz: f64,
    /// Whether the measured design fits the part.
    pub fits: Option<bool>,
    /// What a tool said when it could not build the point.
    pub problem: Option<String>,
}

impl Verified {
    /// Whether nothing speaks against the estimate: equal, fitting, built.
    pub fn holds(&self) -> bool {
        let measured = &self.measured;
        measured.cosim_equal && measured.fits != Some(false) && measured.problem.is_none()
    }
}

/// What was measured beside the recommended points of the summary.
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
    evaluator: &Evaluator,
    chosen: &[Recommended],
    setting: Setting,
    watch: &dyn Watch,
) -> Result<Vec<Verified>, Problems> {
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
    setting: Setting,
    synthesise: bool,
    watch: &dyn Watch,
) -> Result<Measured, Problems> {
    let spec = point.spec();
    let config = DesignConfig {
        network: Network::Seeded(spec.network.seeded(evaluator.numerics, SEED)),
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

impl Measured {
    /// Adds what synthesis found of a point for a part.
    fn add(
        &mut self,
        synthesis: &Synthesis,
        (point, part): (&Point, Option<&Part>),
        family: Family,
    ) {
        let tool = |source: &Provenance| format!("{} {}", source.tool, source.version);
        let used = &synthesis.utilization;
        self.tools.push(tool(&used.source));
        self.compared = figures(point, used, family);
        self.figures = Some(Figures {
            lut: used.lut,
            lut_total: used.lut_total,
            ff: used.ff,
            bram: used.bram,
            dsp: used.dsp,
        });
        self.fits = part.map(|part| {
            used.lut_total <= part.lut
                && used.ff <= part.ff
                && used.bram <= part.bram
                && used.dsp <= part.dsp
        });
        if let Some(routed) = &synthesis.routed {
            self.tools.push(tool(&routed.source));
            self.fmax_mhz = Some(routed.fmax_mhz);
            // Placed and routed is the last word.
            self.fits = Some(true);
        }
    }
}

/// Every figure of synthesis that a sweep estimates.
fn figures(estimated: &Point, used: &Utilization, target: Family) -> Vec<Compared> {
    [
        ("LUT (logic)", estimated.lut, used.lut),
        ("LUT sites in all", estimated.lut_total, used.lut_total),
        ("flip-flops", estimated.ff, used.ff),
        (target.facts().block_name, estimated.bram, used.bram),
        ("DSP blocks", estimated.dsp, used.dsp),
    ]
    .map(|(what, estimated, synthesised)| Compared {
        what,
        estimated,
        synthesised,
    })
    .to_vec()
}
