//! What stands before the first recurrent layer and behind the last: the embedding, a dense layer's lane, the
//! index of the largest sum.

use super::bench::{Bench, CYCLES, Cycle, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;
use lprnn_hw::fixed::{requantize, requantize_odd};
use std::collections::VecDeque;

fn one_in(random: &mut Random, count: i64) -> bool {
    random.between(0, count - 1) == 0
}

/// Elements in whole bytes, the first lowest, as a number.
fn packed(elements: &[i64], width: usize) -> i64 {
    let element_w = width.next_multiple_of(8);
    let mask = (1i64 << element_w) - 1;
    let places = elements.iter().enumerate();
    places.fold(0, |all, (at, &element)| {
        all | (element & mask) << (at * element_w)
    })
}

/// Steps of `count` elements come in beats, the sink pauses, resets come; now and then all are equal.
fn argmax(count: usize, elements: usize, width: usize) -> Bench {
    let mut random = Random((count * 64 + elements) as u64);
    let beats = count.div_ceil(elements);
    let (data_w, index_w) = (elements * width.next_multiple_of(8), width_of(count as i64));
    let out_w = (index_w + 1).next_multiple_of(8);
    let limit = 1i64 << (width - 1);
    let mut step: Vec<i64> = Vec::new();
    let mut result: Option<(i64, i64, i64)> = None;
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 80);
        let [valid, ready] = [0; 2].map(|_| !one_in(&mut random, 3));
        let [last, fresh] = [0; 2].map(|_| i64::from(one_in(&mut random, 2)));
        let same = one_in(&mut random, 3);
        let beat: Vec<i64> = (0..elements)
            .map(|_| {
                if same {
                    -limit
                } else {
                    random.between(-limit, limit - 1)
                }
            })
            .collect();
        let last_beat = step.len() / elements + 1 == beats;
        let takes = !last_beat || result.is_none() || ready;
        let known = |value: bool| (cycle > 1).then_some(i64::from(value));
        let outputs = [
            (known(takes), 1),
            (known(result.is_some()), 1),
            (result.map(|result| result.0), out_w),
            (result.map(|result| result.1), 1),
            (result.map(|result| result.2), 1),
        ];
        if ready {
            result = None;
        }
        if valid && takes {
            step.extend(&beat);
            if last_beat {
                step.truncate(count);
                let most = step.iter().max().copied();
                let index = step.iter().position(|&element| Some(element) == most);
                result = Some((index.unwrap_or(0) as i64, last, fresh));
                step.clear();
            }
        }
        if reset {
            (result, step) = (None, Vec::new());
        }
        let inputs = [
            (reset.into(), 1),
            (valid.into(), 1),
            (packed(&beat, width), data_w),
            (last, 1),
            (fresh, 1),
            (ready.into(), 1),
        ];
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_argmax",
        cycles: cycles.collect(),
        parameters: vec![
            ("COUNT", count as i64),
            ("ELEMENTS", elements as i64),
            ("WIDTH", width as i64),
        ],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("s_valid_i", 1),
            ("s_data_i", data_w),
            ("s_last_i", 1),
            ("s_fresh_i", 1),
            ("m_ready_i", 1),
        ],
        outputs: vec![
            ("s_ready_o", 1),
            ("m_valid_o", 1),
            ("m_data_o", out_w),
            ("m_last_o", 1),
            ("m_fresh_o", 1),
        ],
    }
}

#[test]
fn the_largest_element_is_named() {
    let file = "lprnn_argmax.v";
    each_is_found(
        &[
            argmax(5, 1, 6),
            argmax(7, 2, 9),
            argmax(4, 4, 8),
            argmax(1, 1, 5),
            argmax(130, 3, 4),
        ],
        &[
            mutant(file, "(element > earlier)", "(element >= earlier)"),
            mutant(file, "((e == 0) & first_beat) |", "(1'b0) |"),
            mutant(
                file,
                "wire used   = (e < LAST_ELEMENTS) | ~last_beat;",
                "wire used = 1'b1;",
            ),
            mutant(file, "~last_beat | ~valid_q | m_ready_i", "1'b1"),
            // Without reset but for the first: registers keep what they have.
            mutant(
                file,
                "beat_q  <= {BEAT_W{1'b0}};",
                "if (^beat_q === 1'bx) beat_q <= {BEAT_W{1'b0}};",
            ),
            mutant(
                file,
                "base_q  <= {(INDEX_W+1){1'b0}};",
                "if (^base_q === 1'bx) base_q <= {(INDEX_W+1){1'b0}};",
            ),
            mutant(
                file,
                "wire signed [WIDTH-1:0] element =",
                "wire [WIDTH-1:0] element =",
            ),
            mutant(
                file,
                "valid_q <= done | (valid_q & ~m_ready_i);",
                "valid_q <= done | valid_q;",
            ),
        ],
    );
}

