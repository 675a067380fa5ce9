//! Delays, the tree of sums, and memories.

use super::bench::{Bench, Cycle, bank_w, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::BTreeMap;

const CYCLES: usize = 300;

fn delay(width: usize, cycles: usize, clears: bool) -> Bench {
    let mut random = Random((width * 16 + cycles) as u64);
    let mut line: Vec<Option<i64>> = vec![None; cycles];
    let cycles_of = (0..CYCLES).map(|cycle| {
        let reset = cycle < 2 || random.between(0, 30) == 0;
        let value = random.between(0, (1 << width) - 1);
        line.insert(0, Some(value));
        let expected = line.pop().flatten();
        if reset && clears {
            line.fill(Some(0));
        }
        Cycle::of(&[(reset.into(), 1), (value, width)], &[(expected, width)])
    });
    Bench {
        module: "lprnn_delay",
        cycles: cycles_of.collect(),
        parameters: vec![
            ("WIDTH", width as i64),
            ("CYCLES", cycles as i64),
            ("RESET", clears.into()),
        ],
        clocked: true,
        inputs: vec![("rst", 1), ("data_i", width)],
        outputs: vec![("data_o", width)],
    }
}

#[test]
fn delays_delay() {
    let sets = [
        (1, 0, false),
        (5, 1, false),
        (3, 4, true),
        (8, 7, false),
        (2, 1, true),
    ];
    let file = "lprnn_delay.v";
    each_is_found(
        &sets.map(|(width, cycles, clears)| delay(width, cycles, clears)),
        &[
            mutant(
                file,
                "data_o = line_q[(CYCLES-1)*WIDTH +:",
                "data_o = line_q[0 +:",
            ),
            mutant(file, "if (RESET != 0) begin", "if (RESET == 0) begin"),
            mutant(file, "if (CYCLES == 0) begin", "if (CYCLES <= 1) begin"),
        ],
    );
}

fn add_tree(count: usize, width: usize) -> Bench {
    let mut random = Random((count * 64 + width) as u64);
    let latency = count.next_power_of_two().trailing_zeros() as usize;
    let values: Vec<Vec<i64>> = (0..CYCLES)
        .map(|_| {
            (0..count)
                .map(|_| random.between(0, (1 << width) - 1))
                .collect()
        })
        .collect();
    let cycles = (0..CYCLES).map(|cycle| {
        let sum = cycle.checked_sub(latency).map(|at| values[at].iter().sum());
        let inputs: Vec<_> = values[cycle].iter().map(|&value| (value, width)).collect();
        Cycle::of(&inputs, &[(sum, width)])
    });
    Bench {
        module: "lprnn_add_tree",
        cycles: cycles.collect(),
        parameters: vec![("COUNT", count as i64), ("WIDTH", width as i64)],
        clocked: true,
        inputs: vec![("values_i", count * width)],
        outputs: vec![("sum_o", width)],
    }
}

#[test]
fn trees_add_everything_up() {
    let counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 13];
    let file = "lprnn_add_tree.v";
    each_is_found(
        &counts.map(|count| add_tree(count, 3 + count)),
        &[
            mutant(file, "node_q <= even + node", "node_q <= even - node"),
            mutant(file, "n < (HERE + 1) / 2", "n < HERE / 2"),
            mutant(file, "2*n + 1 >= HERE", "2*n + 2 >= HERE"),
        ],
    );
}

/// Reads and writes at random; what was never written, and what a registered read meets being written, is
/// not known.
fn ram(depth: i64, latency: i64) -> Bench {
    let (width, addr_w) = (
        6,
        (depth.max(2) as usize).next_power_of_two().trailing_zeros() as usize,
    );
    let mut random = Random((2 * depth + latency) as u64);
    let mut words: BTreeMap<i64, i64> = BTreeMap::new();
    let mut read = None;
    let cycles = (0..CYCLES).map(|_| {
        let mut address = || random.between(0, depth - 1);
        let (from, to) = (address(), address());
        let (writes, value) = (random.between(0, 2) == 0, random.between(0, 63));
        let now = words.get(&from).copied();
        let expected = if latency == 0 { now } else { read };
        read = now.filter(|_| !(writes && from == to));
        if writes {
            words.insert(to, value);
        }
        Cycle::of(
            &[
                (from, addr_w),
                (writes.into(), 1),
                (to, addr_w),
                (value, width),
            ],
            &[(expected, width)],
        )
    });
    Bench {
        module: "lprnn_ram",
        cycles: cycles.collect(),
        parameters: vec![
            ("WIDTH", width as i64),
            ("DEPTH", depth),
            ("LATENCY", latency),
        ],
        clocked: true,
        inputs: vec![
            ("read_addr_i", addr_w),
            ("write_i", 1),
            ("write_addr_i", addr_w),
            ("data_i", width),
        ],
        outputs: vec![("data_o", width)],
    }
}

