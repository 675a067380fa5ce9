//! Programs outside that are missing or fail, and interruption from the terminal.

use super::program::{generate, home, names, program};
use crate::signals::program_ignoring;
use snapbox::str;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A program that calls itself Yosys 0.99, and does this instead of synthesising.
fn fake_yosys(folder: &Path, does: &str) -> PathBuf {
    let path = folder.join("fake_yosys");
    let script = format!("#!/bin/sh\ncase $1 in -V) echo Yosys 0.99;; *) {does};; esac\n");
    std::fs::write(&path, script).unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn missing_and_failing_tools_are_named_with_the_remedy() {
    let home = home();
    let folder = generate(home.path(), &[]);
    program()
        .env("LPRNN_YOSYS", "no/such/yosys")
        .arg("synth")
        .arg(&folder)
        .assert()
        .code(2)
        .stdout_eq("")
        .stderr_eq(str![[r"
error: Yosys: LPRNN_YOSYS names `no/such/yosys`, which is not there
help: run ./setup.sh, or set LPRNN_YOSYS to a Yosys 0.23 or newer

"]]);
    program()
        .env("LPRNN_YOSYS", "no/such/yosys")
        .arg("doctor")
        .assert()
        .code(2)
        .stdout_eq(str![[r"
...
MISSING  Yosys [..]
...
"]])
        .stderr_eq(str![[r"
error: doctor: not usable: Yosys
help: run ./setup.sh in the project's folder, or follow the lines above

"]]);
    let refused_with = |does: &str, says| {
        program()
            .env("LPRNN_YOSYS", fake_yosys(home.path(), does))
            .arg("synth")
            .arg(&folder)
            .assert()
            .code(2)
            .stdout_eq("")
            .stderr_eq(says);
    };
    refused_with(
        "kill -SEGV $$",
        str![[r"
error: Yosys was killed by signal 11
help: `lprnn-hw doctor` says which program that is

"]],
    );
    refused_with(
        "exit 0",
        str![[r"
error: elaborate.log of Yosys 0.99: cannot be read: No such file or directory (os error 2)
help: is it a working one? `lprnn-hw doctor` says which was taken

"]],
    );
}

fn a_signal_leaves_nothing_behind(ignored: &str, signal: nix::sys::signal::Signal) {
    let (home, scratch) = (home(), home());
    let folder = generate(home.path(), &[]);
    let pids = home.path().join("pid");
    let waits = format!("echo $$ > {}; exec sleep 300", pids.display());
    let slow = fake_yosys(home.path(), &waits);
    let child = program_ignoring(ignored)
        .env("LPRNN_YOSYS", &slow)
        .env("TMPDIR", scratch.path())
        .arg("synth")
        .arg(&folder)
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    let pid = loop {
        if let Ok(pid) = std::fs::read_to_string(&pids)
            && let Ok(pid) = pid.trim().parse::<i32>()
        {
            break pid;
        }
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the tool was never started"
        );
        std::thread::sleep(Duration::from_millis(20));
    };
    assert_eq!(
        names(scratch.path()).len(),
        2,
        "synthesis works in a folder of its own, and its tool has another"
    );
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "interrupted\n");
    assert!(output.stdout.is_empty());
    assert!(names(scratch.path()).is_empty());
    let alive = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    assert!(alive.is_err(), "the tool outlived the program");
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    a_signal_leaves_nothing_behind("", nix::sys::signal::Signal::SIGINT);
}

/// What is ignored is no reason to be deaf to the rest.
#[test]
fn other_signals_leave_nothing_behind_under_nohup_and_in_the_background() {
    a_signal_leaves_nothing_behind("HUP", nix::sys::signal::Signal::SIGINT);
    a_signal_leaves_nothing_behind("INT,QUIT", nix::sys::signal::Signal::SIGTERM);
}

/// A script's background job has Ctrl-C ignored; that is no reason to stop.
#[test]
fn runs_where_interrupts_are_ignored() {
    let program = env!("CARGO_BIN_EXE_lprnn-hw");
    let script =
        format!("trap '' INT; exec '{program}' gen --bits 2 --hidden 4 --input-size 2 -o core");
    let folder = tempfile::tempdir().unwrap();
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(folder.path().join("core/interface.json").is_file());
}

/// Killed by signal 9 it can clear up nothing itself; Ctrl-\\ would leave as much.
#[test]
fn nothing_outlives_a_program_that_is_killed() {
    use nix::sys::signal::{Signal, kill};
    let home = home();
    let folder = generate(home.path(), &[]);
    for (signal, ends) in [(Signal::SIGKILL, None), (Signal::SIGQUIT, Some(130))] {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        std::fs::create_dir(at("scratch")).unwrap();
        // A compiler that answers questions, and never ends where it should compile.
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *' -c '*) sleep 300 & echo $! >> {}; wait;; esac\n\
             exec c++ \"$@\"\n",
            at("pids").display()
        );
        std::fs::write(at("compiler"), script).unwrap();
        std::fs::set_permissions(at("compiler"), Permissions::from_mode(0o755)).unwrap();
        let mut child = program_ignoring("")
            .arg("cosim")
            .arg(&folder)
            .env("CXX", at("compiler"))
            .env("LPRNN_CACHE", at("cache"))
            .env("TMPDIR", at("scratch"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let start = Instant::now();
        let wait_for = |what: &str, done: &dyn Fn() -> bool| {
            while !done() {
                assert!(
                    start.elapsed() < Duration::from_secs(120),
                    "{signal}: {what}"
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        };
        let pids = || std::fs::read_to_string(at("pids")).unwrap_or_default();
        // The model and two files of the runtime at once.
        wait_for("the compilers were not started", &|| {
            pids().lines().count() == 3
        });
        let building = || {
            let names = names(&at("cache")).into_iter();
            names.filter(|name| name.starts_with("building-")).count()
        };
        assert!(building() > 0 && !names(&at("scratch")).is_empty());
        kill(nix::unistd::Pid::from_raw(child.id() as i32), signal).unwrap();
        assert_eq!(child.wait().unwrap().code(), ends);
        let alive = |pid: &str| {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        wait_for("a compiler lives", &|| !pids().lines().any(alive));
        wait_for("folders are left", &|| {
            building() == 0 && names(&at("scratch")).is_empty()
        });
    }
}

/// What lies in the current folder may have come by mail.
#[test]
fn tools_of_the_current_folder_are_not_run() {
    let home = home();
    let tools = home.path().join(".tools/bin");
    std::fs::create_dir_all(&tools).unwrap();
    let fake = fake_yosys(home.path(), "true");
    std::fs::copy(&fake, tools.join("yosys")).unwrap();
    std::fs::copy(&fake, home.path().join("vvp")).unwrap();
    let doctor = |named: &str| {
        let path = format!(":.:{}", std::env::var("PATH").unwrap());
        let output = program()
            .current_dir(home.path())
            .env("LPRNN_TOOLS", named)
            .env("PATH", path)
            .args(["doctor", "--format", "json"])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(!doctor("").contains("Yosys 0.99"));
    let named = home.path().join(".tools");
    assert!(doctor(named.to_str().unwrap()).contains("\"version\": \"Yosys 0.99\""));
}

/// A busy machine is no broken tool.
#[test]
fn a_slow_answer_is_called_slow() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let path = home.path().join("slow");
    std::fs::write(&path, "#!/bin/sh\nsleep 300\n").unwrap();
    std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    program()
        .env("LPRNN_YOSYS", &path)
        .env("LPRNN_VERSION_SECONDS", "1")
        .arg("synth")
        .arg(&folder)
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: Yosys at [..]slow has not printed its version within 1 s
help: run it again when the machine is less busy, or set LPRNN_VERSION_SECONDS to a longer time

"]]);
}
