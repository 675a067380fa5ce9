//! Streams in lockstep give the words and counts of the reference model, one stream at a time.

use lprnn_hw::fixed::LevelRule;
use lprnn_hw::quantize::{
    QuantizedModel, SplitMix, random_model_mixed, random_model_of, with_row_scales,
};
use lprnn_hw::reference::{Lstm, Saturation, Streams};
use lprnn_hw::spec::CellKind;

/// Runs streams of unequal length both ways; whether 32 bits were enough.
fn compare(seed: u64, largest: usize, levels: LevelRule) -> bool {
    same_words(&random_model_of(seed, largest, levels), seed).is_narrow()
}

/// The same of any model.
fn same_words(model: &QuantizedModel, seed: u64) -> Streams {
    let mut noise = SplitMix(!seed);
    let streams = noise.between(1, 9) as usize;
    let steps = noise.between(1, 12) as usize;
    let short = noise.between(0, streams as i64 - 1) as usize;
    let size = model.layers[0].input_size;
    let mut codes = |count: usize| -> Vec<i16> {
        let of_x = model.layers[0].x.codes();
        (0..count).map(|_| noise.code(of_x, false) as i16).collect()
    };
    let x = codes(steps * streams * size);
    // Only the first streams have one step more.
    let last = codes((streams - short) * size);

    let prepared = Streams::new(model);
    let mut state = prepared.state(streams);
    let cut = steps / 2 * streams * size;
    let mut h = prepared.run(&x[..cut], streams, &mut state);
    h.extend(prepared.run(&x[cut..], streams, &mut state));
    h.extend(prepared.run(&last, streams - short, &mut state));

    let hidden = model.layers.last().unwrap().hidden_size;
    let mut saturation = vec![Saturation::default(); model.layers.len()];
    for stream in 0..streams {
        let mut lstm = Lstm::new(model);
        let active = if stream < streams - short {
            steps + 1
        } else {
            steps
        };
        for step in 0..active {
            let at = step * streams + stream;
            let x = x.iter().chain(&last).skip(at * size).take(size);
            let x: Vec<i32> = x.map(|&code| code.into()).collect();
            let want = lstm.step(&x);
            let got = &h[at * hidden..][..hidden];
            assert!(
                want.iter()
                    .zip(got)
                    .all(|(&want, &got)| want == i32::from(got)),
                "seed {seed}: stream {stream}, step {step}"
            );
        }
        for (sum, count) in saturation.iter_mut().zip(lstm.saturation()) {
            sum.add(&count);
        }
    }
    assert_eq!(state.saturation(), saturation, "seed {seed}");
    prepared
}

#[test]
fn every_word_and_count_is_that_of_the_reference() {
    let narrow = (0..600)
        .filter(|&seed| compare(seed, 40, LevelRule::Even))
        .count();
    // Both ways of computing were exercised.
    assert!((100..=590).contains(&narrow), "{narrow} of 600 fit 32 bits");
}

#[test]
fn every_word_of_odd_levels_too() {
    let narrow = (2000..2400)
        .filter(|&seed| compare(seed, 40, LevelRule::Odd))
        .count();
    assert!((100..=390).contains(&narrow), "{narrow} of 400 fit 32 bits");
}

#[test]
fn grus_and_row_multipliers_too() {
    let (mut summed, mut wide) = (0, 0);
    for seed in 0..300 {
        let cells = [CellKind::Gru, CellKind::Lstm];
        let mut model = random_model_mixed(seed, 40, &cells[seed as usize % 2..]);
        if seed % 2 == 1 {
            model = with_row_scales(model, seed);
        }
        let prepared = same_words(&model, seed);
        summed += usize::from(prepared.is_packed() && !prepared.is_narrow());
        wide += usize::from(!prepared.is_packed());
    }
    // Every way of computing was exercised.
    assert!(summed > 150 && wide > 10, "{summed} and {wide} of 300");
}

#[test]
fn large_layers_too() {
    let narrow = (1000..1012)
        .filter(|&seed| compare(seed, 300, LevelRule::Even))
        .count();
    assert!(narrow > 0);
}
