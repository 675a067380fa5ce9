//! Modules that take steps in and send groups out: step buffer, state policy, group fifo, serializer.

use super::bench::{Bench, Cycle, bank_w, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::VecDeque;

const CYCLES: usize = 500;

fn one_in(random: &mut Random, count: i64) -> bool {
    random.between(0, count - 1) == 0
}

/// A vector x in the step buffer.
#[derive(Clone, Copy)]
struct Step {
    fresh: i64,
    last: i64,
    begun: bool,
}

/// Steps are begun and released at any time, in their order; resets come too.
/// With `only_last`, steps without TLAST are dropped.
fn step_buffer((beats, slots, blocks): (i64, i64, i64), contexts: i64, only_last: bool) -> Bench {
    let mut random = Random((beats * 16 + slots) as u64);
    let (block_w, bank_w) = (width_of(blocks), bank_w(contexts));
    let mut steps: VecDeque<Step> = VecDeque::new();
    let (mut beat, mut loads, mut first) = (0, 0, 0);
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 80);
        let [valid, last, fresh, blocked] = [0; 4].map(|_| i64::from(one_in(&mut random, 2)));
        let waiting = steps.iter().filter(|step| !step.begun).count();
        let begun = waiting > 0 && one_in(&mut random, 3);
        let released = steps.front().is_some_and(|step| step.begun) && one_in(&mut random, 3);
        // The bank of the oldest step, or of the other.
        let chosen = random.between(0, 1);
        let bank = (loads - steps.len() as i64 + chosen).rem_euclid(2);
        let ready = steps.len() < 2 && blocked == 0;
        let accepted = valid == 1 && ready;
        let flags = steps.get(chosen as usize).copied();
        let known = |value: i64| (cycle > 1).then_some(value);
        let outputs = [
            (known(ready.into()), 1),
            (known(accepted.into()), 1),
            (accepted.then_some(1 << (beat % slots)), slots as usize),
            (accepted.then_some((beat == beats - 1).into()), 1),
            (
                accepted.then_some(loads % (1 << bank_w) * (1 << block_w) + beat / slots),
                block_w + bank_w,
            ),
            (known(waiting as i64), 2),
            (flags.map(|step| step.fresh), 1),
            (flags.map(|step| step.last), 1),
        ];
        if begun && let Some(step) = steps.iter_mut().find(|step| !step.begun) {
            step.begun = true;
        }
        if released {
            steps.pop_front();
        }
        if accepted {
            first = if beat == 0 { fresh } else { first };
            beat += 1;
            if beat == beats {
                let begun = false;
                let kept = last == 1 || !only_last;
                if kept {
                    steps.push_back(Step {
                        fresh: first,
                        last,
                        begun,
                    });
                }
                (beat, loads) = (0, loads + i64::from(kept));
            }
        }
        if reset {
            steps.clear();
            (beat, loads) = (0, 0);
        }
        let inputs = [
            reset.into(),
            valid,
            last,
            fresh,
            blocked,
            begun.into(),
            released.into(),
            bank,
        ];
        Cycle::of(
            &inputs.map(|value| (value, 1)),
            if cycle > 1 { &outputs } else { &[] },
        )
    });
    let cycles = cycles.collect();
    step_buffer_ports((beats, slots, blocks), (block_w, bank_w), only_last, cycles)
}

/// Parameters and ports of a step buffer; the bits of an address are those of a block and of a bank.
fn step_buffer_ports(
    (beats, slots, blocks): (i64, i64, i64),
    (block_w, bank_w): (usize, usize),
    only_last: bool,
    cycles: Vec<Cycle>,
) -> Bench {
    Bench {
        module: "lprnn_step_buffer",
        cycles,
        parameters: vec![
            ("BEATS", beats),
            ("SLOTS", slots),
            ("BLOCKS", blocks),
            ("BANK_W", bank_w as i64),
            ("ONLY_LAST", only_last.into()),
        ],
        clocked: true,
        inputs: [
            "rst",
            "s_valid_i",
            "s_last_i",
            "s_fresh_i",
            "blocked_i",
            "begun_i",
            "released_i",
            "bank_i",
        ]
        .map(|port| (port, 1))
        .to_vec(),
        outputs: vec![
            ("s_ready_o", 1),
            ("write_o", 1),
            ("slot_o", slots as usize),
            ("last_beat_o", 1),
            ("write_addr_o", block_w + bank_w),
            ("steps_o", 2),
            ("fresh_o", 1),
            ("last_o", 1),
        ],
    }
}

