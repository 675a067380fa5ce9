//! Refusals of an import: each names what it met, and the remedy.

use super::{bytes_error, error, help, model, options};
use lprnn_hw::import::{ImportOptions, read_bytes};
use safetensors::tensor::{Dtype, TensorView};

#[test]
fn other_mathematics_is_named() {
    for (file, wanted, remedy) in [
        (
            "rnn.safetensors",
            "rnn: a plain RNN, weight_hh_l0 has shape [4, 4]",
            "train an LSTM or a GRU",
        ),
        (
            "projection.safetensors",
            "rnn: an LSTM with a projection (proj_size)",
            "train without proj_size",
        ),
        (
            "weight_drop.safetensors",
            "rnn: an LSTM with WeightDrop, weight_hh_l0_raw",
            "save it under weight_hh_l0, as evaluation computes with it",
        ),
        (
            "spectral_norm.safetensors",
            "rnn: weight_hh_l0 is made by a parametrisation other than",
            "take it off before saving: torch.nn.utils.parametrize.remove_parametrizations, or remove_spectral_norm",
        ),
        (
            "transposed.safetensors",
            "rnn: weight_hh_l0 has shape [4, 16], as Keras keeps it",
            "save kernel.T and recurrent_kernel.T, or import the .keras file itself",
        ),
        (
            "int8.safetensors",
            "rnn.weight_ih_l0: holds I8, integers of another quantiser",
            "give the float model from before it",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert_eq!(help(file, ""), remedy, "{file}");
        assert_eq!(message, error(file, "--only-lstm"), "{file}");
    }
}

#[test]
fn other_mathematics_of_keras_is_named() {
    for (file, wanted, remedy) in [
        (
            "keras_gru_before.keras",
            "gru: is a GRU whose reset gate acts before the product with h (reset_after=False)",
            "train it with reset_after=True",
        ),
        (
            "keras_gru_before.weights.h5",
            "gru: is a GRU whose reset gate acts before the product with h (reset_after=False)",
            "train it with reset_after=True",
        ),
        (
            "keras_gru_before_nobias.keras",
            "gru: is a GRU whose reset gate acts before the product with h (reset_after=False)",
            "train it with reset_after=True",
        ),
        (
            "keras_simple_rnn.keras",
            "simple_rnn: a plain RNN",
            "train an LSTM or a GRU",
        ),
        (
            "keras_bidirectional.weights.h5",
            "bidirectional: a bidirectional network in a file without configuration",
            "save the whole model as .keras or .h5",
        ),
        (
            "keras_merged.keras",
            "bidirectional: merges its directions by sum",
            "train it with merge_mode='concat'",
        ),
        (
            "keras_hard_sigmoid.keras",
            "lstm: has recurrent_activation hard_sigmoid",
            "train with recurrent_activation='sigmoid'",
        ),
        (
            "keras_relu.keras",
            "lstm: has activation relu",
            "train with activation='tanh'",
        ),
        (
            "qkeras_hard.h5",
            "qlstm: has recurrent_activation hard_sigmoid",
            "train with recurrent_activation='sigmoid'",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert_eq!(help(file, ""), remedy, "{file}");
        assert_eq!(message, error(file, "--only-lstm"), "{file}");
    }
    // What is behind the Dense layer is another network, and takes the steps in the order of time.
    let second = model("keras_back_dense.keras", "--prefix lstm_1");
    assert_eq!(second.backward_layer(), None);
    let front = error("keras_front.keras", "");
    assert!(front.contains("layers/conv1d/vars/0 [3, 3, 3]"), "{front}");
    assert!(help("keras_front.keras", "").contains("--head dense"));
}

#[test]
fn other_mathematics_of_onnx_is_named() {
    for (name, wanted, remedy) in [
        (
            "gru",
            "memory: is a GRU whose reset gate acts before the product with h (linear_before_reset = 0)",
            "export one with linear_before_reset = 1: PyTorch's nn.GRU, Keras' with reset_after=True",
        ),
        (
            "gru_activations",
            "memory: has activations Sigmoid, Relu, the hardware has Sigmoid, Tanh",
            "train with those",
        ),
        ("rnn", "memory: a plain RNN", "train an LSTM or a GRU"),
        (
            "last_crossed",
            "head: takes the last state of the backward direction before that of the forward one",
            "train it on torch.cat([h_n[-2], h_n[-1]], 1), or on output[:, -1]",
        ),
        (
            "last_turned",
            "head: takes last states (Y_h) that are not side by side",
            "train it on torch.cat([h_n[-2], h_n[-1]], 1), or on output[:, -1]",
        ),
        (
            "last_lower",
            "head: takes last states (Y_h) of several layers, the core gives those of one",
            "train it on torch.cat([h_n[-2], h_n[-1]], 1), or on output[:, -1]",
        ),
        (
            "activations",
            "memory: has activations HardSigmoid, Tanh, Tanh",
            "train with those",
        ),
        ("clip", "memory: clips at 3", "train without clip"),
        (
            "input_forget",
            "memory: couples its input and forget gates",
            "train without",
        ),
        ("peepholes", "memory: has peepholes", "train without"),
        (
            "state",
            "memory: starts from the state h0, which is not zero",
            "export it with a state of zeros",
        ),
        (
            "external",
            "R: lies in another file (external data)",
            "save it in one: onnx.save_model(onnx.load(FILE), 'one.onnx')",
        ),
    ] {
        let file = format!("onnx_{name}.onnx");
        let message = error(&file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert_eq!(help(&file, ""), remedy, "{file}");
        assert_eq!(message, error(&file, "--only-lstm"), "{file}");
    }
    let front = error("onnx_front.onnx", "");
    assert!(front.ends_with("\n    relu (Relu) []"), "{front}");
    assert!(help("onnx_front.onnx", "").contains("--head matmul"));
    // The lower layer's last states, and its outputs at every step.
    let both = error("onnx_last_both.onnx", "--prefix rnn0");
    assert!(
        both.contains("takes every step of a layer whose last states (Y_h) are taken too"),
        "{both}"
    );
}

#[test]
fn everything_unknown_comes_at_once_with_the_options_that_mend_it() {
    assert_eq!(
        error("front.safetensors", ""),
        "4 tensors are no part of an LSTM, GRU, head or embedding\n    in_proj.bias [3]\n    \
         in_proj.weight [3, 5]\n    norm.bias [4]\n    norm.weight [4]"
    );
    assert_eq!(
        help("front.safetensors", ""),
        "if the core's inputs and outputs are those of the LSTM, leave them out with --prefix lstm, \
         or with --head fc, which keeps that head; if in_proj stands before it, --front in_proj reads it, \
         --front in_proj:relu with a ReLU behind it"
    );
}

/// A state dict does not say what stands before the recurrent layers; what is said has to fit.
#[test]
fn layers_before_the_recurrent_ones_are_asked_for() {
    let file = "projected.safetensors";
    assert!(error(file, "").contains("in_proj.weight [5, 3]"));
    assert!(help(file, "").ends_with(
        "if in_proj stands before it, --front in_proj reads it, --front in_proj:relu with a ReLU behind it"
    ));
    assert_eq!(
        error(file, "--front fc"),
        "fc: gives 2 elements, 5 are taken behind it"
    );
    let missing = error(file, "--front in:relu");
    assert_eq!(
        missing,
        "--front in: no linear layer of that name\n    fc: [2, 4]\n    in_proj: [5, 3]"
    );
    let both = error("projected_gru.safetensors", "--front front");
    assert_eq!(both, "--front front: names 2 linear layers");
    let said = error("projected.onnx", "--front front.0");
    assert_eq!(
        said,
        "--front: the file says itself what stands before the recurrent layers"
    );
    let tanh = "keras_tanh_before.keras";
    let (name, problem) = error(tanh, "")
        .split_once(": ")
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    assert_eq!(name, "dense");
    assert_eq!(
        problem,
        "has activation tanh; a layer before the recurrent ones has linear or relu"
    );
    assert_eq!(
        help(tanh, ""),
        "train with those, or leave out what stands before with --only-lstm"
    );
    assert_eq!(error(tanh, "--prefix lstm"), format!("dense: {problem}"));
    let left = super::model(tanh, "--only-lstm");
    assert!(left.front.is_empty() && left.layers[0].input_size == 5);
}

#[test]
fn choices_are_listed() {
    let networks = "\n    'decoder.lstm': an LSTM, weight_hh_l0 [20, 5]\n    'encoder.lstm': an \
                    LSTM, weight_hh_l0 [16, 4]";
    let heads = "\n    fc: [2, 4]\n    head: [3, 4]";
    for (file, line, problem, list, remedy) in [
        (
            "two_networks.safetensors",
            "",
            "several recurrent networks",
            networks,
            "choose one with --prefix NAME",
        ),
        (
            "two_networks.safetensors",
            "--prefix coder",
            "no LSTM or GRU found: no prefix 'coder'",
            networks,
            "choose one of these",
        ),
        (
            "heads.safetensors",
            "",
            "several linear layers may be the head",
            heads,
            "choose with --head NAME (a chain with ReLU between: --head FIRST,SECOND), say which \
             stand before the recurrent layers with --front, or leave them out with --only-lstm",
        ),
        (
            "heads.safetensors",
            "--head tail",
            "--head tail: no linear layer of that name",
            heads,
            "choose one of these",
        ),
        (
            "nobias.safetensors",
            "--head tail",
            "--head tail: no linear layer of that name, the file holds none",
            "",
            "leave --head out",
        ),
        (
            "heads.safetensors",
            "--head fc,head",
            "head: takes 4 inputs, 2 are there",
            "",
            "choose another --head, or leave it out with --only-lstm",
        ),
    ] {
        assert_eq!(error(file, line), format!("{problem}{list}"));
        assert_eq!(help(file, line), remedy, "{file} {line}");
    }
}

/// Names and shapes of tensors.
type Shapes<'a> = &'a [(&'a str, &'a [usize])];

/// A state dict of zeros in safetensors.
fn zeros(shapes: Shapes) -> Vec<u8> {
    let data = [0; 1024];
    let tensors = shapes.iter().map(|(name, shape)| {
        let bytes = &data[..4 * shape.iter().product::<usize>()];
        let tensor = TensorView::new(Dtype::F32, shape.to_vec(), bytes).unwrap();
        (name.to_string(), tensor)
    });
    safetensors::serialize(tensors, None).unwrap()
}

/// A shape that does not fit is a fact, however long its sentence, and never the remedy.
#[test]
fn shapes_that_do_not_fit_are_facts_and_the_remedy_is_apart() {
    let tied: Shapes = &[
        ("decoder.bias", &[5]),
        ("encoder.weight", &[5, 3]),
        ("lstm.weight_hh_l0", &[16, 4]),
        ("lstm.weight_ih_l0", &[16, 3]),
    ];
    let cases: [(Shapes, &str, &str); 3] = [
        (
            &[("weight_hh_l0", &[8, 4]), ("weight_ih_l0", &[8, 3])],
            "the network: weight_hh_l0 has shape [8, 4]; an LSTM's is [4 * hidden, hidden], a GRU's \
             has 3 * hidden rows, an RNN's hidden rows",
            "save the state dict of an nn.LSTM as PyTorch gives it",
        ),
        (
            &[("weight_hh_l0", &[16, 4]), ("weight_ih_l0", &[3, 16])],
            "weight_ih_l0: has shape [3, 16], [16, 3] is wanted: it is transposed, as Keras keeps it",
            "save its transpose",
        ),
        (
            tied,
            "encoder.weight: has 3 columns; to be the weights of the head of decoder.bias, too, it \
             must have 4, one for every unit",
            "save the weights of that head, too, or leave it out with --only-lstm",
        ),
    ];
    for (shapes, problem, remedy) in cases {
        let error = read_bytes(&zeros(shapes), &ImportOptions::default()).unwrap_err();
        assert_eq!(error.to_string(), problem);
        assert_eq!(error.help.as_deref(), Some(remedy));
    }
    let model = read_bytes(&zeros(tied), &options("--only-lstm")).unwrap();
    assert_eq!(model.left_out, ["decoder.bias", "encoder.weight"]);
}

#[test]
fn files_of_torch_that_are_no_state_dict_are_named() {
    for (file, wanted, remedy) in [
        (
            "module.pt",
            "holds an object of class torch.nn.modules.container.ModuleDict",
            "save the state dict: torch.save(model.state_dict(), 'model.pt')",
        ),
        (
            "no_tensors.pt",
            "holds no tensors under names",
            "save the state dict: torch.save(model.state_dict(), 'model.pt')",
        ),
        (
            "several.pt",
            "holds several state dicts: a, b",
            "save the one that is meant, by torch.save(torch.load(FILE)[NAME], 'model.pt')",
        ),
        (
            "quantised.pt",
            "no LSTM or GRU found: a model quantised by PyTorch",
            "give the float model from before it",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert_eq!(help(file, ""), remedy, "{file}");
    }
    let old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
    assert!(bytes_error(old).starts_with("written by torch.save without zip"));
    assert!(bytes_error(b"\x80\x04}.").starts_with("a bare pickle"));
}

/// A normalisation inside the cell changes its gates: it cannot be left out beside them.
#[test]
fn a_normalisation_inside_the_cell_is_refused_whatever_is_left_out() {
    let refused = |name: &str, others: Shapes| {
        let mut shapes: Vec<(&str, &[usize])> = others.to_vec();
        shapes.push((name, &[16]));
        for only_lstm in [false, true] {
            let options = ImportOptions {
                only_lstm,
                ..ImportOptions::default()
            };
            let fault = read_bytes(&zeros(&shapes), &options)
                .unwrap_err()
                .to_string();
            assert!(
                fault.contains("normalisation inside the cell") && fault.contains(name),
                "{fault}"
            );
        }
    };
    let cell: Shapes = &[("weight_hh", &[16, 4]), ("weight_ih", &[16, 3])];
    refused("layernorm_i.weight", cell);
    refused("ln_h.bias", cell);
    let below: Shapes = &[
        ("rnn.weight_hh_l0", &[16, 4]),
        ("rnn.weight_ih_l0", &[16, 3]),
    ];
    refused("rnn.norm.weight", below);
    // Behind the cell it is beside it.
    let behind: Shapes = &[
        ("lstm.weight_hh_l0", &[16, 4]),
        ("lstm.weight_ih_l0", &[16, 3]),
        ("norm.weight", &[4]),
    ];
    let options = ImportOptions {
        only_lstm: true,
        ..ImportOptions::default()
    };
    assert!(read_bytes(&zeros(behind), &options).is_ok());
}
