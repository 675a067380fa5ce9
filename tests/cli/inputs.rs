//! Several sequences, layouts, lengths and offsets: the same in `quantize`, `run` and `cosim`.

use super::program::{generate, home, program};
use lprnn_hw::files::npy::{Array, read_f32, read_i32, write_f32, write_i32};
use lprnn_hw::quantize::{Direction, Layer, QuantizedModel, seeded};
use lprnn_hw::reference::Lstm;
use lprnn_hw::spec::{DirectionKind, Numerics, SeededNetwork};
use snapbox::cmd::OutputAssert;
use snapbox::str;
use std::path::{Path, PathBuf};

fn demo_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("models/demo")
        .join(name)
}

fn run(home: &Path, model: &Path, input: &str, output: &str, more: &[&str]) -> OutputAssert {
    program()
        .current_dir(home)
        .args(["run", "--model"])
        .arg(model)
        .args(["--input", input, "-o", output])
        .args(more)
        .assert()
}

/// `[a, b, size]` as `[b, a, size]`.
fn swapped(data: &[i32], a: usize, b: usize, size: usize) -> Vec<i32> {
    let vector = |n: usize| &data[(n % a * b + n / a) * size..][..size];
    (0..a * b).flat_map(vector).copied().collect()
}

#[test]
fn both_layouts_and_any_lengths_give_every_sequence_its_own_words() {
    let home = home();
    let home = home.path();
    let folder = generate(home, &[]);
    let model = folder.join("model.safetensors");
    let codes: Vec<i32> = (0..2 * 4 * 3).map(|n| n * 5 % 16 - 8).collect();
    write_i32(&home.join("batch.npy"), &[2, 4, 3], &codes).unwrap();
    write_i32(
        &home.join("steps.npy"),
        &[4, 2, 3],
        &swapped(&codes, 2, 4, 3),
    )
    .unwrap();
    write_i32(&home.join("lengths.npy"), &[2], &[2, 4]).unwrap();
    let words = |name: &str| read_i32(&home.join(name)).unwrap();

    run(home, &model, "batch.npy", "h.npy", &[])
        .success()
        .stderr_eq("");
    let h = words("h.npy");
    run(
        home,
        &model,
        "steps.npy",
        "hs.npy",
        &["--layout", "steps-first"],
    )
    .success();
    let other = words("hs.npy");
    assert_eq!(
        (&h.shape[..], &other.shape[..]),
        (&[2, 4, 5][..], &[4, 2, 5][..])
    );
    assert_eq!(other.data, swapped(&h.data, 2, 4, 5));
    assert!(h.data.iter().any(|&word| word != 0));

    // Behind a sequence's end there is nothing.
    run(
        home,
        &model,
        "batch.npy",
        "hl.npy",
        &["--lengths", "lengths.npy"],
    )
    .success()
    .stdout_eq(str![[r"
2 sequences, 6 steps: 30 words of h
...
"]]);
    let mut some = h.data.clone();
    some[2 * 5..4 * 5].fill(0);
    assert_eq!(words("hl.npy").data, some);

    let cosim = |more: &[&str]| {
        program()
            .current_dir(home)
            .args(["cosim", "lstm", "--stalls", "none", "--input", "steps.npy"])
            .args(["--layout", "steps-first"])
            .args(more)
            .assert()
    };
    cosim(&["--lengths", "lengths.npy"])
        .success()
        .stdout_eq(str![[r"
lstm_top: [..]
  equal without pauses: 30 words of 6 steps [..]

"]]);
    // Lengths that cannot be.
    write_i32(&home.join("lengths.npy"), &[2], &[5, 4]).unwrap();
    cosim(&["--lengths", "lengths.npy"])
        .code(2)
        .stderr_eq(str![[r"
error: lengths.npy: element 0 is 5
help: a sequence of the array has 1 to 4 steps

"]]);
    write_i32(&home.join("lengths.npy"), &[3], &[1, 1, 1]).unwrap();
    cosim(&["--lengths", "lengths.npy"])
        .code(2)
        .stderr_eq(str![[r"
error: lengths.npy: has the shape [3]
help: give one length for each sequence: [2]

"]]);
}

#[test]
fn one_step_of_many_sequences_is_asked_about() {
    let home = home();
    let home = home.path();
    let model = generate(home, &[]).join("model.safetensors");
    write_i32(&home.join("x.npy"), &[4, 1, 3], &[1; 12]).unwrap();
    run(home, &model, "x.npy", "h.npy", &[])
        .success()
        .stderr_eq(str![[r"
warning: x.npy: [4, 1, 3] is read as [batch, steps, elements]: 4 sequences of one step each. For one sequence of 4 steps give --layout steps-first

"]]);
    let every = read_i32(&home.join("h.npy")).unwrap();
    assert_eq!(every.data[..5], every.data[5..10]);
    run(home, &model, "x.npy", "h.npy", &["--layout", "steps-first"])
        .success()
        .stderr_eq("");
    let one = read_i32(&home.join("h.npy")).unwrap();
    assert_eq!(one.shape, [4, 1, 5]);
    assert_ne!(one.data[..5], one.data[5..10]);
}

#[test]
fn an_offset_goes_from_quantize_to_the_core() {
    let home = home();
    let home = home.path();
    // Two sequences of the demonstration's readings, the first element far from 0.
    let moved = |name: &str, steps: usize, to: &str| {
        let Array { mut data, .. } = read_f32(&demo_file(name)).unwrap();
        data.truncate(2 * steps * 8);
        data.iter_mut().step_by(8).for_each(|x| *x += 3000.0);
        write_f32(&home.join(to), &[2, steps, 8], &data).unwrap();
    };
    moved("calib.npy", 100, "calib.npy");
    moved("test.npy", 8, "test.npy");
    let quantize = |more: &[&str]| {
        program()
            .current_dir(home)
            .args([
                "quantize",
                "-q",
                "--bits",
                "4",
                "--calibrate",
                "calib.npy",
                "--model",
            ])
            .arg(demo_file("demo.safetensors"))
            .args(["-o", "m.safetensors"])
            .args(more)
            .assert()
    };
    quantize(&["--input-offset", "1,2"])
        .code(2)
        .stderr_eq(str![[r"
error: --input-offset: holds 2 numbers
help: x has 8 elements: give one number for all, or 8

"]]);
    quantize(&["--input-offset", "auto"])
        .success()
        .stdout_eq(str![[r"
...
integer model against float model, 200 steps of 2 sequences
  h: signal to noise [..]
  head: signal to noise [..]
...
"]]);
    let model = Path::new("m.safetensors");
    let float = [
        "--float-input",
        "--float-output",
        "values.npy",
        "--head-output",
        "y.npy",
    ];
    run(home, model, "test.npy", "h.npy", &float).success();
    let h = read_i32(&home.join("h.npy")).unwrap();
    let values = read_f32(&home.join("values.npy")).unwrap();
    let quantised = QuantizedModel::read(&home.join("m.safetensors")).unwrap();
    let ulp = quantised.layers[0].h.ulp();
    // Powers of two: exact.
    let same = |(&word, &value): (&i32, &f32)| {
        ((f64::from(word) * ulp) as f32).to_bits() == value.to_bits()
    };
    assert!(h.data.iter().zip(&values.data).all(same));
    assert_eq!(read_i32(&home.join("y.npy")).unwrap().shape, [2, 8, 8]);
    an_offset_is_stated_and_taken_off(home, &quantised);
    // A model without a head in integers has no outputs to write.
    quantize(&["--head-bits", "float"]).success();
    run(home, model, "test.npy", "h.npy", &float)
        .code(2)
        .stderr_eq(str![[r"
error: --head-output: the model has no head in integers
help: leave the option out, or quantise with --head-bits B

"]]);
}

/// The core of `m.safetensors` agrees on `test.npy`, and its interface says the offset.
fn an_offset_is_stated_and_taken_off(home: &Path, quantised: &QuantizedModel) {
    let design = ["--units", "4", "--columns", "4", "-o", "core"];
    program()
        .current_dir(home)
        .args(["gen", "-q", "--model", "m.safetensors"])
        .args(design)
        .assert()
        .success();
    let text = std::fs::read_to_string(home.join("core/interface.json")).unwrap();
    let interface: serde_json::Value = serde_json::from_str(&text).unwrap();
    let offset = quantised.input_offset.as_ref().unwrap();
    assert_eq!(
        interface["input_offset"],
        serde_json::to_value(offset).unwrap()
    );
    assert!(
        (offset.values()[0] - 3000.0).abs() < 3.0,
        "{:?}",
        offset.values()
    );
    program()
        .current_dir(home)
        .args([
            "cosim",
            "core",
            "--stalls",
            "none",
            "--input",
            "test.npy",
            "--float-input",
        ])
        .assert()
        .success()
        .stdout_eq(str![[r"
lstm_top: [..]
  [..] inputs were clamped to the format of x
  equal without pauses: 128 words of 16 steps [..]

"]]);
}

/// Writes a model with a bidirectional layer of three inputs and five units, and a batch of two sequences of two and four
/// steps, whose codes are returned.
fn bidirectional(home: &Path) -> Vec<i32> {
    let network = SeededNetwork {
        direction: DirectionKind::Bidirectional,
        ..SeededNetwork::one_layer((3, 5), Numerics::of_widths(4, 4, 4), 1)
    };
    let model = home.join("both.safetensors");
    std::fs::write(&model, seeded(&network).to_bytes().unwrap()).unwrap();
    let codes: Vec<i32> = (0..2 * 4 * 3).map(|n| n * 5 % 16 - 8).collect();
    write_i32(&home.join("batch.npy"), &[2, 4, 3], &codes).unwrap();
    write_i32(&home.join("lengths.npy"), &[2], &[2, 4]).unwrap();
    codes
}

/// `run` computes a bidirectional layer, and knows the longest sequence.
#[test]
fn bidirectional_layers_are_run_on_sequences_that_fit() {
    let home = home();
    let home = home.path();
    let codes = bidirectional(home);
    let model = home.join("both.safetensors");
    let lengths = ["--lengths", "lengths.npy", "--state", "c.npy"];
    run(home, &model, "batch.npy", "h.npy", &lengths)
        .success()
        .stdout_eq(str![[r"
2 sequences, 6 steps: 60 words of h
  saturated in  [..]
  layer 0 forward   [..]
  layer 0 backward  [..]

"]]);
    let h = read_i32(&home.join("h.npy")).unwrap();
    assert_eq!(h.shape, [2, 4, 10]);
    assert!(h.data[20..40].iter().all(|&code| code == 0));
    // Each half by itself, the other taken away: a forward model on the steps from the last one.
    let own = QuantizedModel::read(&model).unwrap();
    let c = read_i32(&home.join("c.npy")).unwrap();
    for (half, first) in [(false, 0), (true, 5)] {
        let mut one = own.clone();
        let layer = &own.layers[0];
        let layer = if half {
            layer.other_half().unwrap()
        } else {
            layer
        };
        one.layers[0] = Layer {
            direction: Direction::Forward,
            ..layer.clone()
        };
        let mut lstm = Lstm::new(&one);
        for turn in 0..4 {
            let step = if half { 3 - turn } else { turn };
            let x = &codes[(4 + step) * 3..][..3];
            let at = (4 + step) * 10 + first;
            assert_eq!(lstm.step(x), &h.data[at..at + 5], "step {step}");
            assert_eq!(lstm.state()[0].c, c.data[at..at + 5], "step {step}");
        }
    }
    let short = ["--lengths", "lengths.npy", "--max-steps", "3"];
    run(home, &model, "batch.npy", "h3.npy", &short)
        .code(2)
        .stderr_eq(str![[r"
error: sequence 1 has 4 steps, the longest may have 3
help: give shorter sequences, or a larger --max-steps

"]]);
    assert!(!home.join("h3.npy").exists());
}

/// A core of such a layer is told the longest sequence, and fed nothing that it would cut.
#[test]
fn bidirectional_layers_are_built_for_sequences_that_fit() {
    let home = home();
    let home = home.path();
    bidirectional(home);
    let refused = |options: &[&str], said| {
        let gen_of = ["gen", "--model", "both.safetensors", "-o", "core"];
        let run = program()
            .current_dir(home)
            .args(gen_of)
            .args(options)
            .assert();
        run.code(2).stderr_eq(said);
        assert!(!home.join("core").exists());
    };
    refused(
        &[],
        str![[r"
error: --max-steps: layer 0 is bidirectional, so that the core holds whole sequences
help: give the steps of the longest one: --max-steps N

"]],
    );
    refused(
        &["--max-steps", "8", "--contexts", "2"],
        str![[r"
error: --contexts: layer 0 is bidirectional: several sequences in turn through such a layer are not built
help: leave the contexts out

"]],
    );
    refused(
        &["--max-steps", "8", "--state-policy", "never"],
        str![[r"
error: --state-policy: layer 0 is bidirectional: only TLAST ends its sequences
help: give tlast

"]],
    );
    // The core is built, and fed nothing that it would cut.
    program()
        .current_dir(home)
        .args([
            "gen",
            "--model",
            "both.safetensors",
            "--max-steps",
            "3",
            "-o",
            "core",
        ])
        .assert()
        .success();
    program()
        .current_dir(home)
        .args([
            "cosim",
            "core",
            "--input",
            "batch.npy",
            "--lengths",
            "lengths.npy",
        ])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: sequence 1 has 4 steps, the longest may have 3
help: give shorter sequences, or a larger --max-steps

"]]);
    program()
        .current_dir(home)
        .args(["gen", "--hidden", "4", "--max-steps", "8", "-o", "other"])
        .assert()
        .code(2)
        .stderr_eq(str![[r"
error: --max-steps: no layer takes the steps of a sequence backward: nothing holds sequences
help: leave it out

"]]);
}

/// A bidirectional network of `PyTorch` with its linear layer, from its state dict to a core that agrees.
#[test]
fn a_bidirectional_network_becomes_a_core() {
    let home = home();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/import/fixtures");
    let command = |arguments: &[&str]| {
        program()
            .current_dir(home.path())
            .args(arguments)
            .assert()
            .success()
    };
    let (model, x) = (
        fixtures.join("bidirectional.safetensors"),
        fixtures.join("x.npy"),
    );
    let (model, x) = (model.to_str().unwrap(), x.to_str().unwrap());
    command(&[
        "quantize",
        "--bits",
        "6",
        "--model",
        model,
        "--calibrate",
        x,
        "-o",
        "both.safetensors",
    ]);
    let core = [
        "--units",
        "2",
        "--columns",
        "2",
        "--max-steps",
        "16",
        "-o",
        "core",
    ];
    command(&[&["gen", "--model", "both.safetensors"], &core[..]].concat());
    // Every word is compared, or it fails.
    command(&["cosim", "core", "--steps", "60"]);
}
