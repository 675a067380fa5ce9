//! Folders with a design: the same bytes again, what is replaced, and what is no bundle.

use super::program::{contents, generate, home, names, program};
use lprnn_hw::fixed::LevelRule;
use lprnn_hw::flow::open;
use lprnn_hw::quantize::random_network;
use lprnn_hw::spec::CellKind;
use snapbox::str;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (one, other) = (home(), home());
    for options in [
        &["--target", "ecp5"][..],
        &["--memory-init", "inline", "--force"],
    ] {
        let strip = |home: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
            let folder = generate(home, options);
            let files = contents(&folder).into_iter();
            files
                .map(|(path, bytes)| (path.strip_prefix(&folder).unwrap().to_path_buf(), bytes))
                .collect()
        };
        let (first, second) = (strip(one.path()), strip(other.path()));
        assert_eq!(first, second);
        for (path, bytes) in first {
            let text = String::from_utf8_lossy(&bytes);
            let place = one.path().to_str().unwrap();
            assert!(!text.contains(place), "{} names a place", path.display());
        }
    }
}

#[test]
fn a_bundle_regenerates_itself() {
    let home = home();
    let folder = generate(
        home.path(),
        &["--target", "ecp5", "--state-policy", "never"],
    );
    program()
        .current_dir(&folder)
        .args(["gen", "--config", "design.toml", "--out", "../again"])
        .assert()
        .success();
    let relative = |folder: &Path| -> BTreeMap<PathBuf, Vec<u8>> {
        let files = contents(folder).into_iter();
        files
            .map(|(path, bytes)| (path.strip_prefix(folder).unwrap().to_path_buf(), bytes))
            .collect()
    };
    assert_eq!(relative(&folder), relative(&home.path().join("again")));
}

/// `gen --format json` prints the report of the bundle, and `estimate` says of the same design the same.
#[test]
fn there_is_one_report() {
    let home = home();
    let json = |command: &str, more: &[&str]| {
        let run = program()
            .current_dir(home.path())
            .args([command, "--hidden", "4", "--bits", "4", "--layers", "2"])
            .args(["-q", "--format", "json"])
            .args(more)
            .output()
            .unwrap();
        String::from_utf8(run.stdout).unwrap()
    };
    let printed = json("gen", &["--out", "core"]);
    let kept = std::fs::read_to_string(home.path().join("core/report.json")).unwrap();
    assert_eq!(printed, kept);
    let report: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!(report["layers"].as_array().unwrap().len(), 2);
    assert!(report["timing"]["latency_us"].is_f64());
    let core = home.path().join("core");
    let listed: Vec<_> = contents(&core)
        .into_keys()
        .map(|path| path.strip_prefix(&core).unwrap().display().to_string())
        .filter(|name| name != "files.sha256")
        .collect();
    assert_eq!(report["files"], serde_json::json!(listed));
    let estimate: serde_json::Value = serde_json::from_str(&json("estimate", &[])).unwrap();
    for key in ["implementation", "layers", "timing"] {
        assert_eq!(estimate[key], report[key], "{key}");
    }
    let (estimate, timing) = (&estimate["estimate"], &report["timing"]);
    for key in [
        "cycles_per_step",
        "latency_cycles",
        "macs_per_step",
        "macs_per_cycle",
    ] {
        assert_eq!(estimate[key], timing[key], "{key}");
    }
}

/// What is printed and written of a GRU's core names its cell and the state that it has.
#[test]
fn a_core_names_its_cells() {
    let home = home();
    for (cell, stack, state) in [
        ("gru", "2-layer GRU core", "s"),
        ("lstm", "2-layer LSTM core", "c"),
    ] {
        let run = program()
            .current_dir(home.path())
            .args(["gen", "--hidden", "4", "--bits", "4", "--layers", "2"])
            .args(["--cell", cell, "--name", "core", "--force"])
            .output()
            .unwrap();
        let printed = String::from_utf8(run.stdout).unwrap();
        let heads = printed.lines().nth(1).unwrap();
        let heads: Vec<&str> = heads.split_whitespace().collect();
        assert_eq!(heads[6..8], ["z", state], "{printed}");
        let file =
            |name: &str| std::fs::read_to_string(home.path().join("core").join(name)).unwrap();
        assert!(file("rtl/core_top.v").contains(stack));
        assert!(file("core.core").contains(stack));
        assert!(file("report.md").contains(&format!("| z | gates | {state} |")));
    }
}

