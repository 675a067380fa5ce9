//! Training by the command line: files, resumption, interruption, and what is refused.

use lprnn_hw::quantize::SplitMix;
use snapbox::cmd::Command;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

fn program() -> Command {
    Command::new(snapbox::cmd::cargo_bin!("lprnn-hw")).current_dir("/")
}

/// Lines of letters, each likely to be the next one of the alphabet.
fn text(lines: usize, seed: u64) -> String {
    let mut noise = SplitMix(seed);
    let mut text = String::new();
    for _ in 0..lines {
        let mut letter = noise.between(0, 5);
        for _ in 0..noise.between(5, 30) {
            let step = if noise.between(0, 3) == 0 {
                noise.between(0, 5)
            } else {
                1
            };
            letter = (letter + step) % 6;
            text.push(char::from(b'a' + letter as u8));
        }
        text.push('\n');
    }
    text
}

struct Home(tempfile::TempDir);

impl Home {
    /// A folder with texts.
    fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        std::fs::write(home.at("train.txt"), text(300, 1)).unwrap();
        std::fs::write(home.at("valid.txt"), text(40, 2)).unwrap();
        home
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Arguments of a small training into `folder`.
    fn arguments(&self, folder: &str, options: &[&str]) -> Vec<std::ffi::OsString> {
        let common = "train --level char --hidden 12 --batch 8 --steps 16 --streams 4";
        let mut all: Vec<std::ffi::OsString> = common.split(' ').map(Into::into).collect();
        for (option, file) in [
            ("--text", "train.txt"),
            ("--valid", "valid.txt"),
            ("-o", folder),
        ] {
            all.extend([option.into(), self.at(file).into_os_string()]);
        }
        all.extend(options.iter().map(Into::into));
        all
    }

    fn train(&self, folder: &str, options: &[&str]) -> Command {
        program().args(self.arguments(folder, options))
    }

