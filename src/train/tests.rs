//! The forward pass against the reference model, gradients against finite differences.

mod directions;

use super::layout::{ParameterLayout, Sizes};
use super::network::{Dropout, WindowState, backward, forward};
use super::numbers::Numbers;
use super::sampled::OutputSampler;
use super::window::{Reading, Window, WindowGoal};
use crate::fixed::LevelRule;
use crate::quantize::{HeadFormat, QuantizeOptions, QuantizedModel, SplitMix, quantize_input};
use crate::reference::Lstm;
use crate::spec::{CellKind, DirectionKind, Numerics, OutputOrder};

const CELLS: [CellKind; 2] = [CellKind::Lstm, CellKind::Gru];

/// Directions, of those with a pass backward in both orders of its outputs.
fn ways() -> impl Iterator<Item = (DirectionKind, OutputOrder)> {
    let backward = [DirectionKind::Backward, DirectionKind::Bidirectional];
    let orders = [OutputOrder::Time, OutputOrder::Processing];
    let all = backward
        .into_iter()
        .flat_map(move |direction| orders.map(|order| (direction, order)));
    std::iter::once((DirectionKind::Forward, OutputOrder::Time)).chain(all)
}

fn sizes(cell: CellKind, vocabulary: usize, embedding: usize, hidden: &[usize]) -> ParameterLayout {
    ParameterLayout::new(Sizes::language(
        cell,
        vocabulary,
        embedding,
        hidden.to_vec(),
    ))
}

fn window(layout: &ParameterLayout, batch: usize, steps: usize, noise: &mut SplitMix) -> Window {
    let last = layout.sizes.outputs as i64 - 1;
    let mut tokens = || {
        (0..batch * steps)
            .map(|_| noise.between(0, last) as u32)
            .collect()
    };
    Window {
        batch,
        steps,
        fresh: false,
        lengths: vec![steps; batch],
        read: Reading::Tokens(tokens()),
        asked: None,
        goal: WindowGoal::Classes(tokens()),
        among: None,
    }
}

fn options(
    cell: CellKind,
    (weight, act, input): (u32, u32, u32),
    levels: LevelRule,
) -> QuantizeOptions {
    QuantizeOptions {
        numerics: Numerics {
            levels,
            ..Numerics::of_widths(weight, act, input).for_cell(cell)
        },
        head: HeadFormat::Float,
    }
}

#[test]
fn the_forward_pass_is_the_reference_model() {
    for cell in CELLS {
        let mut compared = 0;
        for widths in [
            (1, 1, 1),
            (1, 4, 4),
            (2, 2, 2),
            (2, 8, 8),
            (3, 3, 5),
            (4, 4, 4),
            (8, 8, 8),
            (16, 16, 16),
            (8, 16, 4),
        ] {
            for levels in [LevelRule::Even, LevelRule::Odd] {
                let options = options(cell, widths, levels);
                for hidden in [&[7][..], &[12, 5], &[40, 40]] {
                    compared += same_words(cell, options, hidden, false);
                    compared += same_words(cell, options, hidden, true);
                }
            }
        }
        assert!(compared > 100_000, "{compared} words");
    }
}

/// h of other levels than the weights, and of a fraction at which it clamps.
#[test]
fn the_forward_pass_is_the_reference_model_with_h_of_its_own_levels() {
    for cell in CELLS {
        for (widths, levels, h, frac) in [
            ((2, 2, 4), LevelRule::Odd, LevelRule::Even, 2),
            ((3, 3, 4), LevelRule::Odd, LevelRule::Even, 2),
            ((2, 2, 2), LevelRule::Even, LevelRule::Odd, 3),
            ((1, 1, 4), LevelRule::Even, LevelRule::Even, 3),
        ] {
            let mut options = options(cell, widths, levels);
            options.numerics.act_levels = Some(h);
            options.numerics.h_frac = Some(frac);
            for row_scales in [false, true] {
                assert!(same_words(cell, options, &[12, 5], row_scales) > 500);
            }
        }
    }
}

/// Parameters that saturate somewhere, and their formats once they have moved.
fn moved(
    layout: &ParameterLayout,
    options: QuantizeOptions,
    row_scales: bool,
    noise: &mut SplitMix,
) -> (Vec<f32>, Numbers) {
    let mut values = layout.first_values(noise.next_u64());
    for value in &mut values {
        *value *= 4.0;
    }
    // Biases of their own, of n's part of h too.
    for places in &layout.passes {
        for place in [&places.bias, &places.bias_n_h] {
            for value in &mut values[place.clone()] {
                *value += noise.between(-100, 100) as f32 / 150.0;
            }
        }
    }
    let mut numbers = Numbers::fit(layout, &values, options, row_scales, None);
    // As in training: rows are fitted anew once the weights have moved.
    for value in &mut values {
        *value *= 1.1;
    }
    numbers.confine(layout, &mut values);
    numbers.refit_rows(layout, &values);
    (values, numbers)
}

