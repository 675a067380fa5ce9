//! A seeded model for a design.

use super::{Random, SeriesDense, SeriesDesign};
use crate::fixed::{Codes, QFormat};
use crate::quantize::{
    Dense, Direction, Embedding, Layer, QuantizedModel, Recurrence, RowScale, SplitMix,
};
use crate::spec::CellKind;

/// Seeds of embeddings and dense layers apart from those of the recurrent layers.
const ENDS: u64 = 0x5eed_e4d5;

/// Seeds of dense layers before the recurrent ones.
const FRONT: u64 = 0x5eed_f607;

impl SeriesDesign {
    /// A model of these sizes and widths: weights from two dice, a fraction for every gate.
    #[must_use]
    pub fn model(&self) -> QuantizedModel {
        let mut random = Random(SplitMix(self.seed ^ 0xabad_cafe));
        let mut model = QuantizedModel::default();
        let mut before = (self.input, operand(self.codes()[1]));
        let mut noise = SplitMix(self.seed ^ FRONT);
        model.front = self.drawn_dense(&mut before, &self.front, &mut noise);
        for &hidden_size in &self.hidden {
            let mut pass = || self.layer(&mut random, before, hidden_size);
            let layer = pass();
            let direction = Direction::of(self.direction, pass);
            let layer = Layer { direction, ..layer };
            before = (layer.output_size(), layer.h);
            model.layers.push(layer);
        }
        self.add_ends(&mut model);
        model
    }

    /// Adds an embedding before everything and the dense layers behind the recurrent ones.
    fn add_ends(&self, model: &mut QuantizedModel) {
        let mut noise = SplitMix(self.seed ^ ENDS);
        let Some(last) = model.layers.last() else {
            return;
        };
        let x = operand(self.codes()[1]);
        if self.vocabulary > 0 {
            let drawn = Embedding::drawn(self.vocabulary, self.input, x, &mut noise);
            model.embedding = Some(drawn);
        }
        let mut before = (last.output_size(), last.h);
        model.head = self.drawn_dense(&mut before, &self.dense, &mut noise);
    }

    /// Dense layers one behind another; `before` has elements and format of what goes in, and then of what comes out.
    fn drawn_dense(
        &self,
        before: &mut (usize, QFormat),
        dense: &[SeriesDense],
        noise: &mut SplitMix,
    ) -> Vec<Dense> {
        let drawn = |dense: &SeriesDense| {
            let gives = (dense.gives.output(), dense.when());
            let layer = Dense::drawn(*before, dense.outputs, self.codes()[0], gives, noise);
            *before = (layer.output_size, layer.output_format());
            layer
        };
        dense.iter().map(drawn).collect()
    }

    fn layer(
        &self,
        random: &mut Random,
        (input_size, x): (usize, QFormat),
        hidden_size: usize,
    ) -> Layer {
        let [w_bits, _, _, z, a_frac, _] = self.bits;
        let [w_codes, _, h] = self.codes();
        let gates = self.cell.gates().len();
        let mut fractions = || -> Vec<i32> {
            let fraction = |_| w_bits as i32 - 1 + random.within(0, 1) as i32;
            (0..gates).map(fraction).collect()
        };
        let (w_frac_ih, w_frac_hh) = (fractions(), fractions());
        let mut weights =
            |count: usize| -> Vec<i16> { (0..count).map(|_| weight(random, w_codes)).collect() };
        let mut layer = Layer {
            direction: Direction::Forward,
            input_size,
            hidden_size,
            x,
            h: operand(h),
            w_bits,
            w_levels: w_codes.levels,
            w_frac_ih,
            w_frac_hh,
            z: QFormat::new(z, z as i32 - 4),
            a_frac,
            recurrence: self.recurrence(),
            weight_ih: weights(gates * hidden_size * input_size),
            weight_hh: weights(gates * hidden_size * hidden_size),
            bias: Vec::new(),
            row_scale: None,
        };
        let mut biases = |frac: i32| -> Vec<i32> {
            let one = 1i64 << frac.clamp(0, 24);
            let bias = |_| random.within(-one, one) as i32;
            (0..hidden_size).map(bias).collect()
        };
        for gate in 0..gates {
            layer.bias.extend(biases(layer.bias_frac(gate)));
        }
        let parted = layer.recurrence.parted();
        let of_h = parted.map(|gate| biases(layer.product_fracs(gate).1));
        if let (Recurrence::Gru { bias_n_h, .. }, Some(of_h)) = (&mut layer.recurrence, of_h) {
            *bias_n_h = of_h;
        }
        if self.row_bits > 0 {
            let (least, most) = (1i64 << (self.row_bits - 1), (1i64 << self.row_bits) - 1);
            let multiplier = (0..layer.scaled_sums()).map(|_| random.within(least, most) as u32);
            layer.row_scale = Some(RowScale {
                bits: self.row_bits,
                frac: self.row_bits as i32 - 1,
                multiplier: multiplier.collect(),
            });
        }
        layer
    }

    /// The cell with a state of its bits, in -8..8 or of a GRU in -2..2; v as wide as z and four bits finer.
    fn recurrence(&self) -> Recurrence {
        let [_, _, _, z, _, state] = self.bits;
        let of = |below: i32| QFormat::new(state, state as i32 - below);
        match self.cell {
            CellKind::Lstm => Recurrence::Lstm { c: of(4) },
            CellKind::Gru => Recurrence::Gru {
                v: QFormat::new(z + 4, z as i32),
                s: of(2),
                bias_n_h: Vec::new(),
            },
        }
    }
}

/// The format of x and h with these codes.
fn operand(codes: Codes) -> QFormat {
    codes.at(codes.unit_frac())
}

/// A weight from one die, or from two where there are many levels.
fn weight(random: &mut Random, codes: Codes) -> i16 {
    let (low, high) = if codes.is_odd() {
        (0, codes.max_code())
    } else {
        (codes.min_weight(), codes.max_code())
    };
    let code = match codes.bits {
        1 | 2 => random.within(low, high),
        _ => i64::midpoint(random.within(low, high), random.within(low, high)),
    };
    let weight = if codes.is_odd() {
        2 * code - high
    } else {
        code
    };
    weight as i16
}
