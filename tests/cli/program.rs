//! The program, folders to run it in, and what it leaves there.

use snapbox::cmd::{Command, cargo_bin};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn program() -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        // Of fixed width, whatever terminal runs the tests.
        .env("COLUMNS", "100")
        .env("LPRNN_CACHE", cache())
}

pub fn cache() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("cosim")
}

pub fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// All files below `folder` with their contents.
pub fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(contents(&path));
        } else {
            files.insert(path.clone(), std::fs::read(&path).unwrap());
        }
    }
    files
}

/// A small design in the folder `lstm` below `home`.
pub fn generate(home: &Path, options: &[&str]) -> PathBuf {
    program()
        .current_dir(home)
        .args(["gen", "--bits", "4", "--hidden", "5", "--input-size", "3"])
        .args(options)
        .assert()
        .success();
    home.join("lstm")
}
