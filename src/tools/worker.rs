//! Processes of this program that work beside it.

use super::run::interrupted;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Distance between two looks at a worker.
const LOOK: Duration = Duration::from_millis(10);
/// Time in which a worker may end by itself after an interruption.
const GRACE: Duration = Duration::from_secs(10);

/// Runs a worker of ours to its end, or until we are interrupted: the last that it said, or how it ended.
/// Its standard output goes to `stdout`. It is asked to end, since it stops tools of its own, and killed only if it does not.
pub fn attempt(command: &mut Command, stdout: Stdio) -> String {
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
        .stdout(stdout)
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
        if !interrupted() {
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
