//! `fit`: the committed table gives the committed factors, and its designs can be measured again.

use snapbox::cmd::{Command, cargo_bin};
use std::path::{Path, PathBuf};

const POINTS: &str = include_str!("../../src/estimate/data/points.csv");
const COEFFICIENTS: &str = include_str!("../../src/estimate/data/coefficients.json");

fn program(arguments: &[&str]) -> Command {
    Command::new(cargo_bin!("lprnn-hw"))
        .arg("-q")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
}

/// A folder with a table of these lines under the heading.
fn table<'a>(home: &Path, lines: impl Iterator<Item = &'a str>) -> PathBuf {
    let folder = home.join("fit");
    std::fs::create_dir(&folder).unwrap();
    let heading = POINTS.lines().next().unwrap();
    let text: String = std::iter::once(heading)
        .chain(lines)
        .flat_map(|line| [line, "\n"])
        .collect();
    std::fs::write(folder.join("points.csv"), text).unwrap();
    folder
}

fn stderr(command: Command, code: i32) -> String {
    let output = command.assert().code(code);
    String::from_utf8_lossy(&output.get_output().stderr).into_owned()
}

fn stdout(command: Command) -> String {
    let output = command.assert().success();
    String::from_utf8(output.get_output().stdout.clone()).unwrap()
}

#[test]
fn fit_writes_the_committed_factors_and_errors() {
    let home = tempfile::tempdir().unwrap();
    let folder = table(home.path(), POINTS.lines().skip(1));
    let text = stdout(program(&["fit", "coefficients"]).arg(&folder));
    assert!(text == include_str!("../../docs/estimates.md"));
    let written = folder.join("coefficients.json");
    assert_eq!(std::fs::read_to_string(&written).unwrap(), COEFFICIENTS);

    let estimate = ["estimate", "--bits", "4", "--hidden", "32"];
    let with = |file: &Path| program(&estimate).arg("--coefficients").arg(file);
    assert_eq!(stdout(with(&written)), stdout(program(&estimate)));
    // Factors that are read are used.
    let mut other: serde_json::Value = serde_json::from_str(COEFFICIENTS).unwrap();
    other["families"]["xc7"]["lut"][7] = 9.0.into();
    std::fs::write(&written, other.to_string()).unwrap();
    assert_ne!(stdout(with(&written)), stdout(program(&estimate)));
    std::fs::write(&written, &COEFFICIENTS[..COEFFICIENTS.len() / 2]).unwrap();
    let error = stderr(with(&written), 2);
    assert!(error.contains("coefficients.json: EOF"), "{error}");
    assert!(error.contains("fit coefficients"), "{error}");

    let designs = stdout(program(&["fit", "coefficients", "--designs"]).arg(&folder));
    assert_eq!(designs.lines().count(), POINTS.lines().count());
}

/// The two smallest designs, one of them routed, are measured anew: every count and the clock to the
/// digit.
#[test]
fn collect_finds_the_committed_counts() {
    let home = tempfile::tempdir().unwrap();
    let missing = |line: &&str| line.starts_with("2008,") || line.starts_with("2011,");
    assert_eq!(POINTS.lines().filter(missing).count(), 2);
    let folder = table(home.path(), POINTS.lines().skip(1).filter(|l| !missing(l)));
    program(&["fit", "collect", "-j", "2"])
        .arg(&folder)
        .assert()
        .success();
    let found = std::fs::read_to_string(folder.join("points.csv")).unwrap();
    assert!(
        found == POINTS,
        "the tools are of other versions, or the Verilog has changed"
    );
    // Nothing is left to do.
    let text = stdout(program(&["fit", "collect", "--format", "json"]).arg(&folder));
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&report["measured"], &report["missing"]),
        (&0.into(), &0.into())
    );
}

#[test]
fn what_cannot_be_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let folder = table(home.path(), POINTS.lines().skip(1).take(3));
    let error = stderr(program(&["fit", "coefficients"]).arg(&folder), 2);
    assert!(error.contains("at least 4 of both are needed"), "{error}");
    assert!(error.contains("fit collect"), "{error}");
    assert!(!folder.join("coefficients.json").exists());

    let path = folder.join("points.csv");
    std::fs::write(&path, &POINTS[..POINTS.len() / 2]).unwrap();
    let lines = POINTS[..POINTS.len() / 2].lines().count();
    for step in ["coefficients", "collect"] {
        let error = stderr(program(&["fit", step]).arg(&folder), 2);
        assert!(
            error.contains(&format!("points.csv: line {lines}")),
            "{error}"
        );
    }
    let error = stderr(program(&["fit", "coefficients", "/no/such/folder"]), 2);
    assert!(error.contains("/no/such/folder/points.csv"), "{error}");

    let handle = std::fs::File::open(&folder).unwrap();
    handle.lock().unwrap();
    let error = stderr(program(&["fit", "collect"]).arg(&folder), 2);
    assert!(error.contains("another `fit collect`"), "{error}");
}
