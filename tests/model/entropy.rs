//! Training against a source whose entropy is known: what float training reaches, and what each
//! width costs on top. The table: `cargo test --release --test model entropy -- --nocapture`.

// The table is what one runs it by hand for.
#![allow(clippy::print_stdout)]

use lprnn_hw::import::FloatModel;
use lprnn_hw::lm::{EvalOptions, LanguageModel, evaluate};
use lprnn_hw::quantize::{HeadFormat, QuantizeOptions, SplitMix};
use lprnn_hw::spec::{CellKind, Numerics};
use lprnn_hw::train::{Rule, Sizes, TextTask, TrainOptions, Trainer};
use std::collections::BTreeMap;

/// Symbols of the source.
const SYMBOLS: usize = 8;
/// Tokens trained on and tested on.
const TOKENS: usize = 300_000;

/// A Markov chain of order 2: how likely every symbol is after every pair.
struct Source(Vec<[f64; SYMBOLS]>);

impl Source {
    fn new(seed: u64) -> Self {
        let mut noise = SplitMix(seed);
        let rows = (0..SYMBOLS * SYMBOLS).map(|_| {
            // Cubes: after every pair some symbols are likely and most are not.
            let mut row = [0.0; SYMBOLS];
            for p in &mut row {
                *p = (noise.between(1, 1000) as f64 / 1000.0).powi(3);
            }
            let sum: f64 = row.iter().sum();
            row.map(|p| p / sum)
        });
        Self(rows.collect())
    }

    /// Nats a symbol, given all before it: the entropy of the rows, weighed by how often the
    /// pairs occur in the long run (Cover and Thomas, Elements of Information Theory, 4.2).
    fn entropy(&self) -> f64 {
        let pairs = SYMBOLS * SYMBOLS;
        let mut share = vec![1.0 / pairs as f64; pairs];
        for _ in 0..500 {
            let mut next = vec![0.0; pairs];
            for (pair, (share, row)) in share.iter().zip(&self.0).enumerate() {
                for (symbol, p) in row.iter().enumerate() {
                    next[pair % SYMBOLS * SYMBOLS + symbol] += share * p;
                }
            }
            share = next;
        }
        let of_row = |row: &[f64; SYMBOLS]| -row.iter().map(|p| p * p.ln()).sum::<f64>();
        share
            .iter()
            .zip(&self.0)
            .map(|(share, row)| share * of_row(row))
            .sum()
    }

    fn tokens(&self, count: usize, seed: u64) -> Vec<u32> {
        let mut noise = SplitMix(seed);
        let mut pair = 0;
        (0..count)
            .map(|_| {
                let mut left = noise.between(0, (1 << 40) - 1) as f64 / (1u64 << 40) as f64;
                let row = &self.0[pair];
                let found = row.iter().position(|p| {
                    left -= p;
                    left < 0.0
                });
                let symbol = found.unwrap_or(SYMBOLS - 1);
                pair = pair % SYMBOLS * SYMBOLS + symbol;
                symbol as u32
            })
            .collect()
    }
}

fn options(numbers: Option<QuantizeOptions>, rate: f32) -> TrainOptions {
    TrainOptions {
        sizes: Sizes::language(CellKind::Lstm, SYMBOLS, 8, vec![32]),
        numbers,
        x_frac: None,
        fit_h: false,
        row_scales: false,
        batch: 16,
        steps: 20,
        rule: Rule::Adam,
        rate,
        decay: 3.0,
        decay_from: 1,
        clip: 1.0,
        dropout: 0.0,
        range_epochs: 1,
        windows: None,
        average: None,
        seed: 3,
    }
}

/// Trains, and gives the best float model and its nats on the test text.
fn train(
    options: TrainOptions,
    epochs: usize,
    start: Option<&FloatModel>,
    (text, test): (&[u32], &[u32]),
) -> (FloatModel, f64) {
    let mut trainer = Trainer::new(options, start).unwrap();
    let task = TextTask {
        tokens: text,
        batch: trainer.options().batch,
        steps: trainer.options().steps,
        sampler: None,
    };
    let mut nats = f64::NAN;
    for _ in 0..epochs {
        while trainer.done() < trainer.windows(&task) {
            trainer.step(&task).unwrap();
        }
        let (float, quantized) = trainer.models();
        let model = match quantized {
            Some(model) => LanguageModel::from_quantized(model).unwrap(),
            None => LanguageModel::from_float(&float).unwrap(),
        };
        let found = evaluate(&model, test, &EvalOptions { streams: 8 }, &|_| {}).unwrap();
        nats = found.nats;
        trainer.end_epoch(nats, BTreeMap::new(), Vec::new());
    }
    (trainer.models().0, nats)
}

#[test]
fn training_reaches_the_entropy_of_the_source() {
    let source = Source::new(5);
    let entropy = source.entropy();
    let text = source.tokens(TOKENS, 1);
    let test = source.tokens(TOKENS, 2);
    let texts = (&text[..], &test[..]);
    let (float, nats) = train(options(None, 0.02), 4, None, texts);
    println!("source of {SYMBOLS} symbols, order 2: entropy {entropy:.4} nats a symbol");
    let over = |nats: f64| 100.0 * (nats / entropy - 1.0);
    println!(
        "float: {nats:.4} nats, {:.2} % over the entropy",
        over(nats)
    );
    assert!(
        over(nats) < 2.0,
        "float training ends {:.2} % over",
        over(nats)
    );
    // No model beats the source but by the chance of one text.
    assert!(over(nats) > -0.5, "{nats} is below the entropy");

    // Bits of weights and activations, and the most that they may cost over the entropy in %:
    // measured, with room for another seed.
    for (weight, act, most) in [
        (8, 8, 2.0),
        (4, 4, 2.5),
        (3, 3, 4.5),
        (2, 4, 6.5),
        (2, 2, 14.0),
        (1, 4, 10.0),
    ] {
        let numbers = QuantizeOptions {
            numerics: Numerics::of_widths(weight, act, act),
            head: HeadFormat::Float,
        };
        let (_, nats) = train(options(Some(numbers), 0.01), 3, Some(&float), texts);
        println!(
            "W{weight}A{act}: {nats:.4} nats, {:.2} % over the entropy",
            over(nats)
        );
        assert!(
            over(nats) < most,
            "W{weight}A{act}: {:.2} % over, {most} allowed",
            over(nats)
        );
        assert!(over(nats) > -0.5, "{nats} is below the entropy");
    }
}
