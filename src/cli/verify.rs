//! `explore --verify`: the recommended points, built, simulated and synthesised.

use super::cosim::{Stalls, compare};
use super::estimate::Compared;
use super::output::{Console, grouped, table};
use super::progress::Progress;
use crate::cosim::Workload;
use crate::device::{Family, Part, PlacedPart};
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::{Setting, Summary, VerifiedRow};
use crate::explore::{Evaluator, Figures, Point, Recommended, Role, Sweep};
use crate::flow::{Place, build, open, plan};
use crate::spec::{DesignConfig, Network};
use crate::synth::{self, NetlistSources, Options, RouteOptions, Utilization};
use crate::tools::Search;
use serde::Serialize;
use std::io::Write;
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
    index: usize,
    /// Questions it answers.
    roles: Vec<Role>,
    #[serde(flatten)]
    measured: Measured,
}

/// What was measured of a point.
#[derive(Debug, Serialize)]
pub struct Measured {
    /// Network and folding.
    design: String,
    /// Whether every word and the cycle counts agreed in cosimulation.
    pub cosim_equal: bool,
    /// Words that were compared, where all are equal.
    words: Option<u64>,
    /// Cycles of a step, simulated.
    cycles_per_step: Option<u64>,
    /// Tools and versions.
    pub tools: Vec<String>,
    /// Figures of synthesis beside the sweep's.
    compared: Vec<Compared>,
    /// The same, as synthesis has them.
    #[serde(skip)]
    pub figures: Option<Figures>,
    /// Clock reached after place and route, MHz, where there is an open router.
    pub fmax_mhz: Option<f64>,
    /// The sweep's estimate of it, MHz.
    estimated_fmax_mhz: Option<f64>,
    /// Clock that was aimed at, MHz.
    clock_mhz: f64,
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
pub fn rows<'a>(summary: &'a Summary, all: &'a [Verified]) -> Vec<VerifiedRow<'a>> {
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
    console: Console,
) -> Result<Vec<Verified>, Problems> {
    let mut verified = Vec::new();
    for Recommended { roles, index } in chosen {
        let judged = &sweep.judged[*index];
        let design = (&judged.point, judged.part);
        verified.push(Verified {
            index: *index,
            roles: roles.clone(),
            measured: Measured {
                estimated_fmax_mhz: judged.clock().map(|clock| clock.mhz),
                ..measure(design, evaluator, setting, true, console)?
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
pub fn measure(
    (point, part): (&Point, Option<&'static Part>),
    evaluator: &Evaluator,
    setting: Setting,
    synthesise: bool,
    console: Console,
) -> Result<Measured, Problems> {
    let spec = point.spec();
    let target = evaluator.target;
    let config = DesignConfig {
        network: Network::Seeded(spec.network.seeded(evaluator.numerics, SEED)),
        implementation: evaluator.implementation(&spec),
        clock_ns: 1000.0 / setting.clock_mhz,
        origins: Default::default(),
    };
    let design = format!("{}, {}", spec.network, point.folding_text());
    let progress = Progress::spinner(console, &format!("generating {design}"));
    let built = build(&plan(config)?)?;
    let scratch = crate::tools::Scratch::new()
        .map_err(|error| crate::files::problem(&std::env::temp_dir(), "write", &error))?;
    let bundle = scratch.path().join("bundle");
    Place::check(&bundle, false)?.write(&built.bundle.files)?;
    drop(progress);
    let opened = open(&bundle)?;
    let load = Workload::random(&opened.interface, STEPS, SEED);
    let report = compare(
        &opened,
        &load,
        &Stalls::Both.patterns(&opened),
        (SEED, None),
        console,
    )?;
    let (words, cycles_per_step) = report.agreed().unzip();
    let mut verified = Measured {
        design: design.clone(),
        cosim_equal: report.ended() == super::Ended::Well,
        words,
        cycles_per_step: cycles_per_step.flatten(),
        tools: report.tools().to_vec(),
        compared: Vec::new(),
        figures: None,
        fmax_mhz: None,
        estimated_fmax_mhz: None,
        clock_mhz: setting.clock_mhz,
        fits: None,
        problem: None,
    };
    if !synthesise {
        return Ok(verified);
    }
    let route = match (
        target.facts().route,
        part.and_then(|part| device(part.name)),
    ) {
        (Some(_), Some(device)) => Some(RouteOptions {
            part: PlacedPart::new(target, Some(&device), None).map_err(synth::SynthError::from)?,
            target_mhz: setting.clock_mhz,
            seed: SEED,
            seeds: 1,
        }),
        _ => None,
    };
    let options = Options {
        route,
        netlist: None,
        limit: LIMIT,
    };
    let progress = Progress::spinner(console, &format!("synthesising {design}"));
    let synthesis = synth::run(
        &Search::from_env(),
        &NetlistSources::open(&bundle)?,
        target,
        &options,
    );
    drop(progress);
    let synthesis = match synthesis {
        Ok(synthesis) => synthesis,
        Err(error) if crate::tools::interrupted() => return Err(error.into()),
        Err(error) => {
            verified.problem = Some(error.to_string());
            return Ok(verified);
        }
    };
    let used = &synthesis.utilization;
    verified
        .tools
        .push(format!("{} {}", used.source.tool, used.source.version));
    verified.compared = figures(point, used, target);
    verified.figures = Some(Figures {
        lut: used.lut,
        lut_total: used.lut_total,
        ff: used.ff,
        bram: used.bram,
        dsp: used.dsp,
    });
    verified.fits = part.map(|part| {
        used.lut_total <= part.lut
            && used.ff <= part.ff
            && used.bram <= part.bram
            && used.dsp <= part.dsp
    });
    if let Some(routed) = &synthesis.routed {
        let source = &routed.source;
        verified
            .tools
            .push(format!("{} {}", source.tool, source.version));
        verified.fmax_mhz = Some(routed.fmax_mhz);
        // Placed and routed is the last word.
        verified.fits = Some(true);
    }
    Ok(verified)
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

/// Measured next to estimated, for people.
pub fn human(all: &[Verified], out: &mut dyn Write) -> std::io::Result<()> {
    for Verified {
        roles,
        measured: one,
        ..
    } in all
    {
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        writeln!(
            out,
            "\nverified: {} ({}); {}",
            roles.join(", "),
            one.design,
            one.tools.join(", ")
        )?;
        let words = if one.cosim_equal {
            "equal to the reference model"
        } else {
            "DIFFERENT"
        };
        writeln!(out, "  cosimulation: {words}")?;
        if let Some(problem) = &one.problem {
            writeln!(out, "  NOT BUILT: {problem}")?;
            continue;
        }
        let mut rows = vec![
            ["", "estimated", "measured", "off"]
                .map(String::from)
                .to_vec(),
        ];
        for figure in &one.compared {
            let off = match figure.synthesised {
                0 => String::new(),
                measured => format!(
                    "{:+.1} %",
                    100.0 * (figure.estimated as f64 / measured as f64 - 1.0)
                ),
            };
            rows.push(vec![
                figure.what.to_string(),
                grouped(figure.estimated),
                grouped(figure.synthesised),
                off,
            ]);
        }
        table(out, &rows)?;
        if let Some(fmax) = one.fmax_mhz {
            let estimated = one.estimated_fmax_mhz.map_or(String::new(), |mhz| {
                let off = 100.0 * (mhz / fmax - 1.0);
                format!(", {mhz:.1} MHz estimated ({off:+.1} %)")
            });
            writeln!(
                out,
                "  routed: {fmax:.1} MHz reached{estimated}, {} MHz aimed at",
                one.clock_mhz
            )?;
        }
        if one.fits == Some(false) {
            writeln!(out, "  DOES NOT FIT the part")?;
        }
    }
    Ok(())
}
