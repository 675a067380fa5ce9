//! The element-wise part of one unit, driven phase by phase as `lprnn_lane_control` drives it.
//!
//! What the lane must say follows docs/numerics.md. Every input is random outside of the cycles in which
//! the header says that it is read, so that a look one cycle early or late is a look at noise.

use super::bench::{Bench, Cycle, bits};
use crate::common::Random;
use lprnn_hw::device::Family;
use lprnn_hw::estimate::FactorTable;
use lprnn_hw::fixed::{QFormat, requantize};
use lprnn_hw::hardware::{Design, Folding, LayerDesign, Widths};
use lprnn_hw::quantize::{Layer, QuantizedModel, RowScale};
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle};

/// Groups after the last reset.
const GROUPS: usize = 60;

/// Resets in the middle of the work.
const RESETS: u64 = 12;

/// Order in which the lane works on the gates i, f, g, o: g first.
const TURNS: [usize; 4] = [2, 0, 1, 3];

/// Bits and fraction.
type Format = (u32, i32);

/// The design of one layer, a unit and a column at a time.
pub fn design_of(layer: &Layer, target: Family) -> LayerDesign {
    let implementation = Implementation::usual(
        "lane",
        FoldingGoal::Explicit {
            units: 1,
            columns: 1,
        },
        (MacStyle::Lut, target),
    );
    let model = QuantizedModel {
        layers: vec![layer.clone()],
        ..QuantizedModel::default()
    };
    let design = Design::new(&model, &implementation, &*FactorTable::built_in()).unwrap();
    design.layers()[0].clone()
}

/// One layer of one unit: formats, blocks of a group, family.
pub struct Lane {
    pub layer: Layer,
    pub design: LayerDesign,
}

/// One group of units in the lane.
struct Group {
    start: usize,
    /// Accumulators of gates i, f, g, o, bias included, before rounding.
    sums: [i64; 4],
    /// Multipliers of their rows, 1 where there are none.
    rows: [i64; 4],
    /// Gate values and tanh(c) that the tables give.
    gates: [i64; 4],
    tanh: i64,
    c_before: i64,
    fresh: bool,
}

/// The ports in one cycle; what nothing is said of is random at an input and free at an output.
#[derive(Clone, Default)]
struct Ports {
    reset: bool,
    phases: i64,
    fresh: Option<i64>,
    acc: [Option<i64>; 4],
    bias: Option<i64>,
    gate_data: Option<i64>,
    tanh_data: Option<i64>,
    c_i: Option<i64>,
    gate_addr: Option<i64>,
    tanh_addr: Option<i64>,
    c_o: Option<i64>,
    h: Option<i64>,
}

/// Sets a port that no other group uses in the same cycle.
fn set(port: &mut Option<i64>, value: i64) {
    assert!(port.replace(value).is_none(), "two groups at one port");
}

/// A number of `-limit..=limit` (from 0 where unsigned), every third one of the ends.
fn table_entry(random: &mut Random, limit: i64, signed: bool) -> i64 {
    let low = if signed { -limit } else { 0 };
    match random.between(0, 5) {
        0 => low,
        1 => limit,
        _ => random.between(low, limit),
    }
}

/// A sum of `acc` bits and a multiplier of so many bits: any, ends, or a power of two with a sum whose product
/// is in the middle of two codes, of which `shift` bits are dropped, or beside it.
pub fn scaled_sum(
    random: &mut Random,
    (bits, shift): (u32, i32),
    (code_bits, acc): (u32, usize),
) -> (i64, i64) {
    let end = 1i64 << (acc - 1);
    let most = (1i64 << bits) - 1;
    let row = match random.between(0, 5) {
        0 => 0,
        1 => most,
        _ => random.between(0, most),
    };
    match random.between(0, 5) {
        0 => (-end, row),
        1 => (end - 1, row),
        2 => (random.between(-end, end - 1), row),
        _ => {
            let power = random.between(0, i64::from(bits) - 1);
            let middle = 2 * random.code(code_bits) + 1;
            let up = i64::from(shift) - 1 - power;
            let sum = if up >= 0 {
                middle << up.min(40)
            } else {
                middle >> (-up).min(40)
            };
            let sum = sum + random.between(-1, 1) * random.between(0, 1);
            (sum.clamp(-end, end - 1), 1 << power)
        }
    }
}