#[test]
fn steps_are_taken_in_and_offered_whole() {
    let sets = [
        ((5, 2, 4), 1),
        ((1, 1, 2), 1),
        ((6, 3, 2), 1),
        ((4, 4, 3), 1),
        ((5, 2, 4), 2),
        ((1, 1, 2), 4),
    ];
    let file = "lprnn_step_buffer.v";
    let mut benches: Vec<_> = sets
        .map(|(sizes, contexts)| step_buffer(sizes, contexts, false))
        .into();
    benches.extend(sets.map(|(sizes, contexts)| step_buffer(sizes, contexts, true)));
    each_is_found(
        &benches,
        &[
            mutant(file, "bank_q  <= done ? (", "bank_q  <= 1'b1 ? ("),
            mutant(
                file,
                "((ONLY_LAST == 0) | s_last_i)",
                "((ONLY_LAST == 0) | 1'b1)",
            ),
            mutant(file, "free_q  <= 2'd2;", "free_q  <= 2'd1;"),
            mutant(
                file,
                "slot_q  <= last_beat ? FIRST_SLOT : rotated",
                "slot_q  <= rotated",
            ),
            mutant(file, "if (accept & first_beat) begin", "if (accept) begin"),
            mutant(file, "(|free_q) & ~blocked_i", "(|free_q)"),
        ],
    );
}

/// Clears, beats, TLAST and resets at any time; what is said with a step's first beat counts.
fn policy((policy, window, beats): (i64, i64, i64), contexts: i64) -> Bench {
    let mut random = Random((policy * 16 + beats) as u64);
    let count = contexts as usize;
    // Of the pulse, and of every context's next step.
    let (mut beat, mut steps, mut pulsed, mut zero) = (0, 0, false, vec![true; count]);
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 60);
        let [accept, last] = [0; 2].map(|_| one_in(&mut random, 2));
        let clear = one_in(&mut random, 7);
        pulsed |= policy == 2 && clear;
        let context = steps as usize % count;
        let fresh = (beat == 0 && cycle > 1).then_some(i64::from(pulsed || zero[context]));
        if accept {
            pulsed &= beat != 0;
            beat += 1;
            if beat == beats {
                (beat, steps) = (0, steps + 1);
                let round = (steps - 1) / contexts + 1;
                zero[context] = (policy == 1 && last) || (policy == 3 && round % window == 0);
            }
        }
        if reset {
            (beat, steps, pulsed) = (0, 0, false);
            zero.fill(true);
        }
        let inputs = [reset, clear, accept, last].map(|value| (i64::from(value), 1));
        Cycle::of(&inputs, &[(fresh, 1)])
    });
    Bench {
        module: "lprnn_state_policy",
        cycles: cycles.collect(),
        parameters: vec![
            ("POLICY", policy),
            ("WINDOW", window),
            ("BEATS", beats),
            ("CONTEXTS", contexts),
        ],
        clocked: true,
        inputs: ["rst", "clear_i", "accept_i", "last_i"]
            .map(|port| (port, 1))
            .to_vec(),
        outputs: vec![("fresh_o", 1)],
    }
}

#[test]
fn policies_start_the_steps_that_they_say() {
    let sets = [
        (0, 1, 2),
        (1, 1, 3),
        (1, 1, 1),
        (2, 1, 3),
        (2, 1, 1),
        (3, 1, 2),
        (3, 3, 2),
        (3, 4, 1),
    ];
    let of_several = [
        ((0, 1, 2), 2),
        ((1, 1, 2), 2),
        ((1, 1, 1), 3),
        ((2, 1, 2), 2),
        ((2, 1, 1), 4),
        ((3, 2, 1), 3),
        ((3, 3, 2), 2),
    ];
    let of_one = sets.map(|sizes| (sizes, 1));
    let all = of_one.into_iter().chain(of_several);
    let file = "lprnn_state_policy.v";
    each_is_found(
        &all.map(|(sizes, contexts)| policy(sizes, contexts))
            .collect::<Vec<_>>(),
        &[
            mutant(
                file,
                "(POLICY == 2) & clear_i;",
                "(POLICY == 2) & clear_i & ~accept_i;",
            ),
            mutant(file, "? step_done & last_i", "? accept_i & last_i"),
            mutant(
                file,
                "LAST_STEP_INT = WINDOW - 1;",
                "LAST_STEP_INT = WINDOW;",
            ),
            mutant(
                file,
                "round_done = step_done & (turn_q == LAST_TURN)",
                "round_done = step_done",
            ),
            mutant(
                file,
                "{again, fresh_q[CONTEXTS-1:1]}",
                "{1'b0, fresh_q[CONTEXTS-1:1]}",
            ),
            mutant(
                file,
                "fresh_o    = fresh_q[0] | pending_q | pulse",
                "fresh_o    = fresh_q[0] | pulse",
            ),
        ],
    );
}

