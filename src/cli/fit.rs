//! `lprnn-hw fit`: what the estimate is fitted to, and how good it is.

use super::Ended;
use super::output::{Console, Results};
use super::progress::Progress;
use crate::device::ClockClass;
use crate::diagnostic::{Problem, Problems};
use crate::estimate::{Coefficients, FactorTable};
use crate::fit::{
    FIGURES, MeasuredPoint, SeriesDesign, Table, clock_error, document, error, fit, measure,
};
use crate::flow::write_inside;
use crate::tools::Search;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The measured designs.
const POINTS: &str = "points.csv";
/// The factors.
const COEFFICIENTS: &str = "coefficients.json";

/// Arguments of `fit`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit collect my-fit -j 8
  lprnn-hw fit coefficients my-fit > errors.md
  lprnn-hw estimate --bits 4 --hidden 512 --coefficients my-fit/coefficients.json

The estimates that are compiled in were made this way, from src/estimate/data. With tools of other
versions, make your own.

Exit status: 0 done, 2 could not, 130 interrupted.")]
pub struct FitArgs {
    #[command(subcommand)]
    command: Step,
}

#[derive(clap::Subcommand, Debug)]
enum Step {
    /// Synthesise the designs that the table does not have yet
    Collect(FitCollectArgs),
    /// Fit the estimator's coefficients to the table and print their errors
    Coefficients(CoefficientsArgs),
}

#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit collect my-fit -j 8
  lprnn-hw fit collect my-fit --family ecp5

Takes the designs of a fixed series through the generator, Yosys and, where the series names a device,
nextpnr, several at once, and writes FOLDER/points.csv after every one of them: it can be stopped at any
moment and run again. Hours for the whole series.

Exit status: 0 every design of the series is in the table, 2 some could not be measured (named, with
what the tool said; the others are kept), 130 interrupted.")]
struct FitCollectArgs {
    /// Folder of the table; made when it is not there
    folder: PathBuf,
    /// Designs measured at once [default: one for every core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Designs of this family alone
    #[arg(long, value_parser = super::family::synthesised(), value_name = "FAMILY")]
    family: Option<crate::device::Family>,
    /// At most this many designs that are not there yet
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit coefficients my-fit > errors.md
  lprnn-hw fit coefficients my-fit --designs > designs.csv
  lprnn-hw estimate --bits 4 --hidden 512 --coefficients my-fit/coefficients.json

Reads FOLDER/points.csv, fits the factors of every family to two of five designs, writes
FOLDER/coefficients.json, and prints the errors on the others as Markdown.

Exit status: 0 fitted, 2 could not: no table, a damaged one, or too few designs of a family.")]
struct CoefficientsArgs {
    /// Folder of the table
    folder: PathBuf,
    /// Print every design with its errors instead, as CSV
    #[arg(long)]
    designs: bool,
}

/// The factors and the errors that remain.
#[derive(Serialize)]
struct Fitted {
    coefficients: Coefficients,
    #[serde(skip)]
    text: String,
}

impl Results for Fitted {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(self.text.as_bytes())
    }
}

/// `fit coefficients`.
fn fit_table(args: &CoefficientsArgs, console: Console) -> Result<Ended, Problems> {
    let path = args.folder.join(POINTS);
    let place = |problem: String| Problem::file(&path, problem);
    let points = MeasuredPoint::all(&read(&path)?).map_err(place)?;
    let coefficients = fit(&points).map_err(|problem| {
        place(problem).help("measure more of the series with `lprnn-hw fit collect`")
    })?;
    let text = if args.designs {
        designs(&points, &coefficients)
    } else {
        document(&points, &coefficients)
    };
    write_inside(
        &args.folder,
        Path::new(COEFFICIENTS),
        coefficients.to_json().as_bytes(),
    )?;
    console.print(&Fitted { coefficients, text })?;
    Ok(Ended::Well)
}

/// Every design with its errors in percent, a line each.
fn designs(points: &[MeasuredPoint], fitted: &Coefficients) -> String {
    let mut head = vec![SeriesDesign::HEADER.to_string(), "in_fit".to_string()];
    for name in FIGURES.into_iter().chain(["clock, MHz"]) {
        let name = name.replace(", ", " ");
        head.push(name.clone());
        head.push(name + " off %");
    }
    let mut lines = vec![head.join(",")];
    for point in points {
        let mut cells = vec![point.design.line(), point.fitted().to_string()];
        let family = point.design.fabric().key();
        for (figure, count) in point.measured.counts.iter().enumerate() {
            let off = error(point, &fitted.families[family], figure);
            cells.extend([count.to_string(), format!("{off:.1}")]);
        }
        let class: Option<ClockClass> = point.clock_class();
        let clock = class.and_then(|class| fitted.clocks.get(&class));
        let off = clock.and_then(|clock| clock_error(point, clock));
        let fmax = point.measured.fmax_mhz;
        cells.push(fmax.map_or(String::new(), |mhz| mhz.to_string()));
        cells.push(off.map_or(String::new(), |off| format!("{off:.1}")));
        lines.push(cells.join(","));
    }
    lines.join("\n") + "\n"
}

