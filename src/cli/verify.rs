//! `explore --verify`: the recommended points, built, simulated and synthesised.

use super::bundle::{build, open, plan};
use super::cosim::{Stalls, compare};
use super::error::CliError;
use super::estimate::{Compared, block_name};
use super::folder;
use super::output::{Console, grouped, table};
use super::progress::Progress;
use crate::cosim::Workload;
use crate::explore::report::Setting;
use crate::explore::{Evaluator, Judged, Point, Recommended, Role, Sweep};
use crate::spec::{DesignConfig, Network, Target};
use crate::synth::{self, Design, Options, RouteOptions, Utilization};
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

/// What was measured of a point.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// Place in the sweep.
    pub index: usize,
    /// Questions it answers.
    pub roles: Vec<Role>,
    /// Network and folding.
    pub design: String,
    /// Whether every word and the cycle counts agreed in cosimulation.
    pub cosim_equal: bool,
    /// Tools and versions.
    pub tools: Vec<String>,
    /// Figures of synthesis beside the sweep's.
    pub compared: Vec<Compared>,
    /// Clock reached after place and route, MHz, where there is an open router.
    pub fmax_mhz: Option<f64>,
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
        self.cosim_equal && self.fits != Some(false) && self.problem.is_none()
    }
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
) -> Result<Vec<Verified>, CliError> {
    let mut verified = Vec::new();
    for Recommended { roles, index } in chosen {
        let judged = &sweep.judged[*index];
        let mut one = point(judged, evaluator, setting, console)?;
        one.index = *index;
        one.roles.clone_from(roles);
        verified.push(one);
        if crate::tools::interrupted() {
            return Err(CliError::new("explore", "interrupted"));
        }
    }
    Ok(verified)
}

fn point(
    judged: &Judged,
    evaluator: &Evaluator,
    setting: Setting,
    console: Console,
) -> Result<Verified, CliError> {
    let spec = judged.point.spec();
    let target = evaluator.target;
    let config = DesignConfig {
        network: Network::Seeded(spec.network.seeded(evaluator.numerics, SEED)),
        implementation: evaluator.implementation(&spec),
        clock_ns: 1000.0 / setting.clock_mhz,
    };
    let design = format!("{}, {}", spec.network, judged.point.folding_text());
    let progress = Progress::spinner(console, &format!("generating {design}"));
    let built = build(plan(config)?)?;
    let scratch = tempfile::tempdir()
        .map_err(|error| CliError::io(&std::env::temp_dir(), "write", &error))?;
    let bundle = scratch.path().join("bundle");
    folder::Place::check(&bundle, false)?.write(&built.bundle.files)?;
    drop(progress);
    let opened = open(&bundle)?;
    let load = Workload::random(&opened.interface, STEPS, SEED);
    let report = compare(
        &opened,
        &load,
        Stalls::Both.patterns(),
        (SEED, None),
        console,
    )?;
    let mut verified = Verified {
        index: 0,
        roles: Vec::new(),
        design: design.clone(),
        cosim_equal: report.ended() == super::Ended::Well,
        tools: report.tools().to_vec(),
        compared: Vec::new(),
        fmax_mhz: None,
        clock_mhz: setting.clock_mhz,
        fits: None,
        problem: None,
    };
    let route = match (target, judged.part.and_then(|part| device(part.name))) {
        (Target::Ecp5 | Target::Ice40, Some(device)) => Some(RouteOptions {
            part: synth::Part::new(target, Some(&device), None)?,
            target_mhz: setting.clock_mhz,
            seed: SEED,
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
        &Design::open(&bundle)?,
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
    verified.compared = figures(&judged.point, used, target);
    verified.fits = judged.part.map(|part| {
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
fn figures(estimated: &Point, used: &Utilization, target: Target) -> Vec<Compared> {
    [
        ("LUT (logic)", estimated.lut, used.lut),
        ("LUT sites in all", estimated.lut_total, used.lut_total),
        ("flip-flops", estimated.ff, used.ff),
        (
            block_name(target == Target::Ice40),
            estimated.bram,
            used.bram,
        ),
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
    for one in all {
        let roles: Vec<&str> = one.roles.iter().map(|role| role.name()).collect();
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
            writeln!(
                out,
                "  routed: {fmax:.1} MHz reached, {} MHz aimed at",
                one.clock_mhz
            )?;
        }
        if one.fits == Some(false) {
            writeln!(out, "  DOES NOT FIT the part")?;
        }
    }
    Ok(())
}
