//! A plan of quick points, and what `run` and `collect` make of it.

use snapbox::cmd::{Command, cargo_bin};
use std::path::{Path, PathBuf};

pub fn program(arguments: &[&str]) -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        .current_dir("/")
        .arg("explore")
        .args(arguments)
}

/// A plan of points that take milliseconds each.
pub fn quick_plan(home: &Path) -> PathBuf {
    let folder = home.join("sweep");
    program(&[
        "plan",
        "--bits",
        "2..4",
        "--hidden",
        "4..40:4",
        "--part",
        "ice40hx8k",
    ])
    .args(["--work", "estimate", "-o"])
    .arg(&folder)
    .assert()
    .success();
    folder
}

/// A plan, and what an undisturbed run of it collects; its results are gone again.
pub fn undisturbed(home: &Path) -> (PathBuf, Vec<u8>) {
    let folder = quick_plan(home);
    run(&folder, &[]).assert().success();
    let want = collect(&folder);
    std::fs::remove_dir_all(folder.join("points")).unwrap();
    (folder, want)
}

pub fn run(folder: &Path, more: &[&str]) -> Command {
    program(&["run"]).arg(folder).args(more)
}

pub fn collect(folder: &Path) -> Vec<u8> {
    let output = program(&["collect"]).arg(folder).assert().success();
    output.get_output().stdout.clone()
}

/// Paths of all results.
pub fn results(folder: &Path) -> Vec<PathBuf> {
    let ids = std::fs::read_to_string(folder.join("points.txt")).unwrap();
    ids.lines()
        .map(|id| folder.join("points").join(id).join("result.json"))
        .collect()
}

/// Files in the folders of all points.
pub fn files(folder: &Path) -> usize {
    let points = std::fs::read_dir(folder.join("points")).unwrap();
    points
        .map(|point| std::fs::read_dir(point.unwrap().path()).unwrap().count())
        .sum()
}
