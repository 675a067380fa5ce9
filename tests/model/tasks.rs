//! Training for other tasks than language by the command line: what is reached, what `score` and the core find of
//! it, resumption, and what is refused.

use super::train::home::{files, json, program, refused};
use lprnn_hw::files::npy::{write_f32, write_i32};
use lprnn_hw::quantize::{DenseOutput, Emit, QuantizedModel, SplitMix};
use snapbox::cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const STEPS: usize = 8;

/// Sequences of two elements far from zero and of very different size: the class is which of three steps, the
/// second to the fourth, has the pulse of the first element; the number to be given is its height.
fn data(home: &Path, name: &str, count: usize, seed: u64) {
    let mut noise = SplitMix(seed);
    let (mut x, mut classes, mut heights, mut lengths) = (vec![], vec![], vec![], vec![]);
    for _ in 0..count {
        let class = noise.between(0, 2);
        let height = noise.between(50, 100) as f32 / 100.0;
        for step in 0..STEPS as i64 {
            let pulse = if step == class + 1 { height } else { 0.0 };
            x.push(1000.0 + 40.0 * pulse);
            x.push(-0.02 + 0.000_1 * noise.between(-9, 9) as f32);
        }
        classes.push(class as i32);
        heights.push(5.0 + 300.0 * height);
        lengths.push(noise.between(5, STEPS as i64) as i32);
    }
    let file = |what: &str| home.join(format!("{what}_{name}.npy"));
    write_f32(&file("x"), &[count, STEPS, 2], &x).unwrap();
    write_i32(&file("class"), &[count], &classes).unwrap();
    write_f32(&file("height"), &[count], &heights).unwrap();
    write_i32(&file("length"), &[count], &lengths).unwrap();
}

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        data(home.0.path(), "train", 192, 1);
        data(home.0.path(), "test", 64, 2);
        // Two waves, one step of which follows from those before it.
        let wave = |n: usize| {
            let n = n as f32;
            [20.0 + 3.0 * (n * 0.4).sin(), 0.5 * (n * 0.15).cos()]
        };
        let series: Vec<f32> = (0..600).flat_map(wave).collect();
        write_f32(&home.at("series.npy"), &[600, 2], &series).unwrap();
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        program()
            .current_dir(self.0.path())
            .args(line.split_whitespace())
    }

    fn train(&self, line: &str) -> Command {
        self.command("train --batch 16 --hidden 8 --rate 0.03")
            .args(line.split_whitespace())
    }

    fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        files(&self.at(folder))
    }
}

/// No epoch ends the training or lowers the rate.
const STEADY: &str = "--decay 1 --patience 40";

const CLASSES: &str = "--task classify --data x_train.npy --targets class_train.npy \
    --lengths length_train.npy --test-data x_test.npy --test-targets class_test.npy \
    --test-lengths length_test.npy";

#[test]
fn classes_are_learnt_and_scored_from_the_file_that_gen_takes() {
    let home = Home::new();
    for (name, network) in [
        ("lstm", ""),
        ("gru", "--cell gru"),
        ("both", "--direction bidirectional --layers 2"),
        (
            "gru_both",
            "--cell gru --direction bidirectional --output-order processing",
        ),
    ] {
        let float = format!("{CLASSES} {network} --float --epochs 30 {STEADY} -o {name}");
        let found = json(home.train(&float));
        assert_eq!(found["arithmetic"], "float");
        assert!(
            found["test_accuracy"].as_f64().unwrap() > 0.95,
            "{name}: {found}"
        );
        let options = format!("--bits 3 --levels odd --row-scales --epochs 10 {STEADY}");
        let line =
            format!("{CLASSES} {network} {options} --init {name}/model.safetensors -o {name}3");
        let found = json(home.train(&line));
        assert!(
            found["test_accuracy"].as_f64().unwrap() > 0.95,
            "{name}: {found}"
        );
        same_scores(&home, name, &found);
        let path = format!("{name}3/model_quantized.safetensors");
        let model = QuantizedModel::read(&home.at(&path)).unwrap();
        assert_eq!(
            (model.head[0].output, model.head[0].when),
            (DenseOutput::Argmax, Emit::Last)
        );
        let offset = model.input_offset.as_ref().unwrap();
        assert!(offset.shift[1] > 8 && offset.shift[0] < 0, "{offset:?}");
        // The words of `run`, and so the answers, are those of the core.
        if name != "lstm" {
            let steps = if model.needs_whole_sequences() {
                "--max-steps 8"
            } else {
                ""
            };
            let line = format!("cosim --model {path} --input x_test.npy --float-input {steps}");
            home.command(&line).assert().success();
        }
    }
}

