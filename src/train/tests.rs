//! The forward pass against the reference model, gradients against finite differences.

use super::layout::{ParameterLayout, Sizes};
use super::network::{Dropout, Window, WindowState, backward, forward};
use super::numbers::Numbers;
use crate::fixed::LevelRule;
use crate::quantize::{HeadFormat, QuantizeOptions, SplitMix, quantize_input};
use crate::reference::Lstm;
use crate::spec::Numerics;

fn sizes(vocabulary: usize, embedding: usize, hidden: &[usize]) -> ParameterLayout {
    ParameterLayout::new(Sizes {
        vocabulary,
        embedding,
        hidden: hidden.to_vec(),
    })
}

fn window(layout: &ParameterLayout, batch: usize, steps: usize, noise: &mut SplitMix) -> Window {
    let last = layout.sizes.vocabulary as i64 - 1;
    let mut tokens = || {
        (0..batch * steps)
            .map(|_| noise.between(0, last) as u32)
            .collect()
    };
    Window {
        batch,
        read: tokens(),
        next: tokens(),
    }
}

fn options(weight: u32, act: u32, input: u32, levels: LevelRule) -> QuantizeOptions {
    QuantizeOptions {
        numerics: Numerics {
            levels,
            ..Numerics::of_widths(weight, act, input)
        },
        head: HeadFormat::Float,
    }
}

#[test]
fn the_forward_pass_is_the_reference_model() {
    let mut compared = 0;
    for ((weight, act, input), levels, row_scales) in [
        (1, 1, 1),
        (1, 4, 4),
        (2, 2, 2),
        (2, 8, 8),
        (3, 3, 5),
        (4, 4, 4),
        (8, 8, 8),
        (16, 16, 16),
        (8, 16, 4),
    ]
    .into_iter()
    .flat_map(|widths| [(widths, LevelRule::Even), (widths, LevelRule::Odd)])
    .flat_map(|(widths, levels)| [(widths, levels, false), (widths, levels, true)])
    {
        for hidden in [&[7][..], &[12, 5], &[40, 40]] {
            let layout = sizes(11, 9, hidden);
            let mut noise = SplitMix(u64::from(weight * 100 + act));
            let mut values = layout.first_values(noise.next_u64());
            // Larger than first values, so that everything saturates somewhere.
            for value in &mut values {
                *value *= 4.0;
            }
            let options = options(weight, act, input, levels);
            let mut numbers = Numbers::fit(&layout, &values, options, row_scales);
            // As in training: rows are fitted anew once the weights have moved.
            for value in &mut values {
                *value *= 1.1;
            }
            numbers.confine(&layout, &mut values);
            numbers.refit_rows(&layout, &values);
            let model = numbers.quantized(&layout, &values);
            model
                .layers
                .iter()
                .for_each(|layer| assert!(layer.bias.iter().any(|&b| b != 0)));
            for layer in &model.layers {
                let scales = layer.row_scale.as_ref().map(|scale| &scale.multiplier);
                assert_eq!(scales.is_some(), row_scales);
                assert!(scales.is_none_or(|scales| scales.iter().any(|&m| m != scales[0])));
            }
            let mut effective = Vec::new();
            numbers.effective(&layout, &values, &mut effective);
            let (batch, steps) = (3, 25);
            let mut state = WindowState::zero(&layout, batch);
            let mut lstms = vec![Lstm::new(&model); batch];
            // Two windows: the second starts from the state of the first.
            for _ in 0..2 {
                let window = window(&layout, batch, steps, &mut noise);
                let mut dropout = Dropout {
                    share: 0.0,
                    noise: &mut SplitMix(0),
                };
                let tape = forward(
                    &layout,
                    Some(&numbers),
                    (&values, &effective),
                    &window,
                    &mut state,
                    &mut dropout,
                );
                let x = model.layers[0].x;
                let h = model.layers[hidden.len() - 1].h;
                let last = layout.sizes.last();
                for (sequence, lstm) in lstms.iter_mut().enumerate() {
                    for step in 0..steps {
                        let row = step * batch + sequence;
                        let token = window.read[row] as usize;
                        let embedding = &values[layout.embedding.clone()][token * 9..][..9];
                        let expected = lstm.step(&quantize_input(embedding, x)).to_vec();
                        let got = &tape.out[row * last..][..last];
                        let got: Vec<i32> = got
                            .iter()
                            .map(|&value| (f64::from(value) / h.ulp()) as i32)
                            .collect();
                        assert_eq!(
                            got, expected,
                            "W{weight}A{act} {levels:?} {row_scales} {hidden:?} step {step}"
                        );
                        compared += got.len();
                    }
                    for (layer, reference) in lstm.state().iter().enumerate() {
                        let size = reference.c.len();
                        let ulp = model.layers[layer].state().ulp();
                        let c = &state.c[layer][sequence * size..][..size];
                        let c: Vec<i32> = c.iter().map(|&v| (f64::from(v) / ulp) as i32).collect();
                        assert_eq!(c, reference.c, "c of layer {layer}");
                    }
                }
            }
        }
    }
    assert!(compared > 100_000, "{compared} words");
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
    backward(layout, values, window, &tape, gradients) / window.read.len() as f64
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let layout = sizes(7, 5, &[6, 4]);
    let mut noise = SplitMix(3);
    let mut values = layout.first_values(1);
    for value in &mut values {
        *value *= 3.0;
    }
    let window = window(&layout, 3, 4, &mut noise);
    // Some state is carried in.
    let mut state = WindowState::zero(&layout, 3);
    for value in state.h.iter_mut().chain(&mut state.c).flatten() {
        *value = noise.between(-100, 100) as f32 / 200.0;
    }
    let mut gradients = vec![0.0; layout.len()];
    loss_and_gradients(&layout, &values, &window, &state, 9, &mut gradients);
    let mut largest = 0.0f64;
    for index in 0..layout.len() {
        let step = 2e-3;
        let at = |offset: f32| {
            let mut moved = values.clone();
            moved[index] += offset;
            loss(&layout, &moved, &window, &state, 9)
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
