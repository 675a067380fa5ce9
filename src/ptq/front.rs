//! Linear layers before the recurrent ones, as dense layers of integers.

use super::dense::head_format;
use super::measure::Operand;
use super::report::FrontReport;
use super::search::x_fractions;
use super::sequences::Sequences;
use super::truth::CANDIDATE_MACS;
use super::{FormatRequest, float};
use crate::fixed::QFormat;
use crate::import::{FloatFront, FloatModel};
use crate::quantize::{Dense, DenseOutput, best_fraction, clamped, quantize_input};
use crate::reference::{StageCount, dense_codes};
use rayon::prelude::*;
use std::borrow::Cow;

/// Makes every value below zero zero.
fn cut(values: &mut [f32]) {
    for value in values {
        *value = value.max(0.0);
    }
}

/// What a float layer gives, `[steps, outputs]`.
fn given(front: &FloatFront, x: &[f32]) -> Vec<f32> {
    let mut outputs = float::head(&front.linear, x);
    if front.relu {
        cut(&mut outputs);
    }
    outputs
}

/// What the recurrent layers of the float model take: what the linear layers before them give of the inputs.
pub(super) fn float_x<'a>(model: &FloatModel, inputs: &'a Sequences) -> Cow<'a, Sequences> {
    if model.front.is_empty() {
        return Cow::Borrowed(inputs);
    }
    let mut x = inputs.clone();
    for front in &model.front {
        x.data = given(front, &x.data);
        x.width = front.linear.output_size;
    }
    Cow::Owned(x)
}

/// The formats that the recurrent layers are asked for: their x is what the last linear layer gives, in codes as those
/// of h are, of the fraction that suits h.
pub(super) fn behind(model: &FloatModel, wanted: &FormatRequest) -> FormatRequest {
    if model.front.is_empty() {
        return *wanted;
    }
    FormatRequest {
        input_bits: wanted.act_bits,
        x_frac: None,
        ..*wanted
    }
}

/// The layers in integers; the last gives its sums still, since the recurrent layers choose the format of its codes.
///
/// The fraction of the network's x is the one with the least squared error of the first layer's sums, those of codes
/// between the layers have the least squared error of their own.
pub(super) fn layers(model: &FloatModel, inputs: &Sequences, wanted: &FormatRequest) -> Vec<Dense> {
    let Some(first) = model.front.first() else {
        return Vec::new();
    };
    let mut x = first_format(first, inputs, wanted);
    let mut signal = Cow::Borrowed(&inputs.data);
    let mut all: Vec<Dense> = Vec::new();
    for front in &model.front {
        let format = head_format(&front.linear, wanted.front_bits, x);
        let mut dense = Dense::of(&front.linear, format, x);
        if all.len() + 1 < model.front.len() {
            signal = Cow::Owned(given(front, &signal));
            x = wanted
                .acts()
                .at(best_fraction(&signal, wanted.acts(), false));
            dense.output = DenseOutput::Code {
                format: x,
                relu: front.relu,
            };
        }
        all.push(dense);
    }
    all
}

/// The format of the network's x.
fn first_format(first: &FloatFront, inputs: &Sequences, wanted: &FormatRequest) -> QFormat {
    let sample = inputs.sample((CANDIDATE_MACS / first.linear.weight.len()).max(1));
    let sums = float::head(&first.linear, &sample.data);
    let codes = wanted.levels.of(wanted.input_bits);
    let error = |frac: i32| -> f64 {
        let x = codes.at(frac);
        let dense = Dense::of(
            &first.linear,
            head_format(&first.linear, wanted.front_bits, x),
            x,
        );
        let pairs = real_sums(&dense, &quantize_input(&sample.data, x), false);
        let pairs = pairs.into_iter().zip(&sums);
        pairs
            .map(|(got, &want)| f64::from(got - want).powi(2))
            .sum()
    };
    let fractions = x_fractions(&Operand::Real(&sample), wanted);
    let errors: Vec<f64> = fractions.par_iter().map(|&frac| error(frac)).collect();
    let best = (0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b]));
    codes.at(best.map_or(0, |index| fractions[index]))
}

/// The sums of codes of x, `[steps, rows]`, as real numbers, none below zero behind a `ReLU`.
fn real_sums(dense: &Dense, x: &[i32], relu: bool) -> Vec<f32> {
    let ulp = f64::from(-dense.sum_frac()).exp2();
    let steps = x.par_chunks_exact(dense.input_size);
    let sums = steps.flat_map_iter(|x| dense.of_codes(x));
    let mut sums: Vec<f32> = sums.map(|sum| (sum as f64 * ulp) as f32).collect();
    if relu {
        cut(&mut sums);
    }
    sums
}

/// What the recurrent layers of the integer model take before it becomes codes: the inputs, or the last layer's exact
/// sums behind its `ReLU`.
pub(super) fn integer_x<'a>(
    model: &FloatModel,
    layers: &[Dense],
    inputs: &'a Sequences,
) -> Cow<'a, Sequences> {
    let (Some((last, before)), Some(float)) = (layers.split_last(), model.front.last()) else {
        return Cow::Borrowed(inputs);
    };
    let x = dense_codes(before, quantize_input(&inputs.data, layers[0].x));
    Cow::Owned(Sequences {
        data: real_sums(last, &x, float.relu),
        width: last.output_size,
        lengths: inputs.lengths.clone(),
    })
}

/// The layers with the last giving codes in the format `x` of the recurrent layers.
pub(super) fn giving(model: &FloatModel, layers: &[Dense], x: QFormat) -> Vec<Dense> {
    let mut layers = layers.to_vec();
    if let (Some(dense), Some(float)) = (layers.last_mut(), model.front.last()) {
        dense.output = DenseOutput::Code {
            format: x,
            relu: float.relu,
        };
    }
    layers
}

/// What every layer takes and gives on codes of the inputs, and what was clamped on its way in.
pub(super) fn reports(
    model: &FloatModel,
    layers: &[Dense],
    inputs: &Sequences,
) -> Vec<FrontReport> {
    let mut x = layers
        .first()
        .map_or_else(Vec::new, |dense| quantize_input(&inputs.data, dense.x));
    let mut real = Cow::Borrowed(&inputs.data);
    let mut all = Vec::new();
    for (dense, float) in layers.iter().zip(&model.front) {
        all.push(FrontReport {
            x: dense.x,
            clamped: StageCount {
                saturated: clamped(&real, dense.x),
                total: real.len() as u64,
            },
            outputs: dense.output_size,
            gives: dense.output,
        });
        real = Cow::Owned(real_sums(dense, &x, float.relu));
        x = dense_codes(std::slice::from_ref(dense), x);
    }
    all
}
