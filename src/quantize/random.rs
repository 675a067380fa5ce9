//! Models of arbitrary formats, for property tests.

use super::model::{Direction, Layer, QuantizedModel, Recurrence, RowScale};
use super::splitmix::SplitMix;
use crate::fixed::{LevelRule, QFormat};
use crate::spec::{CellKind, DirectionKind, OutputOrder};

/// A model with arbitrary formats, for property tests: every width, fractions that ask for different
/// shifts in every gate, sizes up to `largest`, one to three layers.
#[must_use]
pub fn random_model(seed: u64, largest: usize) -> QuantizedModel {
    random_model_of(seed, largest, LevelRule::Even)
}

/// The same with levels that are even or odd in weights, x and h of every layer, by dice of their own.
#[must_use]
pub fn random_model_mixed(seed: u64, largest: usize, cells: &[CellKind]) -> QuantizedModel {
    let mut dice = SplitMix(!seed);
    let mut levels = || [LevelRule::Even, LevelRule::Odd][dice.between(0, 1) as usize];
    model(seed, largest, &mut levels, cells, &mut forward)
}

/// [`random_model_mixed`] whose layers are of any direction, outputs in any order, by dice of their own.
#[must_use]
pub fn random_model_directed(seed: u64, largest: usize, cells: &[CellKind]) -> QuantizedModel {
    let mut dice = SplitMix(!seed);
    let mut levels = || [LevelRule::Even, LevelRule::Odd][dice.between(0, 1) as usize];
    let mut other = SplitMix(seed ^ 0xd1_4ec7);
    let kinds = [
        DirectionKind::Forward,
        DirectionKind::Backward,
        DirectionKind::Bidirectional,
    ];
    let mut noise = SplitMix(seed ^ 0x04_de4);
    let mut orders = || [OutputOrder::Time, OutputOrder::Processing][noise.between(0, 1) as usize];
    let mut directions = || (kinds[other.between(0, 2) as usize], orders());
    model(seed, largest, &mut levels, cells, &mut directions)
}

/// The direction that goes without saying.
const fn forward() -> (DirectionKind, OutputOrder) {
    (DirectionKind::Forward, OutputOrder::Time)
}

/// The same with other levels: weights, x and h of as many bits, and other weights.
#[must_use]
pub fn random_model_of(seed: u64, largest: usize, levels: LevelRule) -> QuantizedModel {
    random_network(seed, largest, levels, &[CellKind::Lstm])
}

/// The same of these cells, layer after layer from the first, and again from the first of them.
#[must_use]
pub fn random_network(
    seed: u64,
    largest: usize,
    levels: LevelRule,
    cells: &[CellKind],
) -> QuantizedModel {
    model(seed, largest, &mut || levels, cells, &mut forward)
}

fn model(
    seed: u64,
    largest: usize,
    levels: &mut dyn FnMut() -> LevelRule,
    cells: &[CellKind],
    directions: &mut dyn FnMut() -> (DirectionKind, OutputOrder),
) -> QuantizedModel {
    let mut noise = SplitMix(seed);
    let count = noise.between(1, 3);
    let mut input_size = size(&mut noise, largest);
    let x_codes = levels().of(width(&mut noise));
    let mut x = x_codes.at(noise.between(-1, 5) as i32);
    let mut model = QuantizedModel::default();
    for (_, &cell) in (0..count).zip(cells.iter().cycle()) {
        let hidden_size = size(&mut noise, largest);
        let h = levels().of(width(&mut noise));
        let h = h.at(h.bits as i32 - 1 + noise.between(-1, 1) as i32);
        let (operand, output) = ((input_size, x), (hidden_size, h));
        let mut pass = || random_pass(&mut noise, (&mut *levels, cell), operand, output);
        let mut layer = pass();
        let (direction, order) = directions();
        layer.direction = Direction::ordered(direction, order, pass);
        (input_size, x) = (layer.output_size(), h);
        model.layers.push(layer);
    }
    model
}