#[test]
fn memories_keep_what_was_written() {
    let sets = [(1, 1), (5, 1), (8, 1), (4, 0), (7, 0)];
    let file = "lprnn_ram.v";
    each_is_found(
        &sets.map(|(depth, latency)| ram(depth, latency)),
        &[
            mutant(file, "if (write_i) begin", "if (1'b1) begin"),
            mutant(file, "if (LATENCY == 0) begin", "if (LATENCY != 0) begin"),
            mutant(
                file,
                "read_q <= memory[read_addr_i];",
                "read_q <= memory[write_addr_i];",
            ),
        ],
    );
}

const ACT_W: usize = 3;

/// Column s is read as late as its stage of the chain works.
fn vector_buffer(
    (columns, used): (usize, usize),
    blocks: i64,
    (chain, stage): (usize, usize),
    contexts: i64,
) -> Bench {
    let addr_w = width_of(blocks) + bank_w(contexts);
    let mut random = Random((columns * 64 + chain) as u64);
    let mut words: Vec<BTreeMap<i64, i64>> = vec![BTreeMap::new(); columns];
    let mut reads: Vec<i64> = Vec::new();
    let mut expected: Vec<Option<i64>> = vec![None; columns];
    let cycles = (0..CYCLES).map(|cycle| {
        let mut address = || random.between(0, (1 << addr_w) - 1);
        let (from, to) = (address(), address());
        reads.push(from);
        let writes = random.between(0, (1 << columns) - 1) & random.between(0, (1 << columns) - 1);
        let data: Vec<_> = (0..columns).map(|_| random.between(0, 7)).collect();
        let outputs: Vec<_> = expected.iter().map(|&value| (value, ACT_W)).collect();
        for column in 0..columns {
            let late = column / stage % chain;
            let at = cycle.checked_sub(late).map(|at| reads[at]);
            let written = writes >> column & 1 == 1;
            let word = at.and_then(|at| words[column].get(&at).copied());
            expected[column] = word.filter(|_| !(written && at == Some(to)));
            if column >= used {
                expected[column] = Some(0);
            }
            if written {
                words[column].insert(to, data[column]);
            }
        }
        let mut inputs = vec![(from, addr_w), (writes, columns), (to, addr_w)];
        inputs.extend(data.iter().map(|&value| (value, ACT_W)));
        Cycle::of(&inputs, &outputs)
    });
    Bench {
        module: "lprnn_vector_buffer",
        cycles: cycles.collect(),
        parameters: vec![
            ("COLUMNS", columns as i64),
            ("USED", used as i64),
            ("ACT_W", ACT_W as i64),
            ("BLOCKS", blocks),
            ("CHAIN", chain as i64),
            ("STAGE", stage as i64),
            ("BANK_W", bank_w(contexts) as i64),
        ],
        clocked: true,
        inputs: vec![
            ("read_addr_i", addr_w),
            ("write_i", columns),
            ("write_addr_i", addr_w),
            ("write_data_i", columns * ACT_W),
        ],
        outputs: vec![("act_o", columns * ACT_W)],
    }
}

#[test]
fn columns_are_read_when_their_stage_works() {
    let benches = [
        vector_buffer((5, 4), 3, (3, 2), 1),
        vector_buffer((4, 4), 2, (2, 1), 1),
        vector_buffer((6, 5), 4, (2, 2), 1),
        vector_buffer((1, 1), 2, (1, 2), 1),
        vector_buffer((5, 4), 3, (3, 2), 2),
        vector_buffer((4, 4), 2, (2, 1), 5),
    ];
    let file = "lprnn_vector_buffer.v";
    each_is_found(
        &benches,
        &[
            mutant(file, "(s / STAGE) % CHAIN", "s % CHAIN"),
            mutant(file, "(write_i[s])", "(|write_i)"),
            mutant(file, "if (s < USED) begin", "if (1) begin"),
            mutant(file, ".CYCLES (1)", ".CYCLES (0)"),
            mutant(
                file,
                "(BLOCKS > 1) ? BLOCKS : 2) + BANK_W;",
                "(BLOCKS > 1) ? BLOCKS : 2) + 1;",
            ),
        ],
    );
}
