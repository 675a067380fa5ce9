//! What decides when: sequencer, command, lane control.

use super::bench::{Bench, Cycle, each_is_found};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::BTreeMap;

const CYCLES: usize = 700;

fn width_of(count: usize) -> usize {
    count.max(2).next_power_of_two().trailing_zeros() as usize
}

/// One of the sets of sizes of `lprnn_sequencer`.
#[derive(Clone, Copy)]
struct Folded {
    x_blocks: usize,
    h_blocks: usize,
    blocks: usize,
    groups: usize,
    chain: usize,
    results: usize,
    forbidden: i64,
}

/// What the sequencer has to know.
#[derive(Clone, Default)]
struct Known {
    place: usize,
    bank: i64,
    x_steps: i64,
    h_there: usize,
    h_owed: usize,
    results: usize,
    /// Cycles since the last start, and since the last group end.
    since: Option<usize>,
    ended: Option<usize>,
    /// Row that the chain's stages read, one after the other.
    row: usize,
}

impl Folded {
    /// One cycle: source, sink, weights and h come and go.
    fn cycle(&self, known: &mut Known, random: &mut Random, reset: bool) -> Cycle {
        let rows = self.blocks * self.groups;
        let (group, block) = (known.place / self.blocks, known.place % self.blocks);
        let (first, last) = (known.place == 0, block + 1 == self.blocks);
        let of_h = (self.x_blocks..self.x_blocks + self.h_blocks).contains(&block);
        let idle = block >= self.x_blocks + self.h_blocks;
        let mut often = |percent| random.between(1, 100) <= percent;
        let [valid, fresh] = [often(85), often(30)];
        let (loads, writes) = (
            known.x_steps < 2 && often(20),
            known.h_owed > 0 && often(30),
        );
        let leaves = known.results > 0 && often(12);
        let start = valid
            && !(first && known.x_steps == 0)
            && !(group == 0 && of_h && known.h_there == 0)
            && !(last && known.results == self.results)
            && known
                .since
                .is_none_or(|since| since == 1 || since >= self.chain)
            && !(last
                && known
                    .ended
                    .is_some_and(|ended| ended < 16 && self.forbidden >> ended & 1 == 1));
        let flag = |value: bool| (Some(i64::from(value)), 1);
        let reads = known.since.is_some_and(|since| since < self.chain);
        let row = match (start, reads) {
            (true, _) => Some(known.place),
            (false, true) => Some((known.row + 1) % rows),
            (false, false) => None,
        };
        let (row_w, block_w) = (width_of(rows), width_of(self.blocks));
        let vector = start.then_some((known.bank << block_w) + block as i64);
        let outputs = [
            flag(start && first),
            (row.map(|row| row as i64), row_w),
            (vector, block_w + 1),
            (Some(known.bank), 1),
            flag(start && !idle && !(of_h && fresh)),
            (start.then_some(of_h.into()), 1),
            flag(start && last),
            flag(start && last && group + 1 == self.groups),
        ];
        let inputs = [
            (reset.into(), 1),
            (known.x_steps, 2),
            (writes.into(), 1),
            (valid.into(), 1),
            (leaves.into(), 1),
            (fresh.into(), 1),
        ];
        let end = start && last;
        known.x_steps += i64::from(loads) - i64::from(start && first);
        known.h_there =
            known.h_there + usize::from(writes) - usize::from(start && group == 0 && of_h);
        let owed = if end { self.owed(group) } else { 0 };
        known.h_owed = known.h_owed + owed - usize::from(writes);
        known.results = known.results + usize::from(end) - usize::from(leaves);
        known.since = if start {
            Some(1)
        } else {
            known.since.map(|since| since + 1)
        };
        known.ended = if end {
            Some(1)
        } else {
            known.ended.map(|ended| ended + 1)
        };
        known.row = row.unwrap_or(0);
        if start {
            known.place = (known.place + 1) % rows;
            known.bank ^= i64::from(known.place == 0);
        }
        if reset {
            *known = self.begin();
        }
        Cycle::of(&inputs, &outputs)
    }

    /// Blocks of h that the end of a group leaves to be written: all of them by the end of the step.
    const fn owed(&self, group: usize) -> usize {
        (group + 1) * self.h_blocks / self.groups - group * self.h_blocks / self.groups
    }

