//! Both directions: the longest sequence, the memory of beats, sequences backwards, the queue of the forward
//! direction, both side by side.

use super::bench::{Bench, CYCLES, Cycle, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::{Mutant, mutant};
use std::collections::VecDeque;

fn one_in(random: &mut Random, count: i64) -> bool {
    random.between(0, count - 1) == 0
}

/// Without reset but for the first: a register keeps what it has.
const fn kept(file: &'static str, right: &'static str, wrong: &'static str) -> Mutant {
    mutant(file, right, wrong)
}

/// Shape of a stream's beats: elements, bits of a code, odd or not.
#[derive(Clone, Copy)]
struct Codes {
    elements: usize,
    width: usize,
    odd: bool,
}

impl Codes {
    const fn new(elements: usize, width: usize, odd: bool) -> Self {
        Self {
            elements,
            width,
            odd,
        }
    }

    const fn element_w(self) -> usize {
        self.width.next_multiple_of(8)
    }

    const fn beat_w(self) -> usize {
        self.elements * self.element_w()
    }

    /// A beat as it comes, with anything in the bits that are no code, and as it leaves.
    fn beat(self, random: &mut Random) -> (i64, i64) {
        let places = (0..self.elements).map(|at| at * self.element_w());
        places.fold((0, 0), |(coming, leaving), at| {
            let element = random.between(0, (1 << self.element_w()) - 1);
            let held = element >> i64::from(self.odd);
            let unused = 64 - self.width;
            let code = (held << unused) >> unused;
            let code = if self.odd { 2 * code + 1 } else { code };
            let mask = (1i64 << self.element_w()) - 1;
            (coming | element << at, leaving | (code & mask) << at)
        })
    }

    fn parameters(self) -> Vec<(&'static str, i64)> {
        vec![
            ("ELEMENTS", self.elements as i64),
            ("CODE_W", self.width as i64),
            ("CODE_ODD", self.odd.into()),
        ]
    }
}

/// Sequences of any length, most longer than `steps`.
fn cut(steps: i64, beats: i64) -> Bench {
    let mut random = Random((steps * 64 + beats) as u64);
    let (mut beat, mut step, mut was_cut) = (0, 0, false);
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 150);
        let accept = !one_in(&mut random, 3);
        let last = one_in(&mut random, 2 * steps);
        let longest = step + 1 == steps;
        let known = |value: bool| (cycle > 1).then_some(i64::from(value));
        let outputs = [(known(last || longest), 1), (known(was_cut), 1)];
        if accept && beat + 1 == beats {
            was_cut |= longest && !last;
            (beat, step) = (0, if last || longest { 0 } else { step + 1 });
        } else if accept {
            beat += 1;
        }
        if reset {
            (beat, step, was_cut) = (0, 0, false);
        }
        let inputs = [(reset.into(), 1), (accept.into(), 1), (last.into(), 1)];
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_cut",
        cycles: cycles.collect(),
        parameters: vec![("STEPS", steps), ("BEATS", beats)],
        clocked: true,
        inputs: vec![("rst", 1), ("accept_i", 1), ("last_i", 1)],
        outputs: vec![("last_o", 1), ("cut_o", 1)],
    }
}

#[test]
fn a_sequence_ends_after_as_many_steps_as_fit() {
    let file = "lprnn_cut.v";
    each_is_found(
        &[cut(1, 1), cut(1, 3), cut(5, 1), cut(8, 4), cut(3, 2)],
        &[
            mutant(file, "last_o = last_i | longest", "last_o = last_i"),
            mutant(file, "longest & ~last_i)", "longest)"),
            mutant(file, "cut_q | (step_end", "(step_end"),
            mutant(file, "step_q <= last_o ?", "step_q <= last_i ?"),
            mutant(
                file,
                "accept_i & (beat_q == LAST_BEAT)",
                "(beat_q == LAST_BEAT)",
            ),
            mutant(file, "(beat_q == LAST_BEAT)", "1'b1"),
            kept(
                file,
                "beat_q <= {BEAT_W{1'b0}};\n            step_q",
                "if (^beat_q === 1'bx) beat_q <= {BEAT_W{1'b0}};\n            step_q",
            ),
            kept(
                file,
                "step_q <= {STEP_W{1'b0}};\n            cut_q",
                "if (^step_q === 1'bx) step_q <= {STEP_W{1'b0}};\n            cut_q",
            ),
            kept(
                file,
                "cut_q  <= 1'b0;",
                "if (cut_q === 1'bx) cut_q <= 1'b0;",
            ),
        ],
    );
}