#[derive(Serialize)]
struct MeasuredDesigns {
    designs: usize,
    measured: usize,
    missing: usize,
}

impl Results for MeasuredDesigns {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} designs are in the table, {} of them new; {} of the series are missing",
            self.designs, self.measured, self.missing
        )
    }
}

/// The factors of a file, or those that are compiled in.
pub fn fitted(path: Option<&Path>) -> Result<Arc<FactorTable>, Problems> {
    let Some(path) = path else {
        return Ok(FactorTable::built_in());
    };
    let text = crate::files::read_table(path)
        .map_err(|error| crate::files::problem(path, "read", &error))?;
    let read = Coefficients::from_json(&text).map_err(|problem| {
        Problem::file(path, problem).help("write the file again with `lprnn-hw fit coefficients`")
    })?;
    Ok(Arc::new(read.into()))
}

/// Collects or fits.
pub fn run(args: &FitArgs, console: Console) -> Result<Ended, Problems> {
    match &args.command {
        Step::Collect(args) => collect(args, console),
        Step::Coefficients(args) => fit_table(args, console),
    }
}

fn read(path: &Path) -> Result<Table, Problems> {
    let text = crate::files::read_table(path)
        .map_err(|error| crate::files::problem(path, "read", &error))?;
    let table = Table::parse(&text).map_err(|problem| {
        Problem::file(path, problem).help("mend the line, or take it out: it is measured again")
    })?;
    Ok(table)
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn collect(args: &FitCollectArgs, console: Console) -> Result<Ended, Problems> {
    let folder = &args.folder;
    std::fs::create_dir_all(folder)
        .map_err(|error| crate::files::problem(folder, "make", &error))?;
    let handle = std::fs::File::open(folder)
        .map_err(|error| crate::files::problem(folder, "read", &error))?;
    if handle.try_lock().is_err() {
        return Err(
            Problem::file(folder, "another `fit collect` is writing there")
                .help("wait for it, or give another folder")
                .into(),
        );
    }
    let path = folder.join(POINTS);
    let table = if path.exists() {
        read(&path)?
    } else {
        Table::default()
    };
    let wanted = args.family;
    let series: Vec<SeriesDesign> = SeriesDesign::series()
        .into_iter()
        .filter(|design| wanted.is_none_or(|family| family == design.target))
        .collect();
    let (table, measured) = measure_missing(args, &series, table, console)?;
    console.print(&MeasuredDesigns {
        designs: table.lines().count(),
        measured,
        missing: series.iter().filter(|design| !table.has(design)).count(),
    })?;
    Ok(Ended::Well)
}

/// Measures designs of `series` that `table` lacks, several at once, and writes the table after each:
/// the table, and how many are new.
fn measure_missing(
    args: &FitCollectArgs,
    series: &[SeriesDesign],
    table: Table,
    console: Console,
) -> Result<(Table, usize), Problems> {
    let pending: VecDeque<&SeriesDesign> = series
        .iter()
        .filter(|design| !table.has(design))
        .take(args.count.unwrap_or(usize::MAX))
        .collect();
    let jobs = match args.jobs {
        Some(jobs) => jobs as usize,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let search = Search::from_env();
    let new = pending.len();
    let progress = Progress::bar(console, "synthesising", new);
    let (queue, table) = (Mutex::new(pending), Mutex::new((table, 0)));
    let faults = Mutex::new(Vec::new());
    let work = || {
        while !crate::tools::interrupted() {
            let Some(design) = locked(&queue).pop_front() else {
                return;
            };
            let fault = match measure(&search, design) {
                Ok(found) => {
                    let mut table = locked(&table);
                    table.0.add(design, &found);
                    table.1 += 1;
                    progress.at(table.1);
                    let text = table.0.to_csv();
                    write_inside(&args.folder, Path::new(POINTS), text.as_bytes()).err()
                }
                Err(_) if crate::tools::interrupted() => return,
                Err(problems) => Some(problems),
            };
            locked(&faults).extend(fault);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(new) {
            scope.spawn(work);
        }
    });
    drop(progress);
    if crate::tools::interrupted() {
        return Err(Problem::interrupted("fit").into());
    }
    if let Some(fault) = locked(&faults).drain(..).reduce(Problems::and) {
        return Err(fault.help("run it again when the cause is mended; what is there is kept"));
    }
    Ok(table.into_inner().unwrap_or_else(PoisonError::into_inner))
}
