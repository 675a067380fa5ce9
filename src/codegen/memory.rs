//! Memory images: weights with the array's skew, biases with every constant of the datapath.

use super::hardware::LayerHardware;
use crate::device::Family;
use crate::quantize::{Layer, QuantizedModel};
use crate::schedule::{LayerSchedule, MacArray, Packing, RomColumns, Schedule};
use bitvec::field::BitField;
use bitvec::prelude::{BitVec, Lsb0, bitvec};

/// Order in which a lane takes the gates, as indices into [`crate::quantize::GATES`]: g, i, f, o.
pub const LANE_ORDER: [usize; 4] = [2, 0, 1, 3];

/// A memory's contents: rows of equal width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Bits of a row.
    pub width: usize,
    /// Rows, lowest bit first.
    pub rows: Vec<BitVec<u32, Lsb0>>,
}

impl Image {
    fn zeros(width: usize, rows: usize) -> Self {
        Self {
            width,
            rows: vec![bitvec![u32, Lsb0; 0; width]; rows],
        }
    }

    /// The rows as hexadecimal numbers, highest digit first, no prefix.
    pub fn hex_rows(&self) -> impl Iterator<Item = String> + '_ {
        self.rows.iter().map(|row| {
            row.chunks(4)
                .rev()
                .map(|digit| char::from_digit(digit.load_le::<u32>(), 16).unwrap_or('0'))
                .collect()
        })
    }

    /// Columns that are not the same in every row.
    #[must_use]
    pub fn varying_columns(&self) -> usize {
        let Some(first) = self.rows.first() else {
            return 0;
        };
        let mut varying = bitvec![u32, Lsb0; 0; self.width];
        for row in &self.rows {
            varying |= row.clone() ^ first;
        }
        varying.count_ones()
    }

    /// The digest that `lprnn_rom` checks in simulation: FNV-1a over the 32-bit words of all rows.
    #[must_use]
    pub fn digest(&self) -> u32 {
        self.rows
            .iter()
            .flat_map(|row| row.chunks(32))
            .fold(0x811c_9dc5, |hash: u32, word| {
                (hash ^ word.load_le::<u32>()).wrapping_mul(0x0100_0193)
            })
    }
}

/// Codes of one layer as the array reads them, before the skew: looked up, never copied.
struct Placed<'a> {
    layer: &'a Layer,
    schedule: &'a LayerSchedule,
    /// Element of `[x | h]` at `[block][column]`, the same in every group and row; [`NOTHING`] where a
    /// place holds none.
    elements: Vec<u32>,
}

/// A place without an element.
const NOTHING: u32 = u32::MAX;

impl<'a> Placed<'a> {
    fn new(layer: &'a Layer, schedule: &'a LayerSchedule) -> Self {
        let mut elements = vec![NOTHING; schedule.blocks * schedule.columns];
        let x = (0..layer.input_size).map(|n| schedule.place_of_x(n));
        let h = (0..layer.hidden_size).map(|m| schedule.place_of_h(m));
        for (element, (block, column)) in x.chain(h).enumerate() {
            elements[block * schedule.columns + column] = element as u32;
        }
        Self {
            layer,
            schedule,
            elements,
        }
    }

    /// The bits of a weight: row `4 * lane + gate` of a group.
    fn code(&self, group: usize, block: usize, row: usize, column: usize) -> u16 {
        let layer = self.layer;
        let unit = group * self.schedule.units + row / 4;
        let element = self.elements[block * self.schedule.columns + column];
        if element == NOTHING || unit >= layer.hidden_size {
            // Weight 0, or +1 at one bit, on an operand that is zero.
            return u16::from(layer.w_bits == 1);
        }
        let row = row % 4 * layer.hidden_size + unit;
        let weight = match (element as usize).checked_sub(layer.input_size) {
            None => layer.weight_ih[row * layer.input_size + element as usize],
            Some(m) => layer.weight_hh[row * layer.hidden_size + m],
        };
        if layer.w_bits == 1 {
            u16::from(weight > 0)
        } else {
            weight as u16 & self.mask()
        }
    }

    fn mask(&self) -> u16 {
        ((1u32 << self.layer.w_bits) - 1) as u16
    }

