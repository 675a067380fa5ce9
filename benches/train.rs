//! Speed of training: `cargo bench --bench train`.
//!
//! A word-level epoch's windows: 300 units behind an embedding of 300 for 10,000 words, 20
//! sequences of 35 steps, the whole softmax or one of a sample, plain SGD, on all cores. The items of a run are tokens.
//! `tools/pytorch_train_speed.py` is the same in `PyTorch`; `docs/training.md` compares them.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::quantize::{HeadFormat, QuantizeOptions, SplitMix};
use lprnn_hw::spec::{CellKind, Numerics};
use lprnn_hw::train::{OutputSampler, Rule, Sizes, TextTask, TrainOptions, Trainer};

const WORDS: usize = 10_000;
const SIZE: usize = 300;
const BATCH: usize = 20;
const STEPS: usize = 35;
/// Windows of a run.
const WINDOWS: usize = 10;

fn main() {
    divan::main();
}

fn windows(bencher: Bencher, numbers: Option<QuantizeOptions>, samples: Option<usize>) {
    let mut noise = SplitMix(1);
    let tokens: Vec<u32> = (0..BATCH * (STEPS * WINDOWS + 1))
        .map(|_| noise.between(0, WORDS as i64 - 1) as u32)
        .collect();
    let options = TrainOptions {
        sizes: Sizes::language(CellKind::Lstm, WORDS, SIZE, vec![SIZE]),
        numbers,
        x_frac: None,
        fit_h: false,
        row_scales: false,
        batch: BATCH,
        steps: STEPS,
        rule: Rule::Sgd,
        rate: 1.0,
        decay: 4.0,
        decay_from: u64::MAX,
        clip: 0.25,
        dropout: 0.0,
        range_epochs: 1,
        windows: None,
        average: None,
        seed: 1,
    };
    let sampler = samples.map(|samples| OutputSampler::new(&vec![1; WORDS], samples, 1));
    let task = TextTask {
        tokens: &tokens,
        batch: BATCH,
        steps: STEPS,
        sampler: sampler.as_ref(),
    };
    let mut trainer = Trainer::new(options, None).expect("nothing to start from");
    bencher
        .counter(ItemsCount::new(BATCH * STEPS * WINDOWS))
        .bench_local(|| {
            for _ in 0..WINDOWS {
                trainer.step(&task).expect("a small rate");
            }
        });
}

#[divan::bench(sample_count = 5)]
fn float(bencher: Bencher) {
    windows(bencher, None, None);
}

/// As many tokens a window as drawn and wanted: the wanted ones of this text are all different.
#[divan::bench(args = [1000, 2000], sample_count = 5)]
fn sampled(bencher: Bencher, samples: usize) {
    windows(bencher, None, Some(samples));
}

#[divan::bench(args = [8, 4, 2], sample_count = 5)]
fn quantised(bencher: Bencher, bits: u32) {
    windows(
        bencher,
        Some(QuantizeOptions {
            numerics: Numerics::of_widths(bits, bits, bits),
            head: HeadFormat::Float,
        }),
        None,
    );
}
