//! Memory images: weights with the array's skew, biases with every constant of the datapath.

use super::folding::Folding;
use super::image::Image;
use super::op::Source;
use super::placed::Placed;
use super::spec::LayerSpec;
use super::widths::Widths;
use crate::fixed::QFormat;
use crate::quantize::Embedding;
use bitvec::field::BitField;

/// The weight memory: row `a` holds, for stage `i` of every chain, the weights of block `a - i`.
pub(super) fn weight_image(placed: &Placed<'_>) -> Image {
    let (folding, w_bits) = (placed.folding, placed.spec.w_bits as usize);
    let (rows, depth) = (folding.rows(), folding.weight_rows());
    let mut image = Image::zeros(rows * folding.columns * w_bits, depth);
    for (address, bits) in image.rows.iter_mut().enumerate() {
        for column in 0..folding.columns {
            let skew = column / folding.mac.stage_columns() % folding.chain;
            let block = (address + depth * folding.chain - skew) % depth;
            let place = (block / folding.blocks, block % folding.blocks);
            for row in 0..rows {
                let at = (row * folding.columns + column) * w_bits;
                bits[at..at + w_bits].store_le(placed.stored(place, row, column));
            }
        }
    }
    image
}

/// The table of an embedding: row `index * beats + beat` holds the codes of a beat.
pub(super) fn embedding_image(spec: &LayerSpec, folding: &Folding, embedding: &Embedding) -> Image {
    let (bits, elements) = (spec.x.bits as usize, folding.in_elements);
    let beats = folding.in_beats();
    let mut image = Image::zeros(elements * bits, embedding.vocabulary * beats);
    let vectors = embedding.codes.chunks_exact(spec.input_size);
    let rows = vectors.flat_map(|x| x.chunks(elements));
    for (row, beat) in image.rows.iter_mut().zip(rows) {
        for (element, &code) in beat.iter().enumerate() {
            let held = if spec.x.is_odd() { code >> 1 } else { code };
            let mask = ((1u32 << bits) - 1) as u16;
            row[element * bits..(element + 1) * bits].store_le(held as u16 & mask);
        }
    }
    image
}

/// The bias memory: row `{group, fresh, turn}` holds the constant of the sum that the lane takes in
/// this turn for every unit of the group, modulo `2^acc`, and above it the multiplier of the sum's row
/// where rows have one.
///
/// It contains the model's bias, half of the last bit that z keeps (not below a multiplier), and takes
/// back everything the
/// datapath adds: the offset of the operands, the ones of chains and accumulators. In the first step
/// of a sequence (fresh) blocks of h are not added, so neither are their constants.
pub(super) fn bias_image(placed: &Placed<'_>, widths: &Widths) -> Image {
    let (folding, acc) = (placed.folding, widths.acc);
    let turns = placed.spec.bias_turns();
    let rows = placed.spec.bias_rows();
    let width = acc + placed.spec.multiplier_bits();
    let mut image = Image::zeros(folding.units * width, folding.groups * rows * turns);
    for group in 0..folding.groups {
        for lane in 0..folding.units {
            let values = biases(placed, widths, group, lane);
            let multipliers = multipliers(placed, group, lane);
            for (fresh, values) in values.iter().enumerate().take(rows) {
                for (turn, (value, multiplier)) in values.iter().zip(&multipliers).enumerate() {
                    let row = (rows * group + fresh) * turns + turn;
                    let bits = &mut image.rows[row][lane * width..(lane + 1) * width];
                    let (bias_bits, multiplier_bits) = bits.split_at_mut(acc);
                    for (index, mut bit) in bias_bits.iter_mut().enumerate() {
                        *bit = value >> index.min(127) & 1 == 1;
                    }
                    for (index, mut bit) in multiplier_bits.iter_mut().enumerate() {
                        *bit = multiplier >> index & 1 == 1;
                    }
                }
            }
        }
    }
    image
}

