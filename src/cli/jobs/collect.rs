//! `explore collect`: the results of a plan, in its order.

use super::super::Ended;
use super::super::output::{Console, Results};
use crate::diagnostic::{Problem, Problems};
use crate::explore::{Found, Task, results_csv};
use crate::flow::Jobs;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `explore collect`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore collect sweep > results.csv
  lprnn-hw explore collect sweep --partial --format json

Reads the results of a plan in its order, each checked against its task and its digest, and prints
them as CSV, or one JSON object. The same results give the same bytes, whoever measured them and when.

Exit status: 0 all are there, 2 some are missing or damaged (they are named; with --partial those that
are missing are left out).")]
pub struct CollectArgs {
    /// Folder of `explore plan`
    folder: PathBuf,
    /// Leave out points without a result
    #[arg(long)]
    partial: bool,
}

#[derive(Serialize)]
struct CollectedPoints {
    points: Vec<CollectedPoint>,
    missing: Vec<String>,
}

#[derive(Serialize)]
struct CollectedPoint {
    id: String,
    task: Task,
    found: Found,
}

impl Results for CollectedPoints {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let points = self.points.iter().map(|point| (&point.task, &point.found));
        out.write_all(results_csv(points).as_bytes())
    }
}

/// Prints all results.
pub fn collect(args: &CollectArgs, console: Console) -> Result<Ended, Problems> {
    let jobs = Jobs::open(&args.folder)?;
    let mut collected = CollectedPoints {
        points: Vec::new(),
        missing: Vec::new(),
    };
    for task in &jobs.plan.tasks {
        match jobs.result(task)? {
            Some(found) => collected.points.push(CollectedPoint {
                id: task.id(),
                task: task.clone(),
                found,
            }),
            None => collected.missing.push(task.id()),
        }
    }
    let (missing, all) = (collected.missing.len(), jobs.plan.tasks.len());
    if missing > 0 && !args.partial {
        let problem = format!(
            "{missing} of {all} points have no result, the first is {}",
            collected.missing[0]
        );
        return Err(Problem::file(&args.folder, problem)
            .help("run `lprnn-hw explore run`, or give --partial")
            .into());
    }
    if missing > 0 {
        console.say(format_args!("{missing} of {all} points have no result"));
    }
    console.print(&collected)?;
    Ok(Ended::Well)
}
