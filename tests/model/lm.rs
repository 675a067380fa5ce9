//! Results of `eval` against a plain computation of the same, and its refusals.

use lprnn_hw::fixed::QFormat;
use lprnn_hw::import::{FloatFront, FloatHead, FloatModel, FloatRecurrence};
use lprnn_hw::lm::{EvalOptions, LanguageModel, evaluate};
use lprnn_hw::ptq::{FormatRequest, Sequences, quantize};
use lprnn_hw::quantize::{
    Dense, DenseOutput, Emit, HeadFormat, QuantizedModel, SplitMix, quantize_input,
};
use lprnn_hw::reference::WholeNetwork;
use lprnn_hw::spec::CellKind;
use lprnn_hw::train::{ParameterLayout, Sizes};

const TOKENS: usize = 23;
const EMBEDDING: usize = 9;

fn float_model(seed: u64) -> FloatModel {
    let sizes = Sizes::language(CellKind::Lstm, TOKENS, EMBEDDING, vec![14, 11]);
    let layout = ParameterLayout::new(sizes);
    let mut values = layout.first_values(seed);
    // Far enough from zero for tokens to matter.
    for value in &mut values {
        *value *= 3.0;
    }
    layout.float_model(&values)
}

/// The same with GRU layers, which have three gates and a bias of n's part of h.
fn float_gru(seed: u64) -> FloatModel {
    let mut model = float_model(seed);
    for layer in &mut model.layers {
        let hidden = layer.hidden_size;
        layer.weight_ih.truncate(3 * hidden * layer.input_size);
        layer.weight_hh.truncate(3 * hidden * hidden);
        let bias_n_h = layer.bias.split_off(3 * hidden);
        layer.recurrence = FloatRecurrence::Gru { bias_n_h };
    }
    model
}

/// The same with two linear layers between embedding and LSTM, all of other sizes; a `ReLU` behind the first.
pub fn projected(seed: u64) -> FloatModel {
    let mut model = float_model(seed);
    let mut noise = SplitMix(seed);
    let mut values = |count: usize| -> Vec<f32> {
        let value = |_| noise.between(-1000, 1000) as f32 / 1000.0;
        (0..count).map(value).collect()
    };
    let mut linear = |inputs: usize, output_size: usize| FloatHead {
        output_size,
        weight: values(inputs * output_size),
        bias: values(output_size),
    };
    let [first, second] = [linear(4, 6), linear(6, EMBEDDING)];
    model.front = vec![
        FloatFront {
            linear: first,
            relu: true,
        },
        FloatFront {
            linear: second,
            relu: false,
        },
    ];
    let rows = (vec![TOKENS, 4], values(TOKENS * 4));
    model.passengers.insert("embedding.weight".into(), rows);
    model
}

fn text(count: usize) -> Vec<u32> {
    let mut noise = SplitMix(9);
    (0..count)
        .map(|_| noise.between(0, TOKENS as i64 - 1) as u32)
        .collect()
}

fn nats_of_logits(logits: &[f64], target: u32) -> f64 {
    logits.iter().map(|y| y.exp()).sum::<f64>().ln() - logits[target as usize]
}

/// The decoder's outputs in double precision.
fn logits(model: &FloatModel, h: &[f64]) -> Vec<f64> {
    linear(model.head.as_ref().unwrap(), h)
}

fn linear(layer: &FloatHead, x: &[f64]) -> Vec<f64> {
    let rows = layer.weight.chunks_exact(x.len()).zip(&layer.bias);
    rows.map(|(row, &bias)| dot(row, x) + f64::from(bias))
        .collect()
}

fn dot(row: &[f32], x: &[f64]) -> f64 {
    row.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum()
}

fn embedding(model: &FloatModel, token: u32) -> &[f32] {
    let (shape, rows) = &model.passengers["embedding.weight"];
    &rows[token as usize * shape[1]..][..shape[1]]
}

