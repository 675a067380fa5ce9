//! Results of a training: an epoch in a line, and the whole.

use crate::train::Epoch;
use serde::Serialize;

/// Losses of the best epoch of a training, and the files that were written.
#[derive(Clone, Debug, Serialize)]
pub struct TrainReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Epochs trained.
    pub epochs: u64,
    /// The one with the best validation.
    pub best_epoch: u64,
    /// Nats a token of the validation text.
    pub valid: f64,
    /// e^nats.
    pub valid_perplexity: f64,
    /// Bits a token.
    pub valid_bits: f64,
    /// Nats a token of the test text, where there is one.
    pub test: Option<f64>,
    /// e^nats of it.
    pub test_perplexity: Option<f64>,
    /// Bits a token of it.
    pub test_bits: Option<f64>,
    /// Streams of validation and test, each from zero state.
    pub streams: usize,
    /// Names in the folder.
    pub files: Vec<String>,
}

/// An epoch in one line.
pub(super) fn describe(line: &Epoch, seconds: f64) -> String {
    let clamped: Vec<String> = line.clamped.iter().map(clamped_shares).collect();
    let clamped = if clamped.is_empty() {
        String::new()
    } else {
        format!(", clamped {}", clamped.join("; "))
    };
    format!(
        "epoch {}: training {:.4} nats, validation {:.4} nats ({:.2} perplexity, {:.4} bits), rate {}{clamped}, {seconds:.1} s{}",
        line.epoch,
        line.train,
        line.valid,
        line.valid.exp(),
        line.valid / std::f64::consts::LN_2,
        line.rate,
        if line.best { ", best so far" } else { "" },
    )
}

fn clamped_shares(shares: &[f64; 3]) -> String {
    let [z, c, h] = shares.map(|share| 100.0 * share);
    format!("z {z:.2} % c {c:.2} % h {h:.2} %")
}
