//! `lprnn-hw explore`.

use super::Ended;
use super::axes::{AxesArgs, LimitArgs, Reader};
use super::output::{Console, Results};
use super::{jobs, verify};
use crate::diagnostic::Problems;
use crate::explore::report::ReportSetting;
use crate::explore::{Accuracies, Evaluator, read_accuracies};
use crate::fit::factors;
use crate::flow::{self, SweepReport};
use crate::spec::Numerics;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `explore`.
#[derive(clap::Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore --bits 2..8 --hidden 64,128,256,512 --part xc7a35t
  lprnn-hw explore --bits 4 --hidden 128..512:64 --part lfe5u-25f --max-cycles 2000 -o sweep
  lprnn-hw explore --weight-bits 1,2,4 --act-bits 4,8 --hidden 256 --target xc7 --macs 64,256,1024
  lprnn-hw explore --bits 2..8 --hidden 64..256:64 --part xc7a35t --accuracy results.csv -o sweep

Lists are numbers with commas, ranges 2..8 with both ends, ranges with a step 64..512:64, and mixes.
Every combination is estimated from sizes and widths alone; those that fit the part are kept, and
the Pareto set of them is marked. Without a folding all of units H, H/2, H/4 .. by columns 1, 2, 4 ..
up to 16 384 multiply-accumulates are tried.

With --out, a folder with points.csv, points.json, summary.md and index.html, a page of charts that
needs no network. An accuracy file is a CSV with w_bits and a_bits (or bits), hidden, layers, and one
column of a measure, such as valid_bpc.

Exit status: 0 done; 1 a verified point differs in cosimulation, cannot be built or does not fit;
2 could not: bad input, or no point meets the limits (the nearest is named).")]
pub struct ExploreArgs {
    #[command(flatten)]
    axes: AxesArgs,
    #[command(flatten)]
    limits: LimitArgs,
    /// Measured accuracies of networks, CSV
    #[arg(long, value_name = "FILE", help_heading = "Accuracy")]
    accuracy: Option<PathBuf>,
    /// Column of the accuracy file to take, where there are several
    #[arg(
        long,
        value_name = "NAME",
        requires = "accuracy",
        help_heading = "Accuracy"
    )]
    metric: Option<String>,
    /// Direction in which the measure gets better [default: by the column's name]
    #[arg(
        long,
        value_enum,
        value_name = "WHICH",
        requires = "accuracy",
        help_heading = "Accuracy"
    )]
    accuracy_direction: Option<BetterValue>,
    /// Keep only networks known to be this good: at least this value, at most where smaller is better
    #[arg(
        long,
        value_name = "VALUE",
        requires = "accuracy",
        allow_negative_numbers = true,
        help_heading = "Accuracy"
    )]
    min_accuracy: Option<f64>,
    /// Folder to write points, summary and page to
    #[arg(short, long, value_name = "FOLDER", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace the folder if it holds an older sweep
    #[arg(long, requires = "out", help_heading = "Output")]
    force: bool,
    /// Build, cosimulate and synthesise this many recommended points (place and route for ECP5 and iCE40),
    /// and show what was measured beside the estimate
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Output")]
    verify: Option<u32>,
    /// Coefficients of the estimator, written by `fit coefficients` [default: built in]
    #[arg(long, value_name = "FILE", help_heading = "Limits")]
    coefficients: Option<PathBuf>,
    /// Also list the points that miss a limit
    #[arg(long, help_heading = "Output")]
    all: bool,
    #[command(subcommand)]
    job: Option<Job>,
}

/// Which value of a measure is the better one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum BetterValue {
    /// Larger is better, like an accuracy
    Larger,
    /// Smaller is better, like an error
    Smaller,
}

/// A sweep whose points are measured one by one.
#[derive(clap::Subcommand, Debug)]
enum Job {
    /// Write a plan of the points worth measuring
    Plan(Box<jobs::PlanArgs>),
    /// Measure the points of a plan in parallel; can be interrupted and resumed
    Run(jobs::WorkerArgs),
    /// Measure one point of a plan
    Point(jobs::PointArgs),
    /// Print the results of a plan
    Collect(jobs::CollectArgs),
    /// Print a script that runs a plan with make, Slurm or Snakemake
    Export(jobs::ExportArgs),
}

/// Reads the accuracy file.
fn accuracies(args: &ExploreArgs) -> Result<Option<Accuracies>, Problems> {
    let Some(path) = &args.accuracy else {
        return Ok(None);
    };
    let text = crate::files::load_table(path)?;
    let larger = args
        .accuracy_direction
        .map(|which| which == BetterValue::Larger);
    let known = read_accuracies(&text, args.metric.as_deref(), larger)
        .map_err(|problems| problems.in_file(path))?;
    Ok(Some(known))
}

/// Runs a sweep and prints what it has found, or does one of the jobs of a plan.
pub fn run(args: &ExploreArgs, console: Console) -> Result<Ended, Problems> {
    match &args.job {
        None => sweep(args, console),
        Some(Job::Plan(args)) => jobs::plan(args, console),
        Some(Job::Run(args)) => jobs::run(args, console),
        Some(Job::Point(args)) => jobs::point(args, console),
        Some(Job::Collect(args)) => jobs::collect(args, console),
        Some(Job::Export(args)) => jobs::export(args),
    }
}

fn sweep(args: &ExploreArgs, console: Console) -> Result<Ended, Problems> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, mut limits) = args.limits.read(&mut reader);
    limits.least_accuracy = args.min_accuracy;
    Problems::none_or(reader.issues, ())?;
    let specs = axes.specs()?;
    let evaluator = Evaluator {
        target,
        numerics: Numerics::default(),
        fitted: factors(args.coefficients.as_deref())?,
    };
    let known = accuracies(args)?;
    let known = known.as_ref();
    let place = match &args.out {
        Some(out) => Some(SweepReport::place(out, args.force)?),
        None => None,
    };
    let sweep = flow::sweep(&evaluator, &specs, limits, known, &console);
    let sweep = sweep.map_err(|problems| match &args.accuracy {
        Some(path) => problems.in_file(path),
        None => problems,
    })?;
    let setting = ReportSetting {
        clock_mhz: args.limits.clock,
        all: args.all,
    };
    let verify = args.verify.map(|count| count as usize);
    let found = SweepReport::new(&sweep, known, setting, verify, &console)?;
    if let (Some(place), Some(out)) = (place, &args.out) {
        let files = found.files(&sweep, known)?;
        place.write_watched(&files, &console)?;
        let count = files.len();
        console.say(format_args!("wrote {count} files to {}", out.display()));
    }
    console.print(&found)?;
    Ok(Ended::where_all(found.holds()))
}

impl Results for SweepReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        super::explore_text::human(&self.summary, out)?;
        verify::human(&self.verified, out)
    }
}
