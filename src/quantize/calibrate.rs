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
    if format.bits == 1 {
        return values
            .iter()
            .map(|&value| if value >= 0.0 { 1 } else { -1 })
            .collect();
    }
    let scale = f64::from(format.frac).exp2();
    let (least, most) = (format.min_code() as f64, format.max_code() as f64);
    let rounded = values.iter().map(|&value| {
        // Clamped before it is rounded: below 2^51, adding and subtracting rounds to even.
        let near = (f64::from(value) * scale).clamp(least - 1.0, most + 1.0);
        ((near + ROUND) - ROUND).clamp(least, most) as i32
    });
    rounded.collect()
}

/// Adding and subtracting it rounds an f64 below `2^51` to the nearest integer, ties to even.
const ROUND: f64 = 1.5 * (1u64 << 52) as f64;

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
#[must_use]
pub fn best_fraction(values: &[f32], bits: u32, symmetric: bool) -> i32 {
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
    let format = QFormat::new(w_bits, best_fraction(&float.weight, w_bits, true));
    reports.push(report("head.weight".into(), &float.weight, format, true));
    Head::of(float, format, h)
}

impl Head {
    /// The codes of a float head in `format`, on h of the format `h`.
    #[must_use]
    pub fn of(float: &FloatHead, format: QFormat, h: QFormat) -> Self {
        let one = f64::from(format.frac + h.frac).exp2();
        let weight = float.weight.iter();
        let bias = float.bias.iter();
        Self {
            output_size: float.output_size,
            w_bits: format.bits,
            w_frac: format.frac,
            weight: weight
                .map(|&value| code(value, format, true) as i16)
                .collect(),
            bias: bias
                .map(|&value| (f64::from(value) * one).round_ties_even() as i32)
                .collect(),
        }
    }
}

/// Fractions of one layer's weights, per gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fractions {
    /// Of `weight_ih`.
    pub ih: [i32; 4],
    /// Of `weight_hh`.
    pub hh: [i32; 4],
}

impl Fractions {
    /// Those with the least squared error for `bits`-bit weights, made coarser where products could
    /// not be aligned or a bias would not fit 32 bits. `x` and `h` are the operands' formats.
    #[must_use]
    pub fn fit(float: &FloatLayer, x: QFormat, h: QFormat, bits: u32) -> Self {
        let (width, hidden) = (float.input_size, float.hidden_size);
        let mut fractions = Self {
            ih: [0; 4],
            hh: [0; 4],
        };
        for gate in 0..4 {
            let ih = &float.weight_ih[gate * hidden * width..][..hidden * width];
            let hh = &float.weight_hh[gate * hidden * hidden..][..hidden * hidden];
            fractions.ih[gate] = best_fraction(ih, bits, true);
            fractions.hh[gate] = best_fraction(hh, bits, true);
            let bias = &float.bias[gate * hidden..][..hidden];
            fractions.settle(gate, (x, h), bias);
        }
        fractions
    }

    /// Makes the finer product coarser until both can be aligned and the bias fits.
    fn settle(&mut self, gate: usize, (x, h): (QFormat, QFormat), bias: &[f32]) {
        let largest = bias
            .iter()
            .fold(0.0f64, |most, &value| most.max(f64::from(value).abs()));
        loop {
            let (of_x, of_h) = (self.ih[gate] + x.frac, self.hh[gate] + h.frac);
            let too_far = of_x.abs_diff(of_h) > LARGEST_SHIFT;
            let too_large = largest * f64::from(of_x.max(of_h)).exp2() >= 2f64.powi(31) - 1.0;
            if !too_far && !too_large {
                return;
            }
            if of_x > of_h {
                self.ih[gate] -= 1;
            } else {
                self.hh[gate] -= 1;
            }
        }
    }
}

/// The codes of one layer in these formats: nearest, ties to even, symmetric, clamped.
#[must_use]
pub fn layer_with(
    float: &FloatLayer,
    x: QFormat,
    h: QFormat,
    options: &QuantizeOptions,
    fractions: &Fractions,
) -> Layer {
    let bits = options.weight_bits;
    let codes = |values: &[f32], fractions: [i32; 4]| -> Vec<i16> {
        let gates = values.chunks_exact(values.len() / 4).zip(fractions);
        gates
            .flat_map(|(values, frac)| {
                let format = QFormat::new(bits, frac);
                values
                    .iter()
                    .map(move |&value| code(value, format, true) as i16)
            })
            .collect()
    };
    let mut layer = Layer {
        input_size: float.input_size,
        hidden_size: float.hidden_size,
        x,
        h,
        w_bits: bits,
        w_frac_ih: fractions.ih,
        w_frac_hh: fractions.hh,
        z: options.z,
        a_frac: options.a_frac,
        c: options.c,
        weight_ih: codes(&float.weight_ih, fractions.ih),
        weight_hh: codes(&float.weight_hh, fractions.hh),
        bias: Vec::new(),
        row_scale: None,
    };
    for gate in 0..4 {
        let one = f64::from(layer.alignment(gate).frac).exp2();
        let bias = &float.bias[gate * float.hidden_size..][..float.hidden_size];
        layer.bias.extend(
            bias.iter()
                .map(|&value| (f64::from(value) * one).round_ties_even() as i32),
        );
    }
    layer
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
    let fractions = Fractions::fit(float, x, h, bits);
    for (gate, name) in super::GATES.into_iter().enumerate() {
        for (matrix, values, frac) in [
            ("weight_ih", &float.weight_ih, fractions.ih[gate]),
            ("weight_hh", &float.weight_hh, fractions.hh[gate]),
        ] {
            let count = values.len() / 4;
            reports.push(report(
                format!("{place}.{matrix}.{name}"),
                &values[gate * count..][..count],
                QFormat::new(bits, frac),
                true,
            ));
        }
    }
    layer_with(float, x, h, options, &fractions)
}
