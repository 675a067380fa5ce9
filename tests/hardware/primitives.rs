//! The modules of `rtl/`, each alone, against exact integers and models of what their headers say.

mod bench;
mod columns;
mod command;
mod directions;
mod ends;
mod join;
mod lane;
mod lane_control;
mod lane_gru;
mod lane_gru_mutants;
mod lane_mutants;
mod mac;
mod memories;
mod reverser;
mod sequencer;
mod streams;

use crate::common::Random;
use bench::{Bench, Cycle, all_equal, bits, differences};
use lprnn_hw::fixed::{requantize, requantize_odd};

/// Rounding of `lprnn_requant`.
#[derive(Clone, Copy, PartialEq)]
enum To {
    Even,
    /// With half of the last bit in the value already.
    EvenHalfAdded,
    /// The odd code without its last bit.
    Odd,
}

/// Every input of one parameter set of `lprnn_requant`.
fn requant(in_w: u32, out_w: u32, shift: i32, to: To) -> Bench {
    let (half_added, odd) = (to == To::EvenHalfAdded, to == To::Odd);
    let half = if half_added && shift > 0 {
        1i64 << (shift - 1)
    } else {
        0
    };
    let low = -(1i64 << (in_w - 1));
    let cycles = (low..-low)
        .map(|value| {
            let code = if odd {
                requantize_odd(value, shift, out_w) >> 1
            } else {
                requantize(value - half, shift, out_w)
            };
            Cycle {
                inputs: bits(value, in_w as usize).collect(),
                outputs: bits(code, out_w as usize).map(Some).collect(),
            }
        })
        .collect();
    Bench {
        module: "lprnn_requant",
        parameters: vec![
            ("IN_W", in_w.into()),
            ("OUT_W", out_w.into()),
            ("SHIFT", shift.into()),
            ("HALF_ADDED", half_added.into()),
            ("ODD", odd.into()),
        ],
        clocked: false,
        inputs: vec![("value_i", in_w as usize)],
        outputs: vec![("code_o", out_w as usize)],
        cycles,
    }
}

#[test]
fn requantization_is_exact_for_every_small_input() {
    let mut benches = Vec::new();
    for in_w in [1, 2, 3, 6, 9] {
        for out_w in [1, 2, 4, 8, 12] {
            for shift in [
                -3,
                0,
                1,
                2,
                5,
                in_w as i32 - 1,
                in_w as i32,
                in_w as i32 + 2,
            ] {
                if out_w > 1 {
                    benches.push(requant(in_w, out_w, shift, To::Even));
                    benches.push(requant(in_w, out_w, shift, To::EvenHalfAdded));
                }
                if out_w <= 4 {
                    benches.push(requant(in_w, out_w, shift, To::Odd));
                }
            }
        }
    }
    all_equal(&benches);
}

#[test]
fn requantization_is_exact_for_every_input_of_sixteen_bits() {
    let sets = [
        (8, 6, To::Even),
        (8, 6, To::EvenHalfAdded),
        (4, 11, To::Even),
        (4, 11, To::EvenHalfAdded),
        (4, 11, To::Odd),
        (2, 9, To::Odd),
        (1, 4, To::Odd),
        (16, -2, To::Even),
        (6, 17, To::EvenHalfAdded),
    ];
    let benches: Vec<_> = sets
        .into_iter()
        .map(|(out_w, shift, to)| requant(16, out_w, shift, to))
        .collect();
    all_equal(&benches);
}

/// Random blocks, enables and resets; the sum is kept modulo the width.
fn accumulator(widths: (usize, usize), shifts: (u32, u32), seed: u64) -> Bench {
    let (sum_w, acc_w) = widths;
    let mut random = Random(seed);
    let mut acc: Option<i64> = None;
    let cycles = (0..400)
        .map(|cycle| {
            let reset = cycle < 2 || random.word().is_multiple_of(50);
            let enable = !random.word().is_multiple_of(4);
            let recurrent = random.word().is_multiple_of(2);
            let sum = random.code(sum_w as u32);
            let outputs = acc.map_or_else(Vec::new, |acc| bits(acc, acc_w).map(Some).collect());
            let shift = if recurrent { shifts.1 } else { shifts.0 };
            if reset {
                acc = Some(0);
            } else if enable {
                let one = 1i64 << shifts.0.min(shifts.1);
                acc = acc.map(|acc| acc.wrapping_add((sum << shift) + one));
            }
            let inputs = [reset, enable, recurrent].into_iter();
            Cycle {
                inputs: inputs.chain(bits(sum, sum_w)).collect(),
                outputs,
            }
        })
        .collect();
    Bench {
        module: "lprnn_accumulator",
        parameters: vec![
            ("SUM_W", sum_w as i64),
            ("ACC_W", acc_w as i64),
            ("SHIFT_X", shifts.0.into()),
            ("SHIFT_H", shifts.1.into()),
        ],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("enable_i", 1),
            ("recurrent_i", 1),
            ("sum_i", sum_w),
        ],
        outputs: vec![("acc_o", acc_w)],
        cycles,
    }
}

#[test]
fn accumulation_is_exact_modulo_its_width() {
    let mut benches = Vec::new();
    for (seed, sum_w) in [2, 7, 14, 23].into_iter().enumerate() {
        for acc_w in [8, 20, 37] {
            for shifts in [(0, 0), (0, 3), (5, 0), (2, 4), (6, 6)] {
                benches.push(accumulator((sum_w, acc_w), shifts, seed as u64));
            }
        }
    }
    all_equal(&benches);
}

#[test]
fn a_single_wrong_word_is_found() {
    let mut bench = requant(6, 4, 2, To::Even);
    let bit = bench.cycles[17].outputs[0].as_mut().unwrap();
    *bit = !*bit;
    let said = differences(&[requant(6, 4, 2, To::Even), bench]);
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("cycle 17 "), "{said:?}");
    assert_eq!(said[1], "DONE 1 1");
}
