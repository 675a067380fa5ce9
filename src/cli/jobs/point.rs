//! `explore point`: one task, measured.

use super::super::Ended;
use super::super::output::Console;
use super::{Folder, PLAN, POINTS, result_name};
use crate::device::Part;
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::ReportSetting;
use crate::explore::{Evaluator, Figures, Found, Task, Work, record};
use crate::flow::{measure_point, write_inside};
use crate::spec::Numerics;
use std::path::PathBuf;

/// Arguments of `explore point`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore point sweep 0f3a66c1d20b9e47

The unit of work that engines call: measures one point of a plan and moves its result.json into place
at once. A point whose result is there already is done: nothing happens. Two workers at the same point
write the same bytes.

Exit status: 0 there is a result, 1 there is one and the core differs from the reference model or does
not fit, 2 could not.")]
pub struct PointArgs {
    /// Folder of `explore plan`
    folder: PathBuf,
    /// The point, a line of points.txt
    id: String,
}

/// Measures one point.
pub fn point(args: &PointArgs, console: Console) -> Result<Ended, Problems> {
    let folder = Folder::open(&args.folder)?;
    let Some(task) = folder.plan.task(&args.id) else {
        return Err(
            Problem::named(args.id.clone(), "is not a point of the plan")
                .help(format!("{POINTS} in the folder lists them"))
                .into(),
        );
    };
    if let Ok(Some(found)) = folder.result(task) {
        return Ok(verdict(&found));
    }
    let found = work(task, console)?;
    let name = result_name(&args.id);
    write_inside(&args.folder, &name, record(task, &found).as_bytes())?;
    Ok(verdict(&found))
}

fn verdict(found: &Found) -> Ended {
    if found.cosim_equal == Some(false) || found.fits == Some(false) {
        Ended::Different
    } else {
        Ended::Well
    }
}

fn work(task: &Task, console: Console) -> Result<Found, Problems> {
    if task.program != env!("CARGO_PKG_VERSION") {
        let problem = format!(
            "is for version {}, this is {}",
            task.program,
            env!("CARGO_PKG_VERSION")
        );
        return Err(Problem::file(PLAN, problem)
            .help("make the plan again")
            .into());
    }
    let part = match &task.part {
        Some(name) => Some(Part::find(name).map_err(|unknown| unknown.by_flag("--part"))?),
        None => None,
    };
    let evaluator = Evaluator::new(task.target, Numerics::default());
    let point = evaluator
        .point(&task.spec(), part.map_or(task.target, |part| part.family))
        .map_err(|error| Problem::file(PLAN, format!("{error:?}")).help("make the plan again"))?;
    let mut found = Found {
        estimated: Figures::from(&point),
        cycles_per_step: point.cycles_per_step,
        latency_cycles: point.latency_cycles,
        memory_bits: point.memory_bits,
        cosim_equal: None,
        measured: None,
        fits: None,
        fmax_mhz: None,
        tools: Vec::new(),
    };
    if task.work >= Work::Cosim {
        let setting = ReportSetting {
            clock_mhz: task.clock_mhz,
            all: false,
        };
        let synthesise = task.work >= Work::Synth;
        let measured = measure_point((&point, part), &evaluator, setting, synthesise, &console)?;
        if let Some(problem) = measured.problem {
            return Err(Problem::new(problem).into());
        }
        found.cosim_equal = Some(measured.cosim_equal);
        found.measured = measured.figures;
        found.fits = measured.fits;
        found.fmax_mhz = measured.fmax_mhz;
        found.tools = measured.tools;
    }
    Ok(found)
}
