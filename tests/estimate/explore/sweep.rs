//! Output of a sweep, printed and written.

use super::{home, json, output, program, words};
use snapbox::cmd::{Command, cargo_bin};

#[test]
fn a_sweep_keeps_what_fits_and_recommends() {
    let home = home();
    let found = json(home.path(), "--bits 2..4 --hidden 64,128 --part xc7a35t");
    let points = found["points"].as_array().unwrap();
    assert_eq!(
        points.len() as u64,
        found["counts"]["kept"].as_u64().unwrap()
    );
    assert!(points.len() > 100);
    for point in points {
        assert_eq!(
            (&point["fits"], &point["in_time"]),
            (&true.into(), &true.into())
        );
        assert!(point["lut_total"].as_u64().unwrap() <= 20_800 * 85 / 100);
        assert!(point["bram"].as_u64().unwrap() <= 100 && point["dsp"].as_u64().unwrap() <= 90);
    }
    let cycles = |point: &serde_json::Value| point["cycles_per_step"].as_u64().unwrap();
    let role = |name: &str| {
        let has = |entry: &&serde_json::Value| {
            entry["roles"]
                .as_array()
                .unwrap()
                .iter()
                .any(|role| role == name)
        };
        found["recommended"]
            .as_array()
            .unwrap()
            .iter()
            .find(has)
            .unwrap()
    };
    assert_eq!(
        cycles(role("fastest")),
        points.iter().map(cycles).min().unwrap()
    );
    assert_eq!(role("largest_network")["hidden"], 128);
    assert_eq!(role("largest_network")["weight_bits"], 4);
    assert!(role("knee")["pareto"].as_bool().unwrap());
    // Errors of the estimates and their source go with them.
    assert!(
        found["estimate"]["source"]
            .as_str()
            .unwrap()
            .contains("Yosys 0.")
    );
    assert!(found["estimate"]["lut_total"][1].as_f64().unwrap() > 0.0);
    assert_eq!(found["networks"].as_array().unwrap().len(), 6);
}

/// What the sweep says of a point is what `estimate` says of the same design.
#[test]
fn a_point_is_what_estimate_says_of_it() {
    point_beside_estimate("lstm", "");
    point_beside_estimate("gru", "");
    point_beside_estimate(
        "lstm",
        "--levels odd --row-scale-bits 8 --contexts 3 --z-bits 6",
    );
    point_beside_estimate("lstm", "--direction bidirectional --max-steps 24");
    point_beside_estimate("gru", "--direction backward --max-steps 24");
}

/// Directions are an axis: names say those that are not forward, the others have what they had.
#[test]
fn directions_are_swept() {
    let home = home();
    let sweep = "--bits 4 --hidden 16 --macs 64 --mac lut --part lfe5u-25f";
    let alone = json(home.path(), sweep);
    let more = format!("{sweep} --direction forward,backward,bidirectional --max-steps 12");
    let found = json(home.path(), &more);
    let points = found["points"].as_array().unwrap();
    let all = |key: &str| -> Vec<_> { points.iter().map(|point| point[key].clone()).collect() };
    assert_eq!(all("direction"), ["forward", "backward", "bidirectional"]);
    assert_eq!(points[0], alone["points"][0]);
    let numbers = |key: &str| -> Vec<u64> {
        all(key)
            .iter()
            .map(|value| value.as_u64().unwrap())
            .collect()
    };
    let (luts, weights) = (numbers("lut_total"), numbers("weight_memory_bits"));
    assert!(luts[0] < luts[1] && luts[1] < luts[2], "{luts:?}");
    assert!(
        weights[0] == weights[1] && weights[2] == 2 * weights[0],
        "{weights:?}"
    );
    let arguments = all("gen_arguments")[2].as_str().unwrap().to_owned();
    assert!(
        arguments.contains("--direction bidirectional --max-steps 12"),
        "{arguments}"
    );
    let table = output(home.path(), &more);
    assert!(table.contains("bidirectional W4A4 16"), "{table}");
}

#[test]
fn directions_want_the_longest_sequence() {
    let home = home();
    let sweep = "explore --bits 4 --hidden 16 --part lfe5u-25f";
    for (more, wanted) in [
        (
            "--direction bidirectional",
            "--max-steps: a bidirectional layer holds whole sequences",
        ),
        (
            "--max-steps 9",
            "--max-steps: no layer takes the steps of a sequence backward",
        ),
        (
            "--direction forward,backward --max-steps 9 --contexts 2",
            "--contexts: several sequences in turn through a backward layer are not built",
        ),
        ("--direction up", "--direction: "),
        ("--direction backward --max-steps 0", "--max-steps: "),
    ] {
        let ran = Command::new(cargo_bin!("lprnn-hw"))
            .current_dir(home.path())
            .args(words(&format!("{sweep} {more}")))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{more}: {said}");
        assert!(said.contains(wanted), "{more}: {said}");
    }
}