/// The model with multipliers of rows, of 2 to 12 bits, in two layers of three: any numbers, 0 and the largest
/// among them, whose fraction leaves z its range, or moves it two bits.
#[must_use]
pub fn with_row_scales(mut model: QuantizedModel, seed: u64) -> QuantizedModel {
    let mut noise = SplitMix(seed ^ 0x70_77);
    let first = noise.between(0, 2) as usize;
    for (index, layer) in model.layers.iter_mut().enumerate() {
        if (index + first) % 3 == 2 {
            continue;
        }
        let bits = noise.between(2, 12) as u32;
        let largest = (1i64 << bits) - 1;
        let multiplier = |noise: &mut SplitMix| match noise.between(0, 7) {
            0 => 0,
            1 => largest as u32,
            _ => noise.between(0, largest) as u32,
        };
        layer.row_scale = Some(RowScale {
            bits,
            frac: bits as i32 + noise.between(-3, 1) as i32,
            multiplier: (0..layer.scaled_sums())
                .map(|_| multiplier(&mut noise))
                .collect(),
        });
    }
    model
}

fn width(noise: &mut SplitMix) -> u32 {
    [1, 2, 3, 4, 5, 6, 7, 8, 16][noise.between(0, 8) as usize]
}

fn size(noise: &mut SplitMix, largest: usize) -> usize {
    noise.between(1, largest as i64) as usize
}

/// One pass on x of this size and format, with so many units and this format of h. The order of the draws is
/// part of what a seed means.
fn random_pass(
    noise: &mut SplitMix,
    (levels, cell): (&mut dyn FnMut() -> LevelRule, CellKind),
    (input_size, x): (usize, QFormat),
    (hidden_size, h): (usize, QFormat),
) -> Layer {
    let weights_of = levels().of(width(noise));
    let w_bits = weights_of.bits;
    let base = w_bits as i32 + (input_size + hidden_size).ilog2() as i32 / 2;
    let gates = cell.gates().len();
    let mut fractions = || -> Vec<i32> {
        let fraction = |_| base + noise.between(-2, 2) as i32;
        (0..gates).map(fraction).collect()
    };
    let (w_frac_ih, w_frac_hh) = (fractions(), fractions());
    let (z, a_frac, recurrence) = element_wise(noise, cell);
    let mut weights = |count: usize| -> Vec<i16> {
        let codes = (0..count).map(|_| noise.code(weights_of, true) as i16);
        codes.collect()
    };
    let mut layer = Layer {
        direction: Direction::Forward,
        input_size,
        hidden_size,
        x,
        h,
        w_bits,
        w_levels: weights_of.levels,
        w_frac_ih,
        w_frac_hh,
        z,
        a_frac,
        recurrence,
        weight_ih: weights(gates * hidden_size * input_size),
        weight_hh: weights(gates * hidden_size * hidden_size),
        bias: Vec::new(),
        row_scale: None,
    };
    layer.fill_biases(|frac| {
        let one = (f64::from(frac.min(24)).exp2() * 2.0).max(1.0) as i64;
        let bias = |_| noise.between(-one, one) as i32;
        (0..hidden_size).map(bias).collect()
    });
    layer
}

/// Format of z, fraction of the gates, and the cell with its formats: the usual ones in every second layer.
fn element_wise(noise: &mut SplitMix, cell: CellKind) -> (QFormat, u32, Recurrence) {
    let usual = noise.between(0, 1) == 0;
    let mut pick = |usual_value: i64, least: i64, most: i64| {
        if usual {
            usual_value
        } else {
            noise.between(least, most)
        }
    };
    let z = QFormat::new(pick(8, 3, 9) as u32, pick(4, 1, 6) as i32);
    let a_frac = pick(8, 4, 10) as u32;
    let state_frac = if cell.is_lstm() { 10 } else { 14 };
    let state = QFormat::new(pick(16, 6, 20) as u32, pick(state_frac, 3, 12) as i32);
    let recurrence = match cell {
        CellKind::Lstm => Recurrence::Lstm { c: state },
        CellKind::Gru => Recurrence::Gru {
            v: QFormat::new(pick(12, 5, 16) as u32, pick(8, 2, 10) as i32),
            s: state,
            bias_n_h: Vec::new(),
        },
    };
    (z, a_frac, recurrence)
}