/// Random writes and reads; a read of an address that is being written gives nothing to compare.
fn beat_ram(depth: i64, codes: Codes) -> Bench {
    let mut random = Random((depth * 32) as u64 + codes.beat_w() as u64);
    let mut held: Vec<Option<i64>> = vec![None; depth as usize];
    let mut read = None;
    let cycles = (0..CYCLES).map(|_| {
        let write = one_in(&mut random, 2);
        let (read_at, write_at) = (random.between(0, depth - 1), random.between(0, depth - 1));
        let (coming, leaving) = codes.beat(&mut random);
        let outputs = [(read, codes.beat_w())];
        read = held[read_at as usize].filter(|_| !write || read_at != write_at);
        if write {
            held[write_at as usize] = Some(leaving);
        }
        let address_w = width_of(depth);
        let inputs = [
            (read_at, address_w),
            (write.into(), 1),
            (write_at, address_w),
            (coming, codes.beat_w()),
        ];
        Cycle::of(&inputs, &outputs)
    });
    let address_w = width_of(depth);
    Bench {
        module: "lprnn_beat_ram",
        cycles: cycles.collect(),
        parameters: [("DEPTH", depth)]
            .into_iter()
            .chain(codes.parameters())
            .collect(),
        clocked: true,
        inputs: vec![
            ("read_addr_i", address_w),
            ("write_i", 1),
            ("write_addr_i", address_w),
            ("data_i", codes.beat_w()),
        ],
        outputs: vec![("data_o", codes.beat_w())],
    }
}

#[test]
fn a_memory_of_beats_keeps_their_codes() {
    let file = "lprnn_beat_ram.v";
    each_is_found(
        &[
            beat_ram(5, Codes::new(1, 4, false)),
            beat_ram(1, Codes::new(3, 8, false)),
            beat_ram(9, Codes::new(2, 11, false)),
            beat_ram(6, Codes::new(4, 2, true)),
            beat_ram(7, Codes::new(2, 1, true)),
        ],
        &[
            mutant(file, "(CODE_ODD != 0) ? 1 : 0;", "0;"),
            mutant(file, "code, 1'b1};", "code, 1'b0};"),
            mutant(
                file,
                "{{(ELEMENT_W-CODE_W){code[CODE_W-1]}}, code}",
                "{{(ELEMENT_W-CODE_W){1'b0}}, code}",
            ),
            mutant(
                file,
                "{{(ELEMENT_W-CODE_W-1){code[CODE_W-1]}}",
                "{{(ELEMENT_W-CODE_W-1){1'b0}}",
            ),
            mutant(file, "= codes_out[e*CODE_W +:", "= codes_out[0 +:"),
            mutant(file, ".LATENCY (1),", ".LATENCY (0),"),
        ],
    );
}

/// A beat as it leaves, and whether it belongs to the step that came first or last.
type Given = (i64, bool, bool);

/// What `lprnn_reverser` says it does, with lists for its memory.
struct Backwards {
    beats: usize,
    loading: Vec<i64>,
    whole: Option<Vec<Given>>,
    reading: VecDeque<Given>,
    read: usize,
}

impl Backwards {
    const fn new(beats: usize) -> Self {
        Self {
            beats,
            loading: Vec::new(),
            whole: None,
            reading: VecDeque::new(),
            read: 0,
        }
    }

    /// The next beat goes where one was read; with nothing to read all is free.
    fn takes(&self) -> bool {
        self.whole.is_none() && (self.reading.is_empty() || self.loading.len() < self.read)
    }

    fn clock(&mut self, input: Option<(i64, bool)>, output: bool) {
        let turn = self.reading.is_empty() && self.whole.is_some();
        if output {
            self.reading.pop_front();
            self.read += 1;
        }
        if turn {
            self.reading = self.whole.take().unwrap_or_default().into();
            self.read = 0;
        }
        if let Some((beat, last)) = input {
            self.loading.push(beat);
            if last && self.loading.len().is_multiple_of(self.beats) {
                let loaded = std::mem::take(&mut self.loading);
                let steps = loaded.chunks(self.beats).enumerate().rev();
                let (given, of_step) = (loaded.len() / self.beats, self.beats);
                let sequence = steps.flat_map(|(step, beats)| {
                    let places = beats.iter().enumerate();
                    places.map(move |(at, &beat)| {
                        let last_beat = at + 1 == of_step;
                        (beat, step == 0 && last_beat, step + 1 == given)
                    })
                });
                self.whole = Some(sequence.collect());
            }
        }
    }
}

