//! `lprnn-hw eval`: what it prints, and what it refuses.

use super::lm::projected;
use lprnn_hw::files::npy;
use lprnn_hw::ptq::{FormatRequest, Sequences, quantize};
use lprnn_hw::quantize::HeadFormat;
use lprnn_hw::train::state_dict;
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

/// Mean loss of the tokens by the sums that `run` gives of those before them.
fn nats_by_run(model: &Path, tokens: &[i32]) -> f64 {
    let beside = |name: &str| model.with_file_name(name);
    npy::write_i32(&beside("tokens.npy"), &[tokens.len()], tokens).unwrap();
    let run = program()
        .args(["run", "--format", "json", "--model"])
        .arg(model)
        .arg("--input")
        .arg(beside("tokens.npy"))
        .arg("-o")
        .arg(beside("h.npy"))
        .arg("--head-output")
        .arg(beside("sums.npy"));
    let printed = run.assert().success();
    let found: serde_json::Value = serde_json::from_slice(&printed.get_output().stdout).unwrap();
    let ulp = (-found["head"]["frac"].as_f64().unwrap()).exp2();
    let sums = npy::parse_real(&std::fs::read(beside("sums.npy")).unwrap()).unwrap();
    assert_eq!(sums.shape[0], tokens.len());
    let rows = sums.data.chunks_exact(sums.shape[1]).zip(&tokens[1..]);
    let nats = rows.map(|(sums, &next)| {
        let all: f64 = sums.iter().map(|sum| (sum * ulp).exp()).sum();
        all.ln() - sums[next as usize] * ulp
    });
    nats.sum::<f64>() / (tokens.len() - 1) as f64
}

/// Linear layers between embedding and LSTM: what `eval` says of a model file is the cost by the words of `run`, and a
/// state dict of the same layers, which `--front` names, costs about as much.
#[test]
fn linear_layers_before_the_lstm_are_computed() {
    let home = tempfile::tempdir().unwrap();
    let mut float = projected(8);
    let rows = float.passengers["embedding.weight"].clone();
    let inputs = Sequences::one(rows.1, rows.0[1]);
    let wanted = FormatRequest::of(8, HeadFormat::Integer(8));
    let model = quantize(&float, &inputs, &wanted).model;
    assert!(model.front.len() == 2 && model.embedding.is_some());
    let integers = home.path().join("lm_integers.safetensors");
    std::fs::write(&integers, model.to_bytes().unwrap()).unwrap();

    let words: Vec<String> = (0..rows.0[0]).map(|index| format!("w{index}")).collect();
    let names = ["<eos>".to_owned()]
        .into_iter()
        .chain(words)
        .take(rows.0[0]);
    let names: Vec<String> = names.collect();
    let vocabulary = serde_json::to_string(&names).unwrap();
    std::fs::write(home.path().join("lm.vocab.json"), vocabulary).unwrap();
    let tokens: Vec<i32> = (0..200).map(|at| at * at % 21 + 1).collect();
    let line: Vec<&str> = tokens
        .iter()
        .map(|&token| &*names[token as usize])
        .collect();
    let text = home.path().join("text.txt");
    std::fs::write(&text, line.join(" ")).unwrap();
    let cost = |command: Command| {
        let printed = command.args(["--format", "json"]).assert().success();
        let found: serde_json::Value =
            serde_json::from_slice(&printed.get_output().stdout).unwrap();
        assert_eq!(found["tokens"], 200);
        found["nats"].as_f64().unwrap()
    };
    let found = cost(eval(&integers, &text));
    let wanted = nats_by_run(&integers, &[&tokens[..], &[0]].concat());
    assert!((found - wanted).abs() < 1e-5, "{found}, {wanted}");

    for (name, front) in ["first", "second"].iter().zip(&float.front) {
        let shape = vec![front.linear.output_size, front.linear.input_size()];
        let (weight, bias) = (front.linear.weight.clone(), front.linear.bias.clone());
        let tensors = &mut float.passengers;
        tensors.insert(format!("{name}.bias"), (vec![bias.len()], bias));
        tensors.insert(format!("{name}.weight"), (shape, weight));
    }
    let floats = home.path().join("lm.safetensors");
    std::fs::write(&floats, state_dict(&float)).unwrap();
    let near = cost(eval(&floats, &text).args(["--front", "first:relu,second"]));
    assert!((near - found).abs() < 0.05, "{near}, {found}");
    // The ReLU counts.
    let other = cost(eval(&floats, &text).args(["--front", "first,second"]));
    assert!((other - near).abs() > 0.05, "{other}, {near}");
    // A model file says itself what stands where.
    for option in ["--front=first", "--prefix=lstm"] {
        let output = eval(&integers, &text).arg(option).assert().code(2);
        let error = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
        let wanted = format!(
            "{}: says how a float model is read",
            &option[..option.find('=').unwrap()]
        );
        assert!(
            error.contains(&wanted) && error.contains("leave it out"),
            "{error}"
        );
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
