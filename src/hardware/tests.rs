//! Columns of the memories and the cell's timing, against counts that are made another way.

use super::rated::Unpriced;
use super::{Design, Event, GRU, GRU_SCALED, Image, LSTM, LSTM_SCALED, MacArray, RomColumns};
use crate::device::Family;
use crate::quantize::{SplitMix, random_model};
use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use std::collections::BTreeSet;

/// Small models, folded at random for random families.
fn designs(count: u64) -> impl Iterator<Item = (crate::quantize::QuantizedModel, Design)> {
    let mut noise = SplitMix(7);
    (0..count).filter_map(move |seed| {
        let model = random_model(seed, 24);
        let targets = [Family::Xc7, Family::Ecp5, Family::Ice40, Family::Xcup];
        let implementation = Implementation {
            name: "x".into(),
            mac: [MacStyle::Lut, MacStyle::Dsp][noise.between(0, 1) as usize],
            target: targets[noise.between(0, 3) as usize],
            folding: FoldingGoal::Explicit {
                units: noise.between(1, 3) as usize,
                columns: noise.between(1, 9) as usize,
            },
            state: StatePolicy::Tlast,
            memory_init: MemoryInit::Readmemh,
            contexts: 1,
            max_steps: None,
            stream_elements: None,
        };
        let design = Design::new(&model, &implementation, &Unpriced).ok()?;
        Some((model, design))
    })
}

/// Columns that vary, counted without the images, against the images.
#[test]
fn columns_are_counted_as_the_images_have_them() {
    let mut kinds = BTreeSet::new();
    for (model, design) in designs(120) {
        for (index, counted) in design.rom_columns(&model).into_iter().enumerate() {
            let (layer, own) = (&model.layers[index], &design.layers()[index]);
            kinds.insert((layer.w_bits, matches!(own.folding().mac, MacArray::Dsp(_))));
            let images = [own.weight_image(layer), own.bias_image(layer)];
            let shapes = [own.weight_memory(), own.bias_memory()];
            for (image, shape) in images.iter().zip(shapes) {
                assert_eq!((image.width, image.rows.len()), (shape.width, shape.depth));
            }
            let [weights, biases] = images.each_ref().map(Image::varying_columns);
            let two_tables = false;
            assert_eq!(
                counted,
                RomColumns {
                    embedding: 0,
                    weights,
                    biases,
                    two_tables,
                }
            );
        }
    }
    assert!(kinds.len() > 12, "{kinds:?}");
}

/// The phases that the header of `rtl/lprnn_lane_lstm.v` lists, for every delay.
#[test]
fn the_lstm_is_timed_as_its_verilog_says() {
    for (register, delay) in [0, 1]
        .iter()
        .flat_map(|&r| [0, 1, 2, 3].map(|d| (r, r + d)))
    {
        let (first, last) = (register, register + delay);
        let timing = &LSTM.timings(register == 1)[delay - register];
        assert_eq!(timing.gate_registers(), register);
        assert_eq!(timing.state_registers(), delay);
        for turn in 0..4 {
            let phase = |event| timing.phase(event).unwrap();
            assert_eq!(phase(Event::Take(turn)), turn);
            assert_eq!(phase(Event::Bias(turn)), 1 + turn);
            assert_eq!(phase(Event::PreActivation(turn)), 3 + turn);
            assert_eq!(phase(Event::Found(turn)), 4 + first + turn);
        }
        for (event, phase) in [
            (Event::Operands(0), 5 + first),
            (Event::Load(0), 6 + first),
            (Event::Operands(1), 6 + first),
            (Event::Sum(0), 7 + first),
            (Event::Sum(1), 8 + first),
            (Event::Store(0), 10 + first),
            (Event::Found(4), 12 + last),
            (Event::Operands(2), 12 + last),
            (Event::Sum(2), 14 + last),
            (Event::Last, 15 + last),
        ] {
            assert_eq!(timing.phase(event), Some(phase), "{event:?}");
        }
        assert_eq!(timing.events().count(), 4 * 4 + 10);
        assert_eq!(timing.depth(), 16 + last);
        assert_eq!(timing.interval(), 5 + delay);
        let forbidden: Vec<_> = timing.forbidden().collect();
        assert_eq!(forbidden, [6 + delay, 7 + delay]);
        assert_eq!(timing.forbidden_mask(), 0b11 << (6 + delay));
        assert_eq!(timing.far(), 8 + delay);
        for blocks in 1..40 {
            let divides = (6 + delay) % blocks == 0 || (7 + delay) % blocks == 0;
            assert_eq!(timing.fits(blocks), blocks >= 5 + delay && !divides);
        }
    }
    assert_eq!(LSTM.codes().collect::<Vec<_>>(), [2, 0, 1, 3]);
}

