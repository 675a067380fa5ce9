//! One task of a plan, measured.

use super::super::verify::measure_point;
use super::super::watch::Watch;
use crate::device::Part;
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::ReportSetting;
use crate::explore::{Evaluator, Figures, Found, Task, Work};
use crate::spec::Numerics;

/// The file of the tasks, by which the folder is known.
pub(super) const PLAN: &str = "plan.json";

/// Does the work of a task.
pub(super) fn measure(task: &Task, watch: &dyn Watch) -> Result<Found, Problems> {
    let again = |problem: String| Problem::file(PLAN, problem).help("make the plan again");
    let this = env!("CARGO_PKG_VERSION");
    if task.program != this {
        return Err(again(format!("is for version {}, this is {this}", task.program)).into());
    }
    let part = task.part.as_deref().map(Part::find).transpose();
    let part = part.map_err(|unknown| unknown.by_flag("--part"))?;
    let evaluator = Evaluator::new(task.target, Numerics::default());
    let point = evaluator
        .point(&task.spec(), part.map_or(task.target, |part| part.family))
        .map_err(|error| again(format!("{error:?}")))?;
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
        let measured = measure_point((&point, part), &evaluator, setting, synthesise, watch)?;
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