    fn begin(&self) -> Known {
        let h_there = self.h_blocks;
        Known {
            h_there,
            ..Known::default()
        }
    }

    fn bench(&self) -> Bench {
        let mut random = Random((self.blocks * 16 + self.chain) as u64);
        let mut known = self.begin();
        let mut cycles = vec![Cycle::of(&[(1, 1)], &[]), Cycle::of(&[(1, 1)], &[])];
        cycles.extend((0..CYCLES).map(|_| {
            let reset = random.between(0, 99) == 0;
            self.cycle(&mut known, &mut random, reset)
        }));
        for cycle in &mut cycles {
            cycle.inputs.resize(7, false);
        }
        Bench {
            module: "lprnn_sequencer",
            cycles,
            parameters: vec![
                ("X_BLOCKS", self.x_blocks as i64),
                ("H_BLOCKS", self.h_blocks as i64),
                ("BLOCKS", self.blocks as i64),
                ("GROUPS", self.groups as i64),
                ("CHAIN", self.chain as i64),
                ("RESULTS", self.results as i64),
                ("FORBIDDEN", self.forbidden),
            ],
            clocked: true,
            inputs: vec![
                ("rst", 1),
                ("x_steps_i", 2),
                ("h_written_i", 1),
                ("weight_valid_i", 1),
                ("result_taken_i", 1),
                ("fresh_i", 1),
            ],
            outputs: vec![
                ("x_begun_o", 1),
                ("weight_row_o", width_of(self.blocks * self.groups)),
                ("vector_row_o", width_of(self.blocks) + 1),
                ("bank_o", 1),
                ("sum_o", 1),
                ("recurrent_o", 1),
                ("group_end_o", 1),
                ("step_end_o", 1),
            ],
        }
    }
}

/// Weights that come and go among what else comes and goes; after every start the chain reads the rows
/// that the skew wants, whatever the weights' valid says then.
#[test]
fn blocks_start_when_all_that_they_need_is_there() {
    let set = |(x_blocks, h_blocks, blocks), groups, chain, results, forbidden| Folded {
        x_blocks,
        h_blocks,
        blocks,
        groups,
        chain,
        results,
        forbidden,
    };
    let sets = [
        set((2, 2, 5), 2, 3, 2, 0xc0),
        set((1, 1, 5), 1, 1, 2, 0xc0),
        set((2, 3, 6), 3, 6, 4, 0x180),
        set((1, 2, 3), 4, 2, 4, 0),
        set((3, 4, 8), 5, 8, 4, 0x600),
    ];
    let file = "lprnn_sequencer.v";
    each_is_found(
        &sets.map(|set| set.bench()),
        &[
            mutant(file, "h_ready & weight_valid_i &", "h_ready &"),
            mutant(file, "~last_block_q | ~FORBIDDEN[distance_q]", "1'b1"),
            mutant(file, "GAP_INT = CHAIN - 1;", "GAP_INT = CHAIN;"),
            mutant(file, "start ? after_next : after_run", "after_run"),
            mutant(
                file,
                "h_credit_q    <= ALL_H;",
                "h_credit_q    <= h_credit_q;",
            ),
            mutant(file, "~(recurrent_q & fresh_i)", "~fresh_i"),
        ],
    );
}

/// What a command consists of: rows, strobes, flags and the context.
const FIELDS: [&str; 9] = [
    "weight_row",
    "vector_row",
    "sum",
    "group_end",
    "step_end",
    "recurrent",
    "fresh",
    "last",
    "context",
];

