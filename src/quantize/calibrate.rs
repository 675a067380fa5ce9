//! Post-training quantisation: fractions chosen by what the model does on sample inputs.

use super::model::{Head, Layer, QuantizedModel};
use super::seeded::default_h;
use super::validate::LARGEST_SHIFT;
use crate::fixed::QFormat;
use crate::import::{FloatHead, FloatLayer, FloatModel};
use serde::Serialize;

/// What becomes of the linear head, which the hardware does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFormat {
    /// It rides along as `decoder.weight` and `decoder.bias`.
    Float,
    /// Integers, weights of this many bits.
    Integer(u32),
}

/// Widths and formats to quantise to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantizeOptions {
    /// Bits of every weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of the first layer's x.
    pub input_bits: u32,
    /// Format of z.
    pub z: QFormat,
    /// Fraction bits of the gate values.
    pub a_frac: u32,
    /// Format of c.
    pub c: QFormat,
    /// The linear head, where the model has one.
    pub head: HeadFormat,
}

/// How well one tensor survived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorReport {
    /// Such as `layers.0.weight_ih.f`.
    pub tensor: String,
    /// Format chosen.
    pub format: QFormat,
    /// Values beyond the format.
    pub saturated: u64,
    /// Values.
    pub total: u64,
    /// Signal to quantisation noise in decibel; infinite when nothing was lost.
    pub snr_db: f64,
}

/// How well every tensor survived.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// In the order of the data.
    pub tensors: Vec<TensorReport>,
}

/// The nearest code: ties to even, clamped; at one bit the sign, +1 for zero.
fn code(value: f32, format: QFormat, symmetric: bool) -> i64 {
    if format.bits == 1 {
        return if value >= 0.0 { 1 } else { -1 };
    }
    let scaled = (f64::from(value) * f64::from(format.frac).exp2()).round_ties_even();
    let least = format.min_code() + i64::from(symmetric);
    scaled.clamp(least as f64, format.max_code() as f64) as i64
}

/// Codes of real inputs in `format`: round half to even, clamp.
#[must_use]
pub fn quantize_input(values: &[f32], format: QFormat) -> Vec<i32> {
    values
        .iter()
        .map(|&value| code(value, format, false) as i32)
        .collect()
}

/// Squared error of `values` in `format`.
fn squared_error(values: &[f32], format: QFormat, symmetric: bool) -> f64 {
    let ulp = format.ulp();
    values
        .iter()
        .map(|&value| (f64::from(value) - code(value, format, symmetric) as f64 * ulp).powi(2))
        .sum()
}

/// The fraction of a `bits`-bit format with the least squared error on `values`.
///
/// Candidates reach from the one that holds the largest value to six bits finer; clamping a few
/// outliers often pays.
fn best_fraction(values: &[f32], bits: u32, symmetric: bool) -> i32 {
    let largest = values
        .iter()
        .fold(0.0f32, |most, value| most.max(value.abs()));
    if largest == 0.0 {
        return bits as i32 - 1;
    }
    let coarsest = bits as i32 - 2 - largest.log2().floor() as i32;
    let candidates = (coarsest - 1)..=(coarsest + 6);
    let error = |frac: i32| squared_error(values, QFormat::new(bits, frac), symmetric);
    candidates
        .min_by(|&a, &b| error(a).total_cmp(&error(b)))
        .unwrap_or(coarsest)
}

fn report(tensor: String, values: &[f32], format: QFormat, symmetric: bool) -> TensorReport {
    let limit = (format.max_code() as f64 + 0.5) * format.ulp();
    let saturated = if format.bits == 1 {
        0
    } else {
        values
            .iter()
            .filter(|value| f64::from(value.abs()) > limit)
            .count()
    };
    let signal: f64 = values.iter().map(|&value| f64::from(value).powi(2)).sum();
    let noise = squared_error(values, format, symmetric);
    TensorReport {
        tensor,
        format,
        saturated: saturated as u64,
        total: values.len() as u64,
        snr_db: 10.0 * (signal / noise).log10(),
    }
}

/// What a float layer does on a sequence.
struct Run {
    z: Vec<f32>,
    c: Vec<f32>,
    h: Vec<f32>,
}

fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + (-value).exp())
}

/// The float layer on `[steps, input_size]`, state carried from zero.
fn run(layer: &FloatLayer, inputs: &[f32]) -> Run {
    let (width, hidden) = (layer.input_size, layer.hidden_size);
    let mut out = Run {
        z: Vec::new(),
        c: Vec::new(),
        h: Vec::new(),
    };
    let (mut h, mut c) = (vec![0.0f32; hidden], vec![0.0f32; hidden]);
    let dot = |row: &[f32], v: &[f32]| row.iter().zip(v).map(|(a, b)| a * b).sum::<f32>();
    for x in inputs.chunks_exact(width) {
        let z: Vec<f32> = (0..4 * hidden)
            .map(|row| {
                dot(&layer.weight_ih[row * width..][..width], x)
                    + dot(&layer.weight_hh[row * hidden..][..hidden], &h)
                    + layer.bias[row]
            })
            .collect();
        for unit in 0..hidden {
            let [i, f, g, o] = std::array::from_fn(|gate| z[gate * hidden + unit]);
            c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
            h[unit] = sigmoid(o) * c[unit].tanh();
        }
        out.z.extend_from_slice(&z);
        out.c.extend_from_slice(&c);
        out.h.extend_from_slice(&h);
    }
    out
}