/// Of two layers of 48 units on 48 inputs, of one direction or both.
fn point_beside_estimate(cell: &str, more: &str) {
    let home = home();
    let sweep = "--weight-bits 4 --act-bits 3 --hidden 48 --layers 2 --units 4 --columns 8 --mac lut --target ecp5";
    let found = json(home.path(), &format!("{sweep} --cell {cell} {more}"));
    let gates = if cell == "gru" { 3 } else { 4 };
    let point = &found["points"][0];
    let arguments = point["gen_arguments"].as_str().unwrap();
    let ran = Command::new(cargo_bin!("lprnn-hw"))
        .arg("estimate")
        .args(words(arguments))
        .args(["--format", "json"])
        .output()
        .unwrap();
    let full: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let estimate = &full["estimate"];
    for (ours, theirs) in [
        ("cycles_per_step", &estimate["cycles_per_step"]),
        ("latency_cycles", &estimate["latency_cycles"]),
        ("dsp", &estimate["dsp"]),
        ("bram", &estimate["bram"]),
        ("macs_per_step", &estimate["macs_per_step"]),
    ] {
        assert_eq!(&point[ours], theirs, "{ours}: {arguments}");
    }
    let columns = if more.contains("bidirectional") {
        2 * (48 + 48 + 96 + 48)
    } else {
        2 * (48 + 48)
    };
    assert_eq!(point["weight_memory_bits"], gates * 48 * columns * 4);
    let off =
        point["lut_total"].as_f64().unwrap() / estimate["lut_total"]["value"].as_f64().unwrap();
    assert!((off - 1.0).abs() < 0.03, "{off}");
}

/// The page says which cell was swept, and only where it is no LSTM.
#[test]
fn a_sweep_of_grus_says_so() {
    let home = home();
    let line = "--bits 4 --hidden 16 --macs 16 --mac lut --part lfe5u-25f";
    let table = output(home.path(), &format!("{line} --cell gru -o sweep"));
    assert!(table.contains("GRU W4A4 16"), "{table}");
    let file = |name: &str| std::fs::read_to_string(home.path().join("sweep").join(name)).unwrap();
    assert!(file("summary.md").starts_with("# GRU cores on "));
    assert!(file("points.csv").starts_with("index,cell,"));
    assert!(file("points.csv").contains("--hidden 16 --cell gru --bits 4"));
    let table = output(home.path(), &format!("{line} -o sweep --force"));
    assert!(!table.contains("LSTM W"), "{table}");
    assert!(file("summary.md").starts_with("# LSTM cores on "));
    assert!(file("points.csv").starts_with("index,weight_bits,"));
}

#[test]
fn a_family_names_the_smallest_part_that_holds_a_point() {
    let home = home();
    let found = json(
        home.path(),
        "--bits 4 --hidden 32 --units 1,16 --columns 16 --mac lut --target ecp5",
    );
    let parts: Vec<&str> = found["points"]
        .as_array()
        .unwrap()
        .iter()
        .map(|point| point["part"].as_str().unwrap())
        .collect();
    assert_eq!(parts, ["lfe5u-12f", "lfe5u-45f"]);
}

#[test]
fn the_same_sweep_gives_the_same_bytes() {
    let home = home();
    let sweep = "--bits 2..6 --hidden 64..128:32 --layers 1,2 --part xc7z020";
    let first = output(home.path(), sweep);
    assert_eq!(first, output(home.path(), sweep));
    for name in ["one", "two"] {
        output(home.path(), &format!("{sweep} -o {name}"));
    }
    for file in ["points.csv", "points.json"] {
        let read = |folder: &str| std::fs::read(home.path().join(folder).join(file)).unwrap();
        assert!(read("one") == read("two"), "{file}");
    }
    // A folder of ours is replaced by force only, anything else never.
    let again = program(home.path())
        .args(words(sweep))
        .args(["-o", "one"])
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(2));
    output(home.path(), &format!("{sweep} -o one --force"));
    std::fs::create_dir(home.path().join("thesis")).unwrap();
    std::fs::write(home.path().join("thesis/text"), "").unwrap();
    let other = program(home.path())
        .args(words(sweep))
        .args(["-o", "thesis", "--force"])
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(2));
}