/// Step ends and resets at any time.
fn turn(contexts: i64) -> Bench {
    let mut random = Random(contexts as u64);
    let width = width_of(contexts);
    let mut context = 0;
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 60);
        let ends = one_in(&mut random, 2);
        let said = (cycle > 1).then_some(context);
        context = match (reset, ends) {
            (true, _) => 0,
            (false, true) => (context + 1) % contexts,
            (false, false) => context,
        };
        Cycle::of(
            &[reset, ends].map(|value| (i64::from(value), 1)),
            &[(said, width)],
        )
    });
    Bench {
        module: "lprnn_turn",
        cycles: cycles.collect(),
        parameters: vec![("CONTEXTS", contexts)],
        clocked: true,
        inputs: vec![("rst", 1), ("step_end_i", 1)],
        outputs: vec![("context_o", width)],
    }
}

#[test]
fn sequences_come_in_turn() {
    let file = "lprnn_turn.v";
    each_is_found(
        &[2, 3, 4, 5, 16].map(turn),
        &[
            mutant(file, "LAST_INT = CONTEXTS - 1;", "LAST_INT = CONTEXTS - 2;"),
            mutant(file, "(context_q == LAST) ? {CONTEXT_W{1'b0}} :", ""),
            mutant(
                file,
                "context_q <= {CONTEXT_W{1'b0}};",
                "context_q <= context_q;",
            ),
        ],
    );
}

fn group_fifo(depth: usize) -> Bench {
    let width = 5;
    let mut random = Random(depth as u64);
    let mut queue: VecDeque<i64> = VecDeque::new();
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 80);
        // Long stretches that fill it, and that empty it.
        let filling = cycle / 20 % 2 == 0;
        let push = queue.len() < depth && (filling || one_in(&mut random, 3));
        let pop = !queue.is_empty() && (!filling || one_in(&mut random, 3));
        let data = random.between(0, 31);
        let valid = (cycle > 1).then_some(i64::from(!queue.is_empty()));
        let head = queue.front().copied();
        if pop {
            queue.pop_front();
        }
        if push {
            queue.push_back(data);
        }
        if reset {
            queue.clear();
        }
        Cycle::of(
            &[
                (reset.into(), 1),
                (push.into(), 1),
                (data, width),
                (pop.into(), 1),
            ],
            &[(valid, 1), (head, width)],
        )
    });
    Bench {
        module: "lprnn_group_fifo",
        cycles: cycles.collect(),
        parameters: vec![("WIDTH", width as i64), ("DEPTH", depth as i64)],
        clocked: true,
        inputs: vec![("rst", 1), ("push_i", 1), ("data_i", width), ("pop_i", 1)],
        outputs: vec![("valid_o", 1), ("data_o", width)],
    }
}

#[test]
fn groups_leave_the_queue_in_their_order() {
    let file = "lprnn_group_fifo.v";
    each_is_found(
        &[2, 4, 8].map(group_fifo),
        &[
            mutant(file, "valid_o = |count_q;", "valid_o = count_q[0];"),
            mutant(file, "if (push_i & ~pop_i) begin", "if (push_i) begin"),
            mutant(
                file,
                "count_q <= {(ADDR_W+1){1'b0}};",
                "count_q <= count_q;",
            ),
        ],
    );
}

