//! `explore plan`, `run`, `collect`, `export`: a sweep whose points are measured one by one, anywhere.

use super::Ended;
use super::axes::{AxesArgs, LimitArgs, Reader};
use super::error::CliError;
use super::folder::{Place, write_file};
use super::output::{Console, Results, grouped};
use super::progress::Progress;
use super::verify::measure;
use crate::explore::report::Setting;
use crate::explore::{
    Evaluator, Figures, Found, Plan, Sweep, Task, Work, nothing_left, read_record, record,
    results_csv,
};
use crate::spec::{Numerics, Part, Settings, SpecErrors};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file of the tasks, by which the folder is known.
const PLAN: &str = "plan.json";
/// Ids of the tasks, a line each.
const POINTS: &str = "points.txt";
const RESULT: &str = "result.json";

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
    /// What is done for every point
    #[arg(long, value_enum, default_value = "synth", help_heading = "Plan")]
    work: WorkArg,
}

/// What is done for a point.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum WorkArg {
    /// Estimate it, nothing more
    Estimate,
    /// Generate it, and compare it with the reference model
    Cosim,
    /// That, synthesis, and place and route for ECP5 and iCE40
    Synth,
}

impl From<WorkArg> for Work {
    fn from(work: WorkArg) -> Self {
        match work {
            WorkArg::Estimate => Self::Estimate,
            WorkArg::Cosim => Self::Cosim,
            WorkArg::Synth => Self::Synth,
        }
    }
}

/// Writes a plan.
pub fn plan(args: &PlanArgs, console: Console) -> Result<Ended, CliError> {
    let mut reader = Reader { issues: Vec::new() };
    let axes = args.axes.read(&mut reader);
    let (target, limits) = args.limits.read(&mut reader);
    if !reader.issues.is_empty() {
        return Err(SpecErrors(reader.issues).into());
    }
    let specs = axes.specs().map_err(|issue| SpecErrors(vec![issue]))?;
    let place = Place::marked(&args.out, args.force, PLAN)?;
    let evaluator = Evaluator {
        target,
        numerics: Numerics::resolve(Settings::default())?,
    };
    let progress = Progress::bar(console, "estimating", specs.len());
    let sweep = Sweep::run(&evaluator, &specs, limits, None, &|done| progress.at(done));
    drop(progress);
    let Some(sweep) = sweep else {
        return Err(CliError::new("explore", "interrupted"));
    };
    if let Some(issue) = nothing_left(&sweep) {
        return Err(SpecErrors(vec![issue]).into());
    }
    let chosen = sweep.judged.iter().filter(|judged| {
        let wanted = judged.pareto || args.all;
        judged.kept() && wanted
    });
    let plan = Plan::new(chosen.map(|judged| Task {
        program: env!("CARGO_PKG_VERSION").into(),
        network: judged.point.network,
        mac: judged.point.mac,
        folding: judged.point.explicit_folding(),
        target,
        part: judged.part.map(|part| part.name.to_string()),
        clock_mhz: args.limits.clock,
        work: args.work.into(),
    }));
    let ids: String = plan.tasks.iter().map(|task| task.id() + "\n").collect();
    place.write(&BTreeMap::from([
        (PLAN.to_string(), plan.to_json().into_bytes()),
        (POINTS.to_string(), ids.into_bytes()),
    ]))?;
    console.print(&Planned {
        points: plan.tasks.len(),
        estimated: sweep.judged.len(),
    })?;
    Ok(Ended::Well)
}

#[derive(Serialize)]
struct Planned {
    points: usize,
    estimated: usize,
}

impl Results for Planned {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} points to measure, of {} estimated",
            grouped(self.points as u64),
            grouped(self.estimated as u64)
        )
    }
}

/// A folder with a plan.
pub struct Folder {
    path: PathBuf,
    /// What is to be done.
    pub plan: Plan,
}