/// Columns of [`weight_image`] that are not the same in every row, without the image. The skew only
/// turns a column round.
pub(super) fn varying_weights(placed: &Placed<'_>) -> usize {
    let folding = placed.folding;
    let all = placed.mask();
    let mut count = 0;
    for row in 0..folding.rows() {
        for column in 0..folding.columns {
            let at = |address: usize| {
                let place = (address / folding.blocks, address % folding.blocks);
                placed.stored(place, row, column)
            };
            let first = at(0);
            let mut varying = 0;
            for address in 1..folding.weight_rows() {
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

/// Columns of [`bias_image`] that are not the same in every row, without the image.
pub(super) fn varying_biases(placed: &Placed<'_>, widths: &Widths) -> usize {
    let bits = |value: i128| -> u128 {
        let width = widths.acc.min(128) as u32;
        value as u128 & (u128::MAX >> (128 - width))
    };
    let all = bits(-1);
    let mut count = 0;
    for lane in 0..placed.folding.units {
        let (mut varying, mut first) = (0, None);
        let mut varying_multipliers = 0;
        let first_multiplier = multipliers(placed, 0, lane)[0];
        for group in 0..placed.folding.groups {
            for multiplier in multipliers(placed, group, lane) {
                varying_multipliers |= multiplier ^ first_multiplier;
            }
        }
        count += varying_multipliers.count_ones() as usize;
        for group in 0..placed.folding.groups {
            for value in biases(placed, widths, group, lane).iter().flatten() {
                varying |= bits(*value) ^ *first.get_or_insert(bits(*value));
            }
            if varying == all {
                break;
            }
        }
        count += varying.count_ones() as usize;
        if widths.acc > 128 && varying >> 127 == 1 {
            count += widths.acc - 128; // copies of the sign
        }
    }
    count
}

/// The constants of one unit of a group, exact: with h and in a first step (fresh), in the order in
/// which the lane takes the sums.
fn biases(placed: &Placed<'_>, widths: &Widths, group: usize, lane: usize) -> [Vec<i128>; 2] {
    let mut values = [Vec::new(), Vec::new()];
    for (sum, source) in placed.spec.cell.turns() {
        let (value_x, value_h) = constants(placed, widths, (group, lane), (sum, source));
        values[0].push(value_x + value_h);
        values[1].push(value_x);
    }
    // Rows that no turn reads repeat the last one's, so that no column varies for them.
    for values in &mut values {
        let last = values.last().copied().unwrap_or(0);
        values.resize(placed.spec.bias_turns(), last);
    }
    values
}

/// The multipliers of the rows of one unit of a group, in the order of [`biases`]; 0 where rows have none.
fn multipliers(placed: &Placed<'_>, group: usize, lane: usize) -> Vec<u32> {
    let (spec, weights) = (placed.spec, placed.weights);
    let unit = group * placed.folding.units + lane;
    let of_code = |code| {
        let row = code * spec.hidden_size + unit;
        let beyond = unit >= spec.hidden_size;
        let multiplier = weights.multipliers.get(row).filter(|_| !beyond);
        multiplier.copied().unwrap_or(0)
    };
    let mut all: Vec<u32> = spec.cell.codes().map(of_code).collect();
    let last = all.last().copied().unwrap_or(0);
    all.resize(spec.bias_turns(), last);
    all
}

/// Constants of what the lane takes of one sum of a unit: added always, and beside it once h counts.
fn constants(
    placed: &Placed<'_>,
    widths: &Widths,
    (group, lane): (usize, usize),
    (sum, source): (usize, Source),
) -> (i128, i128) {
    let (spec, folding) = (placed.spec, placed.folding);
    let shift = widths.taken_shift(source);
    // An odd code needs no rounding; behind a row's multiplier the half comes later.
    let rounded = !spec.taken(source).is_odd() && !spec.cell.scales_rows();
    let halved = shift > 0 && rounded;
    let half = if halved { 1i128 << (shift - 1) } else { 0 };
    let (shift_x, shift_h) = (widths.shift_x[sum], widths.shift_h[sum]);
    let one = 1i128 << shift_x.min(shift_h);
    let of_blocks = |blocks: std::ops::Range<usize>, shift: u32| -> i128 {
        let row = spec.sums() * lane + sum;
        blocks
            .map(|block| (i128::from(placed.block_constant(group, block, row)) << shift) + one)
            .sum()
    };
    let h_end = folding.x_blocks + folding.h_blocks;
    let mut value_x = -of_blocks(0..folding.x_blocks, shift_x);
    let mut value_h = -of_blocks(folding.x_blocks..h_end, shift_h);
    let mut bias = 0;
    let unit = group * folding.units + lane;
    if unit < spec.hidden_size {
        let row = sum * spec.hidden_size + unit;
        let weights = placed.weights;
        let total = |row: &[i16]| i128::from(row.iter().map(|&w| i64::from(w)).sum::<i64>());
        let x = total(&weights.ih[row * spec.input_size..][..spec.input_size]);
        let h = total(weights.of_h(row, spec.hidden_size));
        // Odd operands `2 u - (2^N - 1)`, held as u, count twice already.
        let offset = |format: QFormat, shift: u32| {
            if format.is_odd() {
                ((1i128 << format.bits) - 1) << (shift - 1)
            } else {
                1i128 << (format.bits - 1 + shift)
            }
        };
        let (x_frac, h_frac) = spec.products().nth(sum).unwrap_or_default();
        bias = match source {
            Source::Both => i128::from(weights.bias[row]) << (widths.acc_frac - x_frac.max(h_frac)),
            Source::X => i128::from(weights.bias[row]) << (widths.acc_frac - x_frac),
            Source::H => i128::from(weights.bias_h[unit]) << (widths.acc_frac - h_frac),
        };
        value_x -= x * offset(spec.x, shift_x);
        // Of a dense layer h is no operand, whatever its levels.
        if spec.is_recurrent() {
            value_h -= h * offset(spec.h, shift_h);
        }
    }
    match source {
        Source::Both => (half + bias + value_x, value_h),
        Source::X => (half + bias + value_x, 0),
        Source::H => (half + bias, value_h),
    }
}
