//! From a framework's file to a core: every command of `docs/frameworks.md`, on what `PyTorch`, Keras
//! and `torch.onnx` wrote, and what they computed.

use super::program::{home, program};
use lprnn_hw::files::npy;
use lprnn_hw::quantize::QuantizedModel;
use std::path::{Path, PathBuf};

fn fixture(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model/import/fixtures");
    folder.join(name)
}

/// What a command prints as JSON.
fn json(home: &Path, words: &[&str]) -> serde_json::Value {
    let output = program()
        .current_dir(home)
        .args(words)
        .args(["-q", "--format", "json"])
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {problem}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Root mean square of the difference over that of `want`.
fn error(got: impl Iterator<Item = f64>, want: &[f32]) -> f64 {
    let (mut noise, mut signal) = (0.0, 0.0);
    for (got, &want) in got.zip(want) {
        noise += (got - f64::from(want)).powi(2);
        signal += f64::from(want).powi(2);
    }
    (noise / signal).sqrt()
}

/// [`whole_path_on`] the inputs that most fixtures have.
fn whole_path(file: &str, choice: &[&str], outputs: Option<&str>, head: bool) {
    whole_path_on("x.npy", file, choice, outputs, head);
}

/// The start of the command that quantises a model at 8 bits, calibrated on x.
const fn at_8_bits<'a>(model: &'a str, x: &'a str) -> [&'a str; 7] {
    [
        "quantize",
        "--bits",
        "8",
        "--model",
        model,
        "--calibrate",
        x,
    ]
}

/// The whole path at 8 bits. `outputs` names what the framework computed, if it did; `head` says
/// whether there is a linear layer, which is compared, too, where nothing had to be chosen.
fn whole_path_on(x: &str, file: &str, choice: &[&str], outputs: Option<&str>, head: bool) {
    let home = home();
    let (home, model, x) = (home.path(), fixture(file), fixture(x));
    let (model, x) = (model.to_str().unwrap(), x.to_str().unwrap());
    json(home, &[&["import", model, "--explain"], choice].concat());
    let calibrate = at_8_bits(model, x);
    let report = json(
        home,
        &[&calibrate[..], choice, &["-o", "w8.safetensors"]].concat(),
    );
    let snr = |part: &str| report[part]["snr_db"].as_f64();
    assert!(snr("h").unwrap() > 30.0, "{file}: {report}");
    assert_eq!(snr("head").is_some(), head, "{file}: {report}");
    let folding = ["--units", "1", "--columns", "2"];
    json(
        home,
        &[
            &["gen", "--model", "w8.safetensors", "-o", "core"],
            &folding[..],
        ]
        .concat(),
    );
    let compared = json(home, &["cosim", "core", "--input", x, "--float-input"]);
    assert_eq!(compared["equal"], true, "{file}: {compared}");
    let Some(outputs) = outputs else { return };
    let mut run = vec![
        "run",
        "--model",
        "w8.safetensors",
        "--input",
        x,
        "--float-input",
    ];
    run.extend(["-o", "h.npy"]);
    if head {
        run.extend(["--head-output", "y.npy"]);
    }
    json(home, &run);
    let model = QuantizedModel::read(&home.join("w8.safetensors")).unwrap();
    let h_frac = model.layers.last().unwrap().h.frac;
    let h = npy::read_i32(&home.join("h.npy")).unwrap().data;
    let want = npy::read_f32(&fixture(&format!("{outputs}.h.npy")))
        .unwrap()
        .data;
    assert_eq!(h.len(), want.len());
    let ulp = f64::from(-h_frac).exp2();
    let of_h = error(h.into_iter().map(|code| f64::from(code) * ulp), &want);
    assert!(of_h < 0.04, "{file}: h is off by {of_h}");
    if head && choice.is_empty() {
        // .npy of int64 behind a header that ends at a multiple of 64 bytes.
        let bytes = std::fs::read(home.join("y.npy")).unwrap();
        let want = npy::read_f32(&fixture(&format!("{outputs}.y.npy")))
            .unwrap()
            .data;
        let words = &bytes[bytes.len() - 8 * want.len()..];
        let ulp = f64::from(-model.linear_head().unwrap().sum_frac()).exp2();
        let values = words
            .chunks_exact(8)
            .map(|word| i64::from_le_bytes(word.try_into().unwrap()) as f64 * ulp);
        let of_y = error(values, &want);
        assert!(of_y < 0.04, "{file}: y is off by {of_y}");
    }
}

#[test]
fn a_classifier_of_pytorch() {
    whole_path("classifier.pt", &[], Some("classifier"), true);
}