/// Shape of an embedding: rows, elements of x, elements of a beat, bits of an element.
#[derive(Clone, Copy)]
struct Table {
    rows: i64,
    inputs: usize,
    elements: usize,
    x_w: usize,
    odd: bool,
}

impl Table {
    fn beats(&self) -> usize {
        self.inputs.div_ceil(self.elements)
    }

    /// What the table holds at an address: anything that differs from row to row.
    fn word(&self, address: i64) -> i64 {
        let bits = self.elements * self.x_w;
        ((address * 0x9e37_79b9) >> 3) & ((1 << bits) - 1)
    }

    /// A word's elements on the stream.
    fn beat(&self, word: i64) -> i64 {
        let element = |at: usize| {
            let held = word >> (at * self.x_w) & ((1 << self.x_w) - 1);
            let shift = 64 - self.x_w;
            let signed = (held << shift) >> shift;
            if self.odd { 2 * signed + 1 } else { signed }
        };
        let elements: Vec<i64> = (0..self.elements).map(element).collect();
        packed(&elements, self.x_w)
    }

    /// Indices come, a few beyond the table; the sink pauses; resets come.
    fn bench(&self) -> Bench {
        let mut random = Random(self.rows as u64 * 77 + self.inputs as u64);
        let (beats, index_w) = (self.beats() as i64, 8);
        let depth = self.rows * beats;
        let (word_w, data_w) = (
            self.elements * self.x_w,
            self.elements * self.x_w.next_multiple_of(8),
        );
        // Beats that are left of an index, address of the next; beats that are read; beats that are there.
        let (mut left, mut address, mut flags) = (0i64, 0i64, (0i64, 0i64));
        let mut reads: VecDeque<Option<(i64, i64, i64)>> = VecDeque::from([None; 2]);
        let mut queue: VecDeque<(i64, i64, i64)> = VecDeque::new();
        let (mut room, mut beyond) = (4, false);
        let cycles = (0..CYCLES).map(|cycle| {
            let reset = cycle < 2 || one_in(&mut random, 90);
            let (valid, ready) = (!one_in(&mut random, 3), !one_in(&mut random, 3));
            let [last, fresh] = [0; 2].map(|_| i64::from(one_in(&mut random, 2)));
            let index = match random.between(0, 9) {
                0 => self.rows,
                1 => random.between(self.rows, 255),
                _ => random.between(0, self.rows - 1),
            };
            let read = left > 0 && room > 0;
            let takes = left == 0 || left == 1 && read;
            let known = |value: bool| (cycle > 1).then_some(i64::from(value));
            let front = queue.front().copied();
            let arriving = reads[0];
            let outputs = [
                (known(takes), 1),
                (read.then_some(address), width_of(depth)),
                (known(front.is_some()), 1),
                (front.map(|beat| beat.0), data_w),
                (front.map(|beat| beat.1), 1),
                (front.map(|beat| beat.2), 1),
                (known(beyond), 1),
            ];
            let taken = front.is_some() && ready;
            if taken {
                queue.pop_front();
            }
            reads.pop_front();
            queue.extend(
                arriving.map(|(address, last, fresh)| (self.beat(self.word(address)), last, fresh)),
            );
            let end = i64::from(left == 1);
            reads.push_back(read.then_some((address, flags.0 & end, flags.1)));
            room += i64::from(taken) - i64::from(read);
            (left, address) = (left - i64::from(read), address + i64::from(read));
            if valid && takes {
                beyond |= index >= self.rows;
                left = beats;
                address = if index < self.rows { index * beats } else { 0 };
                flags = (last, fresh);
            }
            if reset {
                (left, room, beyond) = (0, 4, false);
                reads = VecDeque::from([None; 2]);
                queue.clear();
            }
            let data = arriving.map_or(0, |(address, ..)| self.word(address));
            let inputs = [
                (reset.into(), 1),
                (valid.into(), 1),
                (index, index_w),
                (last, 1),
                (fresh, 1),
                (data, word_w),
                (ready.into(), 1),
            ];
            Cycle::of(&inputs, &outputs)
        });
        Bench {
            module: "lprnn_embedding",
            cycles: cycles.collect(),
            parameters: vec![
                ("ROWS", self.rows),
                ("INDEX_W", index_w as i64),
                ("BEATS", beats),
                ("ELEMENTS", self.elements as i64),
                ("X_W", self.x_w as i64),
                ("X_ODD", self.odd.into()),
            ],
            clocked: true,
            inputs: vec![
                ("rst", 1),
                ("s_valid_i", 1),
                ("s_data_i", index_w),
                ("s_last_i", 1),
                ("s_fresh_i", 1),
                ("data_i", word_w),
                ("m_ready_i", 1),
            ],
            outputs: vec![
                ("s_ready_o", 1),
                ("addr_o", width_of(depth)),
                ("m_valid_o", 1),
                ("m_data_o", data_w),
                ("m_last_o", 1),
                ("m_fresh_o", 1),
                ("beyond_o", 1),
            ],
        }
    }
}

