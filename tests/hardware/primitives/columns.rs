//! Where x and h go in the vector buffer: `lprnn_operands` and `lprnn_h_writer`.

use super::bench::{Bench, Cycle, bank_w, each_is_found, width_of};
use crate::common::Random;
use crate::common::mutant::mutant;

/// A code with its sign bit inverted, which counts from 0.
const fn offset(code: i64, width: usize) -> i64 {
    code ^ (1 << (width - 1))
}

/// One of the sets of sizes of `lprnn_operands`.
#[derive(Clone, Copy)]
struct Operands {
    input_size: usize,
    elements: usize,
    columns: usize,
    x_w: usize,
    odd: bool,
    pad: i64,
    contexts: i64,
}

const ACT_W: usize = 4;
const BLOCKS: i64 = 5;

impl Operands {
    /// The element of x in a column of the block that a beat belongs to, if it has one.
    fn element(&self, beat: usize, column: usize) -> Option<usize> {
        let slots = self.columns / self.elements;
        let element = (beat / slots * slots) * self.elements + column;
        (column < slots * self.elements && element < self.input_size).then_some(element)
    }

    /// One beat of x or columns of h, and what is written.
    fn cycle(&self, random: &mut Random) -> Cycle {
        let (slots, addr_w) = (self.columns / self.elements, self.addr_w());
        let beats = self.input_size.div_ceil(self.elements);
        let beat = random.between(0, beats as i64 - 1) as usize;
        let of_h = random.between(0, 1) == 1;
        let writes = !of_h && random.between(0, 4) > 0;
        let element_w = self.x_w.next_multiple_of(8);
        let code = |random: &mut Random| match random.code(self.x_w as u32) {
            code if self.odd => 2 * code + 1,
            code => code,
        };
        let x: Vec<i64> = (0..self.elements).map(|_| code(random)).collect();
        let h_write = if of_h {
            random.between(0, (1 << self.columns) - 1)
        } else {
            0
        };
        let h: Vec<i64> = (0..self.columns).map(|_| random.between(0, 15)).collect();
        let [x_addr, h_addr] = [0; 2].map(|_| random.between(0, (1 << addr_w) - 1));
        let mut inputs = vec![
            (writes.into(), 1),
            (1 << (beat % slots), slots),
            ((beat + 1 == beats).into(), 1),
            (x_addr, addr_w),
        ];
        inputs.extend(x.iter().map(|&code| (code, element_w)));
        inputs.extend([(of_h.into(), 1), (h_write, self.columns), (h_addr, addr_w)]);
        inputs.extend(h.iter().map(|&code| (code, ACT_W)));

        let places: Vec<_> = (0..self.columns)
            .map(|column| {
                if of_h {
                    let written = h_write >> column & 1;
                    return (Some(written), (written == 1).then_some(h[column]));
                }
                match self.element(beat, column) {
                    _ if !writes => (Some(0), None),
                    Some(element) if element / self.elements == beat => {
                        let code = x[element % self.elements];
                        let held = code >> u32::from(self.odd) & ((1 << self.x_w) - 1);
                        (Some(1), Some(offset(held, self.x_w)))
                    }
                    Some(_) => (Some(0), None),
                    // Empty places of the last block are written at its end at the latest.
                    None if self.pad > 0 && beat + 1 == beats => (Some(1), Some(0)),
                    None => (None, None),
                }
            })
            .collect();
        let mut outputs: Vec<_> = places.iter().map(|place| (place.0, 1)).collect();
        let address = if of_h {
            Some(h_addr)
        } else {
            writes.then_some(x_addr)
        };
        outputs.push((address, addr_w));
        outputs.extend(places.iter().map(|place| (place.1, ACT_W)));
        Cycle::of(&inputs, &outputs)
    }

    /// Bits of an address, `{bank, block}`.
    fn addr_w(&self) -> usize {
        width_of(BLOCKS) + bank_w(self.contexts)
    }