/// `score` finds in the files of a training what it has reported.
fn same_scores(home: &Home, name: &str, found: &serde_json::Value) {
    for (model, of) in [
        ("model", name.to_string()),
        ("model_quantized", format!("{name}3")),
    ] {
        for metric in ["accuracy", "f1"] {
            // A state dict does not say the order of its outputs.
            let order = match (model, name) {
                ("model", "gru_both") => "--last-states",
                _ => "",
            };
            let line = format!(
                "score --model {of}/{model}.safetensors --data x_test.npy --targets class_test.npy \
                 --lengths length_test.npy --metric {metric} {order}"
            );
            let scored = json(home.command(&line));
            if model == "model_quantized" {
                // To the last digit.
                assert_eq!(
                    scored["value"],
                    found[format!("test_{metric}").as_str()],
                    "{name} {metric}"
                );
            } else {
                assert!(scored["value"].as_f64().unwrap() > 0.95);
            }
        }
    }
}

/// Every step is to say whether the pulse, which may still come, is in the sequence at all: only what reads from the
/// end can.
#[test]
fn what_comes_later_is_known_to_both_directions() {
    let home = Home::new();
    let mut noise = SplitMix(3);
    let (mut x, mut y) = (vec![], vec![]);
    for _ in 0..96 {
        let at = noise.between(0, 15);
        x.extend((0..STEPS as i64).map(|step| f32::from(u8::from(step == at))));
        y.extend([i32::from(at < STEPS as i64); STEPS]);
    }
    write_f32(&home.at("x.npy"), &[96, STEPS, 1], &x).unwrap();
    write_i32(&home.at("y.npy"), &[96, STEPS], &y).unwrap();
    let line =
        format!("--task classify --data x.npy --targets y.npy --bits 4 --epochs 15 {STEADY}");
    let accuracy = |options: &str, folder: &str| {
        let found = json(home.train(&format!("{line} {options} -o {folder}")));
        found["valid_accuracy"].as_f64().unwrap()
    };
    let (forward, both) = (
        accuracy("", "forward"),
        accuracy("--direction bidirectional", "both"),
    );
    assert!(forward < 0.9 && both > 0.99, "{forward} {both}");
    // The float file is what `import` and `quantize` take, and `score` reads.
    let model = "--model both/model.safetensors";
    home.command("import both/model.safetensors")
        .assert()
        .success();
    home.command(&format!("quantize {model} --calibrate x.npy -o by_ptq"))
        .assert()
        .success();
    for model in [model, "--model by_ptq"] {
        let line = format!("score {model} --data x.npy --targets y.npy --metric accuracy");
        let value = json(home.command(&line))["value"].as_f64().unwrap();
        assert!(value > 0.95, "{model}: {value}");
    }
}

#[test]
fn numbers_are_learnt_at_the_end_and_at_every_step() {
    let home = Home::new();
    let line = "--task regress --data x_train.npy --targets height_train.npy --epochs 25 --bits 8 \
        --test-data x_test.npy --test-targets height_test.npy -o height";
    let found = json(home.train(line));
    // 155 to 305: the best constant is wrong by 43.
    assert!(found["test_rmse"].as_f64().unwrap() < 15.0, "{found}");
    let line = "score --model height/model_quantized.safetensors --data x_test.npy \
        --targets height_test.npy --metric mae";
    assert_eq!(json(home.command(line))["value"], found["test_mae"]);
    let line = "train --task forecast --data series.npy --horizon 2 --batch 4 --steps 20 --hidden 8 \
        --rate 0.02 --epochs 40 --cell gru --bits 8 -o series";
    let found = json(home.command(&format!("{line} {STEADY}")));
    assert_eq!(found["task"]["forecast"], 2);
    // Of both elements together the best constant is wrong by 1.5.
    assert!(found["valid_rmse"].as_f64().unwrap() < 0.5, "{found}");
    let model = QuantizedModel::read(&home.at("series/model_quantized.safetensors")).unwrap();
    assert_eq!(
        (model.head[0].output, model.head[0].when),
        (DenseOutput::Sum, Emit::Step)
    );
}

#[test]
fn a_task_that_is_resumed_gives_the_same_bytes() {
    let home = Home::new();
    for (name, options) in [
        ("last", "--bits 4 --dropout 0.1"),
        (
            "both",
            "--bits 2 --row-scales --dropout 0.1 --direction bidirectional --cell gru --layers 2 \
             --checkpoint-windows 3",
        ),
        (
            "series",
            "--task forecast --data series.npy --bits 4 --steps 7 --windows 5",
        ),
    ] {
        let task = if name == "series" { "" } else { CLASSES };
        let train = |folder: &str, more: &str| {
            let line = format!("{task} {options} --plot -o {folder}_{name} {more}");
            home.train(&line).assert().success();
        };
        train("whole", "--epochs 3 --threads 1");
        train("parts", "--epochs 1 --threads 2");
        train("parts", "--epochs 3 --threads 1 --resume");
        assert!(home.files(&format!("whole_{name}")) == home.files(&format!("parts_{name}")));
    }
    let other = home.train(&format!(
        "{CLASSES} --bits 4 --dropout 0.1 -o whole_last --resume --emit last --seed 5"
    ));
    refused(other, "the checkpoint was made with", "--force");
}