    /// What the array adds to a block's exact sum of weight times unsigned operand, in units of the
    /// sum's last bit.
    fn block_constant(&self, group: usize, block: usize, row: usize) -> i64 {
        match self.schedule.mac {
            MacArray::Lut { mux_register } if mux_register && self.layer.w_bits > 1 => {
                self.digit_constant(group, block, row)
            }
            MacArray::Lut { mux_register } => self.lut_constant(mux_register, group, block, row),
            MacArray::Dsp(packing) => self.dsp_constant(packing, group, block, row),
        }
    }

    /// Without a register before it, every chain step but the first adds 1 in each weight bit; over
    /// the bits that is `sum 2^b - 2^(W-1) = -1`. At one bit it is +1, and a pair whose upper weight
    /// is -1 is formed by inverting, which subtracts 1.
    fn lut_constant(&self, mux_register: bool, group: usize, block: usize, row: usize) -> i64 {
        let schedule = self.schedule;
        let steps = if mux_register {
            0
        } else {
            (schedule.chains * (schedule.chain - 1)) as i64
        };
        if self.layer.w_bits > 1 {
            return -steps;
        }
        let inverted = (1..schedule.columns)
            .step_by(2)
            .filter(|&column| self.code(group, block, row, column) == 0)
            .count();
        steps - inverted as i64
    }

    /// Operands are made signed. Of digits of -1 and +1 a pair adds half of its upper weight, rounded
    /// down: inverting instead of negating takes 1 off, in the lowest digit always, in the others
    /// where the upper weight's digit is -1; over the digits the latter is `1 + floor(w / 2)`.
    fn digit_constant(&self, group: usize, block: usize, row: usize) -> i64 {
        let halves: i64 = (1..self.schedule.columns)
            .step_by(2)
            .map(|column| self.signed(group, block, row, column) >> 1)
            .sum();
        halves - self.signed_operands(group, block, row)
    }

    /// What making a block's operands signed takes: `2^(A-1)` times the weights.
    fn signed_operands(&self, group: usize, block: usize, row: usize) -> i64 {
        let weights: i64 = (0..self.schedule.columns)
            .map(|column| self.signed(group, block, row, column))
            .sum();
        weights << (self.schedule.shape.act_bits - 1)
    }

    /// Operands are made signed; every field but a pack's top one comes with half its range from
    /// each chain of blocks.
    fn dsp_constant(&self, packing: Packing, group: usize, block: usize, row: usize) -> i64 {
        let schedule = self.schedule;
        let halves = if packing.bare || row % packing.fields + 1 == packing.fields {
            0
        } else {
            (schedule.chains as i64) << (packing.field_w - 1)
        };
        halves - self.signed_operands(group, block, row)
    }

    /// The weight at a place, as a number.
    fn signed(&self, group: usize, block: usize, row: usize, column: usize) -> i64 {
        let unused = 64 - self.layer.w_bits;
        (i64::from(self.code(group, block, row, column)) << unused) >> unused
    }

    /// The bits to store: a row of a DSP pack gives 1 to the row below it when that one is negative.
    fn stored(&self, at: (usize, usize), row: usize, column: usize) -> u16 {
        let (group, block) = at;
        let code = self.code(group, block, row, column);
        let MacArray::Dsp(packing) = self.schedule.mac else {
            return code;
        };
        // The packed value below is negative exactly when its highest non-zero weight is.
        let first = row / packing.fields * packing.fields;
        let below = (first..row)
            .rev()
            .map(|lower| self.signed(group, block, lower, column))
            .find(|&w| w != 0);
        code.wrapping_sub(u16::from(below.is_some_and(|w| w < 0))) & self.mask()
    }

    /// Columns of the weight memory that are not the same in every row: [`weight_image`] of them,
    /// without the image. The skew only turns a column round.
    fn varying_weights(&self) -> usize {
        let schedule = self.schedule;
        let all = self.mask();
        let mut count = 0;
        for row in 0..4 * schedule.units {
            for column in 0..schedule.columns {
                let at = |address: usize| {
                    let place = (address / schedule.blocks, address % schedule.blocks);
                    self.stored(place, row, column)
                };
                let first = at(0);
                let mut varying = 0;
                for address in 1..schedule.weight_rows() {
                    varying |= at(address) ^ first;
                    if varying == all {
                        break;
                    }
                }
                count += varying.count_ones() as usize;
            }
        }
        count
    }

