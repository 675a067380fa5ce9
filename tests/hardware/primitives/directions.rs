//! Layers that take whole sequences: the longest one, the memory of beats.

use super::bench::{Bench, CYCLES, Cycle, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::{Mutant, mutant};

pub(super) fn one_in(random: &mut Random, count: i64) -> bool {
    random.between(0, count - 1) == 0
}

/// Without reset but for the first: a register keeps what it has.
pub(super) const fn kept(file: &'static str, right: &'static str, wrong: &'static str) -> Mutant {
    mutant(file, right, wrong)
}

/// Shape of a stream's beats: elements, bits of a code, odd or not.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    pub(super) elements: usize,
    pub(super) width: usize,
    pub(super) odd: bool,
}

impl Codes {
    pub(super) const fn new(elements: usize, width: usize, odd: bool) -> Self {
        Self {
            elements,
            width,
            odd,
        }
    }

    pub(super) const fn element_w(self) -> usize {
        self.width.next_multiple_of(8)
    }

    pub(super) const fn beat_w(self) -> usize {
        self.elements * self.element_w()
    }

    /// A beat as it comes, with anything in the bits that are no code, and as it leaves.
    pub(super) fn beat(self, random: &mut Random) -> (i64, i64) {
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

    pub(super) fn parameters(self) -> Vec<(&'static str, i64)> {
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