    /// Every file of a folder.
    fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        std::fs::read_dir(self.at(folder))
            .unwrap()
            .map(|entry| {
                let path = entry.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect()
    }
}

fn json(command: Command) -> serde_json::Value {
    let output = command.args(["--format", "json"]).assert().success();
    serde_json::from_slice(&output.get_output().stdout).unwrap()
}

#[test]
fn what_training_reports_is_what_eval_and_cosim_find() {
    let home = Home::new();
    for (name, options) in [
        ("w4", &["--bits", "4", "--layers", "2"][..]),
        (
            "w2",
            &[
                "--weight-bits",
                "2",
                "--act-bits",
                "8",
                "--head-bits",
                "6",
                "--dropout",
                "0.1",
            ],
        ),
        ("w1", &["--bits", "1", "--z-bits", "6"]),
        ("float", &["--float"]),
    ] {
        let rule = ["--rule", "adam", "--clip", "1", "--epochs", "2", "--plot"];
        let report = json(home.train(name, options).args(rule));
        let quantised = name != "float";
        let file = if quantised {
            "lm_quantized.safetensors"
        } else {
            "lm.safetensors"
        };
        let names: Vec<String> = home.files(name).into_keys().collect();
        let mut reported: Vec<&str> = report["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file.as_str().unwrap())
            .collect();
        reported.sort_unstable();
        assert_eq!(names, reported);
        let eval = program().args(["eval", "--level", "char", "--streams", "4"]);
        let found = json(
            eval.arg("--model")
                .arg(home.at(name).join(file))
                .arg("--text")
                .arg(home.at("valid.txt")),
        );
        // To the last digit.
        assert_eq!(found["nats"], report["valid"], "{name}");
        let log = std::fs::read_to_string(home.at(name).join("log.jsonl")).unwrap();
        let last: serde_json::Value =
            serde_json::from_str(log.lines().next_back().unwrap()).unwrap();
        assert_eq!(log.lines().count(), 2);
        assert_eq!(last["clamped"].as_array().unwrap().is_empty(), !quantised);
        let plot = std::fs::read_to_string(home.at(name).join("plot.svg")).unwrap();
        assert!(plot.starts_with("<svg") && plot.contains("validation"));
        if quantised {
            program()
                .args(["cosim", "--steps", "200", "--model"])
                .arg(home.at(name).join(file))
                .assert()
                .success();
        }
        program()
            .arg("import")
            .arg(home.at(name).join("lm.safetensors"))
            .assert()
            .success();
    }
}

#[test]
fn a_training_that_is_resumed_gives_the_same_bytes() {
    let home = Home::new();
    for (name, options) in [
        (
            "adam",
            &[
                "--rule",
                "adam",
                "--bits",
                "3",
                "--dropout",
                "0.2",
                "--layers",
                "2",
            ][..],
        ),
        (
            "sgd",
            &[
                "--rule",
                "sgd",
                "--rate",
                "2",
                "--float",
                "--decay-from",
                "1",
            ],
        ),
    ] {
        let train = |folder: &str, more: &str| {
            let folder = format!("{folder}_{name}");
            let command = home.train(&folder, options).arg("--plot");
            command.args(more.split(' ')).assert().success();
        };
        train("whole", "--epochs 3 --threads 1");
        train("parts", "--epochs 1 --threads 2");
        train("parts", "--epochs 2 --threads 1 --resume");
        train("parts", "--epochs 3 --threads 2 --resume");
        let (whole, parts) = (
            home.files(&format!("whole_{name}")),
            home.files(&format!("parts_{name}")),
        );
        assert_eq!(
            whole.keys().collect::<Vec<_>>(),
            parts.keys().collect::<Vec<_>>()
        );
        for (file, bytes) in &whole {
            assert!(*bytes == parts[file], "{name}: {file} differs");
        }
    }
}

#[test]
fn ctrl_c_leaves_a_checkpoint_to_go_on_from() {
    let home = Home::new();
    // Many short epochs; the interruption falls where it falls.
    let options = ["--bits", "4", "--epochs", "150", "--patience", "150"];
    home.train("whole", &options).assert().success();
    let train = |more: &[&str]| {
        std::process::Command::new(snapbox::cmd::cargo_bin!("lprnn-hw"))
            .args(home.arguments("parts", &options))
            .args(more)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    let mut interruptions = 0;
    let mut child = train(&[]);
    let start = Instant::now();
    loop {
        // Once it has written something, it is at work.
        while !home.at("parts").join("checkpoint.safetensors").exists() {
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "no checkpoint came"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(40));
        let interrupt = nix::sys::signal::Signal::SIGINT;
        // It may have ended by itself.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child.id() as i32), interrupt);
        let output = child.wait_with_output().unwrap();
        match output.status.code() {
            Some(130) => interruptions += 1,
            Some(0) => break,
            code => panic!("{code:?}: {}", String::from_utf8_lossy(&output.stderr)),
        }
        child = if interruptions < 5 {
            train(&["--resume"])
        } else {
            let output = train(&["--resume"]).wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0));
            break;
        };
    }
    assert!(interruptions > 0, "the training was never interrupted");
    let (whole, parts) = (home.files("whole"), home.files("parts"));
    for (file, bytes) in &whole {
        assert!(*bytes == parts[file], "{file} differs");
    }
    assert_eq!(whole.len(), parts.len());
}

#[test]
fn a_run_that_diverges_keeps_the_last_checkpoint() {
    let home = Home::new();
    // The first steps are taken; what they lead to is no number.
    let options = "--float --rate 1e37 --clip 1e37 --checkpoint-windows 1";
    let options: Vec<&str> = options.split(' ').collect();
    let output = home.train("wild", &options).assert().code(2);
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains("diverged in window"), "{error}");
    assert!(
        error.contains("help: try a smaller --rate or --clip"),
        "{error}"
    );
    assert!(error.contains("window 3 of epoch 1"), "{error}");
    // The checkpoint before it is whole: what goes on from it comes to the same end.
    let again = home
        .train("wild", &options)
        .arg("--resume")
        .assert()
        .code(2);
    assert_eq!(again.get_output().stderr, output.get_output().stderr);
}

fn refused(command: Command, problem: &str, help: &str) {
    let output = command.assert().code(2).stdout_eq("");
    let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(error.contains(problem) && error.contains(help), "{error}");
}

