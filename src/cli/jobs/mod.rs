//! `explore plan`, `run`, `collect`, `export`: a sweep whose points are measured one by one, anywhere.

mod collect;
mod export;
mod plan;
mod point;

pub use collect::{CollectArgs, collect};
pub use export::{ExportArgs, export};
pub use plan::{PlanArgs, plan};
pub use point::{PointArgs, point};

use crate::diagnostic::{Problem, Problems};
use crate::explore::{Found, Plan, Task, read_record};
use std::path::{Path, PathBuf};

/// The file of the tasks, by which the folder is known.
const PLAN: &str = "plan.json";
/// Ids of the tasks, a line each.
const POINTS: &str = "points.txt";
const RESULT: &str = "result.json";

/// Whether `path`, relative to the folder of a plan, is where a result lies.
fn is_result(path: &Path) -> bool {
    let parts: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
    matches!(parts[..], ["points", id, RESULT] if crate::explore::is_id(id))
}

/// Where the result of a point lies, relative to the folder of its plan.
fn result_name(id: &str) -> PathBuf {
    Path::new("points").join(id).join(RESULT)
}

/// A folder with a plan.
pub struct Folder {
    path: PathBuf,
    /// What is to be done.
    pub plan: Plan,
}

impl Folder {
    /// Opens a folder that `explore plan` wrote.
    pub fn open(path: &Path) -> Result<Self, Problems> {
        let file = path.join(PLAN);
        let text = crate::files::read_table(&file)
            .map_err(|error| crate::files::problem(&file, "read", &error))?;
        let plan = Plan::from_json(&text).map_err(|problem| {
            Problem::file(&file, problem).help("make it again with `lprnn-hw explore plan`")
        })?;
        Ok(Self {
            path: path.to_owned(),
            plan,
        })
    }

    fn result_path(&self, id: &str) -> PathBuf {
        self.path.join(result_name(id))
    }

    /// The result of a task: `None` where there is none yet.
    ///
    /// # Errors
    /// Why the file that is there is none.
    pub fn result(&self, task: &Task) -> Result<Option<Found>, Problems> {
        let path = self.result_path(&task.id());
        let text = match crate::files::read_table(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(crate::files::problem(&path, "read", &error).into()),
        };
        let found = read_record(&text, task).map_err(|problem| {
            Problem::file(&path, problem).help("`lprnn-hw explore run` measures the point again")
        })?;
        Ok(Some(found))
    }

    /// Whether the result of a task is there, and sound.
    pub fn is_done(&self, task: &Task) -> bool {
        matches!(self.result(task), Ok(Some(_)))
    }
}