impl Lane {
    /// Formats, the accumulator by what z drops of it and by its largest bias; blocks
    /// of a group, idle ones not counted.
    pub fn new(
        (z, a_frac, c, h): (Format, u32, Format, Format),
        (z_shift, largest_bias): (i32, i32),
        (blocks, target): (usize, Family),
    ) -> Self {
        let format = |(bits, frac)| QFormat::new(bits, frac);
        let input_size = blocks - 1;
        let acc_frac = z.1 + z_shift;
        let layer = Layer {
            direction: lprnn_hw::quantize::Direction::Forward,
            input_size,
            hidden_size: 1,
            x: QFormat::new(4, 0),
            h: format(h),
            w_bits: 4,
            w_levels: lprnn_hw::fixed::Levels::Even,
            w_frac_ih: vec![acc_frac; 4],
            w_frac_hh: vec![acc_frac - h.1; 4],
            z: format(z),
            a_frac,
            recurrence: lprnn_hw::quantize::Recurrence::Lstm { c: format(c) },
            weight_ih: vec![1; 4 * input_size],
            weight_hh: vec![1; 4],
            bias: vec![largest_bias; 4],
            row_scale: None,
        };
        Self::of(layer, target)
    }

    /// The same with odd levels of h.
    pub fn odd(self, target: Family) -> Self {
        let h = QFormat::odd(self.layer.h.bits, self.layer.h.frac);
        Self::of(Layer { h, ..self.layer }, target)
    }

    /// The same with multipliers of rows, of so many bits and this fraction.
    pub fn scaled(self, (bits, frac): Format, target: Family) -> Self {
        let row_scale = Some(RowScale {
            bits,
            frac,
            multiplier: vec![1 << (bits - 1); 4],
        });
        let layer = Layer {
            row_scale,
            ..self.layer
        };
        Self::of(layer, target)
    }

    fn of(layer: Layer, target: Family) -> Self {
        let design = design_of(&layer, target);
        Self { layer, design }
    }

    /// What works side by side, and when.
    pub const fn folding(&self) -> &Folding {
        self.design.folding()
    }

    /// Widths and shifts.
    pub const fn widths(&self) -> &Widths {
        self.design.widths()
    }

    fn table_register(&self) -> usize {
        self.folding().timing.gate_registers()
    }

    /// Cycles by which all that follows a sum is later.
    fn late(&self) -> usize {
        if self.layer.row_scale.is_some() { 3 } else { 0 }
    }

    fn phases(&self) -> usize {
        16 + self.late() + self.table_register() + self.folding().timing.state_registers()
    }

