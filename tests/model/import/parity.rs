//! The weights as they were read give the outputs that the framework computed.

use super::{array, error, model};
use lprnn_hw::fixed::{LevelRule, QFormat};
use lprnn_hw::import::{FloatLayer, FloatModel, ImportOptions, Mapping, read_bytes};
use lprnn_hw::lm::{FloatState, float_layer};
use lprnn_hw::ptq::{FormatRequest, Quantized, Sequences, float_h, quantize};
use lprnn_hw::quantize::{HeadFormat, quantize_input};
use lprnn_hw::reference::Lstm;
use lprnn_hw::spec::{CellKind, DirectionKind, OutputOrder};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeSet;

/// h of the last layer for `x`, `[steps, inputs]`.
pub fn hidden(model: &FloatModel, x: &[f32]) -> Vec<f32> {
    let mut layers = model.layers.iter();
    let plain = |layer: &FloatLayer| {
        layer.recurrence.kind().is_lstm() && layer.direction.kind().is_forward()
    };
    if !layers.all(plain) || !model.front.is_empty() {
        let inputs = Sequences::one(x.to_vec(), model.input_size());
        return float_h(model, &inputs);
    }
    model.layers.iter().fold(x.to_vec(), |x, layer| {
        float_layer(layer, &x, 1, &mut FloatState::new(layer, 1))
    })
}

/// What the linear layers make of h.
fn outputs(model: &FloatModel, h: &[f32]) -> Vec<f32> {
    let mut signal = h.to_vec();
    let mut columns = model.layers.last().unwrap().output_size();
    for (index, head) in model.head.iter().chain(&model.dense).enumerate() {
        if index > 0 {
            for value in &mut signal {
                *value = value.max(0.0);
            }
        }
        let rows = head.weight.chunks_exact(columns).zip(&head.bias);
        signal = signal
            .chunks_exact(columns)
            .flat_map(|x| {
                rows.clone().map(move |(row, bias)| {
                    row.iter().zip(x).map(|(a, b)| a * b).sum::<f32>() + bias
                })
            })
            .collect();
        columns = head.output_size;
    }
    signal
}

/// Largest difference; both are of one length, and the outputs are no constant.
fn distance(ours: &[f32], theirs: &[f32]) -> f32 {
    assert_eq!(ours.len(), theirs.len());
    assert!(theirs.iter().any(|value| (value - theirs[0]).abs() > 0.01));
    let differences = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs());
    differences.fold(0.0, f32::max)
}

fn assert_parity(file: &str, outputs_of: &str, options: &str, with_head: bool) {
    let model = model(file, options);
    let h = hidden(&model, &array("x.npy"));
    let worst = distance(&h, &array(&format!("{outputs_of}.h.npy")));
    assert!(worst < 2e-6, "{file}: h {worst}");
    if with_head {
        let y = outputs(&model, &h);
        let worst = distance(&y, &array(&format!("{outputs_of}.y.npy")));
        assert!(worst < 2e-6, "{file}: y {worst}");
    }
}

#[test]
fn state_dicts_give_the_outputs_of_pytorch() {
    for (file, outputs, with_head) in [
        ("classifier.safetensors", "classifier", true),
        ("classifier.pt", "classifier", true),
        ("lightning.ckpt", "classifier", true),
        ("strided.pt", "strided", false),
        ("f16.pt", "f16", false),
        ("bf16.pt", "bf16", false),
        ("f16.safetensors", "f16", false),
        ("bf16.safetensors", "bf16", false),
        ("f64.safetensors", "f64", false),
        ("nobias.safetensors", "nobias", false),
        ("cell.safetensors", "cell", false),
        ("mlp.safetensors", "mlp", true),
        ("pruned.safetensors", "pruned", false),
        ("weight_norm.safetensors", "weight_norm", false),
        ("parametrised.safetensors", "parametrised", true),
        ("brevitas.safetensors", "brevitas", false),
        ("gru.safetensors", "gru", true),
        ("gru.pt", "gru", true),
        ("gru_nobias.safetensors", "gru_nobias", false),
        ("gru_cell.safetensors", "gru_cell", false),
        ("gru_weight_norm.safetensors", "gru_weight_norm", false),
        ("bidirectional.safetensors", "bidirectional", true),
        ("gru_bidirectional.safetensors", "gru_bidirectional", false),
    ] {
        assert_parity(file, outputs, "", with_head);
    }
    assert_parity("mlp.safetensors", "mlp", "--head head", true);
    assert_parity("mlp.safetensors", "mlp", "--head head.0,head.2", true);
    assert_parity("classifier.safetensors", "classifier", "--prefix rnn", true);
}

