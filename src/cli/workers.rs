//! `explore run`: the points of a plan, several processes at once.

use super::Ended;
use super::jobs::Folder;
use super::output::{Console, Results};
use super::progress::Progress;
use crate::diagnostic::{Problem, Problems};
use crate::explore::Task;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::Serialize;
use std::collections::VecDeque;
use std::io::{Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Distance between two looks at a worker.
const LOOK: Duration = Duration::from_millis(10);
/// What a worker has to end by itself after an interruption.
const GRACE: Duration = Duration::from_secs(10);

/// Arguments of `explore run`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore run sweep -j 8
  lprnn-hw explore run sweep -j 64 --launcher 'srun -n1 -c2 --exclusive'

Measures every point of a plan that has no sound result yet, each by a process of its own. It can be
stopped at any moment, by Ctrl-C or worse, and run again, also twice at once and on several machines
that share the folder: a result is there as a whole or not at all.

Exit status: 0 every point has a result, 1 it has and some core differs from the reference model or
does not fit, 2 points failed (named, with what they said), 130 interrupted.")]
pub struct WorkerArgs {
    /// Folder of `explore plan`
    folder: PathBuf,
    /// Points measured at once [default: one for every core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Put before the command of every point, words between blanks
    #[arg(long, value_name = "PREFIX", default_value = "")]
    launcher: String,
    /// Further tries for a point that failed
    #[arg(long, value_name = "R", default_value_t = 1)]
    retries: u32,
}

#[derive(Serialize)]
struct RunReport {
    points: usize,
    measured: usize,
    different: usize,
}

impl Results for RunReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Self {
            points,
            measured,
            different,
        } = self;
        writeln!(
            out,
            "{points} points have a result, {measured} of them new; {different} differ or do not fit"
        )
    }
}

/// What went wrong with a point: its id, and the last that was said.
struct Failure(String, String);

/// Measures what has no result.
pub fn run(args: &WorkerArgs, console: Console) -> Result<Ended, Problems> {
    let folder = Folder::open(&args.folder)?;
    let tasks = &folder.plan.tasks;
    let pending: VecDeque<&Task> = tasks.iter().filter(|task| !folder.is_done(task)).collect();
    let new = pending.len();
    let progress = Progress::bar(console, "measuring", tasks.len());
    let mut failures = measure_all(args, &folder, pending, &progress)?;
    drop(progress);
    if crate::tools::interrupted() {
        return Err(Problem::interrupted("explore").into());
    }
    if !failures.is_empty() {
        failures.sort_by(|a, b| a.0.cmp(&b.0));
        let problems = failures.iter().map(|Failure(id, said)| {
            let problem = format!("no result after {} tries: {said}", args.retries + 1);
            Problem::named(id.clone(), problem)
        });
        return Problems::none_or(problems.collect(), Ended::Well).map_err(|problems| {
            problems.help("run it again when the cause is mended; results that are there are kept")
        });
    }
    let different = tasks.iter().filter(|task| {
        let found = folder.result(task).ok().flatten();
        found.is_some_and(|found| found.cosim_equal == Some(false) || found.fits == Some(false))
    });
    let report = RunReport {
        points: tasks.len(),
        measured: new,
        different: different.count(),
    };
    console.print(&report)?;
    Ok(if report.different == 0 {
        Ended::Well
    } else {
        Ended::Different
    })
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Measures the points of `pending`, each by a process of its own, several at once; those that failed.
fn measure_all(
    args: &WorkerArgs,
    folder: &Folder,
    pending: VecDeque<&Task>,
    progress: &Progress,
) -> Result<Vec<Failure>, Problems> {
    let program = std::env::current_exe()
        .map_err(|error| Problem::named("lprnn-hw", format!("cannot find itself: {error}")))?;
    let new = pending.len();
    let jobs = match args.jobs {
        Some(jobs) => jobs as usize,
        None => std::thread::available_parallelism().map_or(1, usize::from),
    };
    let done = AtomicUsize::new(folder.plan.tasks.len() - new);
    let (queue, failures) = (Mutex::new(pending), Mutex::new(Vec::new()));
    let worker = || {
        while !crate::tools::interrupted() {
            let Some(task) = locked(&queue).pop_front() else {
                return;
            };
            let mut said = String::new();
            for _ in 0..=args.retries {
                said = attempt(command(args, &program, task));
                if folder.is_done(task) || crate::tools::interrupted() {
                    break;
                }
            }
            if folder.is_done(task) {
                progress.at(done.fetch_add(1, Ordering::Relaxed) + 1);
            } else {
                locked(&failures).push(Failure(task.id(), said));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(new) {
            scope.spawn(worker);
        }
    });
    Ok(std::mem::take(&mut locked(&failures)))
}

/// The command that measures one point.
fn command(args: &WorkerArgs, program: &Path, task: &Task) -> Command {
    let mut words: Vec<std::ffi::OsString> =
        args.launcher.split_whitespace().map(Into::into).collect();
    words.push(program.into());
    words.extend(["-q", "explore", "point"].map(Into::into));
    words.push(args.folder.clone().into());
    words.push(task.id().into());
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]);
    command
}

/// Runs one worker to its end, or until we are interrupted; the last that it said.
fn attempt(mut command: Command) -> String {
    let mut file = match tempfile::tempfile() {
        Ok(file) => file,
        Err(error) => return error.to_string(),
    };
    let stderr = match file.try_clone() {
        Ok(stderr) => stderr,
        Err(error) => return error.to_string(),
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr)
        // Ctrl-C on the terminal is for us; we pass it on.
        .process_group(0);
    let status = match command.spawn() {
        Ok(child) => wait(child),
        Err(error) => {
            return format!("{}: {error}", command.get_program().display());
        }
    };
    let mut said = String::new();
    let read = file.rewind().and_then(|()| file.read_to_string(&mut said));
    let last: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    match (read, &last[..]) {
        (Ok(_), [.., _]) => last[last.len().saturating_sub(3)..].join(" / "),
        _ => status,
    }
}

/// Waits for a worker; how it ended, in words.
fn wait(mut child: Child) -> String {
    let group = Pid::from_raw(child.id() as i32);
    let mut asked: Option<Instant> = None;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.to_string(),
            Ok(None) => std::thread::sleep(LOOK),
            Err(error) => return error.to_string(),
        }
        if !crate::tools::interrupted() {
            continue;
        }
        // The worker stops its own tools. The group may be gone already.
        let signal = match asked {
            None => Signal::SIGTERM,
            Some(since) if since.elapsed() > GRACE => Signal::SIGKILL,
            Some(_) => continue,
        };
        asked.get_or_insert_with(Instant::now);
        let _ = killpg(group, signal);
    }
}
