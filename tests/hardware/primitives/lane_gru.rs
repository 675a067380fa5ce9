//! The element-wise part of one GRU unit, driven phase by phase as `lprnn_lane_control` drives it.
//!
//! What the lane must say follows docs/numerics.md. Every input is random outside of the cycles in which
//! the header says that it is read.

use super::bench::{Bench, Cycle, all_equal};
use super::lane::{design_of, scaled_sum};
use crate::common::Random;
use lprnn_hw::device::Family::{self, Ecp5, Ice40, Xc7};
use lprnn_hw::fixed::{Levels, QFormat, requantize};
use lprnn_hw::hardware::LayerDesign;
use lprnn_hw::quantize::{Layer, Recurrence, RowScale};

/// Groups after the last reset.
const GROUPS: usize = 60;

/// Resets in the middle of the work.
const RESETS: u64 = 12;

/// Bits and fraction.
type Format = (u32, i32);

/// One layer of one unit.
pub(super) struct GruLane {
    layer: Layer,
    v: QFormat,
    s: QFormat,
    design: LayerDesign,
}

/// One group of units in the lane.
struct GruGroup {
    start: usize,
    /// Cycle in which the accumulators are x's.
    middle: usize,
    /// What is taken, n's parts of x and of h, r, u: biases included, before rounding.
    sums: [i64; 4],
    /// Multipliers of their rows, 1 where there are none.
    rows: [i64; 4],
    /// Values that the tables give: r, u, n.
    gates: [i64; 3],
    s_before: i64,
    fresh: bool,
}

/// The ports in one cycle; what nothing is said of is random at an input and free at an output.
#[derive(Clone, Default)]
struct GruPorts {
    reset: bool,
    phases: i64,
    recurrent: bool,
    fresh: Option<i64>,
    /// r, u, n.
    acc: [Option<i64>; 3],
    bias: Option<i64>,
    gate_data: Option<i64>,
    tanh_data: Option<i64>,
    s_i: Option<i64>,
    gate_addr: Option<i64>,
    tanh_addr: Option<i64>,
    s_o: Option<i64>,
    h: Option<i64>,
}

/// Sets a port that no other group uses in the same cycle.
fn set(port: &mut Option<i64>, value: i64) {
    assert!(port.replace(value).is_none(), "two groups at one port");
}

/// A number between two, every third one of the ends.
fn between(random: &mut Random, low: i64, high: i64) -> i64 {
    match random.between(0, 5) {
        0 => low,
        1 => high,
        _ => random.between(low, high),
    }
}

impl GruLane {
    /// Formats of z, gates, v, s, h; bits that z drops and the largest bias; family.
    fn new(
        (z, a_frac, v, s, h): (Format, u32, Format, Format, Format),
        (z_shift, largest_bias): (i32, i32),
        target: Family,
    ) -> Self {
        let format = |(bits, frac)| QFormat::new(bits, frac);
        let acc_frac = z.1 + z_shift;
        let layer = Layer {
            direction: lprnn_hw::quantize::Direction::Forward,
            input_size: 4,
            hidden_size: 1,
            x: QFormat::new(4, 0),
            h: format(h),
            w_bits: 4,
            w_levels: Levels::Even,
            w_frac_ih: vec![acc_frac; 3],
            w_frac_hh: vec![acc_frac - h.1; 3],
            z: format(z),
            a_frac,
            recurrence: Recurrence::Gru {
                v: format(v),
                s: format(s),
                bias_n_h: vec![largest_bias],
            },
            weight_ih: vec![1; 12],
            weight_hh: vec![1; 3],
            bias: vec![largest_bias; 3],
            row_scale: None,
        };
        let design = design_of(&layer, target);
        Self {
            layer,
            v: format(v),
            s: format(s),
            design,
        }
    }

    /// The same with multipliers of rows, of so many bits and this fraction.
    fn scaled(mut self, (bits, frac): Format, target: Family) -> Self {
        self.layer.row_scale = Some(RowScale {
            bits,
            frac,
            multiplier: vec![1 << (bits - 1); 4],
        });
        self.design = design_of(&self.layer, target);
        self
    }

    fn multiplier_bits(&self) -> usize {
        let of_rows = self.layer.row_scale.as_ref();
        of_rows.map_or(0, |scale| scale.bits as usize)
    }

    /// Cycles by which all that follows a sum is later.
    fn late(&self) -> usize {
        if self.layer.row_scale.is_some() { 3 } else { 0 }
    }

    fn registers(&self) -> (usize, usize) {
        let timing = self.design.folding().timing;
        (timing.gate_registers(), timing.state_registers())
    }

