//! `score`: the words of `run`, counted; and what is refused.

use super::program::{generate, home, program};
use lprnn_hw::files::npy::{self, read_f32, write_f32, write_i32};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::quantize::QuantizedModel;
use snapbox::cmd::OutputAssert;
use snapbox::str;
use std::path::Path;

/// Six sequences of four steps of three codes, as real numbers of the format `x`.
fn inputs(home: &Path, x: QFormat) {
    let codes: Vec<i32> = (0..6 * 4 * 3).map(|n| n * 7 % 16 - 8).collect();
    let real: Vec<f32> = codes
        .iter()
        .map(|&code| (f64::from(code) * x.ulp()) as f32)
        .collect();
    write_i32(&home.join("codes.npy"), &[6, 4, 3], &codes).unwrap();
    write_f32(&home.join("x.npy"), &[6, 4, 3], &real).unwrap();
}

fn model(home: &Path, options: &[&str]) -> QuantizedModel {
    let path = generate(home, options).join("model.safetensors");
    let model = QuantizedModel::read(&path).unwrap();
    inputs(home, model.layers[0].x);
    program()
        .current_dir(home)
        .args([
            "run",
            "--model",
            "lstm/model.safetensors",
            "--input",
            "codes.npy",
        ])
        .args([
            "-o",
            "h.npy",
            "--head-output",
            "y.npy",
            "--float-output",
            "hf.npy",
        ])
        .assert()
        .success();
    model
}

fn score(home: &Path, data: &str, targets: &str, metric: &str) -> OutputAssert {
    program()
        .current_dir(home)
        .args(["score", "--model", "lstm/model.safetensors", "--data", data])
        .args(["--targets", targets, "--metric", metric])
        .assert()
}

/// What `run` gave, as numbers.
fn given(home: &Path) -> npy::Array<f64> {
    npy::parse_real(&std::fs::read(home.join("y.npy")).unwrap()).unwrap()
}