/// Linear layers before the recurrent ones, with the `ReLU`s that the file has, or that the options of a state dict say.
#[test]
fn layers_before_the_recurrent_ones_are_computed() {
    let chain = "--front front.0:relu,front.2";
    for (file, outputs, options, relus, with_head) in [
        (
            "projected.safetensors",
            "projected",
            "--front in_proj:relu",
            &[true][..],
            true,
        ),
        (
            "projected_gru.safetensors",
            "projected_gru",
            chain,
            &[true, false],
            false,
        ),
        ("projected.onnx", "projected_onnx", "", &[true, false], true),
        (
            "projected_dynamo.onnx",
            "projected_dynamo_onnx",
            "",
            &[true, false],
            true,
        ),
        (
            "projected_gemm.onnx",
            "projected_gemm_onnx",
            "",
            &[true],
            true,
        ),
        (
            "keras_projected.keras",
            "keras_projected",
            "",
            &[true, false],
            true,
        ),
        (
            "keras_projected.h5",
            "keras_projected",
            "",
            &[true, false],
            true,
        ),
        (
            "keras_projected.weights.h5",
            "keras_projected",
            "--front dense:relu,dense_1 --head dense_2",
            &[true, false],
            true,
        ),
    ] {
        let read = model(file, options);
        let found: Vec<bool> = read.front.iter().map(|front| front.relu).collect();
        assert_eq!(found, relus, "{file}");
        assert_eq!(read.input_size(), 3, "{file}");
        assert_parity(file, outputs, options, with_head);
        // Whatever the options: no file of these has something else.
        assert!(read.left_out.is_empty(), "{file}: {:?}", read.left_out);
    }
    let alone = model("keras_projected.keras", "--only-lstm");
    assert_eq!((alone.front.len(), alone.input_size()), (0, 5));
    assert_eq!(alone.left_out.len(), 6, "{:?}", alone.left_out);
    // The ReLU counts: without it another function is read.
    let other = model("projected.safetensors", "--front in_proj");
    let h = hidden(&other, &array("x.npy"));
    assert!(distance(&h, &array("projected.h.npy")) > 1e-3);
}

/// A GRU's biases of n stay apart, whatever the framework.
#[test]
fn grus_are_known_by_their_rows() {
    for file in ["gru.safetensors", "keras_gru.keras", "built_gru.onnx"] {
        let model = model(file, "");
        for layer in &model.layers {
            assert_eq!(layer.recurrence.kind(), CellKind::Gru, "{file}");
            let bias_n_h = layer.recurrence.bias_n_h();
            assert_eq!((layer.bias.len(), bias_n_h.len()), (12, 4), "{file}");
            assert!(bias_n_h.iter().all(|&bias| bias != 0.0), "{file}");
        }
    }
}

