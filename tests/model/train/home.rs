//! A folder with texts, and small trainings in it.

use lprnn_hw::quantize::SplitMix;
use snapbox::cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub fn program() -> Command {
    Command::new(snapbox::cmd::cargo_bin!("lprnn-hw")).current_dir("/")
}

/// Lines of letters, each likely to be the next one of the alphabet.
pub fn text(lines: usize, seed: u64) -> String {
    let mut noise = SplitMix(seed);
    let mut text = String::new();
    for _ in 0..lines {
        let mut letter = noise.between(0, 5);
        for _ in 0..noise.between(5, 30) {
            let step = if noise.between(0, 3) == 0 {
                noise.between(0, 5)
            } else {
                1
            };
            letter = (letter + step) % 6;
            text.push(char::from(b'a' + letter as u8));
        }
        text.push('\n');
    }
    text
}

pub struct Home(tempfile::TempDir);

impl Home {
    /// A folder with texts.
    pub fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::write(home.at("train.txt"), text(300, 1)).unwrap();
        std::fs::write(home.at("valid.txt"), text(40, 2)).unwrap();
        home
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Arguments of a small training into `folder`.
    pub fn arguments(&self, folder: &str, options: &[&str]) -> Vec<std::ffi::OsString> {
        let common = "train --level char --hidden 12 --batch 8 --steps 16 --streams 4";
        let mut all: Vec<std::ffi::OsString> = common.split(' ').map(Into::into).collect();
        for (option, file) in [
            ("--text", "train.txt"),
            ("--valid", "valid.txt"),
            ("-o", folder),
        ] {
            all.extend([option.into(), self.at(file).into_os_string()]);
        }
        all.extend(options.iter().map(Into::into));
        all
    }

    pub fn train(&self, folder: &str, options: &[&str]) -> Command {
        program().args(self.arguments(folder, options))
    }

    /// Every file of a folder.
    pub fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files(&self.at(folder))
    }
}

/// Every file of a folder.
pub fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(folder).unwrap();
    let files = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, std::fs::read(path).unwrap())
    });
    files.collect()
}

/// Refused with this problem and this help, and nothing printed.
pub fn refused(command: Command, problem: &str, help: &str) {
    let output = command.assert().code(2).stdout_eq("");
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains(problem) && error.contains(help), "{error}");
}

pub fn json(command: Command) -> serde_json::Value {
    let output = command.args(["--format", "json"]).assert().success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}