/// Compares every word of two windows with the reference model; how many those were.
fn same_words(
    cell: CellKind,
    options: QuantizeOptions,
    hidden: &[usize],
    row_scales: bool,
) -> usize {
    let layout = sizes(cell, 11, 9, hidden);
    let numerics = options.numerics;
    let seed = u64::from(numerics.weight_bits * 100 + numerics.act_bits);
    let mut noise = SplitMix(seed);
    let (values, numbers) = moved(&layout, options, row_scales, &mut noise);
    let model = numbers.quantized(&layout, &values);
    for layer in &model.layers {
        assert!(layer.bias.iter().any(|&b| b != 0));
        let scales = layer.row_scale.as_ref().map(|scale| &scale.multiplier);
        assert_eq!(scales.is_some(), row_scales);
        assert!(scales.is_none_or(|scales| scales.iter().any(|&m| m != scales[0])));
    }
    assert_eq!(
        QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap(),
        model
    );
    let mut effective = Vec::new();
    numbers.effective(&layout, &values, &mut effective);
    let (batch, steps) = (3, 25);
    let mut state = WindowState::zero(&layout, batch);
    let mut lstms = vec![Lstm::new(&model); batch];
    let mut compared = 0;
    // Two windows: the second starts from the state of the first.
    for _ in 0..2 {
        let window = window(&layout, batch, steps, &mut noise);
        let mut dropout = Dropout {
            share: 0.0,
            noise: &mut SplitMix(0),
        };
        let parameters = (&values[..], &effective[..]);
        let numbers = Some(&numbers);
        let tape = forward(
            &layout,
            numbers,
            parameters,
            &window,
            &mut state,
            &mut dropout,
        );
        let Reading::Tokens(read) = &window.read else {
            unreachable!("a text");
        };
        let x = model.layers[0].x;
        let h = model.layers[hidden.len() - 1].h;
        let last = layout.sizes.last();
        for (sequence, lstm) in lstms.iter_mut().enumerate() {
            for step in 0..steps {
                let row = step * batch + sequence;
                let token = read[row] as usize;
                let embedding = &values[layout.embedding.clone()][token * 9..][..9];
                let expected = lstm.step(&quantize_input(embedding, x)).to_vec();
                let got = tape.out[row * last..][..last].iter();
                let got: Vec<i32> = got
                    .map(|&h_value| (f64::from(h_value) / h.ulp()) as i32)
                    .collect();
                assert_eq!(
                    got, expected,
                    "{options:?} {row_scales} {hidden:?} step {step}"
                );
                compared += got.len();
            }
            same_state(&state, lstm, (sequence, &model));
        }
    }
    compared
}

/// The state of every layer after a window.
fn same_state(state: &WindowState, lstm: &Lstm, (sequence, model): (usize, &QuantizedModel)) {
    for (layer, reference) in lstm.state().iter().enumerate() {
        let size = reference.c.len();
        let ulp = model.layers[layer].state().ulp();
        let c = &state.c[layer][sequence * size..][..size];
        let c: Vec<i32> = c.iter().map(|&v| (f64::from(v) / ulp) as i32).collect();
        assert_eq!(c, reference.c, "state of layer {layer}");
    }
}

/// Mean loss of a window, with the dropout that `seed` gives.
fn loss(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    state: &WindowState,
    seed: u64,
) -> f64 {
    let mut gradients = vec![0.0; layout.len()];
    loss_and_gradients(layout, values, window, state, seed, &mut gradients)
}

fn loss_and_gradients(
    layout: &ParameterLayout,
    values: &[f32],
    window: &Window,
    state: &WindowState,
    seed: u64,
    gradients: &mut [f32],
) -> f64 {
    let mut dropout = Dropout {
        share: 0.3,
        noise: &mut SplitMix(seed),
    };
    let tape = forward(
        layout,
        None,
        (values, values),
        window,
        &mut state.clone(),
        &mut dropout,
    );
    backward(layout, values, window, &tape, gradients) / window.answers() as f64
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for cell in CELLS {
        let layout = sizes(cell, 7, 5, &[6, 4]);
        let mut noise = SplitMix(3);
        let window = window(&layout, 3, 4, &mut noise);
        as_differences_say(&layout, &window, &mut noise);
    }
}

