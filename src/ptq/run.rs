//! A float model to integers, layer after layer.

use super::formats::Formats;
use super::measure::{LayerCase, Operand, Tables, decibel, energy, noise, words};
use super::report::{
    CalibrationReport, Clamped, DenseReport, LayerQuality, Quality, RowScaleReport, TensorReport,
};
use super::search::choose;
use super::sequences::Sequences;
use super::truth::{Truth, weight_fractions};
use super::{FormatRequest, dense, float, front, limits, warnings};
use crate::fixed::{Codes, QFormat};
use crate::import::{EMBEDDING, FloatLayer, FloatModel};
use crate::quantize::{
    Dense, Emit, HeadFormat, InputOffset, Layer, QuantizedModel, clamped, quantize_input,
    squared_error,
};
use crate::reference::{Saturation, StageCount, dense_codes};

/// An integer model and how it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantized {
    /// The model.
    pub model: QuantizedModel,
    /// The choices and measurements.
    pub report: CalibrationReport,
}

/// Quantises `model` with formats chosen on `inputs`.
///
/// Weights get the power-of-two scale with the least squared error, per gate and matrix; all other
/// formats are chosen by the error of h. A bias that would not fit 32 bits at the accumulator's
/// fraction, or products more than the supported shift apart, make the finer weight fraction coarser
/// until they do.
///
/// # Panics
/// When `inputs` are no vectors of the model's input size, or empty.
#[must_use]
pub fn quantize(model: &FloatModel, inputs: &Sequences, wanted: &FormatRequest) -> Quantized {
    embedded(recurrent_and_head(model, inputs, wanted))
}

/// All but the embedding.
fn recurrent_and_head(model: &FloatModel, inputs: &Sequences, wanted: &FormatRequest) -> Quantized {
    assert_eq!(inputs.width, model.input_size(), "elements of x");
    let before = front::layers(model, inputs, wanted);
    let x = front::integer_x(model, &before, inputs);
    let wanted = &front::behind(model, wanted);
    let truth = Truth::of(model, &front::float_x(model, inputs), &x);
    let tables = Tables::default();
    let formats = choose_all(model, &truth, wanted, &tables);
    let integers = QuantizedModel {
        front: front::giving(model, &before, formats[0].x),
        ..assemble(model, &formats, (&truth, inputs), wanted)
    };
    let mut report = measure(model, &integers, &formats, (inputs, &x, &truth), &tables);
    report.row_scale = wanted.row_scale_bits.map(|bits| RowScaleReport {
        bits,
        without_db: without_rows(model, &integers, &formats, (&x, &truth), wanted),
    });
    report.limits = limits::of(model, &formats, wanted, (&truth, &tables), report.h);
    report.warnings = warnings::of(&report, inputs, wanted);
    Quantized {
        model: integers,
        report,
    }
}

/// [`quantize`] of the model of `x - offset`, on the same inputs; exact, since the biases take up
/// what the offset takes off.
///
/// # Panics
/// When `inputs` and `offset` are not of the model's input size.
#[must_use]
pub fn quantize_offset(
    model: &FloatModel,
    inputs: &Sequences,
    offset: InputOffset,
    wanted: &FormatRequest,
) -> Quantized {
    assert_eq!(
        offset.codes.len(),
        inputs.width,
        "one constant for each element"
    );
    let centred = Sequences {
        data: offset.taken_off(&inputs.data),
        ..inputs.clone()
    };
    let mut quantized = recurrent_and_head(&offset.folded(model), &centred, wanted);
    quantized.model.input_offset = Some(offset);
    embedded(quantized)
}

/// The embedding as a table of codes, where the head behind it is integers too; else it rides along.
fn embedded(mut quantized: Quantized) -> Quantized {
    let model = &mut quantized.model;
    let (width, format) = model.first_input();
    let fits = |shape: &[usize]| shape.len() == 2 && shape[1] == width;
    let (name, rides) = (EMBEDDING, &model.passengers);
    if model.head.is_empty() || !rides.get(name).is_some_and(|(shape, _)| fits(shape)) {
        return quantized;
    }
    if let Some((_, rows)) = model.passengers.remove(name) {
        let centred = match &model.input_offset {
            Some(offset) => offset.taken_off(&rows),
            None => rows.clone(),
        };
        let report = tensor(name.into(), &centred, format, false);
        model.embed(&rows);
        quantized.report.tensors.push(report);
    }
    quantized
}