/// Sequences of 1 to `steps` steps, a source and a sink that pause, resets.
fn reverser(steps: usize, beats: usize, codes: Codes) -> Bench {
    let mut random = Random((steps * 64 + beats) as u64);
    let mut model = Backwards::new(beats);
    let mut length = 1;
    let cycles = (0..3 * CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 400);
        // Now and then one of the two stays away for long.
        let slow = cycle / 100 % 3;
        let [valid, ready] =
            [1, 2].map(|side| !one_in(&mut random, if slow == side { 2 } else { 7 }));
        let (coming, leaving) = codes.beat(&mut random);
        if model.loading.is_empty() && cycle % 5 == 0 {
            length = random.between(1, steps as i64) as usize;
        }
        let length = length.max(model.loading.len() / beats + 1);
        let (step, beat) = (model.loading.len() / beats, model.loading.len() % beats);
        // TLAST of other beats means nothing.
        let last = if beat + 1 == beats {
            step + 1 == length
        } else {
            one_in(&mut random, 2)
        };
        let takes = model.takes();
        let given = model.reading.front().copied();
        let known = |value: bool| (cycle > 1).then_some(i64::from(value));
        let outputs = [
            (known(takes), 1),
            (known(given.is_some()), 1),
            (given.map(|given| given.0), codes.beat_w()),
            (given.map(|given| given.1.into()), 1),
            (given.map(|given| given.2.into()), 1),
        ];
        model.clock(
            (valid && takes).then_some((leaving, last)),
            given.is_some() && ready,
        );
        if reset {
            model = Backwards::new(beats);
        }
        let inputs = [
            (reset.into(), 1),
            (valid.into(), 1),
            (coming, codes.beat_w()),
            (last.into(), 1),
            (ready.into(), 1),
        ];
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_reverser",
        cycles: cycles.collect(),
        parameters: [("STEPS", steps as i64), ("BEATS", beats as i64)]
            .into_iter()
            .chain(codes.parameters())
            .collect(),
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("s_valid_i", 1),
            ("s_data_i", codes.beat_w()),
            ("s_last_i", 1),
            ("m_ready_i", 1),
        ],
        outputs: vec![
            ("s_ready_o", 1),
            ("m_valid_o", 1),
            ("m_data_o", codes.beat_w()),
            ("m_last_o", 1),
            ("m_fresh_o", 1),
        ],
    }
}

#[test]
fn a_sequence_is_given_backwards() {
    let file = "lprnn_reverser.v";
    let benches = [
        reverser(1, 1, Codes::new(1, 4, false)),
        reverser(1, 3, Codes::new(1, 4, false)),
        reverser(2, 1, Codes::new(2, 3, true)),
        reverser(5, 1, Codes::new(1, 8, false)),
        reverser(8, 2, Codes::new(2, 4, false)),
        reverser(6, 3, Codes::new(1, 6, false)),
    ];
    each_is_found(
        &benches,
        &[
            mutant(file, "(write_row_q == END_ROW) ?", "1'b0 ?"),
            mutant(file, "(write_row_q == LOW_END) ?", "1'b0 ?"),
            mutant(file, "(read_row_q == END_ROW) ?", "1'b0 ?"),
            mutant(file, "(read_row_q == LOW_END) ?", "1'b0 ?"),
            mutant(file, "= 2*BEATS - 1;", "= 2*BEATS;"),
            mutant(file, "(write_end & down_q)", "(write_end)"),
            mutant(file, "(read_end & down_q)", "(read_end)"),
            mutant(
                file,
                "whole_q & ~reading_q",
                "whole_q & (~reading_q | done)",
            ),
            mutant(file, "turn ? write_row_q :", "1'b0 ? write_row_q :"),
            mutant(file, "write_row_q - STEP_START :", "write_next :"),
            mutant(file, "~whole_q & ~(reading_q", "~(reading_q"),
            mutant(
                file,
                "~whole_q & ~(reading_q & (write_row_q == read_row_q))",
                "~whole_q",
            ),
            mutant(file, "write_end & s_last_i;", "s_last_i;"),
            mutant(file, "write_end ? s_last_i : first_step_q", "s_last_i"),
            mutant(file, "read_first_q & ~read_end", "1'b0"),
            mutant(file, "down_q ^ turn;", "down_q;"),
            mutant(file, "take & (read_row_q == read_end_q)", "take & read_end"),
            kept(
                file,
                "write_beat_q <= {BEAT_W{1'b0}};",
                "if (^write_beat_q === 1'bx) write_beat_q <= {BEAT_W{1'b0}};",
            ),
            kept(
                file,
                "first_step_q <= 1'b1;",
                "if (first_step_q === 1'bx) first_step_q <= 1'b1;",
            ),
            kept(
                file,
                "whole_q      <= 1'b0;",
                "if (whole_q === 1'bx) whole_q <= 1'b0;",
            ),
            kept(
                file,
                "reading_q    <= 1'b0;",
                "if (reading_q === 1'bx) reading_q <= 1'b0;",
            ),
            kept(
                file,
                "write_row_q  <= {ROW_W{1'b0}};",
                "if (^write_row_q === 1'bx) write_row_q <= {ROW_W{1'b0}};",
            ),
        ],
    );
}

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