/// A core that nobody named has the name of its first recurrent layer's cell, drawn or read; its folder keeps it.
#[test]
fn a_core_is_named_after_its_first_cell() {
    let home = home();
    let model = random_network(5, 4, LevelRule::Even, &[CellKind::Gru, CellKind::Lstm]);
    assert!(model.layers.len() > 1);
    std::fs::write(home.path().join("mixed"), model.to_bytes().unwrap()).unwrap();
    let run = |words: &str| {
        let words = words.split_whitespace();
        let done = program().current_dir(home.path()).args(words).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{done:?}");
        String::from_utf8(done.stdout).unwrap()
    };
    for (words, name) in [
        ("--hidden 4 --cell gru", "gru: "),
        ("--hidden 4 --cell lstm", "lstm: "),
        ("--model mixed", "gru: "),
        ("--model mixed --name lstm", "lstm: "),
    ] {
        let printed = run(&format!("estimate {words}"));
        assert!(printed.starts_with(name), "{words}: {printed}");
    }
    run("gen --model mixed");
    assert!(home.path().join("gru/rtl/gru_top.v").is_file());
    let opened = open(&home.path().join("gru")).unwrap();
    assert_eq!(opened.planned.config.implementation.name, "gru");
    run("gen --model mixed --name lstm");
    let opened = open(&home.path().join("lstm")).unwrap();
    assert_eq!(opened.planned.config.implementation.name, "lstm");
}

#[test]
fn folders_are_replaced_by_force_and_only_if_they_are_ours() {
    let home = home();
    generate(home.path(), &[]);
    let again = || {
        program()
            .current_dir(home.path())
            .args(["gen", "--hidden", "4"])
    };
    again().assert().code(2).stderr_eq(str![[r"
error: lstm: exists already
help: choose another folder by --out, or give --force to replace it

"]]);
    again().arg("--force").assert().success();
    std::fs::create_dir(home.path().join("thesis")).unwrap();
    std::fs::write(home.path().join("thesis/chapter1"), "").unwrap();
    again()
        .args(["--force", "--out", "thesis"])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: thesis: holds something else: it has no interface.json
help: choose another folder by --out

"]]);
    again()
        .args(["--out", "no/such/parent"])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: no/such: cannot write: [..]
help: check the path

"]]);
    assert_eq!(names(home.path()), ["lstm", "thesis"]);
    assert_eq!(names(&home.path().join("thesis")), ["chapter1"]);
}

#[test]
fn what_is_no_bundle_is_refused() {
    let home = home();
    for command in ["synth", "cosim"] {
        let output = program().arg(command).arg(home.path()).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr.contains("interface.json: cannot read"), "{stderr}");
    }
    let folder = generate(home.path(), &[]);
    std::fs::write(folder.join("model.safetensors"), "\u{1}\u{2}").unwrap();
    let output = program().arg("cosim").arg(&folder).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr.contains("model.safetensors"), "{stderr}");
    let output = program()
        .arg("cosim")
        .arg(&folder)
        .args(["--hidden", "8"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// What a bundle says of itself is compared with what follows from its model and settings.
#[test]
fn a_bundle_that_says_something_else_is_refused() {
    let home = home();
    let folder = generate(home.path(), &[]);
    let path = folder.join("interface.json");
    let good: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    for (pointer, value, says) in [
        (
            "/timing/cycles_per_step",
            0.into(),
            "timing.cycles_per_step is 0; of the model",
        ),
        (
            "/timing/repeating",
            serde_json::json!([]),
            "timing.repeating is a list of 0; ",
        ),
        ("/sources/0", "--build".into(), "sources.0 is \"--build\"; "),
        (
            "/sources/0",
            "../../x.v".into(),
            "sources.0 is \"../../x.v\"; ",
        ),
        (
            "/memories/0",
            "/etc/passwd".into(),
            "memories.0 is \"/etc/passwd\"; ",
        ),
        (
            "/input/elements",
            1_000_000_000_000_u64.into(),
            "input.elements is 1000000000000; ",
        ),
    ] {
        let mut changed = good.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&path, changed.to_string()).unwrap();
        for command in ["cosim", "synth"] {
            let output = program().arg(command).arg(&folder).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{said}");
            assert!(said.contains(says), "{said}");
            assert!(said.contains("help: generate the design again"), "{said}");
        }
    }
    std::fs::write(&path, good.to_string()).unwrap();
    let settings = folder.join("design.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(
        &settings,
        text.replace("model.safetensors", "../other.safetensors"),
    )
    .unwrap();
    let output = program().arg("cosim").arg(&folder).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("network.model is not model.safetensors"),
        "{said}"
    );
}
