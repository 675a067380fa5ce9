//! Sequences backwards.

use super::bench::{Bench, CYCLES, Cycle, each_is_found};
use super::directions::{Codes, kept, one_in};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::VecDeque;

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
