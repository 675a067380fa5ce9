//! The queue of the forward direction, and both directions side by side.

use super::bench::{Bench, CYCLES, Cycle, each_is_found};
use super::directions::{Codes, kept, one_in};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::VecDeque;

/// A source and a sink that pause, resets.
fn beat_queue(depth: usize, codes: Codes) -> Bench {
    let mut random = Random((depth * 64) as u64 + codes.beat_w() as u64);
    let mut held: VecDeque<i64> = VecDeque::new();
    let mut offered = false;
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 150);
        let slow = cycle / 60 % 3;
        let [valid, ready] =
            [1, 2].map(|side| !one_in(&mut random, if slow == side { 2 } else { 7 }));
        let (coming, leaving) = codes.beat(&mut random);
        let takes = held.len() < depth;
        let known = |value: bool| (cycle > 1).then_some(i64::from(value));
        let front = held.front().copied().filter(|_| offered);
        let outputs = [
            (known(takes), 1),
            (known(offered), 1),
            (front, codes.beat_w()),
        ];
        if offered && ready {
            held.pop_front();
        }
        offered = !held.is_empty();
        if valid && takes {
            held.push_back(leaving);
        }
        if reset {
            (held, offered) = (VecDeque::new(), false);
        }
        let inputs = [
            (reset.into(), 1),
            (valid.into(), 1),
            (coming, codes.beat_w()),
            (ready.into(), 1),
        ];
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_beat_queue",
        cycles: cycles.collect(),
        parameters: [("DEPTH", depth as i64)]
            .into_iter()
            .chain(codes.parameters())
            .collect(),
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("s_valid_i", 1),
            ("s_data_i", codes.beat_w()),
            ("m_ready_i", 1),
        ],
        outputs: vec![
            ("s_ready_o", 1),
            ("m_valid_o", 1),
            ("m_data_o", codes.beat_w()),
        ],
    }
}

#[test]
fn the_queue_of_a_direction_keeps_the_order() {
    let file = "lprnn_beat_queue.v";
    each_is_found(
        &[
            beat_queue(1, Codes::new(1, 4, false)),
            beat_queue(2, Codes::new(2, 8, false)),
            beat_queue(6, Codes::new(1, 3, true)),
            beat_queue(8, Codes::new(1, 5, false)),
        ],
        &[
            mutant(file, "(read_row_q == END_ROW) ?", "1'b0 ?"),
            mutant(file, "(write_row_q == END_ROW) ?", "1'b0 ?"),
            mutant(file, "take ? (|(count_q >> 1)) :", "1'b0 ? 1'b0 :"),
            mutant(file, "take ? read_next : read_row_q", "read_row_q"),
            mutant(file, "(count_q != FULL)", "1'b1"),
            mutant(file, "valid_q & m_ready_i;", "m_ready_i;"),
            kept(
                file,
                "count_q     <= {COUNT_W{1'b0}};",
                "if (^count_q === 1'bx) count_q <= {COUNT_W{1'b0}};",
            ),
            kept(
                file,
                "valid_q     <= 1'b0;",
                "if (valid_q === 1'bx) valid_q <= 1'b0;",
            ),
            kept(
                file,
                "write_row_q <= {ROW_W{1'b0}};",
                "if (^write_row_q === 1'bx) write_row_q <= {ROW_W{1'b0}};",
            ),
        ],
    );
}

/// Both directions and the sink pause; flags come with the backward direction.
fn join(beats: i64, width: usize) -> Bench {
    let mut random = Random((beats * 64) as u64 + width as u64);
    let (mut beat, mut second) = (0, false);
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 100);
        let [f_valid, b_valid, ready] = [0; 3].map(|_| !one_in(&mut random, 3));
        let [last, fresh] = [0; 2].map(|_| one_in(&mut random, 2));
        let [f_data, b_data] = [0; 2].map(|_| random.between(0, (1 << width) - 1));
        let valid = if second { b_valid } else { b_valid && f_valid };
        let of = |given: bool, value: i64| (cycle > 1 && given).then_some(value);
        let outputs = [
            (of(f_valid, i64::from(!second && ready && valid)), 1),
            (of(b_valid, i64::from(second && ready)), 1),
            (of(true, valid.into()), 1),
            (of(valid, if second { b_data } else { f_data }), width),
            (of(valid, i64::from(second && last)), 1),
            (of(valid, fresh.into()), 1),
        ];
        if valid && ready {
            beat = (beat + 1) % beats;
            second ^= beat == 0;
        }
        if reset {
            (beat, second) = (0, false);
        }
        let inputs = [
            (reset.into(), 1),
            (f_valid.into(), 1),
            (f_data, width),
            (b_valid.into(), 1),
            (b_data, width),
            (last.into(), 1),
            (fresh.into(), 1),
            (ready.into(), 1),
        ];
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_join",
        cycles: cycles.collect(),
        parameters: vec![("BEATS", beats), ("WIDTH", width as i64)],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("f_valid_i", 1),
            ("f_data_i", width),
            ("b_valid_i", 1),
            ("b_data_i", width),
            ("b_last_i", 1),
            ("b_fresh_i", 1),
            ("m_ready_i", 1),
        ],
        outputs: vec![
            ("f_ready_o", 1),
            ("b_ready_o", 1),
            ("m_valid_o", 1),
            ("m_data_o", width),
            ("m_last_o", 1),
            ("m_fresh_o", 1),
        ],
    }
}

#[test]
fn both_directions_stand_side_by_side() {
    let file = "lprnn_join.v";
    each_is_found(
        &[join(1, 8), join(3, 16), join(4, 8)],
        &[
            mutant(
                file,
                "b_valid_i & (second_q | f_valid_i)",
                "(second_q | f_valid_i)",
            ),
            mutant(file, "(second_q | f_valid_i)", "1'b1"),
            mutant(
                file,
                "m_ready_i & b_valid_i & ~second_q",
                "m_ready_i & ~second_q",
            ),
            mutant(file, "m_ready_i & second_q", "m_ready_i"),
            mutant(
                file,
                "second_q ? b_data_i : f_data_i",
                "second_q ? f_data_i : b_data_i",
            ),
            mutant(file, "second_q & b_last_i", "b_last_i"),
            mutant(file, "(beat_q == LAST_BEAT) ^ second_q", "~second_q"),
            kept(
                file,
                "beat_q   <= {BEAT_W{1'b0}};",
                "if (^beat_q === 1'bx) beat_q <= {BEAT_W{1'b0}};",
            ),
            kept(
                file,
                "second_q <= 1'b0;",
                "if (second_q === 1'bx) second_q <= 1'b0;",
            ),
        ],
    );
}
