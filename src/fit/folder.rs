//! The folder of a fit: the table of measured designs, and the factors that follow from it.

use super::points::MeasuredPoint;
use super::{SeriesDesign, Table, fit, measure};
use crate::device::Family;
use crate::diagnostic::{Problem, Problems};
use crate::estimate::{Coefficients, FactorTable};
use crate::files;
use crate::flow::{Watch, write_inside};
use crate::tools::{Search, for_each, interrupted, locked};
use serde::Serialize;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// The measured designs.
const POINTS: &str = "points.csv";
/// The factors.
const COEFFICIENTS: &str = "coefficients.json";

/// Designs of the series that are to be measured, and how many at once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Collecting {
    /// Of this family alone.
    pub family: Option<Family>,
    /// At most so many that are not there yet.
    pub count: Option<usize>,
    /// Measured at once; one for every core where nothing is said.
    pub jobs: Option<u32>,
}

/// Designs of the series in a table.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Collected {
    /// In the table now.
    pub designs: usize,
    /// Of these the new ones.
    pub measured: usize,
    /// Not in the table.
    pub missing: usize,
}

/// Measures designs of the series that the table of `folder` lacks, and writes the table after each.
///
/// # Errors
/// A folder that another run uses or that cannot be written, a damaged table, an interruption, and
/// designs that could not be measured; the others are in the table then.
pub fn collect(
    folder: &Path,
    wanted: Collecting,
    watch: &dyn Watch,
) -> Result<Collected, Problems> {
    std::fs::create_dir_all(folder).map_err(|error| files::problem(folder, "make", &error))?;
    let handle =
        std::fs::File::open(folder).map_err(|error| files::problem(folder, "read", &error))?;
    if handle.try_lock().is_err() {
        return Err(
            Problem::file(folder, "another `fit collect` is writing there")
                .help("wait for it, or give another folder")
                .into(),
        );
    }
    let table = if folder.join(POINTS).exists() {
        read_table(folder)?
    } else {
        Table::default()
    };
    let mut series = SeriesDesign::series();
    series.retain(|design| wanted.family.is_none_or(|family| family == design.target));
    let (table, measured) = measure_missing(folder, wanted, &series, table, watch)?;
    Ok(Collected {
        designs: table.lines().count(),
        measured,
        missing: series.iter().filter(|design| !table.has(design)).count(),
    })
}

/// The table with what was measured of `series`, and how many designs that is.
fn measure_missing(
    folder: &Path,
    wanted: Collecting,
    series: &[SeriesDesign],
    table: Table,
    watch: &dyn Watch,
) -> Result<(Table, usize), Problems> {
    let missing = series.iter().filter(|design| !table.has(design));
    let pending: Vec<_> = missing.take(wanted.count.unwrap_or(usize::MAX)).collect();
    let search = Search::from_env();
    let progress = watch.begin("synthesising", Some(pending.len()));
    let (table, faults) = (Mutex::new((table, 0)), Mutex::new(Vec::new()));
    for_each(pending, wanted.jobs, |design| {
        let fault = match measure(&search, design) {
            Ok(found) => {
                let mut table = locked(&table);
                table.0.add(design, &found);
                table.1 += 1;
                progress.at(table.1);
                let text = table.0.to_csv();
                write_inside(folder, Path::new(POINTS), text.as_bytes()).err()
            }
            Err(_) if interrupted() => return,
            Err(problems) => Some(problems),
        };
        locked(&faults).extend(fault);
    });
    drop(progress);
    if interrupted() {
        return Err(Problem::interrupted("fit").into());
    }
    if let Some(fault) = locked(&faults).drain(..).reduce(Problems::and) {
        return Err(fault.help("run it again when the cause is mended; what is there is kept"));
    }
    let found = std::mem::take(&mut *locked(&table));
    Ok(found)
}

fn read_table(folder: &Path) -> Result<Table, Problem> {
    let path = folder.join(POINTS);
    Table::parse(&files::load_table(&path)?).map_err(|problem| {
        Problem::file(path, problem).help("mend the line, or take it out: it is measured again")
    })
}

/// Fits the factors to the table of `folder`, and writes them beside it: the designs, and the factors.
///
/// # Errors
/// No table, a damaged one, or too few designs of a family.
pub fn fit_folder(folder: &Path) -> Result<(Vec<MeasuredPoint>, Coefficients), Problems> {
    let place = |problem: String| Problem::file(folder.join(POINTS), problem);
    let points = MeasuredPoint::all(&read_table(folder)?).map_err(place)?;
    let coefficients = fit(&points).map_err(|problem| {
        place(problem).help("measure more of the series with `lprnn-hw fit collect`")
    })?;
    let text = coefficients.to_json();
    write_inside(folder, Path::new(COEFFICIENTS), text.as_bytes())?;
    Ok((points, coefficients))
}

/// The factors of a file that [`fit_folder`] wrote, or those that are compiled in.
///
/// # Errors
/// A file that cannot be read, or is damaged.
pub fn factors(path: Option<&Path>) -> Result<Arc<FactorTable>, Problem> {
    let Some(path) = path else {
        return Ok(FactorTable::built_in());
    };
    let read = Coefficients::from_json(&files::load_table(path)?).map_err(|problem| {
        Problem::file(path, problem).help("write the file again with `lprnn-hw fit coefficients`")
    })?;
    Ok(Arc::new(read.into()))
}
