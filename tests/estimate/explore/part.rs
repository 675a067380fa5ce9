//! `gen --part`: the folding for a model.

use super::{home, json, words};
use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;

fn generate(home: &Path, line: &str) -> std::process::Output {
    Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home)
        .args(words(&format!(
            "gen --bits 4 --hidden 64 {line} --format json"
        )))
        .output()
        .unwrap()
}

#[test]
fn gen_searches_the_folding_for_a_part() {
    let home = home();
    let design = |line: &str| -> serde_json::Value {
        let ran = generate(home.path(), line);
        assert!(
            ran.status.success(),
            "{}",
            String::from_utf8_lossy(&ran.stderr)
        );
        serde_json::from_slice(&ran.stdout).unwrap()
    };
    let cycles = |design: &serde_json::Value| design["timing"]["cycles_per_step"].as_u64().unwrap();
    let macs = |design: &serde_json::Value| design["timing"]["macs_per_cycle"].as_u64().unwrap();
    let fastest = design("--part xc7a35t --out fastest");
    assert_eq!(
        fastest,
        design("--part XC7A35TCPG236-1 --fastest --out again")
    );
    // No point of the sweep of powers of two is faster.
    let sweep = json(home.path(), "--bits 4 --hidden 64 --part xc7a35t");
    let best = sweep["networks"][0]["cycles_per_step"].as_u64().unwrap();
    assert!(
        cycles(&fastest) <= best,
        "{} against {best}",
        cycles(&fastest)
    );
    let smallest = design("--part lfe5u-25f --smallest --out smallest");
    assert_eq!(smallest["implementation"]["target"], "ecp5");
    assert!(macs(&smallest) < macs(&fastest));
    let in_time = design("--part lfe5u-25f --smallest --target-cycles 300 --out in_time");
    assert!(cycles(&in_time) <= 300 && macs(&in_time) > macs(&smallest));
    // What the folder says is what was chosen.
    let text = std::fs::read_to_string(home.path().join("in_time/design.toml")).unwrap();
    assert!(
        text.contains("target = \"ecp5\"") && text.contains("units = "),
        "{text}"
    );
}

#[test]
fn gen_refuses_a_part_that_is_too_small_or_at_odds_with_other_options() {
    let home = home();
    for (line, place, remedy) in [
        (
            "--part ice40lp1k --out x",
            "--part: the model does not fit ice40lp1k",
            "part of another family",
        ),
        (
            "--part nothing --out x",
            "--part: unknown part `nothing`",
            "--target",
        ),
        (
            "--part xc7a35t --smallest --target-cycles 20 --out x",
            "the fastest takes",
            "allow --target-cycles",
        ),
        (
            "--part xc7a35t --target-cycles 300 --out x",
            "--target-cycles: a goal of cycles beside",
            "give --smallest",
        ),
        (
            "--part xc7a35t --units 2 --columns 4 --out x",
            "--units: the folding is given",
            "leave one",
        ),
        (
            "--part xc7a35t --max-macs 64 --out x",
            "--max-macs: the folding is given",
            "leave one",
        ),
        (
            "--part xc7a35t --target ecp5 --out x",
            "--target: xc7a35t is of the family xc7",
            "or give xc7",
        ),
        ("--smallest --out x", "--part <PART>", ""),
        (
            "--part ice40up5k --mac dsp --out x",
            "--mac: no folding of the model can be built",
            "--mac lut",
        ),
    ] {
        let ran = generate(home.path(), line);
        let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert_eq!(ran.status.code(), Some(2), "{line}: {errors}");
        assert!(
            errors.contains(place) && errors.contains(remedy),
            "{line}: {errors}"
        );
        assert!(!home.path().join("x").exists(), "{line}");
    }
}
