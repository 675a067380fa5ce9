//! `lprnn-hw explore` as a user meets it: what it prints and writes, and what it says to bad input.

mod accuracy;
mod devices;
mod page;
mod part;
mod refused;
mod sweep;
mod verify;

use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;

fn program(home: &Path) -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home)
        .env("COLUMNS", "100")
        .arg("explore")
}

fn words(line: &str) -> Vec<&str> {
    line.split_whitespace().collect()
}

/// Standard output of a sweep that must succeed.
fn output(home: &Path, line: &str) -> String {
    let ran = program(home).args(words(line)).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(0), "{line}: {errors}");
    String::from_utf8(ran.stdout).unwrap()
}

/// Standard error of a sweep that must end with 2 and leave nothing behind.
fn refused(home: &Path, line: &str) -> String {
    let ran = program(home).args(words(line)).output().unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(2), "{line}: {errors}");
    assert!(ran.stdout.is_empty(), "{line}");
    assert!(!home.join("sweep").exists(), "{line}");
    errors
}

fn json(home: &Path, line: &str) -> serde_json::Value {
    serde_json::from_str(&output(home, &format!("{line} --format json"))).unwrap()
}

fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}