/// h of the last layer of the float model, `[all steps, H]`, on `inputs`; every sequence from zero state.
///
/// # Panics
/// When `inputs` are no vectors of the model's input size.
#[must_use]
pub fn float_h(model: &FloatModel, inputs: &Sequences) -> Vec<f32> {
    let x = front::float_x(model, inputs);
    Truth::runs(model, &x).1.pop().unwrap_or_default()
}

/// Signal to noise of h in decibel of `model`, one of recurrent layers, in these formats, one for each layer, on
/// `inputs`.
///
/// # Panics
/// When `inputs` are no vectors of the model's input size.
#[must_use]
pub fn snr_of(model: &FloatModel, inputs: &Sequences, weights: Codes, formats: &[Formats]) -> f64 {
    let truth = float_h(model, inputs);
    let integers = QuantizedModel {
        layers: layers(model, formats, weights, None),
        ..QuantizedModel::default()
    };
    let codes = quantize_input(&inputs.data, formats[0].x);
    let (h, _) = words(&Tables::default().lstm(&integers), &codes, &inputs.lengths);
    let ulp = formats[formats.len() - 1].h.ulp();
    decibel(energy(&truth), noise(&h, ulp, &truth))
}

/// The formats of every layer, each chosen on what the integer layers below give.
fn choose_all(
    model: &FloatModel,
    truth: &Truth,
    wanted: &FormatRequest,
    tables: &Tables,
) -> Vec<Formats> {
    let mut all: Vec<Formats> = Vec::new();
    let mut operand = Operand::Real(&truth.sample);
    for (layer, (target, &ranges)) in model
        .layers
        .iter()
        .zip(truth.targets.iter().zip(&truth.ranges))
    {
        let lengths = &truth.sample.lengths;
        let rows = wanted.row_scale_bits;
        let fractions = weight_fractions(model, all.len(), wanted.weights(), rows);
        let weights = (wanted.weights(), fractions);
        let problem = LayerCase::new(layer, operand, lengths, target, weights, tables);
        let formats = choose(&problem, wanted, ranges);
        operand = Operand::Codes(problem.words(&formats), formats.h);
        all.push(formats);
    }
    all
}

/// The layers in these formats, with multipliers of rows of `rows` bits where that says some.
fn layers(
    model: &FloatModel,
    formats: &[Formats],
    weights: Codes,
    rows: Option<u32>,
) -> Vec<Layer> {
    let pairs = model.layers.iter().zip(formats).enumerate();
    let layer = |(index, (layer, formats)): (usize, (&FloatLayer, &Formats))| {
        formats.layer(
            layer,
            weights,
            &weight_fractions(model, index, weights, rows),
        )
    };
    pairs.map(layer).collect()
}

fn assemble(
    model: &FloatModel,
    formats: &[Formats],
    (truth, inputs): (&Truth, &Sequences),
    wanted: &FormatRequest,
) -> QuantizedModel {
    let mut passengers = model.passengers.clone();
    let mut head = Vec::new();
    match (&model.head, wanted.head, formats.last()) {
        (Some(_), HeadFormat::Integer(bits), Some(last)) => {
            let width = model.layers[model.layers.len() - 1].output_size();
            let h = dense::asked(&truth.h, width, &inputs.lengths, wanted.emit);
            head = dense::layers(model, bits, (&h, last.h), wanted);
        }
        (Some(float), HeadFormat::Float, _) => {
            let outputs = float.output_size;
            let shape = vec![outputs, float.weight.len() / outputs];
            passengers.insert("decoder.weight".into(), (shape, float.weight.clone()));
            passengers.insert("decoder.bias".into(), (vec![outputs], float.bias.clone()));
        }
        _ => {}
    }
    QuantizedModel {
        front: Vec::new(),
        embedding: None,
        input_offset: None,
        layers: layers(model, formats, wanted.weights(), wanted.row_scale_bits),
        head,
        passengers,
    }
}