/// Quantises `model` with fractions chosen on `inputs`, `[steps, input_size]` of the first layer.
///
/// Every tensor gets the power-of-two scale with the least squared error; weights per gate and
/// matrix. A bias that would not fit 32 bits at the accumulator's fraction, or products more than
/// the supported shift apart, make the finer weight fraction coarser until they do.
#[must_use]
pub fn calibrate(
    model: &FloatModel,
    inputs: &[f32],
    options: &QuantizeOptions,
) -> (QuantizedModel, CalibrationReport) {
    let mut reports = Vec::new();
    let mut layers = Vec::new();
    let x_frac = if options.input_bits == 1 {
        0
    } else {
        best_fraction(inputs, options.input_bits, false)
    };
    let mut x = QFormat::new(options.input_bits, x_frac);
    let mut signal = inputs.to_vec();
    for (index, float) in model.layers.iter().enumerate() {
        let run = run(float, &signal);
        let h = default_h(options.act_bits);
        let place = format!("layers.{index}");
        reports.push(report(format!("{place}.x"), &signal, x, false));
        let layer = quantize_layer(float, x, h, options, &place, &mut reports);
        reports.push(report(format!("{place}.z"), &run.z, options.z, false));
        reports.push(report(format!("{place}.c"), &run.c, options.c, false));
        reports.push(report(format!("{place}.h"), &run.h, h, false));
        layers.push(layer);
        signal = run.h;
        x = h;
    }
    let mut passengers = model.passengers.clone();
    let mut head = None;
    match (&model.head, options.head) {
        (Some(float), HeadFormat::Integer(w_bits)) => {
            head = Some(quantize_head(float, w_bits, x, &mut reports));
        }
        (Some(float), HeadFormat::Float) => {
            let outputs = float.output_size;
            let shape = vec![outputs, float.weight.len() / outputs];
            passengers.insert("decoder.weight".into(), (shape, float.weight.clone()));
            passengers.insert("decoder.bias".into(), (vec![outputs], float.bias.clone()));
        }
        (None, _) => {}
    }
    (
        QuantizedModel {
            layers,
            head,
            passengers,
        },
        CalibrationReport { tensors: reports },
    )
}

/// The head in integers, on codes of format `h`.
fn quantize_head(
    float: &FloatHead,
    w_bits: u32,
    h: QFormat,
    reports: &mut Vec<TensorReport>,
) -> Head {
    let w_frac = best_fraction(&float.weight, w_bits, true);
    let format = QFormat::new(w_bits, w_frac);
    reports.push(report("head.weight".into(), &float.weight, format, true));
    let one = f64::from(w_frac + h.frac).exp2();
    let codes = float.weight.iter();
    Head {
        output_size: float.output_size,
        w_bits,
        w_frac,
        weight: codes
            .map(|&value| code(value, format, true) as i16)
            .collect(),
        bias: float
            .bias
            .iter()
            .map(|&value| (f64::from(value) * one).round_ties_even() as i32)
            .collect(),
    }
}

fn quantize_layer(
    float: &FloatLayer,
    x: QFormat,
    h: QFormat,
    options: &QuantizeOptions,
    place: &str,
    reports: &mut Vec<TensorReport>,
) -> Layer {
    let bits = options.weight_bits;
    let (width, hidden) = (float.input_size, float.hidden_size);
    let mut layer = Layer {
        input_size: width,
        hidden_size: hidden,
        x,
        h,
        w_bits: bits,
        w_frac_ih: [0; 4],
        w_frac_hh: [0; 4],
        z: options.z,
        a_frac: options.a_frac,
        c: options.c,
        weight_ih: Vec::with_capacity(float.weight_ih.len()),
        weight_hh: Vec::with_capacity(float.weight_hh.len()),
        bias: Vec::with_capacity(4 * hidden),
        row_scale: None,
    };
    for gate in 0..4 {
        let ih = &float.weight_ih[gate * hidden * width..][..hidden * width];
        let hh = &float.weight_hh[gate * hidden * hidden..][..hidden * hidden];
        let bias = &float.bias[gate * hidden..][..hidden];
        layer.w_frac_ih[gate] = best_fraction(ih, bits, true);
        layer.w_frac_hh[gate] = best_fraction(hh, bits, true);
        settle_fractions(&mut layer, gate, bias);
        let ih_format = QFormat::new(bits, layer.w_frac_ih[gate]);
        let hh_format = QFormat::new(bits, layer.w_frac_hh[gate]);
        let name = super::GATES[gate];
        reports.push(report(
            format!("{place}.weight_ih.{name}"),
            ih,
            ih_format,
            true,
        ));
        reports.push(report(
            format!("{place}.weight_hh.{name}"),
            hh,
            hh_format,
            true,
        ));
        layer
            .weight_ih
            .extend(ih.iter().map(|&value| code(value, ih_format, true) as i16));
        layer
            .weight_hh
            .extend(hh.iter().map(|&value| code(value, hh_format, true) as i16));
        let one = f64::from(layer.alignment(gate).frac).exp2();
        layer.bias.extend(
            bias.iter()
                .map(|&value| (f64::from(value) * one).round_ties_even() as i32),
        );
    }
    layer
}

/// Makes the finer product coarser until both can be aligned and the bias fits.
fn settle_fractions(layer: &mut Layer, gate: usize, bias: &[f32]) {
    let largest = bias
        .iter()
        .fold(0.0f64, |most, &value| most.max(f64::from(value).abs()));
    loop {
        let align = layer.alignment(gate);
        let too_far = align.shift_x.max(align.shift_h) > LARGEST_SHIFT;
        let too_large = largest * f64::from(align.frac).exp2() >= 2f64.powi(31) - 1.0;
        if !too_far && !too_large {
            return;
        }
        if align.shift_h > 0 {
            layer.w_frac_ih[gate] -= 1;
        } else {
            layer.w_frac_hh[gate] -= 1;
        }
    }
}
