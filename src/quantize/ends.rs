//! Embeddings and dense layers from a seed, around recurrent layers.

use super::dense::{Dense, DenseOutput, Embedding, Emit};
use super::model::QuantizedModel;
use super::splitmix::SplitMix;
use crate::fixed::{Codes, LevelRule, QFormat};

impl Embedding {
    /// Rows of codes of the format `x`, drawn.
    #[must_use]
    pub fn drawn(vocabulary: usize, input_size: usize, x: QFormat, noise: &mut SplitMix) -> Self {
        let codes = (0..vocabulary * input_size).map(|_| noise.code(x.codes(), false) as i16);
        Self {
            vocabulary,
            codes: codes.collect(),
        }
    }
}

impl Dense {
    /// A layer with drawn weights that use their whole range, and biases below 1, on `input_size` elements of
    /// the format `x`.
    #[must_use]
    pub fn drawn(
        (input_size, x): (usize, QFormat),
        output_size: usize,
        weights_of: Codes,
        (output, when): (DenseOutput, Emit),
        noise: &mut SplitMix,
    ) -> Self {
        let w_frac = weights_of.unit_frac() + (input_size.max(1).ilog2() / 2) as i32 - 1;
        let weights = input_size * output_size;
        let weight = (0..weights).map(|_| noise.code(weights_of, true) as i16);
        let weight = weight.collect();
        let one = f64::from((w_frac + x.frac).min(24)).exp2();
        let bias =
            (0..output_size).map(|_| (one * noise.between(-1000, 1000) as f64 / 1000.0) as i32);
        Self {
            input_size,
            output_size,
            x,
            w_bits: weights_of.bits,
            w_levels: weights_of.levels,
            w_frac,
            weight,
            bias: bias.collect(),
            output,
            when,
        }
    }
}

/// The same recurrent layers with an embedding before them in every second case, none or one or two dense layers
/// behind it, and none to two behind the recurrent layers, for property tests: every width, levels, and kind of output.
#[must_use]
pub fn with_random_ends(mut model: QuantizedModel, seed: u64, largest: usize) -> QuantizedModel {
    let mut noise = SplitMix(seed ^ 0xe4d5);
    let mut pick = |most: i64| noise.between(0, most) as usize;
    let embedded = pick(1) == 0;
    let mut behind = pick(2);
    if !embedded && behind == 0 {
        behind = 1;
    }
    let width = |pick: &mut dyn FnMut(i64) -> usize| [1, 2, 3, 4, 5, 6, 8][pick(6)];
    let levels = |pick: &mut dyn FnMut(i64) -> usize| [LevelRule::Even, LevelRule::Odd][pick(1)];
    let mut shapes = Vec::new();
    for index in 0..behind {
        let weights = levels(&mut pick).of(width(&mut pick));
        let codes = levels(&mut pick).of(width(&mut pick));
        let code = DenseOutput::Code {
            format: codes.at(codes.unit_frac() - pick(3) as i32),
            relu: pick(1) == 0,
        };
        let kinds = [DenseOutput::Sum, DenseOutput::Argmax, code];
        let last = index + 1 == behind;
        let output = if last { kinds[pick(2)] } else { code };
        let when = [Emit::Step, Emit::Last][if last { pick(1) } else { 0 }];
        shapes.push((pick(largest as i64 - 1) + 1, weights, (output, when)));
    }
    // Dense layers before the recurrent ones, the last of which gives x of these.
    let (size, x) = model.first_input();
    let mut behind = (size, x);
    let mut front = Vec::new();
    for _ in 0..[0, 0, 1, 2][pick(3)] {
        let codes = levels(&mut pick).of(width(&mut pick));
        let input = (pick(largest as i64 - 1) + 1, codes.at(codes.unit_frac()));
        front.push((
            input,
            levels(&mut pick).of(width(&mut pick)),
            behind,
            pick(1) == 0,
        ));
        behind = input;
    }
    for (input, weights, (size, format), relu) in front.into_iter().rev() {
        let kind = (DenseOutput::Code { format, relu }, Emit::Step);
        let dense = Dense::drawn(input, size, weights, kind, &mut noise);
        model.front.push(dense);
    }
    if embedded {
        let rows = noise.between(1, 41) as usize;
        let (size, x) = model.first_input();
        model.embedding = Some(Embedding::drawn(rows, size, x, &mut noise));
    }
    let last = &model.layers[model.layers.len() - 1];
    let mut before = (last.output_size(), last.h);
    for (outputs, weights, kind) in shapes {
        let dense = Dense::drawn(before, outputs, weights, kind, &mut noise);
        before = (outputs, dense.output_format());
        model.head.push(dense);
    }
    model
}