/// The length of its header stands before it, and may look like the beginning of another kind.
#[test]
fn safetensors_are_known_whatever_the_length_of_their_header() {
    let bytes = std::fs::read(super::fixture("nobias.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut lengths = BTreeSet::new();
    for padding in 0..1300 {
        let note = [("note".to_string(), "x".repeat(padding))];
        let padded = safetensors::serialize(tensors.iter(), Some(note.into())).unwrap();
        lengths.insert(padded[..2].to_vec());
        let read = read_bytes(&padded, &ImportOptions::default());
        assert!(read.is_ok(), "{:?}: {}", &padded[..2], read.unwrap_err());
    }
    // That of a pickle, and a byte with which ONNX begins.
    assert!(lengths.contains(&vec![0x80, 4]) && lengths.contains(&vec![8, 4]));
}

#[test]
fn keras_models_give_the_outputs_of_keras() {
    assert_parity("stack.keras", "keras", "", true);
    assert_parity("stack.h5", "keras", "", true);
    assert_parity("stack.weights.h5", "keras", "--head dense,dense_1", true);
    assert_parity("functional.keras", "functional", "", false);
    assert_parity("rnn_cell.keras", "rnn_cell", "", false);
    for file in ["keras_gru.keras", "keras_gru.h5", "keras_gru.weights.h5"] {
        assert_parity(file, "keras_gru", "", false);
    }
    assert_parity("keras_mixed.keras", "keras_mixed", "", false);
    for file in ["keras_bidirectional.keras", "keras_bidirectional.h5"] {
        assert_parity(file, "keras_bidirectional", "", true);
        assert!(model(file, "").assumptions.is_empty(), "{file}");
    }
    for (file, outputs) in [
        ("keras_twice_back.keras", "keras_twice_back"),
        ("keras_twice_back.h5", "keras_twice_back"),
        ("keras_flip.keras", "keras_flip"),
    ] {
        assert_parity(file, outputs, "", true);
    }
    assert_parity("keras_gru_nobias.keras", "keras_gru_nobias", "", false);
    // Without a configuration and a bias nothing says where the reset gate acts.
    assert_eq!(
        model("keras_gru_before_nobias.weights.h5", "").assumptions[0],
        "gru has no bias, and is taken to have reset_after=True"
    );
    // ReLU stands in the configuration: nothing is assumed.
    assert!(model("stack.keras", "").assumptions.is_empty());
    assert_eq!(
        model("stack.weights.h5", "--only-lstm").assumptions,
        [
            "the file has no configuration: tanh and sigmoid, forward, layers in the order lstm, lstm_1"
        ]
    );
    assert_eq!(
        model("functional.keras", "").assumptions,
        ["the softmax of classes is left to the outside"]
    );
    let qkeras = model("qkeras.h5", "");
    assert_eq!(
        (
            qkeras.layers[0].hidden_size,
            qkeras.head.unwrap().output_size
        ),
        (4, 2)
    );
}

#[test]
fn onnx_files_give_the_outputs_of_onnxruntime() {
    for name in [
        "exported",
        "exported_chain",
        "dynamo",
        "built",
        "built_gru",
        "onnx_both",
        "onnx_both_gru",
        "onnx_reverse",
        "onnx_reverse_gru",
        "onnx_reverse_stack",
    ] {
        assert_parity(&format!("{name}.onnx"), name, "", true);
        assert!(
            model(&format!("{name}.onnx"), "").assumptions.is_empty(),
            "{name}"
        );
    }
    // The same weights written in other ways; `layout` moves inputs, not weights.
    for file in [
        "floats.onnx",
        "constants.onnx",
        "zero_state.onnx",
        "layout.onnx",
    ] {
        assert_parity(file, "built", "", true);
    }
}

/// Outputs in the order of processing: what Keras gives of layers that read from the end, and last states, which are the
/// last output.
#[test]
fn outputs_in_the_order_of_processing_are_those_of_the_framework() {
    for file in ["keras_go_backwards", "keras_back_both"] {
        assert_parity(&format!("{file}.keras"), file, "", false);
    }
    for (file, kind) in [
        ("keras_last_states.keras", DirectionKind::Bidirectional),
        ("keras_back_last.keras", DirectionKind::Backward),
        ("onnx_reverse_states.onnx", DirectionKind::Backward),
    ] {
        let model = model(file, "");
        let last = model.layers.last().unwrap();
        assert_eq!(last.direction.kind(), kind);
        assert_eq!(last.output_order(), OutputOrder::Processing, "{file}");
        let name = file.split('.').next().unwrap();
        let wanted = array(&format!("{name}.h.npy"));
        let h = hidden(&model, &array("x.npy"));
        let worst = distance(&h[h.len() - wanted.len()..], &wanted);
        assert!(worst < 2e-6, "{file}: {worst}");
    }
    // With the batch first (`layout = 1`) the weights are those of the others, and so are the outputs.
    for (name, outputs_of) in [
        ("onnx_both_states", "onnx_both_states"),
        ("onnx_reverse_states", "onnx_reverse_states"),
        ("onnx_last_gathered", "onnx_last_gathered"),
        ("onnx_last_cut", "onnx_last_cut"),
        ("onnx_last_split", "onnx_last_split"),
        ("onnx_last_batch_cut", "onnx_last_cut"),
        ("onnx_last_batch_gathered", "onnx_last_gathered"),
        ("onnx_last_batch_split", "onnx_last_split"),
        ("onnx_last_batch_kept", "onnx_last_split"),
        ("onnx_last_batch_squeezed", "onnx_last_split"),
        ("onnx_last_batch_picked", "onnx_last_split"),
    ] {
        let model = model(&format!("{name}.onnx"), "");
        let orders = model.layers.iter().map(FloatLayer::output_order);
        let orders: Vec<OutputOrder> = orders.collect();
        // The last layer alone: the others are read at every step.
        let (last, before) = orders.split_last().unwrap();
        assert_eq!(*last, OutputOrder::Processing, "{name}");
        assert!(
            before.iter().all(|&order| order == OutputOrder::Time),
            "{name}"
        );
        let y = outputs(&model, &hidden(&model, &array("x.npy")));
        let worst = distance(&y[y.len() - 2..], &array(&format!("{outputs_of}.y.npy")));
        assert!(worst < 2e-6, "{name}: {worst}");
    }
}

/// A state dict says nothing of it: the option does.
#[test]
fn last_states_of_a_state_dict_are_read_when_asked_for() {
    let read = model("bidirectional.safetensors", "--last-states");
    assert!(read.assumptions.is_empty(), "{:?}", read.assumptions);
    let orders = [OutputOrder::Time, OutputOrder::Processing];
    assert!((read.layers.iter().map(FloatLayer::output_order)).eq(orders));
    let in_time = array("bidirectional.h.npy");
    let units = read.layers[1].hidden_size;
    let last_row = &in_time[in_time.len() - 2 * units..];
    let wanted = [&last_row[..units], &in_time[units..2 * units]].concat();
    let h = hidden(&read, &array("x.npy"));
    let worst = distance(&h[h.len() - 2 * units..], &wanted);
    assert!(worst < 2e-6, "{worst}");
    let without = model("bidirectional.safetensors", "");
    assert!(without.assumptions[0].ends_with("--last-states reads it so"));
    let forward = error("classifier.safetensors", "--last-states");
    assert_eq!(
        forward,
        "--last-states: the last layer is forward: its last state is its last output"
    );
    let said = error("keras_last_states.keras", "--last-states");
    assert_eq!(
        said,
        "--last-states: the file says itself which outputs of its layers are taken"
    );
}

/// Layers that read from the end, by Keras' order of steps and by ONNX' attribute.
#[test]
fn directions_are_those_of_time() {
    use DirectionKind::{Backward, Forward};
    for (file, wanted) in [
        ("onnx_reverse.onnx", &[Backward][..]),
        ("onnx_reverse_stack.onnx", &[Forward, Backward]),
        ("keras_twice_back.keras", &[Backward, Forward]),
        ("keras_flip.keras", &[Backward]),
    ] {
        let model = model(file, "");
        let found = model.layers.iter().map(|layer| layer.direction.kind());
        assert_eq!(found.collect::<Vec<_>>(), wanted, "{file}");
        let said = |place: &str| {
            let begins = |mapping: &Mapping| mapping.meaning.starts_with(place);
            model.explanation.iter().any(begins)
        };
        for (layer, direction) in wanted.iter().enumerate() {
            let place = format!("layer {layer} {}: recurrent weights", direction.word());
            assert!(said(&place), "{file}: {place}");
        }
    }
}

#[test]
fn what_is_left_out_is_listed() {
    let left_out = |file: &str, line: &str| model(file, line).left_out.join(" ");
    assert_eq!(
        left_out("two_networks.safetensors", "--prefix encoder"),
        "decoder.fc.bias decoder.fc.weight decoder.lstm.bias_hh_l0 decoder.lstm.bias_ih_l0 \
         decoder.lstm.weight_hh_l0 decoder.lstm.weight_ih_l0"
    );
    let decoder = model(
        "two_networks.safetensors",
        "--prefix decoder.lstm --head fc",
    );
    assert_eq!(
        (
            decoder.layers[0].hidden_size,
            decoder.head.unwrap().output_size
        ),
        (5, 2)
    );
    assert_eq!(
        left_out("front.safetensors", "--head fc"),
        "in_proj.bias in_proj.weight norm.bias norm.weight"
    );
    // A norm stands between: what is behind it is no head without having been named.
    assert!(model("front.safetensors", "--prefix lstm").head.is_none());
    assert_eq!(left_out("heads.safetensors", "--head fc"), "head.weight");
    assert_eq!(
        left_out("heads.safetensors", "--only-lstm"),
        "fc.bias fc.weight head.weight"
    );
    assert_eq!(left_out("classifier.safetensors", ""), "");
}

#[test]
fn trained_fractions_are_read() {
    let model = model("quant_lstm.safetensors", "");
    let fractions = model.fractions.unwrap();
    let widths = fractions.widths.unwrap();
    assert_eq!(
        (widths.weight_bits, widths.act_bits, widths.input_bits),
        (3, 5, 4)
    );
    assert_eq!((widths.z, widths.gate_frac), (QFormat::new(9, 5), 7));
    assert_eq!(widths.c, QFormat::new(14, 9));
    let bytes = std::fs::read(super::fixture("quant_lstm.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let stored = tensors.tensor("lstm.fractions").unwrap();
    let stored: Vec<i32> = stored
        .data()
        .chunks_exact(8)
        .map(|word| i64::from_le_bytes(word.try_into().unwrap()) as i32)
        .collect();
    let mut found = vec![fractions.x];
    found.extend(fractions.passes.iter().flatten().flatten());
    assert_eq!(found, stored);
    assert_eq!(found.len(), 17);
    assert!(found.iter().any(|&fraction| fraction != found[0]));
    assert_eq!(fractions.v, []);
}

#[test]
fn trained_formats_of_a_gru_are_read() {
    let fractions = model("quant_gru_both.safetensors", "").fractions.unwrap();
    let widths = fractions.widths.unwrap();
    assert_eq!(
        (widths.cell, widths.levels),
        (CellKind::Gru, LevelRule::Auto)
    );
    assert_eq!(
        (widths.weight_bits, widths.act_bits, widths.input_bits),
        (2, 5, 4)
    );
    assert_eq!((widths.z, widths.gate_frac), (QFormat::new(9, 5), 7));
    assert_eq!(widths.c, QFormat::new(12, 10));
    // Python's `print(net.gru.fractions)` of the module.
    assert_eq!(fractions.x, 2);
    let passes = [[3, 3, 3, 1, 2, 1], [0; 6], [-1; 6], [-2; 6]];
    let found: Vec<Vec<i32>> = fractions.passes.iter().map(|both| both.concat()).collect();
    assert_eq!(found, passes);
    let v = [13, 15, 16, 16].map(|bits| QFormat::new(bits, 9));
    assert_eq!(fractions.v, v);
    assert_eq!(Some(fractions), model("quant_gru_both.pt", "").fractions);
}

/// The integers that a trained state dict brings along give the words that the module gave.
#[test]
fn trained_modules_keep_their_words() {
    for (file, outputs) in [
        ("quant_lstm.safetensors", "quant_lstm"),
        ("quant_gru.safetensors", "quant_gru"),
        ("quant_gru_both.safetensors", "quant_gru_both"),
    ] {
        let float = model(file, "");
        let inputs = Sequences::one(array("x.npy"), float.input_size());
        let mut wanted = FormatRequest::of(8, HeadFormat::Float);
        wanted.as_trained(&float, false);
        let Quantized { model, report } = quantize(&float, &inputs, &wanted);
        let codes = quantize_input(&inputs.data, model.layers[0].x);
        let ulp = model.layers.last().unwrap().h.ulp() as f32;
        let words = Lstm::new(&model).sequence(&codes, &mut |_| true).unwrap();
        let h: Vec<f32> = words.iter().map(|&word| word as f32 * ulp).collect();
        assert_eq!(h, array(&format!("{outputs}.h.npy")), "{file}");
        assert!(words.iter().any(|&word| word != words[0]), "{file}");
        // What is reported of v is what each pass has.
        let reported: Vec<_> = report.layers.iter().map(|layer| layer.v).collect();
        let own: Vec<_> = model
            .passes()
            .map(|pass| pass.layer.recurrence.v())
            .collect();
        assert_eq!(reported, own, "{file}");
    }
}

/// A `QuantLinear` behind a trained GRU has formats too: its weights alone are read when it is named.
#[test]
fn a_trained_linear_layer_is_refused_by_name() {
    let bytes = std::fs::read(super::fixture("quant_gru.safetensors")).unwrap();
    let whole = SafeTensors::deserialize(&bytes).unwrap();
    let (weights, formats) = ([0; 40], [0; 40]);
    let mut tensors: Vec<(&str, TensorView)> = whole.iter().collect();
    for (name, kind, shape, data) in [
        ("fc.weight", Dtype::F32, vec![2, 4], &weights[..32]),
        ("fc.bias", Dtype::F32, vec![2], &weights[..8]),
        ("fc.formats", Dtype::I64, vec![5], &formats[..]),
    ] {
        tensors.push((name, TensorView::new(kind, shape, data).unwrap()));
    }
    let bytes = safetensors::serialize(tensors, None).unwrap();
    let problem = read_bytes(&bytes, &ImportOptions::default()).unwrap_err();
    let wanted = "fc.formats: is of a QuantLinear or QuantFront: formats that it was trained with are not read";
    assert!(problem.to_string().starts_with(wanted), "{problem}");
    assert!(
        problem
            .help
            .unwrap()
            .ends_with("; --head fc reads its weights, and `quantize` chooses their format")
    );
    let named = ImportOptions {
        head: Some("fc".into()),
        ..ImportOptions::default()
    };
    let read = read_bytes(&bytes, &named).unwrap();
    assert_eq!(read.head.unwrap().output_size, 2);
    assert_eq!(read.left_out, ["fc.formats"]);
}

/// A trained GRU without the record of its formats, with that of an LSTM, and with fractions that are none.
#[test]
fn damaged_records_of_a_trained_gru_are_refused() {
    let bytes = std::fs::read(super::fixture("quant_gru.safetensors")).unwrap();
    let whole = SafeTensors::deserialize(&bytes).unwrap();
    let with = |name: &str, words: Option<&[i64]>| {
        let data: Vec<u8> = words
            .unwrap_or_default()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let mut tensors: Vec<(String, TensorView)> = whole
            .tensors()
            .into_iter()
            .filter(|(other, _)| other != name)
            .collect();
        if let Some(words) = words {
            let view = TensorView::new(Dtype::I64, vec![words.len()], &data).unwrap();
            tensors.push((name.into(), view));
        }
        let bytes = safetensors::serialize(tensors, None).unwrap();
        read_bytes(&bytes, &ImportOptions::default())
            .unwrap_err()
            .to_string()
    };
    let formats = "gru.formats: is not a buffer of a QuantGRU: int64 of version 3 or 5, bits";
    for words in [None, Some(&[1, 3, 5, 4, 9, 5, 7, 14, 9][..])] {
        let message = with("gru.formats", words);
        assert!(message.starts_with(formats), "{message}");
    }
    let message = with("gru.fractions", Some(&[2; 9]));
    let wanted = "gru.fractions: is not a buffer of a QuantGRU of 2 layers: 17 int64 of -32 to 48, the last \
                  two of each pass v of 2 to 24 bits, are wanted";
    assert!(message.starts_with(wanted), "{message}");
}

#[test]
fn what_a_file_does_not_say_is_said() {
    assert_eq!(
        model("mlp.safetensors", "").assumptions,
        ["a ReLU is taken to stand between head.0 and head.2: a state dict does not say"]
    );
    let brevitas = model("brevitas.safetensors", "");
    let meanings: Vec<&str> = brevitas
        .explanation
        .iter()
        .filter(|mapping| mapping.tensor.contains("scaling_impl"))
        .map(|mapping| &*mapping.meaning)
        .collect();
    assert_eq!(
        meanings,
        [
            "left out: threshold 3.1 of cell_state_quant is not a power of two",
            "threshold 1 of output_quant, a power of two"
        ]
    );
    assert!(error("square.safetensors", "").contains("several linear layers may be the head"));
}