fn value(assert: OutputAssert) -> f64 {
    let out = String::from_utf8(assert.success().get_output().stdout.clone()).unwrap();
    let line = out.lines().next().unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn classes_are_the_indices_that_the_core_gives() {
    let home = home();
    let home = home.path();
    model(
        home,
        &["--outputs", "3", "--output", "argmax", "--emit", "last"],
    );
    let mut classes: Vec<i32> = given(home).data.iter().map(|&index| index as i32).collect();
    assert_eq!(classes.len(), 6);
    write_i32(&home.join("t.npy"), &[6], &classes).unwrap();
    score(home, "x.npy", "t.npy", "accuracy")
        .success()
        .stdout_eq(str![[r"
  accuracy  1.0000
6 sequences, 6 answers, one a sequence, at its last step
recurrent layers: integer; head: integer, the index of the largest sum
x saturated in 0.0000 %
...
"]]);
    classes[4] = (classes[4] + 1) % 3;
    write_i32(&home.join("t.npy"), &[6], &classes).unwrap();
    assert!((value(score(home, "x.npy", "t.npy", "accuracy")) - 5.0 / 6.0).abs() < 1e-4);
    score(home, "x.npy", "t.npy", "rmse")
        .code(2)
        .stderr_eq(str![[r"
error: --metric: rmse is one of real numbers, the model gives the index of the largest sum
help: give accuracy or f1, or quantise with --head-kind sum

"]]);
    // An answer for every step is not what this model gives.
    write_i32(&home.join("t.npy"), &[6, 4], &[0; 24]).unwrap();
    score(home, "x.npy", "t.npy", "f1")
        .code(2)
        .stderr_eq(str![[r"
error: t.npy: has the shape [6, 4], which does not fit the data's [6, 4], of which only the last step of a sequence is answered
help: give [6], one a sequence

"]]);
}

#[test]
fn sums_are_real_numbers_at_every_step_or_the_last() {
    let home = home();
    let home = home.path();
    let model = model(home, &["--outputs", "3"]);
    let ulp = model.head[0].output_format().ulp();
    let given = given(home);
    assert_eq!(given.shape, [6, 4, 3]);
    // 1 away from every answer, at every step and at the last.
    let off = |sums: &[f64]| {
        sums.iter()
            .map(|sum| (sum * ulp + 1.0) as f32)
            .collect::<Vec<f32>>()
    };
    write_f32(&home.join("step.npy"), &[6, 4, 3], &off(&given.data)).unwrap();
    let last: Vec<f32> = given
        .data
        .chunks(12)
        .flat_map(|one| off(&one[9..]))
        .collect();
    write_f32(&home.join("last.npy"), &[6, 3], &last).unwrap();
    for targets in ["step.npy", "last.npy"] {
        for metric in ["mae", "rmse"] {
            assert!((value(score(home, "x.npy", targets, metric)) - 1.0).abs() < 1e-6);
        }
    }
    // Classes of every step, right for sequence 0 alone: 4 of 24.
    let mut classes = Vec::new();
    for (step, sums) in given.data.chunks(3).enumerate() {
        let best = (0..3).fold(0, |best, n| if sums[n] > sums[best] { n } else { best });
        classes.push(if step < 4 { best } else { (best + 1) % 3 } as i32);
    }
    write_i32(&home.join("classes.npy"), &[6, 4], &classes).unwrap();
    assert!((value(score(home, "x.npy", "classes.npy", "accuracy")) - 4.0 / 24.0).abs() < 1e-4);
}

#[test]
fn a_float_model_is_computed_in_real_numbers() {
    let home = home();
    let home = home.path();
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo");
    let float = lprnn_hw::import::read(
        &demo.join("demo.safetensors"),
        &lprnn_hw::import::ImportOptions::default(),
    )
    .unwrap();
    let x = read_f32(&demo.join("test.npy")).unwrap();
    // The same by the other arithmetic of the crate.
    let mut signal = x.data.clone();
    for layer in &float.layers {
        let mut state = lprnn_hw::lm::FloatState::new(layer, 1);
        signal = lprnn_hw::lm::float_layer(layer, &signal, 1, &mut state);
    }
    if let Some(head) = &float.head {
        let columns = head.weight.len() / head.output_size;
        let row = |h: &[f32], r: usize| -> f32 {
            let products = head.weight[r * columns..][..columns].iter().zip(h);
            products.map(|(w, h)| w * h).sum::<f32>() + head.bias[r]
        };
        let steps = signal.chunks(columns);
        signal = steps
            .flat_map(|h| (0..head.output_size).map(move |r| row(h, r)))
            .collect();
    }
    let width = signal.len() / x.shape[0];
    write_f32(&home.join("y.npy"), &[x.shape[0], width], &signal).unwrap();
    let found = program()
        .current_dir(home)
        .args(["score", "--metric", "mae", "--targets", "y.npy", "--model"])
        .arg(demo.join("demo.safetensors"))
        .arg("--data")
        .arg(demo.join("test.npy"))
        .assert();
    assert!(value(found) < 1e-5);
}

#[test]
fn targets_that_do_not_fit_are_refused_with_their_place() {
    let home = home();
    let home = home.path();
    model(home, &["--outputs", "3"]);
    let refused = |targets: &str, metric: &str, text: snapbox::data::Inline| {
        score(home, "x.npy", targets, metric)
            .code(2)
            .stderr_eq(text);
    };
    write_i32(&home.join("short.npy"), &[5], &[0; 5]).unwrap();
    refused(
        "short.npy",
        "accuracy",
        str![[r"
error: short.npy: has the shape [5], which does not fit the data's [6, 4]
help: give [6, 4], one a step; [6], one a sequence

"]],
    );
    write_i32(&home.join("wide.npy"), &[6, 2], &[0; 12]).unwrap();
    refused(
        "wide.npy",
        "rmse",
        str![[r"
error: wide.npy: has the shape [6, 2], which does not fit the data's [6, 4] and 3 outputs
help: give [6, 4, 3], one a step; [6, 3], one a sequence

"]],
    );
    write_i32(&home.join("class.npy"), &[6], &[0, 1, 2, 3, 0, 1]).unwrap();
    refused(
        "class.npy",
        "f1",
        str![[r"
error: class.npy: element [3] is 3, no class
help: the model has 3 classes: give whole numbers from 0 to 2

"]],
    );
    write_f32(&home.join("nan.npy"), &[6, 3], &[f32::NAN; 18]).unwrap();
    refused(
        "nan.npy",
        "mae",
        str![[r"
error: nan.npy: element [0, 0] is NaN
help: save an array of finite numbers by numpy.save

"]],
    );
    // A finite number of 64 bits that 32 bits do not hold: the header of zeros of 32 bits, its kind changed.
    let x = read_f32(&home.join("x.npy")).unwrap();
    write_f32(&home.join("large.npy"), &x.shape, &vec![0.0; x.data.len()]).unwrap();
    let mut bytes = std::fs::read(home.join("large.npy")).unwrap();
    bytes.truncate(bytes.len() - 4 * x.data.len());
    let kind = bytes.windows(3).position(|at| at == b"<f4").unwrap();
    bytes[kind + 2] = b'8';
    let mut values = vec![0.5f64; x.data.len()];
    values[2] = 1e300;
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    std::fs::write(home.join("large.npy"), bytes).unwrap();
    score(home, "large.npy", "class.npy", "accuracy")
        .code(2)
        .stderr_eq(str![[r"
error: large.npy: element [0, 0, 2] is 1e300, more than 32 bits hold
help: bring the inputs to a size below 3.4e38

"]]);
    write_i32(&home.join("same.npy"), &[6], &[2; 6]).unwrap();
    score(home, "x.npy", "same.npy", "accuracy")
        .success()
        .stderr_eq(str![[r"
warning: same.npy: all targets are class 2: a model that always says so is right everywhere

"]]);
}