    fn bench(&self) -> Bench {
        let mut random = Random(self.input_size as u64);
        let (slots, addr_w) = (self.columns / self.elements, self.addr_w());
        Bench {
            module: "lprnn_operands",
            cycles: (0..300).map(|_| self.cycle(&mut random)).collect(),
            parameters: vec![
                ("INPUT_SIZE", self.input_size as i64),
                ("ELEMENTS", self.elements as i64),
                ("COLUMNS", self.columns as i64),
                ("X_W", self.x_w as i64),
                ("X_ODD", self.odd.into()),
                ("ACT_W", ACT_W as i64),
                ("BLOCKS", BLOCKS),
                ("PAD", self.pad),
                ("BANK_W", bank_w(self.contexts) as i64),
            ],
            clocked: false,
            inputs: vec![
                ("x_write_i", 1),
                ("x_slot_i", slots),
                ("x_last_beat_i", 1),
                ("x_addr_i", addr_w),
                ("x_data_i", self.elements * self.x_w.next_multiple_of(8)),
                ("h_active_i", 1),
                ("h_write_i", self.columns),
                ("h_addr_i", addr_w),
                ("h_data_i", self.columns * ACT_W),
            ],
            outputs: vec![
                ("write_o", self.columns),
                ("write_addr_o", addr_w),
                ("data_o", self.columns * ACT_W),
            ],
        }
    }
}

#[test]
fn elements_of_x_go_to_their_columns() {
    let set = |(input_size, elements, columns), x_w, pad| Operands {
        input_size,
        elements,
        columns,
        x_w,
        odd: x_w < 3 || pad > 1,
        pad,
        contexts: 1,
    };
    let sets = [
        set((7, 2, 5), 4, 0),
        set((7, 2, 5), 3, 1),
        set((5, 4, 9), 1, 2),
        set((3, 1, 4), 4, 2),
        set((12, 3, 6), 2, 1),
        set((5, 1, 4), 4, 1),
        set((5, 1, 4), 3, 2),
        Operands {
            contexts: 4,
            ..set((7, 2, 5), 4, 0)
        },
    ];
    let file = "lprnn_operands.v";
    each_is_found(
        &sets.map(|set| set.bench()),
        &[
            mutant(
                file,
                "h_active_i ? h_addr_i : x_addr_i",
                "h_active_i ? x_addr_i : h_addr_i",
            ),
            mutant(file, "+: X_W] ^ TOP_BIT[X_W-1:0]", "+: X_W]"),
            mutant(
                file,
                "(x_slot_i[s / ELEMENTS] | x_last_beat_i)",
                "x_slot_i[s / ELEMENTS]",
            ),
            mutant(file, "element[LOW +:", "element[0 +:"),
        ],
    );
}

/// One of the sets of sizes of `lprnn_h_writer`.
#[derive(Clone, Copy)]
struct Writer {
    hidden: usize,
    lanes: usize,
    columns: usize,
    h_w: usize,
    pad: i64,
    contexts: i64,
}

const X_BLOCKS: usize = 2;

impl Writer {
    /// Groups of a block, blocks of a group, groups, blocks.
    fn shape(&self) -> (usize, usize, usize, usize) {
        let (slots, parts) = if self.lanes <= self.columns {
            (self.columns / self.lanes, 1)
        } else {
            (1, self.lanes.div_ceil(self.columns))
        };
        let groups = self.hidden.div_ceil(self.lanes);
        (slots, parts, groups, (groups * parts).div_ceil(slots))
    }

    /// Block and column of a unit, x blocks not counted.
    fn place(&self, unit: usize) -> (usize, usize) {
        let (slots, parts, ..) = self.shape();
        let (group, lane) = (unit / self.lanes, unit % self.lanes);
        if parts > 1 {
            (group * parts + lane / self.columns, lane % self.columns)
        } else {
            (group / slots, group % slots * self.lanes + lane)
        }
    }

    /// What a cycle writes that is part `part` of group `group`: each column's write and data.
    fn writes(&self, group: usize, part: usize, h: &[i64]) -> Vec<(Option<i64>, Option<i64>)> {
        let (slots, parts, groups, _) = self.shape();
        let block = group * parts / slots + part;
        let mut places = vec![(None, None); self.columns];
        // Places of other groups in this block stay as they are.
        for unit in 0..self.hidden {
            let (of, column) = self.place(unit);
            if of != block {
                continue;
            }
            places[column] = if unit / self.lanes == group {
                let code = h[unit % self.lanes];
                (Some(1), Some(offset(code, self.h_w)))
            } else {
                (Some(0), None)
            };
        }
        for place in &mut places {
            if place.0.is_none() && self.pad > 0 && group + 1 == groups {
                *place = (Some(1), (self.pad > 1).then_some(0));
            }
        }
        places
    }