    fn phases(&self) -> usize {
        let (table, delay) = self.registers();
        16 + self.late() + table + delay
    }

    /// The strobes and the phases in which they are high, as the lane's header has them.
    fn strobes(&self) -> [(&'static str, usize); 9] {
        let (table, delay) = self.registers();
        let table = table + self.late();
        let late = table + delay;
        [
            ("take_i", 0),
            ("keep_vx_i", 3 + self.late()),
            ("keep_vh_i", 4 + self.late()),
            ("load_rv_i", 6 + table),
            ("keep_u_i", 7 + table),
            ("start_n_i", 8 + table),
            ("load_un_i", 11 + late),
            ("start_s_i", 12 + late),
            ("keep_h_i", 15 + late),
        ]
    }

    /// Bits that a turn drops of its sum, and the half of the last one that stays where the bias has it.
    fn dropped(&self, turn: usize) -> (i32, i64) {
        let widths = self.design.widths();
        let shift = if turn < 2 {
            widths.v_shift.unwrap()
        } else {
            widths.z_shift
        };
        let added = shift > 0 && self.layer.row_scale.is_none();
        (shift, if added { 1 << (shift - 1) } else { 0 })
    }

    /// A sum: any, one at an end, or one at the middle of two codes or beside it.
    fn sum(&self, turn: usize, random: &mut Random) -> i64 {
        let (shift, half) = self.dropped(turn);
        let bits = if turn < 2 {
            self.v.bits
        } else {
            self.layer.z.bits
        };
        let end = 1i64 << (self.design.widths().acc - 1);
        let code = random.code(bits) << shift;
        let sum = match random.between(0, 6) {
            0 => -end,
            1 => end,
            2 => random.between(-end, end),
            3 => code,
            4 => code - half,
            _ => code + half + random.between(-1, 1),
        };
        sum.clamp(-end, end - 1 - half)
    }

    fn group(&self, (after, start): (usize, usize), random: &mut Random) -> GruGroup {
        let one = 1 << self.layer.a_frac;
        let gates = [0, 0, -one].map(|low| between(random, low, one));
        let pairs: [(i64, i64); 4] = std::array::from_fn(|turn| match &self.layer.row_scale {
            None => (self.sum(turn, random), 1),
            Some(scale) => {
                let bits = if turn < 2 { self.v } else { self.layer.z }.bits;
                let (shift, acc) = (self.dropped(turn).0, self.design.widths().acc);
                scaled_sum(random, (scale.bits, shift), (bits, acc))
            }
        });
        GruGroup {
            start,
            middle: match random.between(0, 2) {
                0 => after,
                1 => start - 1,
                _ => random.between(after as i64, start as i64 - 1) as usize,
            },
            sums: pairs.map(|(sum, _)| sum),
            rows: pairs.map(|(_, row)| row),
            gates,
            s_before: random.code(self.s.bits),
            fresh: random.between(0, 3) == 0,
        }
    }

    /// Codes of r's and u's z, the argument of tanh, s and h, as docs/numerics.md computes them.
    fn words(&self, group: &GruGroup) -> ([i64; 2], i64, i64, i64) {
        let Layer { z, a_frac, h, .. } = &self.layer;
        let (a_frac, v, s) = (*a_frac as i32, self.v, self.s);
        let code = |turn: usize, bits| {
            let value = group.sums[turn] * group.rows[turn];
            requantize(value, self.dropped(turn).0, bits)
        };
        let (vx, vh) = (code(0, v.bits), code(1, v.bits));
        let [r, u, n] = group.gates;
        let argument = requantize((vx << a_frac) + r * vh, a_frac + v.frac - z.frac, z.bits);
        let before = if group.fresh { 0 } else { group.s_before };
        let shift_us = (a_frac - s.frac).max(0);
        let shift_un = (s.frac - a_frac).max(0);
        let products = ((u * before) << shift_us) + ((((1 << a_frac) - u) * n) << shift_un);
        let state = requantize(products, a_frac + shift_us, s.bits);
        let hidden = h.codes().requantize(state, s.frac - h.frac);
        // Odd h goes without its last bit.
        let stored = hidden >> u32::from(h.is_odd());
        ([code(2, z.bits), code(3, z.bits)], argument, state, stored)
    }

    /// All cycles from a reset on. `acc` are the accumulators r, u, n, which no group clears.
    fn drive(&self, groups: &[GruGroup], cycles: usize, random: &mut Random) -> Vec<GruPorts> {
        let (table, delay) = self.registers();
        let of_sums = self.late();
        let table = table + of_sums;
        let late = table + delay;
        let last = groups.last().map_or(0, |group| group.start);
        let mut ports = vec![GruPorts::default(); cycles.max(last + self.phases() + 16)];
        let mut acc = [0i64; 3];
        for (number, group) in groups.iter().enumerate() {
            let at = |phase: usize| group.start + phase;
            let (z, argument, s, h) = self.words(group);
            for phase in 0..self.phases() {
                ports[at(phase)].phases |= 1 << phase;
            }
            for turn in 0..4 {
                let bias = random.code(self.design.widths().acc as u32);
                let row = [2, 2, 0, 1][turn];
                acc[row] += group.sums[turn] + self.dropped(turn).1 - bias;
                let acc_w = self.design.widths().acc;
                let word = match self.layer.row_scale {
                    None => bias,
                    Some(_) => bias & ((1 << acc_w) - 1) | group.rows[turn] << acc_w,
                };
                set(&mut ports[at(1 + turn)].bias, word);
                if turn == 0 {
                    set(&mut ports[group.middle].acc[2], acc[2]);
                }
            }
            for earlier in &mut ports[group.middle..group.start] {
                earlier.recurrent = true;
            }
            for (row, acc) in acc.into_iter().enumerate() {
                set(&mut ports[at(0)].acc[row], acc);
            }
            for (gate, code) in z.into_iter().enumerate() {
                let code = code & ((1 << self.layer.z.bits) - 1);
                set(&mut ports[at(5 + of_sums + gate)].gate_addr, code);
                set(
                    &mut ports[at(6 + of_sums + gate)].gate_data,
                    group.gates[gate],
                );
            }
            set(&mut ports[at(10 + table)].tanh_addr, argument);
            set(&mut ports[at(11 + table)].tanh_data, group.gates[2]);
            set(&mut ports[at(10 + late)].fresh, group.fresh.into());
            set(&mut ports[at(10 + late)].s_i, group.s_before);
            set(&mut ports[at(15 + late)].s_o, s);
            let next = groups.get(number + 1);
            let held = next.map_or(cycles, |next| next.start + self.phases());
            let until = at(self.phases())..held.max(at(self.phases()));
            for later in &mut ports[until] {
                set(&mut later.h, h);
            }
        }
        ports.truncate(cycles);
        ports
    }

    /// Groups, most of them as close as the lane takes them, with the first cycle in which the
    /// accumulators may be x's.
    fn starts(&self, random: &mut Random) -> impl Iterator<Item = (usize, usize)> {
        let (mut after, mut next) = (1, 2);
        std::iter::repeat_with(move || {
            let group = (after, next);
            after = next + 1;
            next += self.design.folding().timing.interval();
            if random.between(0, 3) == 0 {
                next += random.between(0, 9) as usize;
            }
            while self.design.folding().timing.clash(next - group.1) {
                next += 1;
            }
            group
        })
    }

    /// Stretches that a reset of one cycle ends, and a long one.
    pub(super) fn bench(&self) -> Bench {
        let mut random = Random(self.design.widths().acc as u64);
        let mut all = vec![GruPorts {
            reset: true,
            ..GruPorts::default()
        }];
        for number in 0..=RESETS {
            let starts: Vec<_> = self.starts(&mut Random(number)).take(GROUPS).collect();
            let cycles = if number == RESETS {
                starts[GROUPS - 1].1 + self.phases() + 4
            } else {
                random.between(3, 60) as usize
            };
            let groups: Vec<_> = (starts.into_iter())
                .take_while(|&(_, start)| start < cycles)
                .map(|group| self.group(group, &mut random))
                .collect();
            all.extend(self.drive(&groups, cycles, &mut random));
            all.last_mut().unwrap().reset = number < RESETS;
        }
        self.described(&all, &mut random)
    }

    fn cycle(&self, ports: &GruPorts, random: &mut Random) -> Cycle {
        let (acc_w, table_w) = (self.design.widths().acc, self.layer.a_frac as usize + 2);
        let z_w = self.layer.z.bits as usize;
        let turn = (0..4).find(|turn| ports.phases >> turn & 1 == 1);
        let mut inputs = vec![(i64::from(ports.reset), 1)];
        inputs.extend(
            self.strobes()
                .map(|(_, phase)| (ports.phases >> phase & 1, 1)),
        );
        inputs.extend([(turn.unwrap_or(0), 2), (ports.recurrent.into(), 1)]);
        let acc = ports.acc.map(|acc| (acc, acc_w));
        let others = [
            (ports.fresh, 1),
            (ports.bias, acc_w + self.multiplier_bits()),
            (ports.gate_data, table_w),
            (ports.tanh_data, table_w),
            (ports.s_i, self.s.bits as usize),
        ];
        let noisy = acc.into_iter().chain(others);
        inputs.extend(noisy.map(|(value, width)| {
            let value = value.unwrap_or_else(|| random.word() as i64);
            (value, width)
        }));
        let outputs = [
            (ports.gate_addr, z_w + 1),
            (ports.tanh_addr, z_w),
            (ports.s_o, self.s.bits as usize),
            (ports.h, self.layer.h.bits as usize),
        ];
        Cycle::of(&inputs, &outputs)
    }

    fn described(&self, all: &[GruPorts], random: &mut Random) -> Bench {
        let (layer, widths) = (&self.layer, self.design.widths());
        let (table, delay) = self.registers();
        let (acc_w, table_w) = (widths.acc, layer.a_frac as usize + 2);
        let (z_w, s_w, h_w) = (
            layer.z.bits as usize,
            self.s.bits as usize,
            layer.h.bits as usize,
        );
        let ports = [
            ("turn_i", 2),
            ("recurrent_i", 1),
            ("acc_i", 3 * acc_w),
            ("fresh_i", 1),
            ("bias_i", acc_w + self.multiplier_bits()),
            ("gate_data_i", table_w),
            ("tanh_data_i", table_w),
            ("c_i", s_w),
        ];
        let strobes = self.strobes().map(|(port, _)| (port, 1));
        Bench {
            module: "lprnn_lane_gru",
            parameters: vec![
                ("ACC_W", acc_w as i64),
                ("Z_W", z_w as i64),
                ("Z_SHIFT", self.dropped(2).0.into()),
                ("V_W", self.v.bits.into()),
                ("V_SHIFT", self.dropped(0).0.into()),
                ("A_FRAC", layer.a_frac.into()),
                ("S_W", s_w as i64),
                ("S_FRAC", self.s.frac.into()),
                ("H_W", h_w as i64),
                ("H_FRAC", layer.h.frac.into()),
                ("H_ODD", layer.h.is_odd().into()),
                ("TABLE_REG", table as i64),
                ("TANH_DELAY", delay as i64),
                ("M_W", self.multiplier_bits() as i64),
            ],
            clocked: true,
            cycles: all.iter().map(|ports| self.cycle(ports, random)).collect(),
            inputs: ([("rst", 1)].into_iter().chain(strobes).chain(ports)).collect(),
            outputs: vec![
                ("gate_addr_o", z_w + 1),
                ("tanh_addr_o", z_w),
                ("c_o", s_w),
                ("h_o", h_w),
            ],
        }
    }
}

/// Both sets of registers; every sign of the difference of s's fraction and the gates', of the shift to
/// the table and of that to h; one bit of h.
pub(super) fn lanes() -> [GruLane; 10] {
    [
        // formats of z, a, v, s, h; bits that z drops and the largest bias; family
        GruLane::new(((8, 4), 8, (12, 8), (16, 14), (4, 3)), (6, 90_000), Xc7),
        GruLane::new(((6, 3), 6, (7, 2), (8, 6), (8, 7)), (8, 90_000), Ecp5),
        GruLane::new(((4, 1), 4, (9, 5), (8, 2), (1, 0)), (6, 2000), Ice40),
        GruLane::new(
            ((12, 8), 14, (16, 12), (24, 20), (16, 15)),
            (9, 1 << 24),
            Xc7,
        ),
        GruLane::new(((8, 4), 10, (5, 4), (12, 3), (2, 0)), (0, 500), Ecp5),
        GruLane::new(((8, 6), 2, (8, 2), (6, 4), (3, 6)), (4, 4000), Xc7),
        // rows with multipliers: bits and fraction
        GruLane::new(((8, 4), 8, (12, 8), (16, 14), (4, 3)), (6, 90_000), Xc7).scaled((8, 7), Xc7),
        GruLane::new(((6, 3), 6, (7, 2), (8, 6), (8, 7)), (8, 90_000), Ecp5).scaled((12, 3), Ecp5),
        GruLane::new(((8, 4), 10, (5, 4), (12, 3), (2, 0)), (0, 500), Ice40)
            .scaled((12, -2), Ice40),
        GruLane::new(((4, 1), 1, (9, 5), (8, 2), (1, 0)), (6, 2000), Xc7).scaled((3, 30), Xc7),
    ]
}

#[test]
fn gru_lanes_are_exact() {
    all_equal(&lanes().map(|lane| lane.bench()));
}
