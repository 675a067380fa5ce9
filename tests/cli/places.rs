//! Where files may be written: through links, never onto inputs, devices or what others wrote.

use super::program::{generate, home, names, program};
use snapbox::cmd::cargo_bin;
use snapbox::str;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// A bundle with a model, and three steps of input for it.
fn with_input(home: &Path) {
    generate(home, &[]);
    lprnn_hw::files::npy::write_i32(&home.join("x.npy"), &[3, 3], &[1; 9]).unwrap();
}

fn run(home: &Path, outputs: &[&str]) -> snapbox::cmd::OutputAssert {
    program()
        .current_dir(home)
        .args([
            "run",
            "--model",
            "lstm/model.safetensors",
            "--input",
            "x.npy",
        ])
        .args(outputs)
        .assert()
}

#[test]
fn inputs_and_devices_stay() {
    let home = home();
    with_input(home.path());
    symlink("x.npy", home.path().join("link.npy")).unwrap();
    symlink("/dev/null", home.path().join("null")).unwrap();
    let before = std::fs::read(home.path().join("x.npy")).unwrap();
    let refused = |outputs: &[&str], says| run(home.path(), outputs).code(2).stderr_eq(says);
    refused(
        &["-o", "x.npy"],
        str![[r"
error: x.npy: is read by this command, and would be overwritten
help: name another file to write

"]],
    );
    refused(
        &["-o", "h.npy", "--state", "link.npy"],
        str![[r"
error: link.npy: is x.npy, which this command reads
help: name another file to write

"]],
    );
    refused(
        &["-o", "h.npy", "--state", "./h.npy"],
        str![[r"
error: --state: writes to the same file as --output
help: name two files

"]],
    );
    // Standard output of this test is a pipe.
    refused(
        &["-o", "/dev/stdout"],
        str![[r"
error: /dev/stdout: cannot write: it is a pipe
help: name a file

"]],
    );
    refused(
        &["-o", "null"],
        str![[r"
error: null: cannot write: it is a device
help: name a file

"]],
    );
    refused(
        &["-o", "-"],
        str![[r"
error: -: cannot write: standard output is for results
help: name a file; ./- is one of that name

"]],
    );
    assert_eq!(std::fs::read(home.path().join("x.npy")).unwrap(), before);
    assert_eq!(
        names(home.path()),
        ["link.npy", "lstm", "null", "x.npy"],
        "nothing was written"
    );
}

#[test]
fn a_link_is_written_through() {
    let home = home();
    with_input(home.path());
    symlink("real.npy", home.path().join("h.npy")).unwrap();
    run(home.path(), &["-o", "h.npy"]).success();
    assert!(home.path().join("h.npy").is_symlink());
    let h = lprnn_hw::files::npy::read_i32(&home.path().join("real.npy")).unwrap();
    assert_eq!(h.shape, [3, 5]);
}

/// Standard output that goes to a file is no pipe, and still not the place for a file.
#[test]
fn standard_output_is_not_replaced() {
    let home = home();
    with_input(home.path());
    let output = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home.path())
        .args([
            "run",
            "--model",
            "lstm/model.safetensors",
            "--input",
            "x.npy",
        ])
        .args(["-o", "/dev/stdout"])
        .stdout(std::fs::File::create(home.path().join("out")).unwrap())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("it is where standard output goes"), "{said}");
    assert!(std::fs::read(home.path().join("out")).unwrap().is_empty());
}

#[test]
fn what_others_wrote_stays_when_a_design_is_replaced() {
    let home = home();
    let folder = generate(home.path(), &["--memory-init", "inline"]);
    std::fs::write(folder.join("rtl/board.v"), "module board; endmodule\n").unwrap();
    std::fs::write(folder.join("notes.txt"), "mine").unwrap();
    program()
        .current_dir(home.path())
        .args(["gen", "--hidden", "4", "--force"])
        .assert()
        .success()
        .stderr_eq(str![[r"
kept in [..]lstm, which others wrote: notes.txt, rtl/board.v
wrote [..] files to lstm

"]]);
    assert_eq!(std::fs::read(folder.join("notes.txt")).unwrap(), b"mine");
    assert!(folder.join("rtl/board.v").is_file());
    // The list is for people as well.
    let list = std::fs::read_to_string(folder.join("files.sha256")).unwrap();
    let own = list.lines().filter(|line| line.contains("  rtl/")).count();
    assert_eq!(names(&folder.join("rtl")).len(), own + 1, "nothing stale");
    assert!(list.lines().all(|line| line.as_bytes()[64..66] == *b"  "));
    assert!(list.contains("  rtl/lstm_top.v\n") && !list.contains("notes.txt"));
}

#[test]
fn a_limit_on_the_size_of_files_is_an_error() {
    let home = home();
    let program = cargo_bin!("lprnn-hw");
    let limited = format!("ulimit -f 1; exec '{}' gen --hidden 8", program.display());
    let output = std::process::Command::new("sh")
        .args(["-c", &limited])
        .current_dir(home.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("File too large"), "{said}");
    assert!(said.contains("help: raise the limit"), "{said}");
    assert!(names(home.path()).is_empty());
}

#[test]
fn files_have_the_permissions_of_the_umask() {
    let home = home();
    with_input(home.path());
    let run = "run --model lstm/model.safetensors --input x.npy -o h.npy";
    let program = cargo_bin!("lprnn-hw").display().to_string();
    let script = format!("umask 027; '{program}' {run}; '{program}' gen --hidden 4 -o other");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .current_dir(home.path())
        .output()
        .unwrap();
    assert!(output.status.success());
    let mode = |name: &str| {
        let found = std::fs::metadata(home.path().join(name)).unwrap();
        found.permissions().mode() & 0o777
    };
    for file in ["h.npy", "other/interface.json", "other/files.sha256"] {
        assert_eq!(mode(file), 0o640, "{file}");
    }
    for folder in ["other", "other/rtl"] {
        assert_eq!(mode(folder), 0o750, "{folder}");
    }
}

/// What has no end, or never comes, is not waited for.
#[test]
fn only_regular_files_are_read() {
    let home = home();
    with_input(home.path());
    let pipe = home.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let sweep = "explore --bits 4 --hidden 8 --part xc7a35t --accuracy";
    std::fs::create_dir(home.path().join("table")).unwrap();
    symlink("../pipe", home.path().join("table/points.csv")).unwrap();
    symlink("../pipe", home.path().join("table/plan.json")).unwrap();
    for (command, what) in [
        (
            "run --model lstm/model.safetensors -o h.npy --input pipe",
            "pipe",
        ),
        (
            "run --model lstm/model.safetensors -o h.npy --input /dev/zero",
            "device",
        ),
        ("run --model /dev/zero -o h.npy --input x.npy", "device"),
        ("gen --config /dev/zero", "device"),
        ("gen --config pipe", "pipe"),
        ("import /dev/zero", "device"),
        ("estimate --hidden 8 --coefficients /dev/zero", "device"),
        ("fit coefficients table", "pipe"),
        ("explore collect table", "pipe"),
        ("cosim /dev", "interface.json"),
        (&format!("{sweep} /dev/zero"), "device"),
        (&format!("{sweep} pipe"), "pipe"),
    ] {
        let output = program()
            .current_dir(home.path())
            .args(command.split(' '))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains(what), "{command}: {said}");
    }
}