    /// Columns of the bias memory that are not the same in every row: [`bias_image`] of them, without
    /// the image.
    fn varying_biases(&self, hardware: &LayerHardware) -> usize {
        let mut count = 0;
        for lane in 0..self.schedule.units {
            let bits = |value: i128| -> u128 {
                let width = hardware.acc_w.min(128) as u32;
                value as u128 & (u128::MAX >> (128 - width))
            };
            let all = bits(-1);
            let (mut varying, mut first) = (0, None);
            for group in 0..self.schedule.groups {
                for value in self.biases(hardware, group, lane).as_flattened() {
                    varying |= bits(*value) ^ *first.get_or_insert(bits(*value));
                }
                if varying == all {
                    break;
                }
            }
            count += varying.count_ones() as usize;
            if hardware.acc_w > 128 && varying >> 127 == 1 {
                count += hardware.acc_w - 128; // copies of the sign
            }
        }
        count
    }
}

/// What synthesis keeps of the memories of every layer; tables as they are where memories come by
/// `$readmemh`.
#[must_use]
pub fn rom_columns(model: &QuantizedModel, schedule: &Schedule, target: Family) -> Vec<RomColumns> {
    (model.layers.iter().zip(&schedule.layers))
        .map(|(layer, folded)| {
            let hardware = LayerHardware::new(layer, folded, target);
            let placed = Placed::new(layer, folded);
            RomColumns {
                weights: placed.varying_weights(),
                biases: placed.varying_biases(&hardware),
                two_tables: false,
            }
        })
        .collect()
}

/// The weight memory: row `a` holds, for stage `i` of every chain, the weights of block `a - i`.
#[must_use]
pub fn weight_image(layer: &Layer, schedule: &LayerSchedule) -> Image {
    let placed = Placed::new(layer, schedule);
    let w_bits = layer.w_bits as usize;
    let depth = schedule.weight_rows();
    let mut image = Image::zeros(schedule.weight_row_bits(), depth);
    for (address, bits) in image.rows.iter_mut().enumerate() {
        for column in 0..schedule.columns {
            let skew = column / schedule.mac.stage_columns() % schedule.chain;
            let block = (address + depth * schedule.chain - skew) % depth;
            for row in 0..4 * schedule.units {
                let code = placed.stored(
                    (block / schedule.blocks, block % schedule.blocks),
                    row,
                    column,
                );
                let at = (row * schedule.columns + column) * w_bits;
                bits[at..at + w_bits].store_le(code);
            }
        }
    }
    image
}

impl Placed<'_> {
    /// The constants of one unit of a group, exact: with h and in a first step (fresh), in
    /// [`LANE_ORDER`].
    fn biases(&self, hardware: &LayerHardware, group: usize, lane: usize) -> [[i128; 4]; 2] {
        let (layer, schedule) = (self.layer, self.schedule);
        let half = if hardware.z_shift > 0 {
            1i128 << (hardware.z_shift - 1)
        } else {
            0
        };
        let offset = |bits: u32| {
            if bits == 1 {
                1i128
            } else {
                1i128 << (bits - 1)
            }
        };
        let sum = |row: &[i16]| i128::from(row.iter().map(|&w| i64::from(w)).sum::<i64>());
        let unit = group * schedule.units + lane;
        let mut values = [[0; 4]; 2];
        for (turn, &gate) in LANE_ORDER.iter().enumerate() {
            let (shift_x, shift_h) = (hardware.shift_x[gate], hardware.shift_h[gate]);
            let one = 1i128 << shift_x.min(shift_h);
            let constants = |blocks: std::ops::Range<usize>, shift: u32| {
                blocks
                    .map(|block| {
                        (i128::from(self.block_constant(group, block, 4 * lane + gate)) << shift)
                            + one
                    })
                    .sum::<i128>()
            };
            let h_end = schedule.x_blocks + schedule.h_blocks;
            let mut value_x = half - constants(0..schedule.x_blocks, shift_x);
            let mut value_h = -constants(schedule.x_blocks..h_end, shift_h);
            if unit < layer.hidden_size {
                let row = gate * layer.hidden_size + unit;
                let align = layer.alignment(gate);
                let to_acc = (hardware.acc_frac - align.frac) as u32;
                let x = sum(&layer.weight_ih[row * layer.input_size..][..layer.input_size]);
                let h = sum(&layer.weight_hh[row * layer.hidden_size..][..layer.hidden_size]);
                value_x += i128::from(layer.bias[row]) << to_acc;
                value_x -= (x * offset(layer.x.bits)) << (align.shift_x + to_acc);
                value_h -= (h * offset(layer.h.bits)) << (align.shift_h + to_acc);
            }
            (values[0][turn], values[1][turn]) = (value_x + value_h, value_x);
        }
        values
    }
}