fn command(start: usize, chain: usize, latency: usize, context_w: usize) -> Bench {
    let mut random = Random((16 * chain + latency) as u64);
    let widths = [4, 4, 1, 1, 1, 1, 1, 1, context_w.max(1)];
    let commands: Vec<[i64; 9]> = (0..CYCLES)
        .map(|_| widths.map(|width| random.between(0, (1 << width) - 1)))
        .collect();
    let resets: Vec<bool> = (0..CYCLES)
        .map(|cycle| cycle < 2 || random.between(0, 40) == 0)
        .collect();
    let cycles = (0..CYCLES).map(|cycle| {
        let at = |late: usize| cycle.checked_sub(late);
        // Strobes that a reset met on their way are zero.
        let strobe = |field: usize, late: usize| {
            let lost = late > 0 && resets[at(late).unwrap_or(0)..cycle].contains(&true);
            if lost {
                Some(0)
            } else {
                at(late).map(|at| commands[at][field])
            }
        };
        let flag = |field: usize, late: usize| at(late).map(|at| commands[at][field]);
        let sums = start + latency;
        let mut outputs = vec![
            (flag(0, start), 4),
            (flag(1, start), 4),
            (strobe(4, start + chain), 1),
        ];
        outputs.extend([2, 3, 4].map(|field| (strobe(field, sums), 1)));
        outputs.extend([5, 6, 7].map(|field| (flag(field, sums), 1)));
        let context = if context_w == 0 {
            Some(0)
        } else {
            flag(8, sums)
        };
        outputs.push((context, widths[8]));
        let mut inputs = vec![(resets[cycle].into(), 1)];
        inputs.extend(commands[cycle].into_iter().zip(widths));
        Cycle::of(&inputs, &outputs)
    });
    let port = |field: usize, way: &str| -> &'static str {
        Box::leak(format!("{}_{way}", FIELDS[field]).into_boxed_str())
    };
    let mut inputs = vec![("rst", 1)];
    inputs.extend((0..9).map(|field| (port(field, "i"), widths[field])));
    let mut outputs: Vec<_> = (0..9)
        .map(|field| (port(field, "o"), widths[field]))
        .collect();
    outputs.insert(2, ("released_o", 1));
    Bench {
        module: "lprnn_command",
        cycles: cycles.collect(),
        parameters: vec![
            ("BLOCKS", 5),
            ("GROUPS", 3),
            ("START", start as i64),
            ("CHAIN", chain as i64),
            ("LATENCY", latency as i64),
            ("CONTEXT_W", context_w as i64),
        ],
        clocked: true,
        inputs,
        outputs,
    }
}

#[test]
fn commands_act_where_and_when_they_should() {
    let sets = [(0, 1, 3, 0), (1, 4, 9, 0), (0, 8, 12, 2), (1, 3, 4, 3)];
    let file = "lprnn_command.v";
    each_is_found(
        &sets.map(|(start, chain, latency, context)| command(start, chain, latency, context)),
        &[
            mutant(file, ".CYCLES (START + CHAIN)", ".CYCLES (CHAIN)"),
            mutant(
                file,
                ".CYCLES (LATENCY - CHAIN),\n        .RESET  (1)",
                ".CYCLES (LATENCY - CHAIN),\n        .RESET  (0)",
            ),
            mutant(
                file,
                "{recurrent_i, fresh_i, last_i}",
                "{recurrent_i, last_i, fresh_i}",
            ),
            mutant(file, "if (CONTEXT_W > 0) begin", "if (0) begin"),
        ],
    );
}

/// Sums of a unit, phase of h, phases of the state's read and write.
type Program = (usize, usize, usize, usize);

