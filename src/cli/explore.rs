//! `lprnn-hw explore`.

use super::Ended;
use super::axes::{AxesArgs, LimitArgs, Reader};
use super::output::{Console, Results};
use super::progress::Progress;
use super::verify;
use super::{jobs, workers};
use crate::diagnostic::{Problem, Problems};
use crate::explore::report::{
    ReportSetting, Summary, VerifiedRow, all_rows, markdown, page, to_csv,
};
use crate::explore::{Accuracies, Evaluator, Sweep, nothing_left, read_accuracies, recommend};
use crate::flow::{Place, Verified};
use crate::spec::Numerics;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

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
    accuracy_direction: Option<Direction>,
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
enum Direction {
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
    Run(workers::WorkerArgs),
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
    let text = crate::files::read_table(path)
        .map_err(|error| crate::files::problem(path, "read", &error))?;
    let larger = args
        .accuracy_direction
        .map(|which| which == Direction::Larger);
    let known = read_accuracies(&text, args.metric.as_deref(), larger)
        .map_err(|problems| problems.in_file(path))?;
    Ok(Some(known))
}

/// Runs a sweep and prints what it has found, or does one of the jobs of a plan.
pub fn run(args: &ExploreArgs, console: Console) -> Result<Ended, Problems> {
    match &args.job {
        None => sweep(args, console),
        Some(Job::Plan(args)) => jobs::plan(args, console),
        Some(Job::Run(args)) => workers::run(args, console),
        Some(Job::Point(args)) => jobs::point(args, console),
        Some(Job::Collect(args)) => jobs::collect(args, console),
        Some(Job::Export(args)) => jobs::export(args),
    }
}

/// Writes the folder of a sweep.
fn write_folder(
    (place, out): (&Place, &Path),
    found: &SweepReport,
    sweep: &Sweep,
    known: Option<&Accuracies>,
    console: Console,
) -> Result<(), Problems> {
    let rows = all_rows(sweep, found.summary.setting);
    let verified = crate::flow::verified_rows(&found.summary, &found.verified);
    let page = page(&found.summary, &rows, known, &verified);
    let files = files(found, page, &verified)?;
    console.write(place, &files)?;
    console.say(format_args!(
        "wrote {} files to {}",
        files.len(),
        out.display()
    ));
    Ok(())
}

fn sweep(args: &ExploreArgs, console: Console) -> Result<Ended, Problems> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, limits) = args.limits.read(&mut reader);
    Problems::none_or(reader.issues, ())?;
    let specs = axes.specs()?;
    let fitted = super::fit::fitted(args.coefficients.as_deref())?;
    let known = accuracies(args)?;
    let place = match &args.out {
        Some(out) => Some(Place::marked(out, args.force, MARK, |_| false)?),
        None => None,
    };
    let evaluator = Evaluator {
        target,
        numerics: Numerics::default(),
        fitted,
    };
    let progress = Progress::bar(console, "estimating", specs.len());
    let sweep = Sweep::run(&evaluator, &specs, limits, known.as_ref(), &|done| {
        progress.at(done);
    });
    drop(progress);
    let Some(sweep) = sweep else {
        return Err(Problem::interrupted("explore").into());
    };
    if let Some(known) = &known {
        check_join(known, &sweep, args)?;
    }
    if let Some(issue) = nothing_left(&sweep) {
        return Err(issue.into());
    }
    let setting = ReportSetting {
        clock_mhz: args.limits.clock,
        all: args.all,
    };
    let most = args.verify.map(|count| count as usize);
    let mut found = SweepReport {
        summary: Summary::new(&sweep, known.as_ref(), setting, most),
        verified: Vec::new(),
    };
    if most.is_some() {
        let chosen = recommend(&sweep, known.as_ref(), most);
        found.verified = crate::flow::verify(&sweep, &evaluator, &chosen, setting, &console)?;
    }
    if let (Some(place), Some(out)) = (place, &args.out) {
        write_folder((&place, out), &found, &sweep, known.as_ref(), console)?;
    }
    console.print(&found)?;
    Ok(if found.verified.iter().all(Verified::holds) {
        Ended::Well
    } else {
        Ended::Different
    })
}

/// A sweep, and what was measured of its recommended points.
#[derive(Serialize)]
struct SweepReport {
    #[serde(flatten)]
    summary: Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    verified: Vec<Verified>,
}

/// The file by which a folder of a sweep is known.
const MARK: &str = "points.json";

fn files(
    found: &SweepReport,
    page: String,
    verified: &[VerifiedRow],
) -> Result<BTreeMap<String, Vec<u8>>, Problems> {
    let summary = &found.summary;
    let mut json = serde_json::to_vec_pretty(found)
        .map_err(|error| Problem::named("points.json", format!("cannot be written: {error}")))?;
    json.push(b'\n');
    Ok([
        ("points.csv".to_string(), to_csv(&summary.points)),
        (MARK.to_string(), json),
        (
            "summary.md".to_string(),
            markdown(summary, verified).into_bytes(),
        ),
        ("index.html".to_string(), page.into_bytes()),
    ]
    .into())
}

/// An accuracy file without a single network of the sweep is the wrong one.
fn check_join(known: &Accuracies, sweep: &Sweep, args: &ExploreArgs) -> Result<(), Problems> {
    if sweep.judged.iter().any(|judged| judged.accuracy.is_some()) {
        return Ok(());
    }
    let place = args
        .accuracy
        .as_ref()
        .map_or(String::new(), |path| path.display().to_string());
    let rows: Vec<String> = known
        .rows
        .iter()
        .take(3)
        .map(|row| format!("{} {} units x {}", row.widths(), row.hidden, row.layers))
        .collect();
    let points = sweep
        .judged
        .first()
        .map(|judged| judged.point.network.to_string());
    Err(Problem::file(
        place,
        format!(
            "no row is of a network of the sweep: it has {}, the sweep {}",
            rows.join(", "),
            points.unwrap_or_default()
        ),
    )
    .help("sweep the widths, units and layers of the file, or leave --accuracy out")
    .into())
}

impl Results for SweepReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        super::explore_text::human(&self.summary, out)?;
        verify::human(&self.verified, out)
    }
}
