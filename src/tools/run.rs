//! Running a program so that it can neither hang us nor outlive us.

use super::lock::locked;
use super::scratch::Scratch;
use super::watch;
use crate::diagnostic::Problem;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};
use signal_hook::iterator::Signals;
use std::collections::BTreeSet;
use std::io::Read;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, mpsc};
use std::time::Duration;

/// Bytes kept of each output stream; of a longer one the end is kept.
const KEEP: usize = 16 << 20;
/// Lines of a failed program's output that its error shows.
const TAIL_LINES: usize = 20;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Process groups of the programs running now.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Output of a program that ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Standard output, at most its last 16 MiB.
    pub stdout: String,
    /// Standard error, at most its last 16 MiB.
    pub stderr: String,
}

/// A program did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The operating system would not start it.
    #[error("cannot start {tool} ({program}): {source}")]
    NotStarted {
        /// Name of the tool.
        tool: &'static str,
        /// The program that was to be started.
        program: String,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("{tool} {status}{tail}")]
    Failed {
        /// Name of the tool.
        tool: &'static str,
        /// How it ended, as `failed with exit status 1` or `was killed by signal 11`.
        status: String,
        /// The last lines of its output, each on a new line, indented.
        tail: String,
    },
    /// It did not end in time and was killed.
    #[error("{tool} was stopped after its time limit of {} s{tail}", limit.as_secs_f64())]
    TimedOut {
        /// Name of the tool.
        tool: &'static str,
        /// The limit.
        limit: Duration,
        /// The last lines of its output, each on a new line, indented.
        tail: String,
    },
    /// The user pressed Ctrl-C.
    #[error("{tool} was stopped: interrupted")]
    Interrupted {
        /// Name of the tool.
        tool: &'static str,
    },
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        let problem = Self::new(error.to_string());
        match error {
            RunError::Interrupted { .. } => problem,
            _ => problem.help("`lprnn-hw doctor` says which program that is"),
        }
    }
}

/// `true` if the user has asked us to stop.
#[must_use]
pub fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Stops every program that runs now, with all it has started, and makes later ones refuse.
pub fn interrupt() {
    INTERRUPTED.store(true, Ordering::Relaxed);
    for &group in running().iter() {
        kill(group);
    }
}

/// Makes Ctrl-C, Ctrl-\\, SIGTERM and SIGHUP call [`interrupt`]; a second one ends the process with status 130.
///
/// Work in progress then fails with [`RunError::Interrupted`], so that temporary files are
/// removed on the way out.
///
/// A signal that whoever started us has ignored stays ignored, and the others are handled all the same:
/// a shell starts the jobs that a script puts in the background with Ctrl-C ignored, `nohup` ignores
/// SIGHUP.
///
/// # Errors
/// When the system refuses.
pub fn kill_on_interrupt() -> std::io::Result<()> {
    let wanted = [SIGINT, SIGQUIT, SIGTERM, SIGHUP];
    let heard: Vec<i32> = wanted.into_iter().filter(|&one| !is_ignored(one)).collect();
    let mut signals = Signals::new(heard)?;
    std::thread::spawn(move || {
        for _ in signals.forever() {
            if interrupted() {
                std::process::exit(130);
            }
            interrupt();
        }
    });
    // A file that grows beyond the limit of `ulimit -f` then gives an error instead of an end.
    let passed = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGXFSZ, passed)?;
    Ok(())
}

/// `true` if whoever started us has this signal ignored, where the system says so.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

fn running() -> MutexGuard<'static, BTreeSet<i32>> {
    locked(&RUNNING)
}

fn kill(group: i32) {
    // The group may be gone already: then there is nothing to do.
    let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
}