/// Signal to noise of h in decibel with the nearest codes instead of multipliers of rows, in the same formats.
fn without_rows(
    model: &FloatModel,
    integers: &QuantizedModel,
    formats: &[Formats],
    (inputs, truth): (&Sequences, &Truth),
    wanted: &FormatRequest,
) -> f64 {
    let plain = QuantizedModel {
        layers: layers(model, formats, wanted.weights(), None),
        ..integers.clone()
    };
    let codes = quantize_input(&inputs.data, formats[0].x);
    let (h, _) = words(&Tables::default().lstm(&plain), &codes, &inputs.lengths);
    let ulp = formats[formats.len() - 1].h.ulp();
    decibel(energy(&truth.h), noise(&h, ulp, &truth.h))
}

fn quality(signal: f64, noise: f64, count: usize) -> Quality {
    let root = |sum: f64| (sum / count.max(1) as f64).sqrt();
    Quality {
        snr_db: decibel(signal, noise),
        signal_rms: root(signal),
        error_rms: root(noise),
    }
}

/// Everything on all steps, by the reference model.
fn measure(
    float: &FloatModel,
    integers: &QuantizedModel,
    formats: &[Formats],
    (inputs, x, truth): (&Sequences, &Sequences, &Truth),
    tables: &Tables,
) -> CalibrationReport {
    let codes = quantize_input(&inputs.data, integers.first_input().1);
    let codes = dense_codes(&integers.front, codes);
    let (h, saturation) = words(&tables.lstm(integers), &codes, &inputs.lengths);
    let format = formats[formats.len() - 1].h;
    let head = head_quality(float, integers, &h, (inputs, truth));
    CalibrationReport {
        tensors: tensors(float, integers),
        front: front::reports(float, &integers.front, inputs),
        layers: layer_reports(integers, formats, &saturation, x),
        sequences: inputs.lengths.len(),
        steps: inputs.steps(),
        chosen_on_steps: truth.sample.steps(),
        h_most: truth.ranges.iter().map(|ranges| ranges.h).collect(),
        h: quality(energy(&truth.h), noise(&h, format.ulp(), &truth.h), h.len()),
        head,
        dense: dense_reports(integers),
        row_scale: None,
        limits: Vec::new(),
        warnings: Vec::new(),
    }
}

/// Outputs of the linear layers against those of the float model, at the steps at which they give some.
fn head_quality(
    float: &FloatModel,
    integers: &QuantizedModel,
    h: &[i32],
    (inputs, truth): (&Sequences, &Truth),
) -> Option<Quality> {
    let head = float.head.as_ref()?;
    let last = integers.layers.last()?;
    let when = integers.head.last().map_or(Emit::Step, |dense| dense.when);
    let (width, lengths) = (last.output_size(), &inputs.lengths);
    let h = dense::asked(h, width, lengths, when);
    let true_h = dense::asked(&truth.h, width, lengths, when);
    let (want, got) = if integers.head.is_empty() {
        let ulp = last.h.ulp();
        let h = h.iter().map(|&code| (f64::from(code) * ulp) as f32);
        let got = float::head(head, &h.collect::<Vec<_>>());
        (
            float::head(head, &true_h),
            got.into_iter().map(f64::from).collect(),
        )
    } else {
        let got: Vec<f64> = dense::outputs(&integers.head, &h);
        (dense::float_outputs(float, &true_h), got)
    };
    let pairs = want.iter().zip(&got);
    let noise = pairs
        .map(|(&want, got)| (f64::from(want) - got).powi(2))
        .sum();
    Some(quality(energy(&want), noise, want.len()))
}

fn layer_reports(
    integers: &QuantizedModel,
    formats: &[Formats],
    saturation: &[Saturation],
    x: &Sequences,
) -> Vec<LayerQuality> {
    let first = StageCount {
        saturated: clamped(&x.data, formats[0].x),
        total: x.data.len() as u64,
    };
    let pairs = integers.passes().zip(saturation);
    pairs
        .map(|(pass, counts)| {
            let layer = pass.place.layer;
            let x = match layer.checked_sub(1) {
                None => first,
                Some(below) => StageCount {
                    saturated: 0, // the words of the layer below fit
                    total: (integers.layers[below].output_size() * x.steps()) as u64,
                },
            };
            LayerQuality {
                layer,
                direction: pass.place.word(),
                formats: formats[layer],
                v: pass.layer.recurrence.v(),
                clamped: Clamped {
                    x,
                    z: counts.z,
                    v: counts.v,
                    c: counts.c,
                    tanh_argument: counts.tanh_argument,
                    h: counts.h,
                },
            }
        })
        .collect()
}

