//! Layers that take the steps backward, alone or beside forward ones, against the reference model.

use super::super::layout::{ParameterLayout, Sizes};
use super::super::network::{Dropout, Tape, WindowState, forward};
use super::super::window::{Reading, Window, WindowGoal};
use super::{CELLS, moved, options, reals, ways};
use crate::fixed::LevelRule;
use crate::quantize::{QuantizeOptions, QuantizedModel, SplitMix};
use crate::reference::Lstm;
use crate::spec::{CellKind, DirectionKind, OutputOrder};

const INPUTS: usize = 5;
/// Steps of the sequences of a window, which has as many as the longest.
const LENGTHS: [usize; 4] = [17, 6, 1, 16];

#[test]
fn every_h_and_c_of_both_directions_is_the_reference_models() {
    for cell in CELLS {
        for direction in ways() {
            let mut compared = 0;
            for widths in [(1, 1, 1), (2, 2, 2), (2, 8, 5), (4, 4, 4), (16, 16, 16)] {
                for levels in [LevelRule::Even, LevelRule::Odd] {
                    let options = options(cell, widths, levels);
                    for hidden in [&[7][..], &[6, 5], &[4, 4, 4]] {
                        for row_scales in [false, true] {
                            compared += same_words((cell, direction), options, hidden, row_scales);
                        }
                    }
                }
            }
            assert!(compared > 20_000, "{compared} words");
        }
    }
}

/// Compares every h and state of every pass with the reference model, and what leaves the last layer; how many
/// values those were.
fn same_words(
    (cell, (direction, order)): (CellKind, (DirectionKind, OutputOrder)),
    options: QuantizeOptions,
    hidden: &[usize],
    row_scales: bool,
) -> usize {
    let layout = ParameterLayout::new(Sizes {
        cell,
        vocabulary: None,
        input: INPUTS,
        hidden: hidden.to_vec(),
        direction,
        output_order: order,
        outputs: 3,
    });
    let mut noise = SplitMix(hidden.len() as u64);
    let (values, numbers) = moved(&layout, options, row_scales, &mut noise);
    let model = numbers.quantized(&layout, &values);
    let kinds = model.layers.iter().map(|layer| layer.direction.kind());
    assert!(kinds.eq(hidden.iter().map(|_| direction)));
    assert_eq!(model.layers[hidden.len() - 1].output_order(), order);
    assert_eq!(
        QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap(),
        model
    );
    let mut effective = Vec::new();
    numbers.effective(&layout, &values, &mut effective);
    let (batch, steps) = (LENGTHS.len(), LENGTHS[0]);
    let window = Window {
        batch,
        steps,
        fresh: true,
        lengths: LENGTHS.to_vec(),
        read: Reading::Vectors(reals(steps * batch * INPUTS, &mut noise)),
        asked: None,
        goal: WindowGoal::Classes(vec![0; steps * batch]),
        among: None,
    };
    let mut state = WindowState::zero(&layout, batch);
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
    (0..batch)
        .map(|sequence| same_sequence(&model, &window, (&tape, &state), sequence))
        .sum()
}

/// The same of one sequence of a window.
fn same_sequence(
    model: &QuantizedModel,
    window: &Window,
    (tape, state): (&Tape, &WindowState),
    sequence: usize,
) -> usize {
    let Reading::Vectors(vectors) = &window.read else {
        unreachable!("vectors");
    };
    let row = |step: usize| step * window.batch + sequence;
    let length = window.lengths[sequence];
    let x: Vec<f32> = (0..length)
        .flat_map(|step| &vectors[row(step) * INPUTS..][..INPUTS])
        .copied()
        .collect();
    let (h, trace) = Lstm::new(model).sequence_traced(&model.input_codes(&x));
    let width = h.len() / length;
    let ulp = model.layers[0].h.ulp();
    for (step, expected) in h.chunks_exact(width).enumerate() {
        let got = codes(&tape.out[row(step) * width..][..width], ulp);
        assert_eq!(got, expected, "output at step {step} of {length}");
    }
    let mut compared = h.len();
    for (index, pass) in model.passes().enumerate() {
        let units = pass.layer.hidden_size;
        let done = &tape.passes[index];
        for turn in 0..length {
            let step = if pass.place.backward {
                length - 1 - turn
            } else {
                turn
            };
            // The state after a step is the one before the next, of padding too.
            let c = match turn + 1 {
                next if next < window.steps => &done.c_before[row(next) * units..][..units],
                _ => &state.c[index][sequence * units..][..units],
            };
            let h = &done.h[row(turn) * units..][..units];
            let expected = &trace.steps[step][index];
            let place = pass.place;
            assert_eq!(codes(h, ulp), expected.h, "h of {place}, step {step}");
            let ulp = pass.layer.state().ulp();
            assert_eq!(codes(c, ulp), expected.c, "state of {place}, step {step}");
            compared += 2 * units;
        }
    }
    compared
}

fn codes(values: &[f32], ulp: f64) -> Vec<i32> {
    let codes = values.iter().map(|&value| (f64::from(value) / ulp) as i32);
    codes.collect()
}