/// The bias memory: row `{group, fresh, turn}` holds the constant of gate `LANE_ORDER[turn]` for
/// every unit of the group, modulo `2^acc_w`.
///
/// It contains the model's bias, half of the last bit that z keeps, and takes back everything the
/// datapath adds: the offset of the operands, the ones of chains and accumulators. In the first step
/// of a sequence (fresh) blocks of h are not added, so neither are their constants.
#[must_use]
pub fn bias_image(layer: &Layer, schedule: &LayerSchedule, hardware: &LayerHardware) -> Image {
    let placed = Placed::new(layer, schedule);
    let acc_w = hardware.acc_w;
    let mut image = Image::zeros(schedule.units * acc_w, hardware.bias_rows);
    for group in 0..schedule.groups {
        for lane in 0..schedule.units {
            let values = placed.biases(hardware, group, lane);
            for (row, value) in values.as_flattened().iter().enumerate() {
                let bits = &mut image.rows[group * 8 + row][lane * acc_w..(lane + 1) * acc_w];
                for (index, mut bit) in bits.iter_mut().enumerate() {
                    *bit = value >> index.min(127) & 1 == 1;
                }
            }
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::{SplitMix, random_model};
    use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};

    #[test]
    fn columns_vary_when_two_rows_differ_in_them() {
        let mut image = Image::zeros(40, 3);
        assert_eq!(image.varying_columns(), 0);
        image.rows[1].set(3, true);
        image.rows[2].set(39, true);
        for row in &mut image.rows {
            row.set(7, true);
        }
        assert_eq!(image.varying_columns(), 2);
        assert_eq!(Image::zeros(4, 0).varying_columns(), 0);
    }

    /// What the estimate counts without the images, against the images.
    #[test]
    fn columns_are_counted_as_the_images_have_them() {
        let mut noise = SplitMix(7);
        let mut kinds = std::collections::BTreeSet::new();
        for seed in 0..120 {
            let model = random_model(seed, 24);
            let mac = [MacStyle::Lut, MacStyle::Dsp][noise.between(0, 1) as usize];
            let targets = [Family::Xc7, Family::Ecp5, Family::Ice40, Family::Xcup];
            let target = targets[noise.between(0, 3) as usize];
            let implementation = Implementation {
                name: "x".into(),
                folding: FoldingGoal::Explicit {
                    units: noise.between(1, 3) as usize,
                    columns: noise.between(1, 9) as usize,
                },
                mac,
                target,
                state: StatePolicy::Tlast,
                memory_init: MemoryInit::Readmemh,
                stream_elements: None,
            };
            let Ok(schedule) = Schedule::new(&model, &implementation) else {
                continue;
            };
            let counted = rom_columns(&model, &schedule, target);
            let layers = model.layers.iter().zip(&schedule.layers);
            for ((layer, folded), counted) in layers.zip(counted) {
                let hardware = LayerHardware::new(layer, folded, target);
                kinds.insert((layer.w_bits, matches!(folded.mac, MacArray::Dsp(_))));
                assert_eq!(
                    counted,
                    RomColumns {
                        weights: weight_image(layer, folded).varying_columns(),
                        biases: bias_image(layer, folded, &hardware).varying_columns(),
                        two_tables: false,
                    },
                    "seed {seed}"
                );
            }
        }
        assert!(kinds.len() > 12, "{kinds:?}");
    }
}
