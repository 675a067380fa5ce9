//! The committed demonstration models are those that their READMEs describe.

use lprnn_hw::lm::{EvalOptions, LanguageModel, Level, Vocabulary, evaluate, tokenize};
use lprnn_hw::ptq::{FormatRequest, Sequences, quantize};
use lprnn_hw::quantize::{HeadFormat, QuantizedModel, quantize_input};
use lprnn_hw::reference::Lstm;
use lprnn_hw::{files::npy, import};
use sha2::{Digest, Sha256};
use std::path::PathBuf;

fn models() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")
}

fn folder() -> PathBuf {
    models().join("demo")
}

fn check_digests(folder: &str, names: &[&str]) {
    let folder = models().join(folder);
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    for name in names {
        let digest = Sha256::digest(std::fs::read(folder.join(name)).unwrap());
        let hex: String = digest
            .iter()
            .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert!(
            readme.contains(&format!("{hex}  {name}")),
            "{name} has digest {hex}, which README.md does not state"
        );
    }
}

#[test]
fn bytes_have_the_digests_of_the_readme() {
    check_digests("demo", &["demo.safetensors", "calib.npy", "test.npy"]);
    let files = [
        "text.safetensors",
        "text.vocab.json",
        "text.txt",
        "valid.txt",
    ];
    check_digests("text", &files);
}

/// The model that writes is small, of four bits throughout, and knows its text.
#[test]
fn the_model_that_writes_knows_its_text() {
    let folder = models().join("text");
    let file = folder.join("text.safetensors");
    assert!(std::fs::metadata(&file).unwrap().len() < 300_000);
    let model = QuantizedModel::read(&file).unwrap();
    assert_eq!((model.layers[0].w_bits, model.layers[0].h.bits), (4, 4));
    assert_eq!((model.layers[0].x.bits, model.head[0].w_bits), (4, 4));
    let vocabulary = Vocabulary::read(&folder.join("text.vocab.json")).unwrap();
    let text = std::fs::read_to_string(folder.join("text.txt")).unwrap();
    let tokens = tokenize(&text, Level::Char, &vocabulary).unwrap();
    let model = LanguageModel::from_quantized(model).unwrap();
    let found = evaluate(&model, &tokens, &EvalOptions { streams: 1 }, &|_| {}).unwrap();
    // As its README says.
    assert_eq!(format!("{:.2}", found.nats), "0.87");
}

/// Mean squared error of predicting the next reading with the integer model and its head.
fn error_at(bits: u32) -> f64 {
    let float = import::read(
        &folder().join("demo.safetensors"),
        &import::ImportOptions::default(),
    )
    .unwrap();
    let calib = npy::read_f32(&folder().join("calib.npy")).unwrap();
    let test = npy::read_f32(&folder().join("test.npy")).unwrap();
    let wanted = FormatRequest::of(bits, HeadFormat::Integer(bits.max(8)));
    let model = quantize(&float, &Sequences::one(calib.data, 8), &wanted).model;
    let model = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let head = model.linear_head().unwrap();
    let ulp = f64::from(-head.sum_frac()).exp2();
    let mut lstm = Lstm::new(&model);
    let (mut sum, mut count) = (0.0, 0.0);
    let steps: Vec<&[f32]> = test.data.chunks(8).collect();
    for pair in steps.windows(2) {
        lstm.step(&quantize_input(pair[0], model.layers[0].x));
        for (y, target) in lstm.head().unwrap().iter().zip(pair[1]) {
            sum += (*y as f64 * ulp - f64::from(*target)).powi(2);
            count += 1.0;
        }
    }
    sum / count
}

#[test]
fn fewer_bits_cost_accuracy_and_eight_cost_little() {
    let [eight, four, two] = [8, 4, 2].map(error_at);
    assert!(eight < 0.01, "8 bits: {eight}");
    assert!(eight < four && four < two, "{eight} {four} {two}");
}
