//! The command line as a user meets it: texts, exit codes, and what is left on the disk.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/signals.rs"]
mod signals;

mod bundles;
mod damaged;
mod frameworks;
mod hardware;
mod inputs;
mod mistakes;
mod models;
mod output;
mod outside;
mod pages;
mod places;
mod program;
mod score;
mod searches;
mod settings;
mod writing;

use program::program;
use snapbox::Data;
use std::path::Path;

const COMMANDS: [&str; 15] = [
    "import", "quantize", "train", "eval", "score", "gen", "run", "cosim", "estimate", "explore",
    "search", "synth", "fit", "demo", "doctor",
];

#[test]
fn help_says_what_every_command_does() {
    let golden = |name: &str| Path::new("tests/cli/help").join(format!("{name}.txt"));
    let check = |arguments: &[&str], name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(golden(name));
        program()
            .args(arguments)
            .assert()
            .success()
            .stdout_eq(Data::read_from(&path, None).raw())
            .stderr_eq("");
    };
    check(&["--help"], "lprnn-hw");
    for command in COMMANDS {
        check(&[command, "--help"], command);
    }
}

#[test]
fn every_command_has_examples_and_exit_codes_in_its_help() {
    for command in COMMANDS {
        let help = program().args([command, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(&format!("  lprnn-hw {command}")), "{help}");
        assert!(help.contains("Exit status"), "{help}");
    }
    for step in ["collect", "coefficients"] {
        let help = program().args(["fit", step, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(help.contains(&format!("  lprnn-hw fit {step}")), "{help}");
        assert!(help.contains("Exit status"), "{help}");
    }
    for job in ["plan", "run", "point", "collect", "export"] {
        let help = program().args(["explore", job, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        assert!(
            help.contains(&format!("  lprnn-hw explore {job}")),
            "{help}"
        );
        assert!(help.contains("Exit status"), "{help}");
    }
}

#[test]
fn bad_usage_is_exit_code_2() {
    for arguments in [
        &["gen", "--hiden", "8"][..],
        &["frobnicate"],
        &[],
        &["synth"],
        &["synth", "x", "--target", "virtex"],
        &["synth", "x", "--speed", "6"],
        &["cosim", "--steps", "0"],
        &["gen", "--bits", "four"],
        &["run", "--model", "m"],
    ] {
        program().args(arguments).assert().code(2).stdout_eq("");
    }
}
