//! What is not read is refused by what it is, with what to do.

use super::error;

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