/// Runs any command as [`super::Tool::run`] does; `tool` names it in errors.
pub(super) fn run(
    tool: &'static str,
    command: &mut Command,
    limit: Duration,
) -> Result<Output, RunError> {
    if interrupted() {
        return Err(RunError::Interrupted { tool });
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.process_group(0);
    // What a killed program leaves in its temporary folder goes with that.
    let scratch = Scratch::new();
    if let Ok(scratch) = &scratch {
        command.env("TMPDIR", scratch.path());
    }
    let mut child = spawn(command).map_err(|source| RunError::NotStarted {
        tool,
        program: command.get_program().display().to_string(),
        source,
    })?;
    let group = child.id() as i32;
    running().insert(group);
    watch::group_begun(group);
    let outcome = wait(&mut child, limit);
    running().remove(&group);
    watch::group_ended(group);
    let (status, timed_out, stdout, stderr) = outcome.map_err(|source| RunError::NotStarted {
        tool,
        program: command.get_program().display().to_string(),
        source,
    })?;
    if interrupted() {
        return Err(RunError::Interrupted { tool });
    }
    let output = Output { stdout, stderr };
    if timed_out {
        return Err(RunError::TimedOut {
            tool,
            limit,
            tail: tail(&output),
        });
    }
    if !status.success() {
        return Err(RunError::Failed {
            tool,
            status: describe(status),
            tail: tail(&output),
        });
    }
    Ok(output)
}

/// Starts the command, waiting out a program file that another thread is still writing.
fn spawn(command: &mut Command) -> std::io::Result<Child> {
    for _ in 0..50 {
        match command.spawn() {
            // Between our fork and exec another thread's child may hold the file open.
            Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                std::thread::sleep(Duration::from_millis(10));
            }
            other => return other,
        }
    }
    command.spawn()
}

/// Waits for the end of `child`: its status, whether the limit was passed, both outputs.
fn wait(child: &mut Child, limit: Duration) -> std::io::Result<(ExitStatus, bool, String, String)> {
    let group = child.id() as i32;
    let (ended, watch) = mpsc::channel::<()>();
    // Kills on the limit; ends when `ended` is dropped.
    let watchdog = std::thread::spawn(move || {
        let late = watch.recv_timeout(limit) == Err(mpsc::RecvTimeoutError::Timeout);
        if late {
            kill(group);
        }
        late
    });
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    if interrupted() {
        kill(group); // `interrupt` may have come before the group was registered
    }
    let status = child.wait();
    drop(ended);
    let timed_out = watchdog.join().unwrap_or(false);
    // What the program left running in its group may hold the pipes open.
    let patience = Duration::from_secs(1);
    let first = stdout.recv_timeout(patience);
    if first.is_err() {
        kill(group);
    }
    let stdout = first
        .or_else(|_| stdout.recv_timeout(patience))
        .unwrap_or_default();
    let stderr = stderr.recv_timeout(patience).unwrap_or_default();
    Ok((status?, timed_out, stdout, stderr))
}

/// Reads a pipe to its end on a thread of its own.
fn drain(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0; 1 << 13];
        if let Some(mut pipe) = pipe {
            while let Ok(count @ 1..) = pipe.read(&mut buffer) {
                kept.extend_from_slice(&buffer[..count]);
                if kept.len() > 2 * KEEP {
                    kept.drain(..kept.len() - KEEP);
                }
            }
        }
        // Nobody may be waiting any more.
        let _ = sender.send(String::from_utf8_lossy(&kept).into_owned());
    });
    receiver
}

fn describe(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("failed with exit status {code}"),
        (None, Some(SIGXFSZ)) => "wrote more than a file may hold (see `ulimit -f`)".to_string(),
        (None, Some(signal)) => format!("was killed by signal {signal}"),
        (None, None) => "ended abnormally".to_string(),
    }
}

/// The last lines of what the program said, errors last, indented, with a leading line end.
fn tail(output: &Output) -> String {
    let lines: Vec<&str> = output
        .stdout
        .lines()
        .chain(output.stderr.lines())
        .filter(|line| !line.trim().is_empty())
        .collect();
    let mut text = String::new();
    for line in &lines[lines.len().saturating_sub(TAIL_LINES)..] {
        text.push_str("\n    ");
        text.push_str(line);
    }
    text
}