#[test]
fn texts_that_cannot_be_trained_on_are_refused() {
    let home = Home::new();
    for (name, text) in [
        ("empty.txt", &b" \n\n"[..]),
        ("strange.txt", b"abc\nabz\n"),
        ("short.txt", b"abcdef\n"),
        ("latin.txt", b"abc\nab\xe9\n"),
    ] {
        std::fs::write(home.at(name), text).unwrap();
    }
    for (text, valid, problem, help) in [
        (
            "empty",
            "valid",
            "empty.txt: text: holds no words",
            "one sentence a line",
        ),
        (
            "train",
            "empty",
            "empty.txt: text: holds no words",
            "one sentence a line",
        ),
        ("latin", "valid", "latin.txt: line 2 is no UTF-8", "UTF-8"),
        ("none", "valid", "none.txt", ""),
        (
            "train",
            "strange",
            "strange.txt: text, line 2: \"z\"",
            "vocabulary",
        ),
        (
            "short",
            "valid",
            "--batch: 8 sequences of a text of 7",
            "at most 3",
        ),
        (
            "train",
            "short",
            "short.txt: 7 tokens for 16 streams",
            "--streams",
        ),
    ] {
        let command = program()
            .args(["train", "--level", "char", "--batch", "8"])
            .arg("--text")
            .arg(home.at(&format!("{text}.txt")))
            .arg("--valid")
            .arg(home.at(&format!("{valid}.txt")));
        refused(command.arg("-o").arg(home.at("lm")), problem, help);
    }
    assert!(!home.at("lm").exists(), "nothing is written");
}

#[test]
fn options_that_cannot_be_are_refused() {
    let home = Home::new();
    std::fs::write(home.at("vocab.json"), "[\"<eos>\", \"a\", \"b\"]").unwrap();
    let vocab = format!("--vocab={}", home.at("vocab.json").display());
    for (options, problem, help) in [
        (&["--rate=-1"][..], "--rate: -1", "above 0"),
        (&["--rate", "nan"], "--rate: NaN", "above 0"),
        (&["--clip", "0"], "--clip: 0", "above 0"),
        (&["--dropout", "1"], "--dropout: 1", "below 1"),
        (&["--decay", "0.5"], "--decay: 0.5", "at least 1"),
        (&["--float", "--bits", "4"], "--float", "--bits"),
        (
            &[&vocab],
            "is not in the vocabulary",
            "vocabulary of this text",
        ),
        (&["--epochs", "0"], "--epochs <N>", ""),
    ] {
        refused(home.train("lm", options), problem, help);
        assert!(!home.at("lm").exists(), "{options:?}: nothing is written");
    }
}

#[test]
fn folders_and_models_that_do_not_fit_are_refused() {
    let home = Home::new();
    let short = ["--epochs", "1"];
    home.train("lm", &short).assert().success();
    refused(home.train("lm", &[]), "exists already", "--resume");
    for changed in [["--seed", "7"], ["--bits", "5"], ["--dropout", "0.5"]] {
        let command = home.train("lm", &["--resume"]).args(changed);
        refused(
            command,
            &format!("{}: the checkpoint was made with", changed[0]),
            "--force",
        );
    }
    let init = format!("--init={}", home.at("lm/lm.safetensors").display());
    let other = home.train("other", &[&init, "--embedding", "5"]);
    refused(other, "--init: its shapes", "sizes");
    let quantised = format!(
        "--init={}",
        home.at("lm/lm_quantized.safetensors").display()
    );
    refused(
        home.train("other", &[&quantised]),
        "lm_quantized.safetensors",
        "",
    );
    assert!(!home.at("other").exists());
    let checkpoint = home.at("lm/checkpoint.safetensors");
    let whole = std::fs::read(&checkpoint).unwrap();
    for length in [0, 7, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&checkpoint, &whole[..length]).unwrap();
        refused(
            home.train("lm", &["--resume"]),
            "checkpoint.safetensors: ",
            "--force",
        );
    }
    std::fs::remove_file(&checkpoint).unwrap();
    refused(
        home.train("lm", &["--resume"]),
        "checkpoint.safetensors: ",
        "",
    );
}
