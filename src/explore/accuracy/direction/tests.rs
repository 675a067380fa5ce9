//! Tests of `direction.rs`.

use super::*;

#[test]
fn names_say_what_is_better() {
    for name in [
        "accuracy",
        "valid_accuracy",
        "f1",
        "F1",
        "macro-f1",
        "f1_score",
        "SNR dB",
        "snr_db",
        "roc_auc",
        "r2",
        "top1",
    ] {
        assert_eq!(of_name(name), Some(true), "{name}");
    }
    for name in [
        "valid_bpc",
        "perplexity",
        "ppw",
        "nats",
        "loss",
        "test RMSE",
        "mae",
        "error_rate",
        "WER",
        "bits_per_char",
    ] {
        assert_eq!(of_name(name), Some(false), "{name}");
    }
    // Said by nobody, or both ways.
    for name in [
        "score",
        "accuracy_loss",
        "neg_loss",
        "minus-error",
        "lossy",
        "",
        "f2x",
    ] {
        assert_eq!(of_name(name), None, "{name}");
    }
}