/// Words of an int64 .npy: behind a header that ends at a multiple of 64 bytes.
fn words(path: &Path, shape: &str, count: usize) -> Vec<i64> {
    let bytes = std::fs::read(path).unwrap();
    let (header, words) = bytes.split_at(bytes.len() - 8 * count);
    let header = String::from_utf8_lossy(header);
    assert!(header.contains(&format!("'shape': {shape}")), "{header}");
    words
        .chunks_exact(8)
        .map(|word| i64::from_le_bytes(word.try_into().unwrap()))
        .collect()
}

/// Two linear layers of `PyTorch` with a `ReLU` between: sums of every step, the class of the last one, and what
/// only a head of integers has.
#[test]
fn a_chain_of_linear_layers_of_pytorch() {
    let home = home();
    let (home, model, x) = (home.path(), fixture("mlp.safetensors"), fixture("x.npy"));
    let (model, x) = (model.to_str().unwrap(), x.to_str().unwrap());
    let quantize = |more: &[&str]| {
        let plain = [
            "quantize",
            "--bits",
            "8",
            "--model",
            model,
            "--calibrate",
            x,
            "-o",
            "q.safetensors",
        ];
        json(home, &[&plain, more].concat())
    };
    let run = || {
        let words = [
            "run",
            "--model",
            "q.safetensors",
            "--input",
            x,
            "--float-input",
            "-o",
            "h.npy",
        ];
        json(home, &[&words[..], &["--head-output", "y.npy"]].concat())
    };
    let want = npy::read_f32(&fixture("mlp.y.npy")).unwrap().data;
    let report = quantize(&[]);
    assert!(
        report["head"]["snr_db"].as_f64().unwrap() > 25.0,
        "{report}"
    );
    let ran = run();
    assert_eq!(ran["head"]["outputs"], 2);
    let ulp = f64::from(-(ran["head"]["frac"].as_i64().unwrap() as i32)).exp2();
    let y = words(&home.join("y.npy"), "(6, 2)", 12);
    let off = error(y.iter().map(|&word| word as f64 * ulp), &want);
    assert!(off < 0.05, "{off}");
    let report = quantize(&["--head-kind", "argmax", "--emit", "last"]);
    assert_eq!(report["dense"][1]["gives"], "argmax", "{report}");
    assert_eq!(report["dense"][1]["when"], "last", "{report}");
    let ran = run();
    assert_eq!(ran["head"]["kind"], "argmax");
    assert_eq!(ran["head"]["only_last"], true);
    let class = usize::from(want[11] > want[10]);
    assert_eq!(words(&home.join("y.npy"), "(1,)", 1), [class as i64]);
    for (more, problem) in [
        (
            &["--head-bits", "float"][..],
            "has 2 linear layers behind the recurrent ones",
        ),
        (
            &["--only-lstm", "--emit", "last"],
            "--emit: the model has no linear head",
        ),
        (
            &[
                "--head",
                "head.0",
                "--head-bits",
                "float",
                "--head-kind",
                "code",
            ],
            "--head-kind: the head stays in floating point",
        ),
    ] {
        let refused = program()
            .current_dir(home)
            .args([
                "quantize",
                "--bits",
                "8",
                "--model",
                model,
                "--calibrate",
                x,
                "-o",
                "no.safetensors",
            ])
            .args(more)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{error}");
        assert!(error.contains(problem), "{error}");
        assert!(!home.join("no.safetensors").exists());
    }
}

/// The last states of both directions of a stack of `PyTorch`'s form, a linear layer on them: the answer at the end of the
/// sequence is the framework's, and the core's is that of the model.
#[test]
fn last_states_of_both_directions() {
    let home = home();
    let (home, model, x) = (home.path(), fixture("onnx_last_cut.onnx"), fixture("x.npy"));
    let (model, x) = (model.to_str().unwrap(), x.to_str().unwrap());
    let report = json(home, &["import", model]);
    assert_eq!(report["layers"][0].get("output_order"), None, "{report}");
    assert_eq!(
        report["layers"][1]["output_order"], "processing",
        "{report}"
    );
    let quantize = at_8_bits(model, x);
    json(
        home,
        &[&quantize[..], &["--emit", "last", "-o", "q.safetensors"]].concat(),
    );
    let run = ["run", "--model", "q.safetensors", "--input", x];
    let run = [&run[..], &["--float-input", "-o", "h.npy"]].concat();
    let ran = json(home, &[&run[..], &["--head-output", "y.npy"]].concat());
    let ulp = f64::from(-(ran["head"]["frac"].as_i64().unwrap() as i32)).exp2();
    let y = words(&home.join("y.npy"), "(2,)", 2);
    let want = npy::read_f32(&fixture("onnx_last_cut.y.npy")).unwrap().data;
    let off = error(y.iter().map(|&word| word as f64 * ulp), &want);
    assert!(off < 0.05, "{off}");
    let gen_words = ["gen", "--model", "q.safetensors", "-o", "core"];
    let folding = ["--units", "1", "--columns", "2", "--max-steps", "6"];
    json(home, &[&gen_words[..], &folding].concat());
    let compared = json(home, &["cosim", "core", "--input", x, "--float-input"]);
    assert_eq!(compared["equal"], true, "{compared}");
}

