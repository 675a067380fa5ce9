//! `demo --text`: a core that writes.

use super::program::{home, names, program};
use lprnn_hw::lm::Vocabulary;
use lprnn_hw::quantize::QuantizedModel;
use lprnn_hw::reference::WholeNetwork;
use std::path::{Path, PathBuf};

fn shipped(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("models/text").join(name)
}

/// What the shipped model writes behind `prompt`, by the largest of its sums, found here.
fn written_by_the_sums(prompt: &str, count: usize) -> String {
    let model = QuantizedModel::read(&shipped("text.safetensors")).unwrap();
    let vocabulary = Vocabulary::read(&shipped("text.vocab.json")).unwrap();
    let mut network = WholeNetwork::new(&model);
    let mut sums_of = |index: u32| network.step(&[index as i32], false).unwrap().to_vec();
    let mut sums = sums_of(vocabulary.index("<eos>").unwrap());
    for letter in prompt.chars() {
        sums = sums_of(vocabulary.index(&letter.to_string()).unwrap());
    }
    let mut text = prompt.to_string();
    for _ in 0..count {
        let largest = *sums.iter().max().unwrap();
        let index = sums.iter().position(|&sum| sum == largest).unwrap() as u32;
        text += match vocabulary.tokens()[index as usize].as_str() {
            "<eos>" => "\n",
            letter => letter,
        };
        sums = sums_of(index);
    }
    text
}

#[test]
fn a_core_writes_what_the_reference_chooses() {
    let home = home();
    let demo = |more: &[&str]| {
        let begin = ["demo", "--text", "--prompt", "The core", "--tokens", "40"];
        program().current_dir(home.path()).args(begin).args(more)
    };
    let wanted = written_by_the_sums("The core", 40);
    // The text alone is data.
    let said = demo(&[]).assert().success();
    let output = said.get_output();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        wanted.clone() + "\n"
    );
    let remarks = String::from_utf8_lossy(&output.stderr);
    for remark in [
        "generated in lprnn-hw-demo",
        "48 steps in",
        "every index as the reference chooses it",
        "equal without pauses: 48 words of 48 steps",
        "equal with pauses: 48 words of 48 steps",
    ] {
        assert!(remarks.contains(remark), "{remarks}");
    }
    // The same by a model file that is named, over the folder of before, as JSON.
    let model = shipped("text.safetensors").display().to_string();
    let output = demo(&["--model", &model, "--format", "json", "-q"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["text"], wanted);
    assert_eq!(report["cosim"]["equal"], true);
    assert_eq!(report["different"], serde_json::Value::Null);
    let numbers = |key: &str| -> Vec<u64> {
        let numbers = report[key].as_array().unwrap().iter();
        numbers.map(|number| number.as_u64().unwrap()).collect()
    };
    let (taken, given) = (numbers("taken"), numbers("given"));
    assert_eq!((taken.len(), given.len()), (48, 48));
    assert_eq!(taken[9..], given[8..47]);
    assert_eq!(names(home.path()), ["lprnn-hw-demo"]);
}

#[test]
fn what_cannot_write_is_refused_by_name() {
    let home = home();
    let refused = |arguments: &[&str], problem: &str| {
        let output = program()
            .current_dir(home.path())
            .args(["demo", "--text"])
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(problem), "{said}");
        assert!(output.stdout.is_empty());
    };
    refused(
        &["--prompt", "100 %"],
        "--prompt: \"1\" is not in the vocabulary",
    );
    let tokens = shipped("text.vocab.json").display().to_string();
    let generate = |name: &str, more: &[&str]| {
        let begin = ["gen", "-q", "--bits", "4", "--hidden", "5"];
        let end = ["-o", name];
        let command = program().current_dir(home.path()).args(begin);
        command.args(more).args(end).assert().success();
    };
    for (name, options, problem) in [
        ("bare", &[][..], "no embedding in integers"),
        ("headless", &["--vocabulary", "9"], "no dense layer"),
        (
            "last",
            &["--vocabulary", "9", "--outputs", "9", "--emit", "last"],
            "waits for the end of a sequence",
        ),
        (
            "uneven",
            &["--vocabulary", "9", "--outputs", "8"],
            "chooses among 8 outputs, and its embedding has 9 rows",
        ),
        (
            "other",
            &["--vocabulary", "9", "--outputs", "9"],
            "the model's embedding has 9 rows",
        ),
    ] {
        generate(name, options);
        let model = format!("{name}/model.safetensors");
        refused(&["--model", &model, "--vocab", &tokens], problem);
    }
    // What is not ours is never touched.
    std::fs::create_dir(home.path().join("lprnn-hw-demo")).unwrap();
    std::fs::write(home.path().join("lprnn-hw-demo/note"), "mine").unwrap();
    refused(&[], "lprnn-hw-demo");
    assert_eq!(names(&home.path().join("lprnn-hw-demo")), ["note"]);
}