impl Folder {
    /// Opens a folder that `explore plan` wrote.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let file = path.join(PLAN);
        let text =
            std::fs::read_to_string(&file).map_err(|error| CliError::io(&file, "read", &error))?;
        let plan = Plan::from_json(&text)
            .map_err(|problem| CliError::from_message(&format!("{}: {problem}", file.display())))?;
        Ok(Self {
            path: path.to_owned(),
            plan,
        })
    }

    fn result_path(&self, id: &str) -> PathBuf {
        self.path.join("points").join(id).join(RESULT)
    }

    /// The result of a task: `None` where there is none yet.
    ///
    /// # Errors
    /// Why the file that is there is none.
    pub fn result(&self, task: &Task) -> Result<Option<Found>, CliError> {
        let path = self.result_path(&task.id());
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(CliError::io(&path, "read", &error)),
        };
        let found = read_record(&text, task).map_err(|problem| {
            CliError::new(path.display(), problem)
                .help("`lprnn-hw explore run` measures the point again")
        })?;
        Ok(Some(found))
    }

    /// Whether the result of a task is there, and sound.
    pub fn is_done(&self, task: &Task) -> bool {
        matches!(self.result(task), Ok(Some(_)))
    }
}

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
pub fn point(args: &PointArgs, console: Console) -> Result<Ended, CliError> {
    let folder = Folder::open(&args.folder)?;
    let Some(task) = folder.plan.task(&args.id) else {
        return Err(CliError::new(&args.id, "is no point of the plan")
            .help(format!("{POINTS} in the folder lists them")));
    };
    if let Ok(Some(found)) = folder.result(task) {
        return Ok(verdict(&found));
    }
    let found = work(task, console)?;
    let path = folder.result_path(&args.id);
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| CliError::io(parent, "make", &error))?;
    }
    write_file(&path, record(task, &found).as_bytes())?;
    Ok(verdict(&found))
}

fn verdict(found: &Found) -> Ended {
    if found.cosim_equal == Some(false) || found.fits == Some(false) {
        Ended::Different
    } else {
        Ended::Well
    }
}

fn work(task: &Task, console: Console) -> Result<Found, CliError> {
    if task.program != env!("CARGO_PKG_VERSION") {
        let problem = format!(
            "is for version {}, this is {}",
            task.program,
            env!("CARGO_PKG_VERSION")
        );
        return Err(CliError::new(PLAN, problem).help("make the plan anew"));
    }
    let part = match &task.part {
        Some(name) => Some(Part::find(name).map_err(|issue| SpecErrors(vec![issue]))?),
        None => None,
    };
    let evaluator = Evaluator {
        target: task.target,
        numerics: Numerics::resolve(Settings::default())?,
    };
    let point = evaluator
        .point(&task.spec(), part.map_or(task.target.into(), Part::fabric))
        .map_err(|error| CliError::new(PLAN, format!("{error:?}")).help("make the plan anew"))?;
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
        let setting = Setting {
            clock_mhz: task.clock_mhz,
            all: false,
        };
        let synthesise = task.work >= Work::Synth;
        let measured = measure((&point, part), &evaluator, setting, synthesise, console)?;
        if let Some(problem) = measured.problem {
            return Err(CliError::from_message(&problem));
        }
        found.cosim_equal = Some(measured.cosim_equal);
        found.measured = measured.figures;
        found.fits = measured.fits;
        found.fmax_mhz = measured.fmax_mhz;
        found.tools = measured.tools;
    }
    Ok(found)
}

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
struct Collected {
    points: Vec<CollectedPoint>,
    missing: Vec<String>,
}

#[derive(Serialize)]
struct CollectedPoint {
    id: String,
    task: Task,
    found: Found,
}

impl Results for Collected {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let points = self.points.iter().map(|point| (&point.task, &point.found));
        out.write_all(results_csv(points).as_bytes())
    }
}

