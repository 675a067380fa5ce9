//! Standard output and error: JSON, silence, readers that go away, a full disk.

use super::program::{home, names, program};
use snapbox::cmd::cargo_bin;

#[test]
fn json_is_one_object_and_quiet_is_quiet() {
    let home = home();
    let output = program()
        .current_dir(home.path())
        .args(["gen", "--hidden", "4", "--format", "json", "-q"])
        .output()
        .unwrap();
    assert!(output.stderr.is_empty());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["top"], "lstm_top");
    assert_eq!(report["schema"], 2);
    let written = std::fs::read(home.path().join("lstm/interface.json")).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(
        written["timing"]["cycles_per_step"],
        report["timing"]["cycles_per_step"]
    );
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = home();
    let mut child = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home.path())
        .args(["gen", "--hidden", "4"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(!String::from_utf8_lossy(&output.stderr).contains("error"));
    assert_eq!(names(home.path()), ["lstm"]);
}

#[test]
fn a_full_disk_is_an_error() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let home = home();
    let output = std::process::Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home.path())
        .args(["gen", "--hidden", "4"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("error: standard output: cannot write"),
        "{stderr}"
    );
}