#[test]
fn an_index_becomes_its_row() {
    let table = |rows, inputs, elements, x_w, odd| Table {
        rows,
        inputs,
        elements,
        x_w,
        odd,
    };
    let file = "lprnn_embedding.v";
    each_is_found(
        &[
            table(7, 5, 1, 4, false).bench(),
            table(50, 11, 3, 3, false).bench(),
            table(3, 1, 1, 8, false).bench(),
            table(100, 13, 2, 2, true).bench(),
        ],
        &[
            mutant(file, "(number >= ALL_ROWS)", "(number > ALL_ROWS)"),
            mutant(file, "beyond ? {ADDR_W{1'b0}} :", "1'b0 ? {ADDR_W{1'b0}} :"),
            mutant(file, "busy_q & (|room_q)", "busy_q"),
            mutant(file, "last_q & last_beat}", "last_q}"),
            mutant(file, "beyond_q | (accept & beyond)", "accept & beyond"),
            mutant(
                file,
                "beyond_q <= 1'b0;",
                "if (beyond_q === 1'bx) beyond_q <= 1'b0;",
            ),
            mutant(file, "~busy_q | (read & last_beat)", "~busy_q | last_beat"),
        ],
    );
}

/// Groups end in any cycles that are 2 or more apart; the accumulator runs on in between.
fn lane_dense(acc_w: usize, shift: u32, out_w: usize, odd: bool, relu: bool) -> Bench {
    let mut random = Random((acc_w * 8 + out_w) as u64);
    let limit = 1i64 << (acc_w - 2);
    let half = if odd || shift == 0 {
        0
    } else {
        1i64 << (shift - 1)
    };
    let (mut acc, mut before) = (0i64, 0i64);
    // What leaves in the cycles to come, and the biases that go with it.
    let mut leaving: VecDeque<Option<(i64, i64)>> = VecDeque::from([None; 3]);
    let mut since = 9;
    let cycles = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || one_in(&mut random, 80);
        let take = since >= 2 && one_in(&mut random, 2);
        since = if take { 1 } else { since + 1 };
        acc += random.between(-limit / 4, limit / 4);
        let bias = random.between(-limit / 2, limit / 2);
        let wanted = take.then(|| {
            // The difference of two groups' ends fits; the running value does not have to.
            let wrap = 1i64 << acc_w;
            let sum = (acc - before + bias).rem_euclid(wrap);
            let sum = if sum >= wrap / 2 { sum - wrap } else { sum };
            let kept = if relu { sum.max(0) } else { sum };
            let code = if odd {
                (requantize_odd(kept, shift as i32, out_w as u32) - 1) / 2
            } else {
                requantize(kept, shift as i32, out_w as u32)
            };
            (bias + half, code)
        });
        leaving.push_back(wanted);
        let there = leaving.pop_front().flatten();
        let bias_now = leaving[1].map_or(0, |(bias, _)| bias);
        if take {
            before = acc;
        }
        if reset {
            (before, since) = (0, 9);
            leaving = VecDeque::from([None; 3]);
        }
        let outputs = [(there.map(|(_, code)| code), out_w)];
        let inputs = [
            (reset.into(), 1),
            (take.into(), 1),
            (acc, acc_w),
            (bias_now, acc_w),
        ];
        Cycle::of(&inputs, if cycle > 1 { &outputs } else { &[] })
    });
    Bench {
        module: "lprnn_lane_dense",
        cycles: cycles.collect(),
        parameters: vec![
            ("ACC_W", acc_w as i64),
            ("SHIFT", shift.into()),
            ("OUT_W", out_w as i64),
            ("ODD", odd.into()),
            ("RELU", relu.into()),
        ],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("take_i", 1),
            ("acc_i", acc_w),
            ("bias_i", acc_w),
        ],
        outputs: vec![("y_o", out_w)],
    }
}

#[test]
fn a_dense_row_is_its_sum_or_its_code() {
    let file = "lprnn_lane_dense.v";
    each_is_found(
        &[
            lane_dense(14, 0, 14, false, false),
            lane_dense(16, 5, 6, false, false),
            lane_dense(15, 4, 4, false, true),
            lane_dense(14, 5, 3, true, false),
            lane_dense(14, 5, 3, true, true),
        ],
        &[
            mutant(file, "diff_q <= acc_i - before_q;", "diff_q <= acc_i;"),
            mutant(file, "diff_q + bias_i", "diff_q"),
            mutant(file, "(RELU != 0) & code[OUT_W-1]", "1'b0"),
            mutant(file, "else if (take_i) begin", "else begin"),
            mutant(file, ".HALF_ADDED (1)", ".HALF_ADDED (0)"),
            mutant(file, ".ODD        (ODD)", ".ODD        (0)"),
        ],
    );
}