/// Mean loss of the predictions of `streams` parts, computed step by step in double precision;
/// `step` gives the last h from a token, and is told when a stream begins.
fn plain(tokens: &[u32], streams: usize, mut step: impl FnMut(u32, bool) -> Vec<f64>) -> f64 {
    let predictions = tokens.len() - 1;
    let mut total = 0.0;
    let mut at = 0;
    for stream in 0..streams {
        let count = predictions / streams + usize::from(stream < predictions % streams);
        for index in 0..count {
            let out = step(tokens[at], index == 0);
            total += nats_of_logits(&out, tokens[at + 1]);
            at += 1;
        }
    }
    assert_eq!(at, predictions);
    total / predictions as f64
}

fn float_step(model: &FloatModel) -> impl FnMut(u32, bool) -> Vec<f64> + '_ {
    let mut states: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
    move |token, first| {
        if first {
            let zeros = |layer: &lprnn_hw::import::FloatLayer| vec![0.0; layer.hidden_size];
            states = model
                .layers
                .iter()
                .map(|layer| (zeros(layer), zeros(layer)))
                .collect();
        }
        let mut x: Vec<f64> = embedding(model, token).iter().map(|&v| v.into()).collect();
        for FloatFront {
            linear: front,
            relu,
        } in &model.front
        {
            x = linear(front, &x);
            let least = if *relu { 0.0 } else { f64::NEG_INFINITY };
            for value in &mut x {
                *value = value.max(least);
            }
        }
        for (layer, (h, c)) in model.layers.iter().zip(&mut states) {
            let hidden = layer.hidden_size;
            let ih = layer.weight_ih.chunks_exact(layer.input_size);
            let rows = ih
                .zip(layer.weight_hh.chunks_exact(hidden))
                .zip(&layer.bias);
            let z: Vec<f64> = rows
                .map(|((ih, hh), &bias)| dot(ih, &x) + dot(hh, h) + f64::from(bias))
                .collect();
            let sigmoid = |z: f64| 1.0 / (1.0 + (-z).exp());
            if let FloatRecurrence::Gru { bias_n_h } = &layer.recurrence {
                // z has n's parts added up: that of h is taken apart again.
                let of_h = |unit: usize| {
                    let row = &layer.weight_hh[(2 * hidden + unit) * hidden..][..hidden];
                    dot(row, h)
                };
                let parts: Vec<f64> = (0..hidden).map(of_h).collect();
                for unit in 0..hidden {
                    let [r, u, n] = [0, 1, 2].map(|gate| z[gate * hidden + unit]);
                    let of_x = n - parts[unit];
                    let inner = parts[unit] + f64::from(bias_n_h[unit]);
                    let n = (of_x + sigmoid(r) * inner).tanh();
                    h[unit] = (1.0 - sigmoid(u)) * n + sigmoid(u) * h[unit];
                }
                x.clone_from(h);
                continue;
            }
            for unit in 0..hidden {
                let [i, f, g, o] = [0, 1, 2, 3].map(|gate| z[gate * hidden + unit]);
                c[unit] = sigmoid(f) * c[unit] + sigmoid(i) * g.tanh();
                h[unit] = sigmoid(o) * c[unit].tanh();
            }
            x.clone_from(h);
        }
        logits(model, &x)
    }
}

#[test]
fn a_float_model_is_evaluated_as_it_is_defined() {
    as_it_is_defined(&float_model(1));
    as_it_is_defined(&float_gru(5));
    as_it_is_defined(&projected(6));
}

fn as_it_is_defined(model: &FloatModel) {
    let tokens = text(400);
    let language = LanguageModel::from_float(model).unwrap();
    for streams in [1, 3, 7, 20, 399] {
        let found = evaluate(&language, &tokens, &EvalOptions { streams }, &|_| {}).unwrap();
        let want = plain(&tokens, streams, float_step(model));
        assert!(
            (found.nats - want).abs() < 1e-5,
            "{streams} streams: {}, {want}",
            found.nats
        );
        assert_eq!(found.predictions, 399);
        assert!(found.saturation.is_empty() && found.inputs.is_none());
    }
}

#[test]
fn an_integer_model_is_evaluated_from_the_reference_models_words() {
    of_reference_words(&float_model(2));
    of_reference_words(&float_gru(3));
    of_reference_words(&projected(7));
}

