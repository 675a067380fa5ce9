//! Linear layers behind the recurrent ones, as dense layers of integers.

use super::FormatRequest;
use super::float;
use crate::fixed::QFormat;
use crate::import::{FloatHead, FloatModel};
use crate::quantize::{Dense, DenseOutput, Emit, best_fraction};
use crate::reference::{dense_codes, dense_outputs};
use crate::spec::OutputKind;

/// All linear layers, in their order; a `ReLU` stands before each but the first.
pub(super) fn chain(model: &FloatModel) -> impl Iterator<Item = &FloatHead> {
    model.head.iter().chain(&model.dense)
}

/// The layers in integers, weights of `bits` bits. `h` is what the float model gives them, `[all steps, H]`, on
/// which the formats of codes have the least squared error, and the format that it comes in.
pub(super) fn layers(
    model: &FloatModel,
    bits: u32,
    (h, format): (&[f32], QFormat),
    wanted: &FormatRequest,
) -> Vec<Dense> {
    let (mut signal, mut x) = (h.to_vec(), format);
    let count = chain(model).count();
    let layer = |(index, float): (usize, &FloatHead)| {
        let mut dense = Dense::of(float, head_format(float, bits, x), x);
        let last = index + 1 == count;
        if !last || wanted.gives == OutputKind::Code {
            signal = float::head(float, &signal);
        }
        if last {
            dense.when = wanted.emit;
        } else {
            for value in &mut signal {
                *value = value.max(0.0);
            }
        }
        dense.output = match wanted.gives {
            OutputKind::Sum if last => DenseOutput::Sum,
            OutputKind::Argmax if last => DenseOutput::Argmax,
            _ => DenseOutput::Code {
                format: wanted
                    .acts()
                    .at(best_fraction(&signal, wanted.acts(), false)),
                relu: !last,
            },
        };
        x = dense.output_format();
        dense
    };
    chain(model).enumerate().map(layer).collect()
}

/// Format of the weights of a linear layer on operands of the format `x`: of the least squared error, coarser where
/// the bias would not fit 32 bits at the fraction of the sums.
#[must_use]
pub fn head_format(float: &FloatHead, bits: u32, x: QFormat) -> QFormat {
    let most = float
        .bias
        .iter()
        .fold(0.0f64, |most, &bias| most.max(f64::from(bias).abs()));
    let mut frac = best_fraction(&float.weight, bits, true);
    while most * f64::from(frac + x.frac).exp2() >= f64::from(i32::MAX) {
        frac -= 1;
    }
    QFormat::new(bits, frac)
}

/// The vectors of `all`, of `width` elements, that the layers are asked for: those of every step, or of the last
/// one of each sequence.
#[must_use]
pub fn asked<T: Copy>(all: &[T], width: usize, lengths: &[usize], when: Emit) -> Vec<T> {
    if when == Emit::Step {
        return all.to_vec();
    }
    let ends = lengths.iter().scan(0, |end, length| {
        *end += length;
        Some(*end)
    });
    ends.flat_map(|end| &all[(end - 1) * width..end * width])
        .copied()
        .collect()
}

/// Outputs of the linear layers of a float model on h, `[steps, O]`.
#[must_use]
pub fn float_outputs(model: &FloatModel, h: &[f32]) -> Vec<f32> {
    let mut signal = h.to_vec();
    for (index, layer) in chain(model).enumerate() {
        if index > 0 {
            for value in &mut signal {
                *value = value.max(0.0);
            }
        }
        signal = float::head(layer, &signal);
    }
    signal
}

/// The same of the integer layers on codes of h, as real numbers: what the last one gives, or its sums where it
/// gives the index of the largest.
pub(super) fn outputs(dense: &[Dense], h: &[i32]) -> Vec<f64> {
    let Some((last, before)) = dense.split_last() else {
        return Vec::new();
    };
    let (ulp, codes_only) = match last.output {
        DenseOutput::Code { format, .. } => (format.ulp(), true),
        _ => (f64::from(-last.sum_frac()).exp2(), false),
    };
    let x = dense_codes(before, h.to_vec());
    let step = |x: &[i32]| {
        let given: Vec<i64> = if codes_only {
            dense_outputs(last, x)
        } else {
            last.of_codes(x).collect()
        };
        given.into_iter().map(move |value| value as f64 * ulp)
    };
    x.chunks_exact(last.input_size).flat_map(step).collect()
}