/// The loss is taken over some of the outputs, weighted.
#[test]
fn gradients_of_a_sampled_softmax_are_those_of_finite_differences() {
    let layout = sizes(CellKind::Lstm, 9, 5, &[6]);
    let mut noise = SplitMix(7);
    let mut window = window(&layout, 3, 4, &mut noise);
    let WindowGoal::Classes(wanted) = &mut window.goal else {
        unreachable!("a window of tokens");
    };
    for token in &mut *wanted {
        *token %= 3;
    }
    let counts = [40, 30, 20, 1, 1, 1, 1, 1, 1];
    let sample = OutputSampler::new(&counts, 5, 4).draw((0, 0), wanted);
    assert!(sample.outputs.len() < 9 && sample.log_weights.iter().any(|&weight| weight > 0.1));
    window.among = Some(sample);
    as_differences_say(&layout, &window, &mut noise);
}

/// A sample of all outputs is the whole softmax, to the last digit.
#[test]
fn a_sample_of_all_outputs_gives_the_gradients_of_the_whole_softmax() {
    let layout = sizes(CellKind::Lstm, 9, 5, &[6]);
    let mut noise = SplitMix(7);
    let mut window = window(&layout, 3, 4, &mut noise);
    let (values, state) = (layout.first_values(1), WindowState::zero(&layout, 3));
    let gradients = |window: &Window| {
        let mut gradients = vec![0.0; layout.len()];
        let loss = loss_and_gradients(&layout, &values, window, &state, 9, &mut gradients);
        (loss, gradients)
    };
    let whole = gradients(&window);
    window.among = Some(OutputSampler::new(&[1; 9], 9, 4).draw((0, 0), &[]));
    assert_eq!(gradients(&window), whole);
}

/// Masters of one bit are not clamped to the scale that is fitted to them: it would shrink in every window.
#[test]
fn scales_of_one_bit_stay_where_nothing_is_learnt() {
    let layout = sizes(CellKind::Lstm, 9, 5, &[7]);
    let options = options(CellKind::Lstm, (1, 4, 4), LevelRule::Even);
    let mut values = layout.first_values(3);
    let mut numbers = Numbers::fit(&layout, &values, options, true, None);
    let sum = |numbers: &Numbers| -> f32 {
        let rows = numbers.passes[0].rows.as_ref();
        rows.unwrap().values().iter().sum()
    };
    let first = sum(&numbers);
    for _ in 0..50 {
        numbers.confine(&layout, &mut values);
        numbers.refit_rows(&layout, &values);
    }
    assert!(sum(&numbers) > 0.9 * first, "{first}, {}", sum(&numbers));
}

/// Vectors in, squared errors at the last step of each of three sequences of different lengths.
#[test]
fn gradients_of_a_regression_are_those_of_finite_differences() {
    for cell in CELLS {
        for (direction, output_order) in ways() {
            let layout = ParameterLayout::new(Sizes {
                cell,
                vocabulary: None,
                input: 3,
                hidden: vec![5, 4],
                direction,
                output_order,
                outputs: 2,
            });
            let mut noise = SplitMix(5);
            let window = Window {
                batch: 3,
                steps: 4,
                fresh: true,
                lengths: vec![4, 2, 4],
                read: Reading::Vectors(reals(3 * 4 * 3, &mut noise)),
                asked: Some(vec![9, 4, 11]),
                goal: WindowGoal::Values {
                    data: reals(6, &mut noise),
                    weights: vec![0.5, 2.0],
                },
                among: None,
            };
            as_differences_say(&layout, &window, &mut noise);
        }
    }
}

fn reals(count: usize, noise: &mut SplitMix) -> Vec<f32> {
    let all = (0..count).map(|_| noise.between(-100, 100) as f32 / 80.0);
    all.collect()
}

fn as_differences_say(layout: &ParameterLayout, window: &Window, noise: &mut SplitMix) {
    let mut values = layout.first_values(1);
    for value in &mut values {
        *value *= 3.0;
    }
    // Some state is carried in. The h and the state of a GRU are one.
    let mut state = WindowState::zero(layout, 3);
    for value in state.h.iter_mut().chain(&mut state.c).flatten() {
        *value = noise.between(-100, 100) as f32 / 200.0;
    }
    if layout.sizes.cell == CellKind::Gru {
        state.c.clone_from(&state.h);
    }
    let mut gradients = vec![0.0; layout.len()];
    loss_and_gradients(layout, &values, window, &state, 9, &mut gradients);
    let mut largest = 0.0f64;
    for index in 0..layout.len() {
        let step = 2e-3;
        let at = |offset: f32| {
            let mut moved = values.clone();
            moved[index] += offset;
            loss(layout, &moved, window, &state, 9)
        };
        let slope = (at(step) - at(-step)) / f64::from(2.0 * step);
        let off = (slope - f64::from(gradients[index])).abs();
        largest = largest.max(off);
        assert!(
            off < 3e-4 + 0.01 * slope.abs(),
            "parameter {index}: {slope} by differences, {} by the way back",
            gradients[index]
        );
    }
    assert!(gradients.iter().filter(|g| g.abs() > 1e-4).count() > layout.len() / 3);
    assert!(largest > 0.0);
}
