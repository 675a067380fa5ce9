//! A sweep whose points are measured one by one, anywhere: a folder with a plan, and results in it.

mod export;
mod point;
mod workers;

pub use export::{Engine, Export};
pub use workers::{MeasuredAll, Workers};

use self::point::PLAN;
use super::place::Place;
use super::watch::Watch;
use crate::diagnostic::{Problem, Problems};
use crate::explore::{Found, Plan, Task, read_record};
use crate::files;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Ids of the tasks, a line each.
const POINTS: &str = "points.txt";
const RESULT: &str = "result.json";

/// `true` if `path`, relative to the folder of a plan, is where a result lies.
fn is_result(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    matches!(parts[..], ["points", id, RESULT] if crate::explore::is_id(id))
}

/// Where the result of a point lies, relative to the folder of its plan.
fn result_name(id: &str) -> PathBuf {
    Path::new("points").join(id).join(RESULT)
}

/// A folder with a plan.
#[derive(Debug)]
pub struct Jobs {
    path: PathBuf,
    /// The tasks.
    pub plan: Plan,
}

impl Jobs {
    /// Where a plan will be written; an older one there is replaced with `force`, its results too.
    ///
    /// # Errors
    /// As [`Place::check`].
    pub fn place(path: &Path, force: bool) -> Result<Place, Problems> {
        Place::marked(path, force, PLAN, is_result)
    }

    /// The files of the folder of `plan`.
    #[must_use]
    pub fn files(plan: &Plan) -> BTreeMap<String, Vec<u8>> {
        let ids: String = plan.tasks.iter().map(|task| task.id() + "\n").collect();
        BTreeMap::from([
            (PLAN.to_string(), plan.to_json().into_bytes()),
            (POINTS.to_string(), ids.into_bytes()),
        ])
    }

    /// Opens the folder of a plan.
    ///
    /// # Errors
    /// A folder without a plan, or with a damaged one.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let file = path.join(PLAN);
        let plan = Plan::from_json(&files::load_table(&file)?).map_err(|problem| {
            Problem::file(&file, problem).help("make it again with `lprnn-hw explore plan`")
        })?;
        Ok(Self {
            path: path.to_owned(),
            plan,
        })
    }

    /// The result of a task: `None` where there is none yet.
    ///
    /// # Errors
    /// Why the file that is there is none.
    pub fn result(&self, task: &Task) -> Result<Option<Found>, Problem> {
        let path = self.path.join(result_name(&task.id()));
        let text = match files::read_table(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(files::problem(&path, "read", &error)),
        };
        let found = read_record(&text, task).map_err(|problem| {
            Problem::file(&path, problem).help("`lprnn-hw explore run` measures the point again")
        })?;
        Ok(Some(found))
    }

    /// `true` if the result of a task is there, and sound.
    fn is_done(&self, task: &Task) -> bool {
        matches!(self.result(task), Ok(Some(_)))
    }

    /// Measures the point `id`, unless its result is there already, and puts the result into place.
    ///
    /// # Errors
    /// An `id` that the plan does not have, and what a tool could not do.
    pub fn measure(&self, id: &str, watch: &dyn Watch) -> Result<Found, Problems> {
        let Some(task) = self.plan.task(id) else {
            return Err(Problem::named(id.to_string(), "is not a point of the plan")
                .help(format!("{POINTS} in the folder lists them"))
                .into());
        };
        if let Ok(Some(found)) = self.result(task) {
            return Ok(found);
        }
        let found = point::measure(task, watch)?;
        let record = crate::explore::record(task, &found);
        super::place::write_inside(&self.path, &result_name(id), record.as_bytes())?;
        Ok(found)
    }
}
