//! The command: every field acts where and when it should.

use super::bench::{Bench, CYCLES, Cycle, bank_w, each_is_found};
use crate::common::Random;
use crate::common::mutant::mutant;

/// Parts of a command: rows, strobes, flags and the context.
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
    // As many contexts as the bits can count.
    let bank_w = bank_w(1 << context_w);
    let row_w = 3 + bank_w;
    let mut random = Random((16 * chain + latency) as u64);
    let widths = [4, row_w, 1, 1, 1, 1, 1, 1, context_w.max(1)];
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
            (flag(1, start), row_w),
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
            ("BANK_W", bank_w as i64),
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
