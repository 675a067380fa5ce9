//! Programs and folders that are ended and removed when this process dies, however that happens.
//!
//! A process that is killed by signal 9 can clear up nothing. So a small shell is started beside it,
//! in a process group of its own, which is told of every program that runs and of every temporary
//! folder. Its input is a pipe that only this process writes to: the pipe's end is the process's.

use super::lock::locked;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Mutex;

/// A line begins with `+` or `-` for a process group that has begun or ended, `d` or `x` for a folder
/// that was made or removed.
const SCRIPT: &str = r#"
trap '' HUP INT QUIT TERM
groups=' '
while IFS= read -r line; do
    name=${line#?}
    case $line in
        +*) groups="$groups$name " ;;
        -*) groups="${groups%% "$name" *} ${groups#* "$name" }" ;;
        d*) set -- "$@" "$name" ;;
        x*) for folder; do shift; [ "$folder" = "$name" ] || set -- "$@" "$folder"; done ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
[ $# -eq 0 ] || rm -rf -- "$@" || { sleep 1; rm -rf -- "$@"; }
"#;

enum Watcher {
    NotStarted,
    Told(ChildStdin),
    /// There is no shell, or it is gone.
    None,
}

static WATCHER: Mutex<Watcher> = Mutex::new(Watcher::NotStarted);

fn start() -> Watcher {
    let started = Command::new("/bin/sh")
        .args(["-c", SCRIPT, "lprnn-hw-watch"])
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn();
    match started.map(|mut child| child.stdin.take()) {
        Ok(Some(pipe)) => Watcher::Told(pipe),
        _ => Watcher::None,
    }
}

fn tell(line: &str) {
    let mut watcher = locked(&WATCHER);
    if matches!(*watcher, Watcher::NotStarted) {
        *watcher = start();
    }
    if let Watcher::Told(pipe) = &mut *watcher
        && pipe.write_all(format!("{line}\n").as_bytes()).is_err()
    {
        *watcher = Watcher::None;
    }
}

/// A process group that is killed with this process, until [`group_ended`].
pub(super) fn group_begun(group: i32) {
    tell(&format!("+{group}"));
}

/// The end of a process group.
pub(super) fn group_ended(group: i32) {
    tell(&format!("-{group}"));
}

/// A folder that is removed with this process, until [`folder_gone`].
pub(super) fn folder_made(path: &Path) {
    tell_of('d', path);
}

/// The end of a folder.
pub(super) fn folder_gone(path: &Path) {
    tell_of('x', path);
}

fn tell_of(what: char, path: &Path) {
    // A name that is no line of text cannot be told; such a folder is left to the next sweep.
    if let Ok(path) = std::path::absolute(path)
        && let Some(path) = path.to_str().filter(|path| !path.contains('\n'))
    {
        tell(&format!("{what}{path}"));
    }
}