fn of_reference_words(float: &FloatModel) {
    let tokens = text(300);
    let x: Vec<f32> = tokens
        .iter()
        .flat_map(|&token| embedding(float, token))
        .copied()
        .collect();
    for bits in [1, 2, 4, 8, 16] {
        let inputs = Sequences::one(x.clone(), float.input_size());
        let model = quantize(float, &inputs, &FormatRequest::of(bits, HeadFormat::Float)).model;
        assert_eq!(model.front.len(), float.front.len());
        let h = model.layers[1].h;
        let (mut words, mut clamped) = (0, 0);
        let mut network = WholeNetwork::new(&model);
        let step = |token: u32, first: bool| {
            if first {
                network.reset();
            }
            let x = embedding(float, token);
            clamped += model.clamped_inputs(x);
            let codes = network.step(&model.input_codes(x), false).unwrap();
            words += codes.len();
            let h: Vec<f64> = codes.iter().map(|&code| code as f64 * h.ulp()).collect();
            logits(float, &h)
        };
        let want = plain(&tokens, 5, step);
        let language = LanguageModel::from_quantized(model.clone()).unwrap();
        let found = evaluate(&language, &tokens, &EvalOptions { streams: 5 }, &|_| {}).unwrap();
        assert!(
            (found.nats - want).abs() < 1e-5,
            "{bits} bits: {}, {want}",
            found.nats
        );
        assert_eq!(words, 299 * 11);
        assert_eq!(found.saturation.len(), 2);
        assert_eq!(found.saturation[1].h.total, 299 * 11);
        let inputs = found.inputs.unwrap();
        assert_eq!(inputs.total, 299 * float.input_size() as u64);
        assert_eq!(inputs.saturated, clamped);
    }
}

/// A file with the embedding's codes and a head of integers costs what the same costs with the embedding in real
/// numbers, to the last digit; the index of the largest sum costs what the sums do.
#[test]
fn an_embedding_of_codes_changes_no_digit() {
    let float = float_model(4);
    let tokens = text(500);
    let rows = &float.passengers["embedding.weight"];
    let inputs = Sequences::one(rows.1.clone(), EMBEDDING);
    let wanted = FormatRequest::of(4, HeadFormat::Integer(6));
    let model = quantize(&float, &inputs, &wanted).model;
    assert!(model.passengers.is_empty());
    let codes = quantize_input(&rows.1, model.layers[0].x);
    let kept = model.embedding.as_ref().unwrap();
    assert_eq!(kept.vocabulary, TOKENS);
    assert!(kept.codes.iter().map(|&code| i32::from(code)).eq(codes));
    // The file has all of it.
    let again = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(again, model);
    let cost = |model: &QuantizedModel, streams: usize| {
        let language = LanguageModel::from_quantized(model.clone()).unwrap();
        evaluate(&language, &tokens, &EvalOptions { streams }, &|_| {}).unwrap()
    };
    let mut before = model.clone();
    before.embedding = None;
    let passengers = &mut before.passengers;
    passengers.insert("embedding.weight".into(), rows.clone());
    let mut index = model.clone();
    index.head[0].output = DenseOutput::Argmax;
    for streams in [1, 3, 20] {
        let found = cost(&model, streams);
        assert_eq!(found.nats.to_bits(), cost(&before, streams).nats.to_bits());
        assert_eq!(found.nats.to_bits(), cost(&index, streams).nats.to_bits());
        assert_eq!(found.saturation, cost(&before, streams).saturation);
        assert!(found.inputs.is_none() && cost(&before, streams).inputs.is_some());
    }
    let refused = |change: &dyn Fn(&mut Dense)| {
        let mut model = model.clone();
        change(&mut model.head[0]);
        LanguageModel::from_quantized(model)
            .unwrap_err()
            .to_string()
    };
    let format = QFormat::new(8, 4);
    let code = DenseOutput::Code {
        format,
        relu: false,
    };
    for problem in [
        refused(&|dense| dense.output = code),
        refused(&|dense| dense.when = Emit::Last),
    ] {
        assert!(problem.contains("no decoder"), "{problem}");
    }
}

#[test]
fn the_number_of_threads_changes_no_digit() {
    let model = float_model(3);
    let tokens = text(6000);
    let language = LanguageModel::from_float(&model).unwrap();
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(|| evaluate(&language, &tokens, &EvalOptions { streams: 40 }, &|_| {}))
            .unwrap()
            .nats
            .to_bits()
    };
    assert_eq!(with(1), with(3));
}
