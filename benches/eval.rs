//! Speed of a language model's LSTM, without the decoder: `cargo bench --bench eval`.
//!
//! One layer of 300 units on an embedding of 10,000 tokens, as in `docs/language-models.md`, which
//! says how this compares with `PyTorch`. The items of a run are tokens.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::fixed::QFormat;
use lprnn_hw::import::{FloatHead, FloatLayer, FloatModel};
use lprnn_hw::lm::{Decoder, LanguageModel, Prepared, Stack, TokenRows, Walk};
use lprnn_hw::quantize::{Layer, QuantizedModel, SplitMix};

const TOKENS: usize = 10_000;
const SIZE: usize = 300;
/// As many as the PTB test text has.
const TEXT: usize = 82_429;

fn main() {
    divan::main();
}

fn around(stack: Stack) -> LanguageModel {
    let mut noise = SplitMix(1);
    let mut values = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|_| noise.between(-1000, 1000) as f32 / 5000.0)
            .collect()
    };
    LanguageModel {
        embedding: TokenRows::Float(values(TOKENS * SIZE)),
        stack,
        // Never computed here.
        decoder: Decoder::Float(FloatHead {
            output_size: TOKENS,
            weight: Vec::new(),
            bias: Vec::new(),
        }),
        tied: false,
    }
}

fn integer(bits: u32) -> LanguageModel {
    let mut noise = SplitMix(2);
    let mut codes =
        |count: usize| -> Vec<i16> { (0..count).map(|_| noise.code(bits, true) as i16).collect() };
    around(Stack::Integer(QuantizedModel {
        layers: vec![Layer {
            direction: lprnn_hw::quantize::Direction::Forward,
            input_size: SIZE,
            hidden_size: SIZE,
            x: QFormat::new(bits, bits as i32 - 1),
            h: QFormat::new(bits, bits as i32 - 1),
            w_bits: bits,
            w_levels: lprnn_hw::fixed::Levels::Even,
            w_frac_ih: vec![bits as i32 + 2; 4],
            w_frac_hh: vec![bits as i32 + 2; 4],
            z: QFormat::new(8, 4),
            a_frac: 8,
            recurrence: lprnn_hw::quantize::Recurrence::Lstm {
                c: QFormat::new(16, 10),
            },
            weight_ih: codes(4 * SIZE * SIZE),
            weight_hh: codes(4 * SIZE * SIZE),
            bias: vec![0; 4 * SIZE],
            row_scale: None,
        }],
        ..QuantizedModel::default()
    }))
}

/// The same with a GRU in the place of the LSTM.
fn gru(bits: u32) -> LanguageModel {
    let mut model = integer(bits);
    if let Stack::Integer(QuantizedModel { layers, .. }) = &mut model.stack {
        let layer = &mut layers[0];
        layer.recurrence = lprnn_hw::quantize::Recurrence::Gru {
            v: QFormat::new(12, 8),
            s: QFormat::new(16, 14),
            bias_n_h: vec![0; SIZE],
        };
        layer.w_frac_ih.truncate(3);
        layer.w_frac_hh.truncate(3);
        layer.weight_ih.truncate(3 * SIZE * SIZE);
        layer.weight_hh.truncate(3 * SIZE * SIZE);
        layer.bias.truncate(3 * SIZE);
    }
    model
}

fn float() -> LanguageModel {
    let mut noise = SplitMix(3);
    let mut values = |count: usize| -> Vec<f32> {
        (0..count)
            .map(|_| noise.between(-1000, 1000) as f32 / 20_000.0)
            .collect()
    };
    let layer = FloatLayer {
        direction: lprnn_hw::import::FloatDirection::Forward,
        recurrence: lprnn_hw::import::FloatRecurrence::Lstm,
        input_size: SIZE,
        hidden_size: SIZE,
        weight_ih: values(4 * SIZE * SIZE),
        weight_hh: values(4 * SIZE * SIZE),
        bias: values(4 * SIZE),
    };
    around(Stack::Float(FloatModel {
        layers: vec![layer],
        ..FloatModel::default()
    }))
}

fn walk(bencher: Bencher, model: &LanguageModel, streams: usize) {
    let mut noise = SplitMix(4);
    // Half of all tokens are of the hundred most frequent ones: about as Zipf has it.
    let tokens: Vec<u32> = (0..=TEXT)
        .map(|_| {
            let share = noise.between(0, 1_000_000) as f64 / 1e6;
            ((TOKENS as f64).powf(share) as u32).min(TOKENS as u32 - 1)
        })
        .collect();
    let prepared = Prepared::new(model);
    bencher.counter(ItemsCount::new(TEXT)).bench_local(|| {
        let walk = Walk::new(model, &prepared, &tokens, streams).unwrap();
        walk.map(|round| round.h.len()).sum::<usize>()
    });
}

#[divan::bench(args = [(8, 1), (8, 8), (8, 20), (8, 64), (4, 1), (4, 20)], sample_count = 10)]
fn integers(bencher: Bencher, (bits, streams): (u32, usize)) {
    walk(bencher, &integer(bits), streams);
}

#[divan::bench(args = [(8, 16), (4, 16)], sample_count = 10)]
fn grus(bencher: Bencher, (bits, streams): (u32, usize)) {
    walk(bencher, &gru(bits), streams);
}

#[divan::bench(args = [1, 8, 20, 64], sample_count = 10)]
fn floats(bencher: Bencher, streams: usize) {
    walk(bencher, &float(), streams);
}
