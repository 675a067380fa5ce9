//! `explore plan`: what is worth measuring, as tasks in a folder.

use super::super::Ended;
use super::super::axes::{AxesArgs, LimitArgs, Reader};
use super::super::output::{Console, Results, grouped};
use crate::diagnostic::Problems;
use crate::explore::{Evaluator, Plan, Work};
use crate::flow::{Jobs, sweep};
use crate::spec::Numerics;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `explore plan`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore plan --bits 2..8 --hidden 64,128,256 --part xc7a35t -o sweep
  lprnn-hw explore run sweep -j 8
  lprnn-hw explore collect sweep

Estimates the sweep as `explore` does and writes down what is worth measuring: the Pareto set of what
fits, or everything that fits with --all. Every point is a task with a folder that is named by its
contents.

Exit status: 0 written, 2 could not.")]
pub struct PlanArgs {
    #[command(flatten)]
    axes: AxesArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Folder to write the plan to, and the results later
    #[arg(short, long, value_name = "FOLDER", help_heading = "Plan")]
    out: PathBuf,
    /// Replace the folder if it holds an older plan, with its results
    #[arg(long, help_heading = "Plan")]
    force: bool,
    /// Every point that fits, not the Pareto set alone
    #[arg(long, help_heading = "Plan")]
    all: bool,
    /// Work on every point
    #[arg(long, value_enum, default_value = "synth", help_heading = "Plan")]
    work: Work,
}

/// Writes a plan.
pub fn plan(args: &PlanArgs, console: Console) -> Result<Ended, Problems> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, limits) = args.limits.read(&mut reader);
    Problems::none_or(reader.issues, ())?;
    let specs = axes.specs()?;
    let place = Jobs::place(&args.out, args.force)?;
    let evaluator = Evaluator::new(target, Numerics::default());
    let sweep = sweep(&evaluator, &specs, limits, None, &console)?;
    let plan = Plan::of(&sweep, args.all, args.work, args.limits.clock);
    place.write_watched(&Jobs::files(&plan), &console)?;
    console.print(&PlannedSweep {
        points: plan.tasks.len(),
        estimated: sweep.judged.len(),
    })?;
    Ok(Ended::Well)
}

#[derive(Serialize)]
struct PlannedSweep {
    points: usize,
    estimated: usize,
}

impl Results for PlannedSweep {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} points to measure, of {} estimated",
            grouped(self.points as u64),
            grouped(self.estimated as u64)
        )
    }
}