    fn bench(&self) -> Bench {
        let mut random = Random((self.hidden * 32 + self.lanes) as u64);
        let (slots, parts, groups, blocks) = self.shape();
        let all = X_BLOCKS + blocks;
        let (block_w, bank_w) = (width_of(all as i64), bank_w(self.contexts));
        let (mut group, mut bank, mut part, mut rest) = (0, self.contexts, 0, Vec::new());
        let cycles = (0..400).map(|cycle| {
            let reset = cycle < 2 || random.between(0, 50) == 0;
            let starts = part == 0 && random.between(0, 2) == 0;
            let h: Vec<i64> = (0..self.lanes)
                .map(|_| random.between(0, (1 << self.h_w) - 1))
                .collect();
            let active = starts || part > 0;
            if starts {
                rest.clone_from(&h);
            }
            let mut outputs = vec![(Some(active.into()), 1)];
            let block = group * parts / slots + part;
            let places = if active {
                self.writes(group, part, &rest)
            } else {
                vec![(Some(0), None); self.columns]
            };
            let whole = parts > 1 || (group + 1) % slots == 0 || group + 1 == groups;
            outputs.push((Some((active && whole).into()), 1));
            outputs.extend(places.iter().map(|place| (place.0, 1)));
            let address = (bank << block_w) + (X_BLOCKS + block) as i64;
            outputs.push((active.then_some(address), block_w + bank_w));
            outputs.extend(places.iter().map(|place| (place.1, ACT_W)));
            if active {
                part = (part + 1) % parts;
                if part == 0 {
                    group += 1;
                    if group == groups {
                        (group, bank) = (0, (bank + 1) % (1 << bank_w));
                    }
                }
            }
            if reset {
                (group, bank, part) = (0, self.contexts, 0);
            }
            let mut inputs = vec![(reset.into(), 1), (starts.into(), 1)];
            inputs.extend(h.iter().map(|&code| (code, self.h_w)));
            Cycle::of(&inputs, if cycle > 1 { &outputs } else { &[] })
        });
        Bench {
            module: "lprnn_h_writer",
            cycles: cycles.collect(),
            parameters: vec![
                ("HIDDEN", self.hidden as i64),
                ("LANES", self.lanes as i64),
                ("COLUMNS", self.columns as i64),
                ("H_W", self.h_w as i64),
                ("ACT_W", ACT_W as i64),
                ("X_BLOCKS", X_BLOCKS as i64),
                ("BLOCKS", all as i64),
                ("PAD", self.pad),
                ("CONTEXTS", self.contexts),
            ],
            clocked: true,
            inputs: vec![("rst", 1), ("group_i", 1), ("h_i", self.lanes * self.h_w)],
            outputs: vec![
                ("active_o", 1),
                ("written_o", 1),
                ("write_o", self.columns),
                ("write_addr_o", block_w + bank_w),
                ("data_o", self.columns * ACT_W),
            ],
        }
    }
}

#[test]
fn units_of_h_go_to_their_columns() {
    let set = |(hidden, lanes, columns), h_w, pad| Writer {
        hidden,
        lanes,
        columns,
        h_w,
        pad,
        contexts: 1,
    };
    let sets = [
        set((7, 2, 5), 4, 0),
        set((7, 2, 5), 3, 1),
        set((5, 1, 2), 1, 2),
        set((9, 5, 2), 4, 0),
        set((9, 5, 2), 1, 2),
        set((6, 6, 6), 2, 1),
        Writer {
            contexts: 2,
            ..set((7, 2, 5), 4, 0)
        },
        Writer {
            contexts: 5,
            ..set((9, 5, 2), 1, 2)
        },
    ];
    let file = "lprnn_h_writer.v";
    each_is_found(
        &sets.map(|set| set.bench()),
        &[
            mutant(file, "bank_q  <= FIRST_BANK;", "bank_q  <= {BANK_W{1'b0}};"),
            mutant(file, "FIRST_BANK_INT = CONTEXTS;", "FIRST_BANK_INT = 1;"),
            mutant(file, "(slot_q[SLOTS-1] | last_group)", "slot_q[SLOTS-1]"),
            mutant(file, "+: H_W] ^ TOP_BIT[H_W-1:0]", "+: H_W]"),
            mutant(file, "rest[COLUMNS*ACT_W +: REST_W]", "rest[0 +: REST_W]"),
            mutant(file, "(PAD > 1 && last_group) ?", "(1'b0) ?"),
        ],
    );
}
