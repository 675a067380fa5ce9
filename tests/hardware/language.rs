//! A language model of characters from a text to a core: what the core's words cost is what `eval` says.

use lprnn_hw::cosim::{Outcome, Pattern, Probes, Recorder, Toolchain, Workload, compare};
use lprnn_hw::flow::open;
use lprnn_hw::lm::{
    EvalOptions, LanguageModel, Level, Vocabulary, evaluate, negative_log_probability, tokenize,
};
use lprnn_hw::quantize::{QuantizedModel, SplitMix};
use lprnn_hw::tools::Search;
use snapbox::cmd::{Command, cargo_bin};
use std::path::Path;

/// Sentences of a grammar of nine words.
fn text(seed: u64, lines: usize) -> String {
    let mut noise = SplitMix(seed);
    let mut pick = |words: [&'static str; 3]| words[noise.between(0, 2) as usize];
    let nouns = ["cat", "dog", "horse"];
    let line = |_| {
        let (who, does, whom) = (pick(nouns), pick(["sees", "likes", "hears"]), pick(nouns));
        format!("the {who} {does} the {whom}\n")
    };
    (0..lines).map(line).collect()
}

fn program(home: &Path, line: &str) -> String {
    let output = Command::new(cargo_bin!("lprnn-hw"))
        .current_dir(home)
        .args(line.split_whitespace())
        .output()
        .unwrap();
    let problem = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{line}: {problem}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_words_of_a_core_cost_what_eval_says() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    std::fs::write(home.join("train.txt"), text(1, 150)).unwrap();
    std::fs::write(home.join("test.txt"), text(2, 12)).unwrap();
    program(
        home,
        "train --level char --text train.txt --valid test.txt --hidden 14 --embedding 9 --bits 4 --head-bits 6 \
         --batch 4 --steps 20 --epochs 10 --rule adam --rate 0.02 --streams 2 -q -o lm",
    );
    let file = home.join("lm/lm_quantized.safetensors");
    program(
        home,
        "gen --model lm/lm_quantized.safetensors --max-macs 64 -q -o core",
    );
    let model = QuantizedModel::read(&file).unwrap();
    let vocabulary = Vocabulary::read(&Vocabulary::beside(&file).unwrap()).unwrap();
    let tokens = tokenize(&text(2, 12), Level::Char, &vocabulary).unwrap();
    let language = LanguageModel::from_quantized(model.clone()).unwrap();
    let options = EvalOptions { streams: 1 };
    let found = evaluate(&language, &tokens, &options, &|_| {}).unwrap();
    // It has learned something: even odds would cost this.
    assert!(
        found.nats < 0.7 * (vocabulary.len() as f64).ln(),
        "{}",
        found.nats
    );

    let opened = open(&home.join("core")).unwrap();
    let steps = tokens.len() - 1;
    let mut load = Workload::random(&opened.interface, steps, 1);
    load.inputs = tokens[..steps].iter().map(|&token| token as i32).collect();
    load.last = (1..=steps).map(|step| step == steps).collect();
    let expected = load.expected(&model, opened.interface.state, &mut |_| {});
    let toolchain = Toolchain::find(&Search::from_env(), None).unwrap();
    let core = lprnn_hw::cosim::Core {
        folder: &opened.folder,
        interface: &opened.interface,
    };
    let mut recorder = Recorder::new(toolchain.model(core, Probes::default(), 1).unwrap());
    let run = (Pattern::AlwaysReady, 1);
    let outcome = compare(
        &mut recorder,
        &opened.interface,
        load.stimulus(),
        &expected,
        run,
        &mut |_| {},
    );
    assert!(matches!(outcome.unwrap(), Outcome::Equal(_)));
    let words = recorder.words(&opened.interface.output);
    assert_eq!(words.len(), steps * vocabulary.len());

    let ulp = f64::from(-model.head[0].sum_frac()).exp2();
    let cost = |(step, words): (usize, &[i64])| {
        let logits: Vec<f32> = words
            .iter()
            .map(|&word| (word as f64 * ulp) as f32)
            .collect();
        negative_log_probability(&logits, tokens[step + 1] as usize)
    };
    let nats: f64 = words
        .chunks_exact(vocabulary.len())
        .enumerate()
        .map(cost)
        .sum();
    assert_eq!((nats / steps as f64).to_bits(), found.nats.to_bits());
    let told = program(
        home,
        "eval --model lm/lm_quantized.safetensors --text test.txt --level char --format json -q",
    );
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    let perplexity = (nats / steps as f64).exp();
    assert!((told["perplexity"].as_f64().unwrap() / perplexity - 1.0).abs() < 1e-12);
}