#[test]
fn data_that_cannot_be_learnt_from_are_refused_with_their_place() {
    let home = Home::new();
    write_i32(&home.at("same.npy"), &[192], &[1; 192]).unwrap();
    write_i32(&home.at("short.npy"), &[191], &[1; 191]).unwrap();
    write_i32(&home.at("long.npy"), &[192], &[9; 192]).unwrap();
    write_i32(&home.at("minus.npy"), &[192], &[-1; 192]).unwrap();
    let mut bad = vec![0.5f32; 192];
    bad[17] = f32::NAN;
    write_f32(&home.at("nan.npy"), &[192], &bad).unwrap();
    write_f32(&home.at("even.npy"), &[192], &[0.5; 192]).unwrap();
    let train = "--data x_train.npy --targets";
    for (line, problem, help) in [
        (
            format!("--task classify {train} same.npy"),
            "same.npy: all targets are class 1",
            "two classes",
        ),
        (
            format!("--task classify {train} short.npy"),
            "short.npy: has the shape [191]",
            "[192]",
        ),
        (
            format!("--task classify {train} minus.npy"),
            "minus.npy: element [0] is -1, no class",
            "from 0",
        ),
        (
            format!("--task classify {train} nan.npy"),
            "nan.npy: element [17] is NaN",
            "finite",
        ),
        (
            format!("--task regress {train} even.npy"),
            "even.npy: all targets are 0.5",
            "differ",
        ),
        (
            format!("--task classify {train} class_train.npy --lengths long.npy"),
            "long.npy: element 0 is 9",
            "1 to 8 steps",
        ),
        (
            format!("--task classify {train} class_train.npy --emit step"),
            "class_train.npy: has the shape [192]",
            "[192, 8], one a step",
        ),
        (
            format!("--task classify {train} class_train.npy --steps 3"),
            "--steps: 3 steps",
            "whole sequences",
        ),
        (
            format!("--task classify {train} class_train.npy --text a.txt"),
            "--text: is an option of --task language",
            "--data",
        ),
        (
            format!("--task classify {train} class_train.npy --horizon 2"),
            "--horizon: is an option of a forecast",
            "--task forecast",
        ),
        (
            format!("--task regress {train} height_train.npy --head-kind argmax"),
            "--head-kind",
            "sums",
        ),
        (
            format!("--task regress {train} height_train.npy --valid-fraction 1"),
            "--valid-fraction: 1",
            "between 0 and 1",
        ),
        (
            "--task regress --data x_train.npy".into(),
            "--targets: is missing",
            ".npy",
        ),
        (
            "--task classify --targets same.npy".into(),
            "--data: is missing",
            ".npy",
        ),
        (
            "--task forecast --data x_train.npy --horizon 8".into(),
            "x_train.npy: sequence 0 has 8 steps",
            "at least 9",
        ),
        (
            "--data x_train.npy".into(),
            "--data: is an option of other tasks",
            "--task",
        ),
        ("--bits 4".into(), "--text: is missing", "--task"),
    ] {
        refused(home.train(&format!("{line} -o out")), problem, help);
        assert!(!home.at("out").exists(), "{line}: nothing is written");
    }
}

#[test]
fn what_both_directions_cannot_be_trained_on_is_refused() {
    let home = Home::new();
    let step: Vec<i32> = (0..192 * 8).map(|n| n % 2).collect();
    write_i32(&home.at("step.npy"), &[192, 8], &step).unwrap();
    let train = "--data x_train.npy --targets";
    for (line, problem, help) in [
        (
            format!("--task classify {train} class_train.npy --direction backward"),
            "--direction: layers backward alone",
            "turn the sequences around",
        ),
        (
            format!("--task classify {train} class_train.npy --output-order processing"),
            "--output-order: a forward layer has one order",
            "--direction bidirectional",
        ),
        (
            format!("--task classify {train} step.npy --direction bidirectional --steps 3"),
            "--steps: 3 steps",
            "whole sequences",
        ),
        (
            format!(
                "--task classify {train} step.npy --direction bidirectional --valid-fraction 0.95"
            ),
            "--direction: fewer sequences than --batch 16",
            "give --batch 10",
        ),
        (
            "--task forecast --data x_train.npy --direction bidirectional".into(),
            "--direction: a backward layer reads the steps",
            "--emit last",
        ),
    ] {
        refused(home.train(&format!("{line} -o out")), problem, help);
        assert!(!home.at("out").exists(), "{line}: nothing is written");
    }
}
