//! The points of a plan, several processes at once.

use super::Jobs;
use crate::diagnostic::{Problem, Problems};
use crate::explore::Task;
use crate::flow::Watch;
use crate::tools::{attempt, for_each, interrupted, locked};
use serde::Serialize;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How points are measured, each by a process of its own.
#[derive(Clone, Copy, Debug)]
pub struct Workers<'a> {
    /// Points at once; one for every core where nothing is said.
    pub jobs: Option<u32>,
    /// Put before the command of every point, words between blanks.
    pub launcher: &'a str,
    /// Further tries for a point that failed.
    pub retries: u32,
}

/// Counts of a plan whose every point has a result.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct MeasuredAll {
    /// Points of the plan.
    pub points: usize,
    /// Of these measured now.
    pub measured: usize,
    /// Cores that differ from the reference model or do not fit.
    pub different: usize,
}

impl Jobs {
    /// Measures every point that has no sound result yet. It can be stopped at any moment, and done
    /// again, also twice at once.
    ///
    /// # Errors
    /// An interruption, and points that failed at every try, with what they said.
    pub fn measure_all(
        &self,
        workers: Workers<'_>,
        watch: &dyn Watch,
    ) -> Result<MeasuredAll, Problems> {
        let tasks = &self.plan.tasks;
        let pending: Vec<&Task> = tasks.iter().filter(|task| !self.is_done(task)).collect();
        let measured = pending.len();
        let mut failures = self.work(pending, workers, watch)?;
        if interrupted() {
            return Err(Problem::interrupted("explore").into());
        }
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        let problems = failures.into_iter().map(|(id, said)| {
            let tries = workers.retries + 1;
            Problem::named(id, format!("no result after {tries} tries: {said}"))
        });
        Problems::none_or(problems.collect(), ()).map_err(|problems| {
            problems.help("run it again when the cause is mended; results that are there are kept")
        })?;
        let results = tasks.iter().filter_map(|task| self.result(task).ok()?);
        Ok(MeasuredAll {
            points: tasks.len(),
            measured,
            different: results.filter(|found| !found.holds()).count(),
        })
    }

    /// Measures these points: the ids of those that failed, and the last that they said.
    fn work(
        &self,
        pending: Vec<&Task>,
        workers: Workers<'_>,
        watch: &dyn Watch,
    ) -> Result<Vec<(String, String)>, Problem> {
        let program = std::env::current_exe()
            .map_err(|error| Problem::named("lprnn-hw", format!("cannot find itself: {error}")))?;
        let all = self.plan.tasks.len();
        let progress = watch.begin("measuring", Some(all));
        let done = AtomicUsize::new(all - pending.len());
        let failures = Mutex::new(Vec::new());
        for_each(pending, workers.jobs, |task| {
            let mut said = String::new();
            for _ in 0..=workers.retries {
                said = attempt(
                    &mut self.command(workers.launcher, &program, task),
                    Stdio::null(),
                );
                if self.is_done(task) || interrupted() {
                    break;
                }
            }
            if self.is_done(task) {
                progress.at(done.fetch_add(1, Ordering::Relaxed) + 1);
            } else {
                locked(&failures).push((task.id(), said));
            }
        });
        Ok(std::mem::take(&mut *locked(&failures)))
    }

    /// The command that measures one point.
    fn command(&self, launcher: &str, program: &Path, task: &Task) -> Command {
        let mut words: Vec<OsString> = launcher.split_whitespace().map(Into::into).collect();
        words.push(program.into());
        words.extend(["-q", "explore", "point"].map(Into::into));
        words.push(self.path.clone().into());
        words.push(task.id().into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command
    }
}