/// What the dense layers give, but for one that gives its sums at every step, of which there is nothing to say.
fn dense_reports(integers: &QuantizedModel) -> Vec<DenseReport> {
    if integers.linear_head().is_some() {
        return Vec::new();
    }
    let report = |(layer, dense): (usize, &Dense)| DenseReport {
        layer,
        outputs: dense.outputs(),
        gives: dense.output,
        when: dense.when,
    };
    integers.head.iter().enumerate().map(report).collect()
}

/// What becomes of the values of a tensor, in symmetric codes or in all.
fn tensor(name: String, values: &[f32], format: QFormat, symmetric: bool) -> TensorReport {
    TensorReport {
        tensor: name,
        format,
        clamped: clamped(values, format),
        total: values.len() as u64,
        rounding_db: decibel(energy(values), squared_error(values, format, symmetric)),
    }
}

/// What the rows of a gate's matrix are multiplied by; nothing where they have no multipliers.
fn scales(layer: &Layer, gate: usize, of_h: bool) -> Vec<f32> {
    let Some(rows) = &layer.row_scale else {
        return Vec::new();
    };
    let apart = usize::from(of_h && layer.recurrence.parted() == Some(gate));
    let units = layer.hidden_size;
    let codes = &rows.multiplier[(gate + apart) * units..][..units];
    let ulp = (-rows.frac as f32).exp2();
    codes.iter().map(|&code| code as f32 * ulp).collect()
}

/// [`tensor`] of symmetric codes whose rows have multipliers of these values, or none.
fn tensor_of_rows(name: String, values: &[f32], format: QFormat, scales: &[f32]) -> TensorReport {
    if scales.is_empty() {
        return tensor(name, values, format, true);
    }
    let mut report = TensorReport {
        tensor: name,
        format,
        clamped: 0,
        total: values.len() as u64,
        rounding_db: 0.0,
    };
    let mut error = 0.0;
    for (row, &scale) in values.chunks_exact(values.len() / scales.len()).zip(scales) {
        let row: Vec<f32> = row.iter().map(|value| value / scale).collect();
        report.clamped += clamped(&row, format);
        error += squared_error(&row, format, true) * f64::from(scale).powi(2);
    }
    report.rounding_db = decibel(energy(values), error);
    report
}

fn tensors(float: &FloatModel, integers: &QuantizedModel) -> Vec<TensorReport> {
    let mut all = Vec::new();
    for (index, (float, layer)) in float.layers.iter().zip(&integers.layers).enumerate() {
        let other = float.other_half().zip(layer.other_half());
        let halves =
            std::iter::once(("", (float, layer))).chain(other.map(|pair| ("_reverse", pair)));
        for (ending, (float, layer)) in halves {
            for (gate, name) in layer.recurrence.gates().iter().enumerate() {
                for (matrix, values, frac) in [
                    ("weight_ih", &float.weight_ih, layer.w_frac_ih[gate]),
                    ("weight_hh", &float.weight_hh, layer.w_frac_hh[gate]),
                ] {
                    let count = values.len() / layer.gates();
                    let values = &values[gate * count..][..count];
                    let scales = scales(layer, gate, matrix == "weight_hh");
                    let name = format!("layers.{index}.{matrix}{ending}.{name}");
                    all.push(tensor_of_rows(
                        name,
                        values,
                        layer.weights().at(frac),
                        &scales,
                    ));
                }
            }
        }
    }
    let front = float.front.iter().map(|front| &front.linear);
    let front = ("front", front.zip(&integers.front).collect::<Vec<_>>());
    let head = ("head", dense::chain(float).zip(&integers.head).collect());
    for (place, chain) in [front, head] {
        for (index, (float, dense)) in chain.into_iter().enumerate() {
            let format = QFormat::new(dense.w_bits, dense.w_frac);
            let name = match index {
                0 => format!("{place}.weight"),
                _ => format!("{place}.{index}.weight"),
            };
            all.push(tensor(name, &float.weight, format, true));
        }
    }
    all
}
