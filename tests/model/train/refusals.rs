//! Texts, options, folders and models that cannot be trained on.

use super::home::{Home, program, refused};

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
        ("latin", "valid", "latin.txt:2: is not UTF-8", "UTF-8"),
        ("none", "valid", "none.txt", ""),
        ("train", "strange", "strange.txt:2: \"z\"", "vocabulary"),
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
    std::fs::write(home.at("torn.json"), "[\"<eos>\"").unwrap();
    let torn = format!("--vocab={}", home.at("torn.json").display());
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
        (&[&torn], "torn.json: vocabulary: is not JSON", "array"),
        (&["--epochs", "0"], "--epochs <N>", ""),
        (&["--fit-h"], "--init <FILE>", ""),
        (
            &["--act-levels", "odd", "--act-bits", "8"],
            "--act-levels: odd levels have 1 to 4 bits, h has 8",
            "fewer bits",
        ),
        (
            &["--softmax-samples", "500"],
            "--softmax-samples: 500 of a vocabulary of",
            "leave it out",
        ),
        (
            &["--direction", "bidirectional"],
            "--direction: a language model tells a token from those before it",
            "another --task",
        ),
        (
            &["--direction", "both"],
            "--direction <DIR>",
            "bidirectional",
        ),
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
    for changed in [
        ["--seed", "7"],
        ["--bits", "5"],
        ["--dropout", "0.5"],
        ["--softmax-samples", "3"],
    ] {
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
    for (file, problem, help) in [
        ("gru", "has GRU layers, LSTM layers", "--cell"),
        (
            "bidirectional",
            "has bidirectional layers, forward layers",
            "--direction",
        ),
    ] {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/import/fixtures");
        let other = home.train("other", &[&format!("--init={fixtures}/{file}.safetensors")]);
        refused(other, &format!("--init: {problem} are trained"), help);
    }
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
    // One bit anywhere: what goes on from it would come to other bytes.
    for share in 1..12 {
        let mut flipped = whole.clone();
        flipped[whole.len() * share / 12] ^= 1;
        std::fs::write(&checkpoint, &flipped).unwrap();
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