/// Groups that end at random, never within a program's sums; after a reset nothing of them is left.
fn lane_control(groups: usize, (sums, depth, read, write): Program, context_w: usize) -> Bench {
    let mut random = Random((groups * 64 + depth) as u64);
    let (group_w, sum_w) = (width_of(groups), width_of(sums));
    let bias_w = (if groups > 1 { group_w } else { 0 }) + 1 + sum_w;
    let state_w = context_w + group_w;
    let mut want: Vec<BTreeMap<&str, i64>> = vec![BTreeMap::new(); CYCLES + depth + 2];
    let (mut number, mut free, mut inputs) = (0, 0, Vec::new());
    for cycle in 0..CYCLES {
        let reset = cycle < 2 || random.between(0, 70) == 0;
        let ends = cycle >= free && random.between(0, 5) == 0;
        let [step_end, fresh, last] = [0; 3].map(|_| random.between(0, 1));
        let context = random.between(0, (1 << context_w) - 1);
        inputs.push(vec![
            (reset.into(), 1),
            (ends.into(), 1),
            (step_end, 1),
            (fresh, 1),
            (last, 1),
            (context, context_w.max(1)),
        ]);
        if ends {
            let group = (number % groups) as i64;
            let phase = |phase: usize| cycle + 1 + phase;
            let row = (group << 1 | fresh) << sum_w;
            for sum in 0..sums {
                want[cycle + sum].insert("bias_addr_o", row + sum as i64);
                want[phase(sum)].insert("turn_o", sum as i64);
            }
            for at in 0..depth {
                *want[phase(at)].entry("phase_o").or_default() |= 1 << at;
            }
            let address = context << group_w | group;
            want[phase(read)].insert("state_read_addr_o", address);
            want[phase(read + 1)].insert("state_fresh_o", fresh);
            want[phase(write)].extend([("state_write_o", 1), ("state_write_addr_o", address)]);
            let flags = [
                ("done_o", 1),
                ("step_end_o", step_end),
                ("fresh_o", fresh),
                ("last_o", last),
            ];
            want[phase(depth)].extend(flags);
            (number, free) = (number + 1, cycle + sums + 1);
        }
        if reset {
            // What was said of a group that is lost may come out, and nothing happens with it.
            for later in &mut want[cycle + 1..] {
                later.clear();
            }
            (number, free) = (0, cycle + 1);
        }
    }
    let ports = [
        ("bias_addr_o", bias_w, None),
        ("phase_o", depth, Some(0)),
        ("turn_o", sum_w, Some(0)),
        ("state_read_addr_o", state_w, None),
        ("state_fresh_o", 1, None),
        ("state_write_o", 1, Some(0)),
        ("state_write_addr_o", state_w, None),
        ("done_o", 1, Some(0)),
        ("step_end_o", 1, None),
        ("fresh_o", 1, None),
        ("last_o", 1, None),
    ];
    let cycles = inputs
        .iter()
        .zip(&want)
        .enumerate()
        .map(|(cycle, (inputs, want))| {
            let outputs = ports.map(|(port, width, idle)| {
                let idle = if cycle > 1 { idle } else { None };
                (want.get(port).copied().or(idle), width)
            });
            Cycle::of(inputs, if cycle > 1 { &outputs } else { &[] })
        });
    Bench {
        module: "lprnn_lane_control",
        cycles: cycles.collect(),
        parameters: vec![
            ("GROUPS", groups as i64),
            ("SUMS", sums as i64),
            ("DEPTH", depth as i64),
            ("STATE_READ", read as i64),
            ("STATE_WRITE", write as i64),
            ("CONTEXT_W", context_w as i64),
        ],
        clocked: true,
        inputs: vec![
            ("rst", 1),
            ("group_end_i", 1),
            ("step_end_i", 1),
            ("fresh_i", 1),
            ("last_i", 1),
            ("context_i", context_w.max(1)),
        ],
        outputs: ports.map(|(port, width, _)| (port, width)).to_vec(),
    }
}

#[test]
fn lanes_are_told_what_to_do_in_every_phase() {
    let sets = [
        (1, (4, 16, 5, 10), 0),
        (3, (4, 16, 5, 10), 0),
        (5, (4, 19, 6, 11), 2),
        (4, (3, 12, 3, 7), 1),
    ];
    let file = "lprnn_lane_control.v";
    each_is_found(
        &sets.map(|(groups, program, context)| lane_control(groups, program, context)),
        &[
            mutant(file, ".CYCLES (STATE_READ + 2)", ".CYCLES (STATE_READ + 1)"),
            mutant(
                file,
                "turn_q <= bias_sum_q;",
                "turn_q <= bias_sum_q + 1'b1;",
            ),
            mutant(
                file,
                "state_write_o = phase_q[STATE_WRITE]",
                "state_write_o = phase_q[STATE_WRITE+1]",
            ),
            mutant(file, "group_end_i ? fresh_i : bias_fresh_q", "bias_fresh_q"),
            mutant(file, ".CYCLES (STATE_WRITE - STATE_READ)", ".CYCLES (1)"),
            mutant(
                file,
                "write_q <= {GROUP_W{1'b0}};\n        end else",
                "write_q <= write_q;\n        end else",
            ),
        ],
    );
}