    /// The strobes and the phases in which they are high, as the lane's header has them.
    fn strobes(&self) -> [(&'static str, usize); 9] {
        let table = self.late() + self.table_register();
        let tanh = table + self.folding().timing.state_registers();
        [
            ("take_i", 0),
            ("tanh_i", 3 + self.late()),
            ("keep_g_i", 4 + table),
            ("load_ig_i", 5 + table),
            ("keep_o_i", 7 + table),
            ("start_c_i", 7 + table),
            ("load_ot_i", 12 + tanh),
            ("start_h_i", 14 + tanh),
            ("keep_h_i", 15 + tanh),
        ]
    }

    /// Half of the last bit that z keeps, which the bias memory adds where rows have no multipliers.
    fn half(&self) -> i64 {
        if self.widths().z_shift > 0 && self.layer.row_scale.is_none() {
            1 << (self.widths().z_shift - 1)
        } else {
            0
        }
    }

    /// An accumulator: any, one at an end, or one at the middle of two codes of z or beside it.
    fn sum(&self, random: &mut Random) -> i64 {
        let end = 1i64 << (self.widths().acc - 1);
        let code = random.code(self.layer.z.bits) << self.widths().z_shift;
        let sum = match random.between(0, 7) {
            0 => -end,
            1 => end,
            2 | 3 => random.between(-end, end),
            4 => code,
            5 => code - self.half(),
            _ => code + self.half() + random.between(-1, 1),
        };
        sum.clamp(-end, end - 1 - self.half())
    }

    fn group(&self, start: usize, random: &mut Random) -> Group {
        let one = 1 << self.layer.a_frac;
        let pairs: [(i64, i64); 4] = std::array::from_fn(|_| match &self.layer.row_scale {
            None => (self.sum(random), 1),
            Some(scale) => {
                let (shift, acc) = (self.widths().z_shift, self.widths().acc);
                scaled_sum(random, (scale.bits, shift), (self.layer.z.bits, acc))
            }
        });
        Group {
            start,
            sums: pairs.map(|(sum, _)| sum),
            rows: pairs.map(|(_, row)| row),
            gates: std::array::from_fn(|gate| table_entry(random, one, gate == 2)),
            tanh: table_entry(random, one, true),
            c_before: random.code(self.layer.state().bits),
            fresh: random.between(0, 3) == 0,
        }
    }

    /// Codes of z, c, the argument of tanh and h, as docs/numerics.md computes them.
    fn words(&self, group: &Group) -> ([i64; 4], i64, i64, i64) {
        let Layer { z, a_frac, h, .. } = &self.layer;
        let c = self.layer.state();
        let a_frac = *a_frac as i32;
        let of_rows = self.layer.row_scale.as_ref().map_or(0, |scale| scale.frac);
        let fraction = self.layer.w_frac_ih[0].max(z.frac) + of_rows;
        let codes: [i64; 4] = std::array::from_fn(|gate| {
            let value = group.sums[gate] * group.rows[gate];
            requantize(value, fraction - z.frac, z.bits)
        });
        let [i, f, g, o] = group.gates;
        let before = if group.fresh { 0 } else { group.c_before };
        let shift_fc = (a_frac - c.frac).max(0);
        let shift_ig = (c.frac - a_frac).max(0);
        let products = ((f * before) << shift_fc) + ((i * g) << shift_ig);
        let cell = requantize(products, a_frac + shift_fc, c.bits);
        let argument = requantize(cell, c.frac - z.frac, z.bits);
        let hidden = h.codes().requantize(o * group.tanh, 2 * a_frac - h.frac);
        // Odd h goes without its last bit.
        let held = hidden >> u32::from(h.is_odd());
        (codes, cell, argument, held)
    }

    /// A row of the bias memory: the multiplier of the row above its bias.
    fn bias_word(&self, bias: i64, row: i64) -> i64 {
        if self.layer.row_scale.is_none() {
            return bias;
        }
        let acc = self.widths().acc;
        bias & ((1 << acc) - 1) | row << acc
    }

    /// All cycles from a reset on. `acc` are the accumulators, which no group clears.
    fn drive(&self, groups: &[Group], cycles: usize, random: &mut Random) -> Vec<Ports> {
        let late = self.late();
        let delay = late + self.table_register();
        let last = groups.last().map_or(0, |group| group.start);
        let mut ports = vec![Ports::default(); cycles.max(last + self.phases() + 16)];
        let mut acc = [0i64; 4];
        for (number, group) in groups.iter().enumerate() {
            let at = |phase: usize| group.start + phase;
            let (z, c, argument, h) = self.words(group);
            for phase in 0..self.phases() {
                ports[at(phase)].phases |= 1 << phase;
            }
            for (turn, gate) in TURNS.into_iter().enumerate() {
                let bias = random.code(self.widths().acc as u32);
                acc[gate] += group.sums[gate] + self.half() - bias;
                set(&mut ports[at(0)].acc[gate], acc[gate]);
                let word = self.bias_word(bias, group.rows[gate]);
                set(&mut ports[at(1 + turn)].bias, word);
                let code = z[gate] & ((1 << self.layer.z.bits) - 1);
                let tanh = i64::from(gate == 2) << self.layer.z.bits;
                set(&mut ports[at(3 + late + turn)].gate_addr, tanh | code);
                set(&mut ports[at(4 + late + turn)].gate_data, group.gates[gate]);
            }
            set(&mut ports[at(6 + delay)].fresh, group.fresh.into());
            set(&mut ports[at(6 + delay)].c_i, group.c_before);
            set(&mut ports[at(10 + delay)].c_o, c);
            set(&mut ports[at(11 + delay)].tanh_addr, argument);
            set(&mut ports[at(12 + delay)].tanh_data, group.tanh);
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

    /// Starts of groups from cycle 0 on, most of them as close as blocks can be.
    fn starts(&self, random: &mut Random) -> impl Iterator<Item = usize> {
        let mut next = 0;
        std::iter::repeat_with(move || {
            let start = next;
            next += self.folding().blocks;
            if random.between(0, 3) == 0 {
                next += random.between(0, 9) as usize;
            }
            while self.folding().timing.clash(next - start) {
                next += 1;
            }
            start
        })
    }

    /// Stretches that a reset of one cycle ends, and a long one. A group may start in the cycle after.
    pub fn bench(&self) -> Bench {
        let mut random = Random(self.widths().acc as u64);
        let mut all = vec![Ports {
            reset: true,
            ..Ports::default()
        }];
        for number in 0..=RESETS {
            let starts: Vec<_> = self.starts(&mut Random(number)).take(GROUPS).collect();
            let cycles = if number == RESETS {
                starts[GROUPS - 1] + self.phases() + 4
            } else {
                random.between(1, 60) as usize
            };
            let groups: Vec<_> = starts
                .into_iter()
                .take_while(|&start| start < cycles)
                .map(|start| self.group(start, &mut random))
                .collect();
            all.extend(self.drive(&groups, cycles, &mut random));
            all.last_mut().unwrap().reset = number < RESETS;
        }
        self.described(&all, &mut random)
    }

    fn described(&self, all: &[Ports], random: &mut Random) -> Bench {
        let (layer, folding, widths) = (&self.layer, self.folding(), self.widths());
        let (z_w, c_w, h_w) = (layer.z.bits, layer.state().bits, layer.h.bits);
        let (z_w, c_w, h_w) = (z_w as usize, c_w as usize, h_w as usize);
        let (acc_w, table_w) = (widths.acc, layer.a_frac as usize + 2);
        let of_rows = layer.row_scale.as_ref();
        let (m_w, m_frac) = of_rows.map_or((0, 0), |scale| (scale.bits, scale.frac));
        let bias_w = acc_w + m_w as usize;
        let cycles = all.iter().map(|ports| {
            let mut inputs: Vec<bool> = vec![ports.reset];
            inputs.extend(
                self.strobes()
                    .map(|(_, phase)| ports.phases >> phase & 1 == 1),
            );
            let turn = (0..4).find(|turn| ports.phases >> turn & 1 == 1);
            inputs.extend(bits(turn.unwrap_or(0), 2));
            let acc = ports.acc.map(|acc| (acc, acc_w));
            let others = [
                (ports.fresh, 1),
                (ports.bias, bias_w),
                (ports.gate_data, table_w),
                (ports.tanh_data, table_w),
                (ports.c_i, c_w),
            ];
            for (value, width) in acc.into_iter().chain(others) {
                inputs.extend(bits(value.unwrap_or_else(|| random.word() as i64), width));
            }
            let outputs = [
                (ports.gate_addr, z_w + 1),
                (ports.tanh_addr, z_w),
                (ports.c_o, c_w),
                (ports.h, h_w),
            ];
            let outputs = outputs.into_iter().flat_map(|(value, width)| {
                bits(value.unwrap_or(0), width).map(move |bit| value.map(|_| bit))
            });
            Cycle {
                inputs,
                outputs: outputs.collect(),
            }
        });
        let parameters = [
            ("ACC_W", acc_w as i64),
            ("Z_W", z_w as i64),
            ("ACC_FRAC", i64::from(widths.acc_frac + m_frac)),
            ("Z_FRAC", layer.z.frac.into()),
            ("A_FRAC", layer.a_frac.into()),
            ("C_W", c_w as i64),
            ("C_FRAC", layer.state().frac.into()),
            ("H_W", h_w as i64),
            ("H_FRAC", layer.h.frac.into()),
            ("H_ODD", layer.h.is_odd().into()),
            ("TABLE_REG", self.table_register() as i64),
            ("TANH_DELAY", folding.timing.state_registers() as i64),
            ("M_W", m_w.into()),
        ];
        Bench {
            module: "lprnn_lane_lstm",
            parameters: parameters.to_vec(),
            clocked: true,
            cycles: cycles.collect(),
            inputs: [("rst", 1)]
                .into_iter()
                .chain(self.strobes().map(|(port, _)| (port, 1)))
                .chain([
                    ("turn_i", 2),
                    ("acc_i", 4 * acc_w),
                    ("fresh_i", 1),
                    ("bias_i", bias_w),
                    ("gate_data_i", table_w),
                    ("tanh_data_i", table_w),
                    ("c_i", c_w),
                ])
                .collect(),
            outputs: vec![
                ("gate_addr_o", z_w + 1),
                ("tanh_addr_o", z_w),
                ("c_o", c_w),
                ("h_o", h_w),
            ],
        }
    }
}
