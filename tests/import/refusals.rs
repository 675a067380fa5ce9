//! What is not read is refused by what it is, with what to do.

use super::common::Random;
use super::{error, fixture};
use lprnn_hw::import::{ImportOptions, read_bytes};
use std::io::Write;

/// What is said of a file of these bytes.
fn bytes_error(bytes: &[u8]) -> String {
    let read = read_bytes(bytes, &ImportOptions::default());
    read.expect_err("it was read").to_string()
}

#[test]
fn other_mathematics_is_named() {
    for (file, wanted) in [
        (
            "gru.safetensors",
            "rnn: a GRU, weight_hh_l0 has shape [12, 4], 3 * hidden rows",
        ),
        (
            "rnn.safetensors",
            "rnn: a plain RNN, weight_hh_l0 has shape [4, 4]",
        ),
        (
            "projection.safetensors",
            "rnn: an LSTM with a projection (proj_size)",
        ),
        ("bidirectional.safetensors", "rnn: a bidirectional network"),
        (
            "weight_drop.safetensors",
            "rnn: an LSTM with WeightDrop, weight_hh_l0_raw",
        ),
        (
            "spectral_norm.safetensors",
            "rnn: weight_hh_l0 is made by a parametrisation other than",
        ),
        (
            "transposed.safetensors",
            "rnn: weight_hh_l0 has shape [4, 16], as Keras keeps it",
        ),
        (
            "int8.safetensors",
            "rnn.weight_ih_l0: holds I8, integers of another quantiser",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert!(message.contains("; "), "{file} has no remedy: {message}");
        assert_eq!(message, error(file, "--only-lstm"), "{file}");
    }
}

#[test]
fn other_mathematics_of_keras_is_named() {
    for (file, wanted) in [
        (
            "keras_gru.keras",
            "gru: a GRU, weight_hh_l0 has shape [12, 4], 3 * hidden rows",
        ),
        (
            "keras_gru.weights.h5",
            "gru: a GRU, weight_hh_l0 has shape [12, 4], 3 * hidden rows",
        ),
        ("keras_simple_rnn.keras", "simple_rnn: a plain RNN"),
        (
            "keras_bidirectional.keras",
            "bidirectional: a bidirectional network",
        ),
        (
            "keras_bidirectional.weights.h5",
            "bidirectional: a bidirectional network",
        ),
        (
            "keras_go_backwards.keras",
            "lstm: reads its input from the end",
        ),
        (
            "keras_hard_sigmoid.keras",
            "lstm: has recurrent_activation hard_sigmoid",
        ),
        ("keras_relu.keras", "lstm: has activation relu"),
        (
            "qkeras_hard.h5",
            "qlstm: has recurrent_activation hard_sigmoid",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert!(message.contains("; "), "{file} has no remedy: {message}");
        assert_eq!(message, error(file, "--only-lstm"), "{file}");
    }
    let front = error("keras_front.keras", "");
    assert!(front.contains("--head dense") && front.contains("layers/conv1d/vars/0 [3, 3, 3]"));
}

#[test]
fn other_mathematics_of_onnx_is_named() {
    for (name, wanted) in [
        (
            "gru",
            "memory: a GRU, weight_hh_l0 has shape [12, 4], 3 * hidden rows",
        ),
        ("rnn", "memory: a plain RNN"),
        ("bidirectional", "memory: a bidirectional network"),
        (
            "reverse",
            "memory: reads its input from the end (direction reverse)",
        ),
        (
            "activations",
            "memory: has activations HardSigmoid, Tanh, Tanh",
        ),
        ("clip", "memory: clips at 3"),
        ("input_forget", "memory: couples its input and forget gates"),
        ("peepholes", "memory: has peepholes"),
        (
            "state",
            "memory: starts from the state h0, which is not zero",
        ),
        ("external", "R: lies in another file (external data)"),
    ] {
        let file = format!("onnx_{name}.onnx");
        let message = error(&file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert!(message.contains("; "), "{file} has no remedy: {message}");
        assert_eq!(message, error(&file, "--only-lstm"), "{file}");
    }
    let front = error("onnx_front.onnx", "");
    assert!(
        front.contains("--head matmul") && front.ends_with("\n    relu (Relu) []"),
        "{front}"
    );
}

#[test]
fn everything_unknown_comes_at_once_with_the_options_that_mend_it() {
    assert_eq!(
        error("front.safetensors", ""),
        "4 tensors are no part of an LSTM, head or embedding; if the core's inputs and outputs are \
         those of the LSTM, leave them out with --prefix lstm, or with --head fc, which keeps that \
         head\n    in_proj.bias [3]\n    in_proj.weight [3, 5]\n    norm.bias [4]\n    norm.weight [4]"
    );
}

#[test]
fn choices_are_listed() {
    assert_eq!(
        error("two_networks.safetensors", ""),
        "several recurrent networks; choose one with --prefix NAME\n    'decoder.lstm': an LSTM, \
         weight_hh_l0 [20, 5]\n    'encoder.lstm': an LSTM, weight_hh_l0 [16, 4]"
    );
    assert_eq!(
        error("two_networks.safetensors", "--prefix coder"),
        "no LSTM found: no prefix 'coder'; choose one of these\n    'decoder.lstm': an LSTM, \
         weight_hh_l0 [20, 5]\n    'encoder.lstm': an LSTM, weight_hh_l0 [16, 4]"
    );
    let heads = error("heads.safetensors", "");
    assert!(
        heads.ends_with("\n    fc: [2, 4]\n    head: [3, 4]"),
        "{heads}"
    );
    assert_eq!(
        error("heads.safetensors", "--head tail"),
        "--head tail: no linear layer of that name; choose one of these\n    fc: [2, 4]\n    head: \
         [3, 4]"
    );
    assert_eq!(
        error("heads.safetensors", "--head fc,head"),
        "head: takes 4 inputs, 2 are there; choose another --head, or leave it out with --only-lstm"
    );
}

#[test]
fn files_of_torch_that_are_no_state_dict_are_named() {
    for (file, wanted) in [
        (
            "module.pt",
            "holds an object of class torch.nn.modules.container.ModuleDict",
        ),
        ("no_tensors.pt", "holds no tensors under names"),
        ("several.pt", "holds several state dicts: a, b"),
        (
            "quantised.pt",
            "no LSTM found: a model quantised by PyTorch",
        ),
    ] {
        let message = error(file, "");
        assert!(message.starts_with(wanted), "{file}: {message}");
        assert!(message.contains("; "), "{file} has no remedy: {message}");
    }
    let old = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.";
    assert!(bytes_error(old).starts_with("written by torch.save without zip"));
    assert!(bytes_error(b"\x80\x04}.").starts_with("a bare pickle"));
}

/// A zip archive of stored files, as `torch.save` writes it.
fn archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, contents) in files {
        let (mut entry, config) = writer.new_file(name).start().unwrap();
        let mut data = config.wrap(&mut entry);
        data.write_all(contents).unwrap();
        let (_, descriptor) = data.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    writer.finish().unwrap();
    bytes
}

#[test]
fn a_hostile_pickle_is_refused_and_not_executed() {
    let attack = b"\x80\x02cposix\nsystem\n(X\x04\x00\x00\x00truetR.";
    let message = bytes_error(&archive(&[("m/data.pkl", attack)]));
    assert!(
        message.starts_with("m/data.pkl would call posix.system, which no model does"),
        "{message}"
    );
    let attack = b"\x80\x02}X\x01\x00\x00\x00ac__builtin__\neval\nX\x01\x00\x00\x001\x85Rs.";
    let message = bytes_error(&archive(&[("m/data.pkl", attack)]));
    assert!(message.contains("would call __builtin__.eval"), "{message}");
}

/// `{"a": tensor of `shape` and `strides` on storage 0}`.
fn tensor(shape: u32, stride: u32) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00J".to_vec();
    pickle.extend(shape.to_le_bytes());
    pickle.extend(b"\x85J");
    pickle.extend(stride.to_le_bytes());
    pickle.extend(b"\x85\x89}tRs.");
    pickle
}

#[test]
fn what_unpacks_to_far_more_than_the_file_is_refused() {
    let zeros = vec![0; 32 << 20];
    let mut bytes = Vec::new();
    let mut writer = rawzip::ZipArchiveWriter::new(&mut bytes);
    let new = writer.new_file("m/data.pkl");
    let method = rawzip::CompressionMethod::DEFLATE;
    let (mut entry, config) = new.compression_method(method).start().unwrap();
    let packer = flate2::write::DeflateEncoder::new(&mut entry, flate2::Compression::best());
    let mut data = config.wrap(packer);
    data.write_all(&zeros).unwrap();
    let (packer, descriptor) = data.finish().unwrap();
    packer.finish().unwrap();
    entry.finish(descriptor).unwrap();
    writer.finish().unwrap();
    assert!(bytes.len() < 64 << 10, "{}", bytes.len());
    let message = bytes_error(&bytes);
    assert!(
        message.contains("m/data.pkl would unpack to 33554432 bytes"),
        "{message}"
    );
}

#[test]
fn shapes_beyond_the_file_are_refused() {
    let read = |shape, stride| {
        let pickle = tensor(shape, stride);
        bytes_error(&archive(&[("m/data.pkl", &pickle), ("m/data/0", &[0; 16])]))
    };
    assert!(read(4, 1).starts_with("no LSTM found"), "{}", read(4, 1));
    for (shape, stride) in [(5, 1), (0x7fff_ffff, 1), (2, 4), (3, 0x7fff_ffff)] {
        let message = read(shape, stride);
        assert!(
            message.contains("which is more than m/data/0 holds"),
            "{message}"
        );
    }
    let message = read(0x7fff_ffff, 0);
    assert!(
        message.contains("repeats elements far more often"),
        "{message}"
    );
}

/// Damage anywhere is an error, or makes another model, and never a panic.
#[test]
fn damaged_files_are_refused() {
    for file in [
        "classifier.pt",
        "parametrised.safetensors",
        "lightning.ckpt",
    ] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        for length in (0..bytes.len()).step_by(7) {
            let cut = read_bytes(&bytes[..length], &ImportOptions::default());
            assert!(cut.is_err(), "{file} cut to {length}");
        }
        let mut random = Random(5);
        for _ in 0..2000 {
            let mut bytes = bytes.clone();
            for _ in 0..=random.word() % 4 {
                let at = random.word() as usize % bytes.len();
                bytes[at] = random.word() as u8;
            }
            let _ = read_bytes(&bytes, &ImportOptions::default());
        }
    }
}
