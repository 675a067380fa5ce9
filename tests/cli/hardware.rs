//! Cores that are simulated and synthesised by the command line.

use super::program::{generate, home, names, program};
use snapbox::str;
use std::path::Path;

#[test]
fn cosimulation_agrees_and_finds_a_wrong_core() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let cosim = || {
        program()
            .current_dir(home.path())
            .args(["cosim", "lstm", "-q"])
    };
    cosim().assert().success().stderr_eq("").stdout_eq(str![[r"
lstm_top: Verilator [..]
  equal without pauses: 320 words of 64 steps in [..] cycles; latency [..] as stated; [..] cycles per step as stated
  equal with pauses: 320 words of 64 steps in [..] cycles, each beat in its cycle; source idle [..], sink stalled [..], queue full [..], array waited [..]

"]]);
    let json = program()
        .current_dir(home.path())
        .args([
            "cosim", "lstm", "-q", "--stalls", "bursts", "--format", "json",
        ])
        .assert()
        .success();
    let report: serde_json::Value = serde_json::from_slice(&json.get_output().stdout).unwrap();
    let run = &report["runs"][0];
    assert_eq!(run["pattern"]["pattern"], "following");
    for count in [
        &run["pressure"]["sink_stalled"],
        &run["pressure"]["source_idle"],
        &run["pressure"]["layers"][0]["queue_full"],
        &run["pressure"]["layers"][0]["array_waited"],
    ] {
        assert!(count.as_u64().unwrap() > 0, "{run}");
    }
    // A queue without credit: what overflows is found only by a sink that is slower than the core.
    let sequencer = names(&folder.join("rtl"))
        .into_iter()
        .find(|name| name.ends_with("_sequencer.v"));
    let sequencer = folder.join("rtl").join(sequencer.unwrap());
    let right = std::fs::read_to_string(&sequencer).unwrap();
    let wrong = right.replace("= ~last_block_q | (|room_q);", "= 1'b1;");
    assert_ne!(right, wrong);
    std::fs::write(&sequencer, wrong).unwrap();
    cosim().assert().code(1).stderr_eq("").stdout_eq(str![[r"
lstm_top: Verilator [..]
  equal without pauses: 320 words [..]
  DIFFERENT with pauses: step [..]
  replay: lprnn-hw cosim lprnn-hw-fail/[..]

"]]);
    let replay = |home: &Path| {
        let package = names(&home.join("lprnn-hw-fail")).remove(0);
        program()
            .current_dir(home)
            .arg("cosim")
            .arg(Path::new("lprnn-hw-fail").join(package))
            .assert()
            .code(1)
    };
    replay(home.path());
    std::fs::remove_dir_all(home.path().join("lprnn-hw-fail")).unwrap();
    std::fs::write(&sequencer, right).unwrap();
    // The core of another seed behind the signature and model of this one.
    generate(home.path(), &["--seed", "2", "--out", "other"]);
    let model = home.path().join("other/model.safetensors");
    std::fs::copy(model, folder.join("model.safetensors")).unwrap();
    cosim().assert().code(1).stderr_eq("").stdout_eq(str![[r"
lstm_top: Verilator [..]
  DIFFERENT without pauses: step 0 layer 0 gate i unit [..]: hardware [..], model [..]
  replay: lprnn-hw cosim lprnn-hw-fail/[..]

"]]);
    replay(home.path()).stdout_eq(str![[r"
...
  DIFFERENT as recorded: step 0 [..]

"]]);
}

#[test]
fn a_weight_memory_that_is_missing_or_short_fails() {
    for spoil in ["", "0\n"] {
        let home = home();
        let folder = generate(home.path(), &[]);
        let memory = folder.join("rtl/lstm_l0_weights.mem");
        if spoil.is_empty() {
            std::fs::remove_file(&memory).unwrap();
        } else {
            std::fs::write(&memory, spoil).unwrap();
        }
        let output = program().arg("cosim").arg(&folder).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains("weights"), "{stderr}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn estimates_stand_beside_what_synthesis_counts() {
    let home = home();
    let folder = generate(home.path(), &["--target", "ecp5"]);
    let json = |arguments: &[&str]| -> serde_json::Value {
        let output = program()
            .current_dir(&folder)
            .args(arguments)
            .args(["--format", "json"])
            .output()
            .unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let estimate = json(&["estimate", "--config", "design.toml"]);
    let synth = json(&["synth", "."]);
    assert_eq!(synth["utilization"]["source"]["part"], "ecp5");
    let compared = synth["compared"].as_array().unwrap();
    assert_eq!(compared.len(), 8);
    let of = |what: &str| compared.iter().find(|row| row["what"] == what).unwrap();
    let ff = &of("flip-flops");
    assert_eq!(ff["estimated"], estimate["estimate"]["ff"]["value"]);
    assert_eq!(ff["synthesised"], synth["utilization"]["ff"]);
    for exact in ["block RAM, 18 kb", "DSP blocks"] {
        assert_eq!(of(exact)["estimated"], of(exact)["synthesised"]);
    }
    // Sources shaped for one family have no estimate for another.
    let synth = json(&["synth", ".", "--target", "xc7"]);
    assert_eq!(synth["compared"].as_array().unwrap().len(), 0);
}