/// Prints all results.
pub fn collect(args: &CollectArgs, console: Console) -> Result<Ended, CliError> {
    let folder = Folder::open(&args.folder)?;
    let mut collected = Collected {
        points: Vec::new(),
        missing: Vec::new(),
    };
    for task in &folder.plan.tasks {
        match folder.result(task)? {
            Some(found) => collected.points.push(CollectedPoint {
                id: task.id(),
                task: task.clone(),
                found,
            }),
            None => collected.missing.push(task.id()),
        }
    }
    let (missing, all) = (collected.missing.len(), folder.plan.tasks.len());
    if missing > 0 && !args.partial {
        let problem = format!(
            "{missing} of {all} points have no result, the first is {}",
            collected.missing[0]
        );
        return Err(CliError::new(args.folder.display(), problem)
            .help("run `lprnn-hw explore run`, or give --partial"));
    }
    if missing > 0 {
        console.say(format_args!("{missing} of {all} points have no result"));
    }
    console.print(&collected)?;
    Ok(Ended::Well)
}

/// Arguments of `explore export`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore export make sweep > Makefile && make -j 8
  lprnn-hw explore export slurm sweep --chunk 20 --limit 50 > sweep.sh && sbatch sweep.sh
  lprnn-hw explore export snakemake sweep > Snakefile && snakemake --cores 8

Prints what hands a plan to an engine that people run already. It calls `lprnn-hw explore point`, which
must be on the PATH of the workers; the folder must be one that all of them see.

Exit status: 0 printed, 2 could not.")]
pub struct ExportArgs {
    /// The engine
    #[arg(value_enum)]
    engine: Engine,
    /// Folder of `explore plan`
    folder: PathBuf,
    /// Points of one job of an array (slurm)
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,
    /// Jobs of an array that run at once (slurm)
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Engine {
    /// A Makefile
    Make,
    /// A job array for sbatch
    Slurm,
    /// A Snakefile with one rule
    Snakemake,
}

/// Prints the script of an engine.
pub fn export(args: &ExportArgs) -> Result<Ended, CliError> {
    let folder = Folder::open(&args.folder)?;
    let shown = args.folder.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if shown.is_empty() || !shown.chars().all(plain) || shown.starts_with('-') {
        return Err(CliError::new(shown, "is no name that every engine takes")
            .help("give a path of letters, digits, / . _ - and +"));
    }
    let points = folder.plan.tasks.len();
    let text = match args.engine {
        Engine::Make => format!(
            "# {points} points of {shown}: make -j N\n\
             POINTS := $(shell cat {shown}/{POINTS})\n\
             .PHONY: all\n\
             .DELETE_ON_ERROR:\n\
             all: $(POINTS:%={shown}/points/%/{RESULT})\n\
             {shown}/points/%/{RESULT}:\n\
             \tlprnn-hw -q explore point {shown} $*\n"
        ),
        Engine::Slurm => {
            let jobs = points.div_ceil(args.chunk as usize);
            format!(
                "#!/bin/sh\n\
                 #SBATCH --job-name=lprnn-hw\n\
                 #SBATCH --array=0-{last}%{limit}\n\
                 # {points} points of {shown}, {chunk} a job: sbatch FILE\n\
                 set -u\n\
                 first=$((SLURM_ARRAY_TASK_ID * {chunk} + 1))\n\
                 failed=0\n\
                 ids=$(sed -n \"$first,$((first + {chunk} - 1))p\" {shown}/{POINTS}) || exit 2\n\
                 for id in $ids; do\n\
                 \tlprnn-hw -q explore point {shown} \"$id\" || failed=1\n\
                 done\n\
                 exit $failed\n",
                last = jobs.saturating_sub(1),
                limit = args.limit,
                chunk = args.chunk,
            )
        }
        Engine::Snakemake => format!(
            "# {points} points of {shown}: snakemake --cores N\n\
             POINTS = open(\"{shown}/{POINTS}\").read().split()\n\n\
             rule all:\n    \
                 input: expand(\"{shown}/points/{{id}}/{RESULT}\", id=POINTS)\n\n\
             rule point:\n    \
                 output: \"{shown}/points/{{id}}/{RESULT}\"\n    \
                 shell: \"lprnn-hw -q explore point {shown} {{wildcards.id}}\"\n"
        ),
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| CliError::new("standard output", error))?;
    Ok(Ended::Well)
}