#[test]
fn a_model_of_keras() {
    // Two Dense layers with a ReLU between: the first is taken.
    whole_path("stack.keras", &["--head", "dense"], Some("keras"), true);
}

#[test]
fn an_onnx_file() {
    whole_path("exported.onnx", &[], Some("exported"), true);
}

#[test]
fn a_trained_gru_of_pytorch() {
    let (x, model) = ("trained_gru.x.npy", "trained_gru.safetensors");
    whole_path_on(x, model, &[], Some("trained_gru"), true);
}

#[test]
fn grus_of_keras_and_onnx() {
    whole_path("keras_gru.keras", &[], Some("keras_gru"), false);
    whole_path("keras_mixed.keras", &[], Some("keras_mixed"), false);
    whole_path("built_gru.onnx", &[], Some("built_gru"), true);
}

#[test]
fn one_of_two_networks() {
    whole_path(
        "two_networks.safetensors",
        &["--prefix", "encoder"],
        None,
        false,
    );
}

/// Linear layers before the recurrent ones: of `PyTorch` with what a state dict does not say, of Keras and ONNX as they are.
#[test]
fn layers_before_the_recurrent_ones() {
    let pytorch = ("projected.safetensors", "projected");
    whole_path(
        pytorch.0,
        &["--front", "in_proj:relu"],
        Some(pytorch.1),
        true,
    );
    whole_path("projected.onnx", &[], Some("projected_onnx"), true);
    whole_path("keras_projected.keras", &[], Some("keras_projected"), true);
}

/// What is said of a linear layer before, in `import` and `quantize`; `score` of both models; and what is refused.
#[test]
fn layers_before_the_recurrent_ones_are_said_scored_and_refused() {
    let home = home();
    let (home, model, x) = (
        home.path(),
        fixture("projected.safetensors"),
        fixture("x.npy"),
    );
    let (model, x) = (model.to_str().unwrap(), x.to_str().unwrap());
    let front = ["--front", "in_proj:relu"];
    let told = json(home, &[&["import", model][..], &front].concat());
    let sizes = serde_json::json!([{"input_size": 3, "output_size": 5, "relu": true}]);
    assert_eq!(told["front"], sizes);
    let quantize = |more: &[&str], to: &str| {
        let words = [
            "quantize",
            "--bits",
            "8",
            "--model",
            model,
            "--calibrate",
            x,
            "-o",
        ];
        let output = program()
            .current_dir(home)
            .args(words)
            .arg(to)
            .args(more)
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
            error,
        )
    };
    let (code, text, error) = quantize(&front, "w8.safetensors");
    assert_eq!(code, Some(0), "{error}");
    let line = text
        .lines()
        .find(|line| line.starts_with("dense layer before: x s8."));
    assert!(
        line.is_some_and(
            |line| line.contains("; 5 codes of s8.") && line.ends_with("behind a ReLU")
        ),
        "{text}"
    );
    let score = |model: &[&str]| {
        let y = fixture("projected.y.npy");
        let y = [
            "--metric",
            "rmse",
            "--targets",
            y.to_str().unwrap(),
            "--data",
            x,
        ];
        json(home, &[&["score", "--model"], model, &y].concat())["value"]
            .as_f64()
            .unwrap()
    };
    let float = score(&[&[model][..], &front].concat());
    let integer = score(&["w8.safetensors"]);
    assert!(
        float < 1e-6 && integer > 1e-6 && integer < 0.02,
        "{float} {integer}"
    );
    for (more, problem) in [
        (&[][..], "in_proj.weight [5, 3]"),
        (
            &["--only-lstm", "--front-bits", "4"][..],
            "--front-bits: the model has no linear layer before",
        ),
    ] {
        let (code, _, error) = quantize(more, "no.safetensors");
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(problem), "{error}");
        assert!(!home.join("no.safetensors").exists());
    }
}
