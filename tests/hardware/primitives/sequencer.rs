//! The sequencer: a block starts when all that it needs is there.

use super::bench::{Bench, CYCLES, Cycle, bank_w, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;

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
    contexts: i64,
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
        let (row_w, block_w) = (self.row_w(), width_of(self.blocks as i64));
        let vector = start.then_some((known.bank << block_w) + block as i64);
        let outputs = [
            flag(start && first),
            (row.map(|row| row as i64), row_w),
            (vector, block_w + bank_w(self.contexts)),
            (Some(known.bank & 1), 1),
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
            known.bank += i64::from(known.place == 0);
            known.bank %= 1 << bank_w(self.contexts);
        }
        if reset {
            *known = self.begin();
        }
        Cycle::of(&inputs, &outputs)
    }

    /// Bits of a weight row.
    fn row_w(&self) -> usize {
        width_of((self.blocks * self.groups) as i64)
    }

    /// Blocks of h that the end of a group leaves to be written: all of them by the end of the step.
    const fn owed(&self, group: usize) -> usize {
        (group + 1) * self.h_blocks / self.groups - group * self.h_blocks / self.groups
    }

    fn begin(&self) -> Known {
        let h_there = self.contexts as usize * self.h_blocks;
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
                ("CONTEXTS", self.contexts),
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
                ("weight_row_o", self.row_w()),
                (
                    "vector_row_o",
                    width_of(self.blocks as i64) + bank_w(self.contexts),
                ),
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
        contexts: 1,
    };
    let sets = [
        set((2, 2, 5), 2, 3, 2, 0xc0),
        set((1, 1, 5), 1, 1, 2, 0xc0),
        set((2, 3, 6), 3, 6, 4, 0x180),
        set((1, 2, 3), 4, 2, 4, 0),
        set((3, 4, 8), 5, 8, 4, 0x600),
        Folded {
            contexts: 2,
            ..set((2, 2, 5), 2, 3, 2, 0xc0)
        },
        Folded {
            contexts: 3,
            ..set((1, 2, 3), 2, 2, 4, 0)
        },
        Folded {
            contexts: 4,
            ..set((1, 1, 5), 1, 1, 2, 0xc0)
        },
        // Dense layers: h is no operand.
        set((3, 0, 3), 2, 2, 2, 0),
        set((1, 0, 2), 3, 1, 4, 0),
    ];
    let file = "lprnn_sequencer.v";
    each_is_found(
        &sets.map(|set| set.bench()),
        &[
            mutant(file, "h_ready & weight_valid_i &", "h_ready &"),
            mutant(file, "~last_block_q | ~MET[distance_q]", "1'b1"),
            mutant(file, "GAP_INT = CHAIN - 1;", "GAP_INT = CHAIN;"),
            mutant(file, "start ? after_next : after_run", "after_run"),
            mutant(
                file,
                "h_credit_q    <= ALL_H;",
                "h_credit_q    <= h_credit_q;",
            ),
            mutant(file, "~(recurrent_q & fresh_i)", "~fresh_i"),
            mutant(
                file,
                "ALL_H_INT = CONTEXTS*H_BLOCKS;",
                "ALL_H_INT = H_BLOCKS;",
            ),
            mutant(
                file,
                ": bank_q + {{(BANK_W-1){1'b0}}, last_group_q};",
                ": bank_q ^ {{(BANK_W-1){1'b0}}, last_group_q};",
            ),
            mutant(file, "(H_BLOCKS > 0) & ((block_q", "((block_q"),
        ],
    );
}