/// The phases that the header of `rtl/lprnn_lane_gru.v` lists, for every delay.
#[test]
fn the_gru_is_timed_as_its_verilog_says() {
    for (register, delay) in [0, 1]
        .iter()
        .flat_map(|&r| [0, 1, 2, 3].map(|d| (r, r + d)))
    {
        let (first, last) = (register, register + delay);
        let timing = &GRU.timings(register == 1)[delay - register];
        for turn in 0..4 {
            assert_eq!(timing.phase(Event::Take(turn)), Some(turn));
            assert_eq!(timing.phase(Event::PreActivation(turn)), Some(3 + turn));
        }
        for (event, phase) in [
            (Event::Found(0), 6 + first),
            (Event::Operands(0), 6 + first),
            (Event::Found(1), 7 + first),
            (Event::Sum(0), 8 + first),
            (Event::Operands(1), 10 + last),
            (Event::Load(0), 10 + last),
            (Event::Found(2), 11 + last),
            (Event::Operands(2), 11 + last),
            (Event::Sum(1), 12 + last),
            (Event::Sum(2), 13 + last),
            (Event::Store(0), 15 + last),
            (Event::Last, 15 + last),
        ] {
            assert_eq!(timing.phase(event), Some(phase), "{event:?}");
        }
        assert_eq!(timing.depth(), 16 + last);
        // The sums take 4 cycles; r * vh and u * s lie 4 + delay apart, r * vh and (1 - u) * n one more; vx
        // and u wait for 5 and 4 cycles and more.
        assert_eq!(timing.interval(), 6 + delay);
        assert_eq!(timing.forbidden().count(), 0);
    }
    // Two parts of n, r, u, by the numbers of the reference.
    assert_eq!(GRU.codes().collect::<Vec<_>>(), [2, 3, 0, 1]);
    assert_eq!((GRU.gate_of(3), GRU.gate_of(4)), (Some("n"), None));
}

/// With multipliers of rows every sum goes through the lane's multiplier first, in phases 2 to 5: all behind
/// it is three later, and groups must not come so that products meet.
#[test]
fn rows_with_multipliers_take_four_cycles_of_the_multiplier() {
    for (plain, scaled) in [(&LSTM, &LSTM_SCALED), (&GRU, &GRU_SCALED)] {
        assert_eq!(plain.lane(), scaled.lane());
        assert!(scaled.scales_rows() && !plain.scales_rows());
        for (register, slack) in [(0, 0), (0, 1), (0, 3), (1, 0), (1, 3)] {
            let before = &plain.timings(register == 1)[slack];
            let timing = &scaled.timings(register == 1)[slack];
            for (event, phase) in before.events() {
                let later = match event {
                    Event::Take(_) | Event::Bias(_) => 0,
                    _ => 3,
                };
                assert_eq!(timing.phase(event), Some(phase + later), "{event:?}");
            }
            // Operands of the four sums, and what the headers of both lanes list, three later.
            let late = 2 * register + slack;
            let products = if plain.parted().is_some() {
                [9 + register, 13 + late, 14 + late]
            } else {
                [8 + register, 9 + register, 15 + late]
            };
            let uses: Vec<usize> = (2..6).chain(products).collect();
            // A GRU's vx waits for its sum from phase 6 on, u for n from the phase in which it is found.
            let longest = match plain.parted() {
                Some(_) => (5 + register).max(4 + late - register),
                None => 0,
            };
            let meet = |distance: usize| {
                distance < longest || uses.iter().any(|at| uses.contains(&(at + distance)))
            };
            let interval = (1..64).find(|&distance| !meet(distance)).unwrap();
            assert_eq!(timing.interval(), interval);
            let forbidden: Vec<usize> = (interval..40).filter(|&distance| meet(distance)).collect();
            assert_eq!(timing.forbidden().collect::<Vec<_>>(), forbidden);
        }
    }
    // An LSTM of 8 blocks and more, but 13: with 0 to 3 registers behind tanh(c) one of 10, 11, 12, 13 and the
    // like is 13 always.
    let fits = |blocks| {
        LSTM_SCALED
            .timings(false)
            .iter()
            .any(|timing| timing.fits(blocks))
    };
    let found: Vec<usize> = (1..40).filter(|&blocks| !fits(blocks)).collect();
    assert_eq!(found, [1, 2, 3, 4, 5, 6, 7, 13]);
}