/// Beats of one group, as the stream carries them, with TLAST of each.
fn beats_of(
    h: &[i64],
    elements: usize,
    (h_w, odd, units): (usize, bool, usize),
    last: bool,
) -> VecDeque<(i64, i64)> {
    let element_w = h_w.next_multiple_of(8);
    let count = units.div_ceil(elements);
    let element = |code: i64| {
        let held = code - (code >> (h_w - 1) << h_w);
        let signed = if odd { 2 * held + 1 } else { held };
        signed & ((1 << element_w) - 1)
    };
    let beat = |beat: usize| {
        let codes = (0..elements).map(|place| beat * elements + place);
        let words = codes.map(|unit| if unit < units { element(h[unit]) } else { 0 });
        let data = words
            .enumerate()
            .fold(0, |data, (place, word)| data | word << (place * element_w));
        (data, i64::from(last && beat + 1 == count))
    };
    (0..count).map(beat).collect()
}

fn serializer((hidden, lanes, elements): (usize, usize, usize), h_w: usize, odd: bool) -> Bench {
    let mut random = Random((hidden * 64 + h_w) as u64);
    let groups = hidden.div_ceil(lanes);
    let data_w = elements * h_w.next_multiple_of(8);
    let mut sending: VecDeque<(i64, i64)> = VecDeque::new();
    let (mut number, mut shown) = (0, 0);
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 80);
        let [offered, ready] = [0; 2].map(|_| !one_in(&mut random, 3));
        let h: Vec<_> = (0..lanes)
            .map(|_| random.between(0, (1 << h_w) - 1))
            .collect();
        let [last, fresh] = [0; 2].map(|_| one_in(&mut random, 2));
        let end = number % groups == groups - 1;
        let beat = sending.front().copied();
        let taken = offered && (beat.is_none() || (ready && sending.len() == 1));
        let known = |value: bool| (cycle > 1).then_some(i64::from(value));
        let outputs = [
            (known(taken), 1),
            (known(beat.is_some()), 1),
            (beat.map(|beat| beat.0), data_w),
            (beat.map(|beat| beat.1), 1),
            (beat.map(|_| shown), 1),
        ];
        if beat.is_some() && ready {
            sending.pop_front();
        }
        if taken {
            let units = if end {
                hidden - (groups - 1) * lanes
            } else {
                lanes
            };
            sending = beats_of(&h, elements, (h_w, odd, units), end && last);
            shown = fresh.into();
            number += 1;
        }
        if reset {
            sending.clear();
            number = 0;
        }
        let flags = [end, last, fresh, ready].map(|flag| (i64::from(flag), 1));
        let mut inputs = vec![(reset.into(), 1), (offered.into(), 1)];
        inputs.extend(h.iter().map(|&code| (code, h_w)));
        inputs.extend(flags);
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_serializer",
        cycles: cycles.collect(),
        parameters: vec![
            ("HIDDEN", hidden as i64),
            ("LANES", lanes as i64),
            ("ELEMENTS", elements as i64),
            ("H_W", h_w as i64),
            ("H_ODD", odd.into()),
        ],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("group_valid_i", 1),
            ("h_i", lanes * h_w),
            ("step_end_i", 1),
            ("last_i", 1),
            ("fresh_i", 1),
            ("m_ready_i", 1),
        ],
        outputs: vec![
            ("group_taken_o", 1),
            ("m_valid_o", 1),
            ("m_data_o", data_w),
            ("m_last_o", 1),
            ("m_fresh_o", 1),
        ],
    }
}

#[test]
fn groups_are_sent_beat_by_beat() {
    let sets = [
        ((7, 4, 2), 3, false),
        ((3, 1, 1), 8, false),
        ((5, 6, 3), 1, true),
        ((9, 4, 1), 9, false),
        ((4, 4, 4), 4, true),
    ];
    let file = "lprnn_serializer.v";
    each_is_found(
        &sets.map(|(sizes, h_w, odd)| serializer(sizes, h_w, odd)),
        &[
            mutant(file, "(~valid_q | word_done);", "(~valid_q | beat_done);"),
            mutant(file, "step_end_i ? LAST_COUNT : FULL_COUNT;", "FULL_COUNT;"),
            mutant(file, "step_beat ? {ELEMENT_W{1'b0}} : element", "element"),
            mutant(file, "shifted[ELEMENTS*H_W +:", "shifted[0 +:"),
            mutant(
                file,
                "code[H_W-1]}}, code, 1'b1}",
                "code[H_W-1]}}, code, 1'b0}",
            ),
        ],
    );
}
