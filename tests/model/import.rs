//! Float models from outside: what a framework wrote is read as it computes, or refused by what it
//! is. `tests/model/import/*_fixtures.py` made the files.

mod damage;
mod parity;
mod refusals;

use lprnn_hw::diagnostic::Problem;
use lprnn_hw::files::npy;
use lprnn_hw::import::{FloatModel, ImportOptions, read, read_bytes};
use std::path::PathBuf;

pub fn fixture(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/model/import/fixtures");
    folder.join(name)
}

pub fn array(name: &str) -> Vec<f32> {
    npy::read_f32(&fixture(name)).unwrap().data
}

/// Options as on the command line.
fn options(line: &str) -> ImportOptions {
    let mut words = line.split_whitespace();
    let mut options = ImportOptions::default();
    while let Some(word) = words.next() {
        match word {
            "--prefix" => options.prefix = words.next().map(Into::into),
            "--head" => options.head = words.next().map(Into::into),
            "--front" => options.front = words.next().map(Into::into),
            "--only-lstm" => options.only_lstm = true,
            "--last-states" => options.last_states = true,
            other => panic!("{other}"),
        }
    }
    options
}

fn model(name: &str, line: &str) -> FloatModel {
    read(&fixture(name), &options(line)).unwrap_or_else(|error| panic!("{name} {line}: {error}"))
}

fn refusal(name: &str, line: &str) -> Problem {
    match read(&fixture(name), &options(line)) {
        Ok(_) => panic!("{name} {line}: was read"),
        Err(error) => error,
    }
}

/// The problem of a file, without the file's name unless an option is its place.
fn error(name: &str, line: &str) -> String {
    let text = refusal(name, line).to_string();
    let file = format!("{}: ", fixture(name).display());
    text.strip_prefix(&file).unwrap_or(&text).to_string()
}

/// The remedy.
fn help(name: &str, line: &str) -> String {
    refusal(name, line).help.unwrap_or_default()
}

/// The problem of a file of these bytes.
fn bytes_error(bytes: &[u8]) -> String {
    let read = read_bytes(bytes, &ImportOptions::default());
    read.expect_err("it was read").to_string()
}
