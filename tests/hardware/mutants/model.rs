//! Lines of the program that no core shows to be wrong.

use super::SEED;
use crate::common::Recipe;
use lprnn_hw::fixed::{Levels, QFormat};
use lprnn_hw::quantize::{Dense, DenseOutput, Emit, best_fraction};
use lprnn_hw::reference::{Lstm, Streams};

/// Dies when the reference's 32-bit layers take a sum of 2^31: it would come back negative.
#[test]
fn sums_beyond_32_bits_are_computed_in_more() {
    // 600 products of -128 and -32768, less one code of the symmetric weights: about 1.16 * 2^31.
    let recipe = Recipe::new("wide", &[600, 1], 8).activations(16, 8);
    let mut model = recipe.model(SEED);
    let layer = &mut model.layers[0];
    layer.w_frac_ih = vec![8; 4];
    layer.w_frac_hh = vec![16; 4]; // x and h at one fraction: nothing is shifted
    layer.weight_ih.fill(-127);
    let lowest = layer.x.min_code() as i16;
    let x = vec![lowest; 600];
    let mut lstm = Lstm::new(&model);
    let codes: Vec<i32> = x.iter().map(|&code| code.into()).collect();
    let (words, trace) = lstm.run_traced(&codes);
    // Every gate is as far up as z goes.
    assert!(
        trace.steps[0][0]
            .z
            .iter()
            .all(|&z| i64::from(z) == model.layers[0].z.max_code())
    );
    let streams = Streams::new(&model);
    assert!(!streams.is_narrow());
    let got = streams.run(&x, 1, &mut streams.state(1));
    assert!(
        words
            .iter()
            .zip(&got)
            .all(|(&want, &got)| want == i32::from(got))
    );
    // A third of the inputs fits, and is computed in 32 bits.
    let mut model = Recipe::new("narrow", &[200, 1], 8)
        .activations(16, 8)
        .model(SEED);
    model.layers[0].w_frac_ih = vec![8; 4];
    model.layers[0].w_frac_hh = vec![16; 4];
    assert!(Streams::new(&model).is_narrow());
}

/// Dies when the head's bias is left out, or taken at another fraction.
#[test]
fn a_head_adds_its_bias_to_every_row() {
    let mut model = Recipe::new("head", &[2, 3], 4).model(SEED);
    model.head = vec![Dense {
        input_size: 3,
        output_size: 2,
        x: model.layers[0].h,
        w_bits: 4,
        w_levels: Levels::Even,
        w_frac: 2,
        weight: vec![1, -2, 3, 0, 0, 0],
        bias: vec![1000, -7],
        output: DenseOutput::Sum,
        when: Emit::Step,
    }];
    let mut lstm = Lstm::new(&model);
    let h = lstm.step(&[3, -4]).to_vec();
    let first = i64::from(h[0]) - 2 * i64::from(h[1]) + 3 * i64::from(h[2]) + 1000;
    assert_eq!(lstm.head(), Some(vec![first, -7]));
}

/// Dies when the search stops early, or takes the largest value's fraction instead of the best.
#[test]
fn the_fraction_is_the_one_of_the_least_squared_error() {
    // Many small values and a large one: clamping that one is better than losing all others.
    let mut values: Vec<f32> = (0..400).map(|n| (n as f32 - 200.0) / 1600.0).collect();
    values.push(1.0);
    for bits in [2, 3, 4, 8] {
        let error = |frac: i32| -> f64 {
            let format = QFormat::new(bits, frac);
            let (low, high) = (-format.max_code(), format.max_code());
            values
                .iter()
                .map(|&value| {
                    let scaled = f64::from(value) * f64::powi(2.0, frac);
                    let code = scaled.round_ties_even().clamp(low as f64, high as f64);
                    (code * f64::powi(2.0, -frac) - f64::from(value)).powi(2)
                })
                .sum()
        };
        let best = (-4..20)
            .min_by(|&a, &b| error(a).total_cmp(&error(b)))
            .unwrap();
        assert_eq!(best_fraction(&values, bits, true), best, "{bits} bits");
        // 1.0 alone would ask for this one; the search must go beyond it somewhere.
        if bits < 8 {
            assert!(best > bits as i32 - 2, "{bits} bits: {best}");
        }
    }
}
