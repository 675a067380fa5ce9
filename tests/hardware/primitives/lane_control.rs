//! Lane control: the lanes are told what to do in every phase.

use super::bench::{Bench, CYCLES, Cycle, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;
use std::collections::BTreeMap;

/// Sums of a unit, phase of h, phases of the state's read and write.
type Program = (usize, usize, usize, usize);

/// Groups that end at random, never within a program's sums; after a reset nothing of them is left.
fn lane_control(groups: usize, (sums, depth, read, write): Program, context_w: usize) -> Bench {
    let mut random = Random((groups * 64 + depth) as u64);
    let (group_w, sum_w) = (width_of(groups as i64), width_of(sums as i64));
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
