//! `lprnn-hw eval`: what it prints, and what it refuses.

use snapbox::cmd::Command;
use std::path::{Path, PathBuf};

fn program() -> Command {
    Command::new(snapbox::cmd::cargo_bin!("lprnn-hw")).current_dir("/")
}

/// A folder with a text and a small model of its words.
fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let text = home.path().join("text.txt");
    std::fs::write(&text, "the cat sat\nthe dog sat on the cat\n\n".repeat(40)).unwrap();
    let folder = home.path().join("lm");
    program()
        .args([
            "train",
            "--hidden",
            "6",
            "--batch",
            "4",
            "--epochs",
            "1",
            "--streams",
            "2",
        ])
        .args(["--bits", "4", "--text"])
        .arg(&text)
        .arg("--valid")
        .arg(&text)
        .arg("-o")
        .arg(&folder)
        .assert()
        .success();
    (home, folder)
}

fn eval(model: &Path, text: &Path) -> Command {
    program()
        .arg("eval")
        .arg("--model")
        .arg(model)
        .arg("--text")
        .arg(text)
}

#[test]
fn every_figure_follows_from_the_loss() {
    let (home, folder) = home();
    let text = home.path().join("text.txt");
    for model in ["lm.safetensors", "lm_quantized.safetensors"] {
        let output = eval(&folder.join(model), &text)
            .args(["--format", "json"])
            .assert()
            .success();
        let found: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
        let number = |key: &str| found[key].as_f64().unwrap();
        // 40 times 3 + 6 words and 3 line ends, the first token not predicted.
        assert_eq!(found["tokens"], 40 * 12 - 1);
        // Every word with the blank or line end behind it: 12 + 23 + 1, without the first word.
        assert_eq!(found["characters"], 40 * 36 - 4);
        assert!((number("perplexity") - number("nats").exp()).abs() < 1e-9);
        let bits = number("nats") / std::f64::consts::LN_2;
        assert!((number("bits_per_token") - bits).abs() < 1e-9);
        let per_character = bits * number("tokens") / number("characters");
        assert!((number("bits_per_character") - per_character).abs() < 1e-9);
        assert_eq!(found["streams"], 1);
        let layers = found["saturation"].as_array().unwrap().len();
        assert_eq!(layers, usize::from(model.contains("quantized")));
    }
}

#[test]
fn what_cannot_be_evaluated_is_refused_with_a_remedy() {
    let (home, folder) = home();
    let write = |name: &str, text: &[u8]| {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let good = folder.join("lm.safetensors");
    let text = home.path().join("text.txt");
    let refused = |command: Command, problem: &str, help: &str| {
        let output = command.assert().code(2).stdout_eq("");
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        assert!(error.contains(problem) && error.contains(help), "{error}");
    };
    let empty = write("empty.txt", b"\n \n");
    refused(
        eval(&good, &empty),
        "empty.txt: text: holds no words",
        "one sentence a line",
    );
    let strange = write("strange.txt", b"the cat\nthe cow sat\n");
    refused(
        eval(&good, &strange),
        "strange.txt:2: \"cow\"",
        "vocabulary of this text",
    );
    let end = write("end.txt", b"the cat <eos>\n");
    refused(
        eval(&good, &end),
        "end.txt:1: has <eos> itself",
        "remove it",
    );
    let latin = write("latin.txt", b"the cat\nthe c\xe4t\n");
    refused(
        eval(&good, &latin),
        "latin.txt:2: is not UTF-8",
        "save the text in UTF-8",
    );
    let short = eval(&good, &write("one.txt", b"the cat\n")).args(["--streams", "9"]);
    refused(
        short,
        "streams: 9 are more than the 2 predictions",
        "give fewer",
    );
    let vocabulary = |name: &str, json: &[u8]| {
        let path = write(name, json);
        eval(&good, &text).arg("--vocab").arg(path)
    };
    refused(
        vocabulary("v1.json", b"[\"<eos>\", \"the\"]"),
        "v1.json: vocabulary: has 2",
        "trained with",
    );
    refused(
        vocabulary("v2.json", b"{\"<eos>\": 1}"),
        "v2.json: vocabulary",
        "",
    );
    refused(
        vocabulary("v3.json", b"[\"a\", \"a\"]"),
        "v3.json: vocabulary: \"a\" has the indices",
        "",
    );
    refused(vocabulary("v4.json", b"[\"a\""), "v4.json: vocabulary", "");
    // At character level the words of the vocabulary are of no use.
    refused(
        eval(&good, &text).args(["--level", "char"]),
        "text.txt:1: \"t\"",
        "vocabulary",
    );
    let alone = write("alone.safetensors", &std::fs::read(&good).unwrap());
    refused(eval(&alone, &text), "no vocabulary beside it", "--vocab");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/demo/demo.safetensors");
    refused(
        eval(&demo, &text),
        "has no embedding",
        "save it with the LSTM",
    );
    let gru =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/import/fixtures/gru.safetensors");
    refused(
        eval(&gru, &text),
        "has no embedding",
        "save it with the LSTM",
    );
    let cut = write("lm_cut.safetensors", &std::fs::read(&good).unwrap()[..900]);
    refused(eval(&cut, &text), "lm_cut.safetensors", "");
}