/// The largest magnitudes that operands can give to a row, found by trying: of every row the operand of
/// the sign that makes it large, and of small rows all operands. An accumulator must hold the sum with the
/// half that rounding adds, and be no wider than one bit more.
#[test]
fn accumulators_hold_every_sum_and_waste_at_most_a_bit() {
    let mut tight = 0;
    let mut layers = 0;
    for (model, design) in designs(60) {
        for (layer, own) in model.layers.iter().zip(design.layers()) {
            let mut largest = 1f64;
            let (x, h) = (layer.x, layer.h);
            for row in 0..4 * layer.hidden_size {
                let gate = row / layer.hidden_size;
                let products = [
                    (
                        &layer.weight_ih[row * layer.input_size..][..layer.input_size],
                        x,
                        layer.w_frac_ih[gate],
                    ),
                    (
                        &layer.weight_hh[row * layer.hidden_size..][..layer.hidden_size],
                        h,
                        layer.w_frac_hh[gate],
                    ),
                ];
                let bias_frac =
                    (layer.w_frac_ih[gate] + x.frac).max(layer.w_frac_hh[gate] + h.frac);
                let bias = f64::from(layer.bias[row]) * f64::from(-bias_frac).exp2();
                // Real numbers: the alignment of integers is what is being tested.
                let [mut high, mut low] = [bias, bias];
                for (weights, format, w_frac) in products {
                    let unit = f64::from(-(w_frac + format.frac)).exp2();
                    let ends = [format.min_code() as f64, format.max_code() as f64];
                    for &weight in weights {
                        let [one, other] = ends.map(|end| end * f64::from(weight) * unit);
                        high += one.max(other);
                        low += one.min(other);
                    }
                }
                largest = largest.max(high.abs()).max(low.abs());
            }
            let widths = own.widths();
            let half = if widths.z_shift > 0 {
                f64::from(widths.z_shift - 1).exp2()
            } else {
                0.0
            };
            let code = largest * f64::from(widths.acc_frac).exp2() + half;
            let needed = code.log2().floor() as usize + 2;
            let shifts = widths.shift_x.iter().chain(&widths.shift_h).max().unwrap();
            assert!(widths.acc >= needed, "{} < {needed}", widths.acc);
            assert!(
                widths.acc <= needed.max(*shifts as usize + 1) + 1,
                "{} > {needed} + 1",
                widths.acc
            );
            tight += usize::from(widths.acc == needed);
            layers += 1;
        }
    }
    assert!(layers > 60 && tight * 3 > layers * 2, "{tight} of {layers}");
}

/// A row's block sum at the ends of what weights and operands can be, column by column.
#[test]
fn block_sums_hold_the_largest_products() {
    let mut kinds = BTreeSet::new();
    for (_, design) in designs(120) {
        for own in design.layers() {
            let (spec, folding) = (own.spec(), own.folding());
            let (w, a) = (spec.w_bits, spec.operand_bits());
            let digits =
                matches!(folding.mac, MacArray::Lut { mux_register } if mux_register && w > 1);
            let dsp = matches!(folding.mac, MacArray::Dsp(_));
            let most = if w == 1 { 1 } else { (1i64 << (w - 1)) - 1 };
            // Selections by bits of two's complement count operands from zero.
            let ends = if digits || dsp {
                [-(1i64 << (a - 1)), (1 << (a - 1)) - 1]
            } else {
                [0, (1 << a) - 1]
            };
            let (mut low, mut high) = match folding.mac {
                // Fields but the top one start from half of their range, once a chain.
                MacArray::Dsp(packing) if !packing.bare => {
                    (0, (folding.chains as i64) << (packing.field_w - 1))
                }
                _ => (0, 0),
            };
            for column in 0..folding.columns {
                let value = |weight: i64, x: i64| {
                    let upper = digits && column % 2 == 1;
                    weight * x + if upper { weight >> 1 } else { 0 }
                };
                let values = [-most, most].map(|weight| ends.map(|x| value(weight, x)));
                low += values.as_flattened().iter().min().unwrap();
                high += values.as_flattened().iter().max().unwrap();
            }
            // The ones of additions and inversions.
            let steps = (folding.chains * folding.chain) as i64;
            let slack = if digits || dsp { 0 } else { steps };
            let bits = own.widths().sum;
            let holds = |value: i64| value >= -(1 << (bits - 1)) && value < 1 << (bits - 1);
            assert!(
                holds(low - slack) && holds(high + slack),
                "{low}..{high} in {bits} bits: {folding:?}"
            );
            kinds.insert((w == 1, digits, dsp));
        }
    }
    assert!(kinds.len() >= 4, "{kinds:?}");
}
