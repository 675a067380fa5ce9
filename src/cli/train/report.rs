//! What a training says: an epoch in a line, and what it came to.

use super::super::output::{Results, table};
use crate::train::Epoch;
use serde::Serialize;
use std::io::Write;

/// What a training came to, as it is printed.
#[derive(Serialize)]
pub struct TrainReport {
    pub schema: u32,
    pub epochs: u64,
    pub best_epoch: u64,
    /// Nats a token.
    pub valid: f64,
    pub valid_perplexity: f64,
    pub valid_bits: f64,
    pub test: Option<f64>,
    pub test_perplexity: Option<f64>,
    pub test_bits: Option<f64>,
    pub streams: u32,
    pub files: Vec<String>,
}

impl Results for TrainReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let row = |text: &str, nats: f64, perplexity: f64, bits: f64| {
            vec![
                text.to_string(),
                format!("{nats:.6}"),
                format!("{perplexity:.4}"),
                format!("{bits:.6}"),
            ]
        };
        writeln!(out, "best of {} epochs: {}", self.epochs, self.best_epoch)?;
        let heads = ["text", "nats a token", "perplexity", "bits a token"];
        let mut rows = vec![heads.map(String::from).to_vec()];
        rows.push(row(
            "validation",
            self.valid,
            self.valid_perplexity,
            self.valid_bits,
        ));
        if let (Some(nats), Some(perplexity), Some(bits)) =
            (self.test, self.test_perplexity, self.test_bits)
        {
            rows.push(row("test", nats, perplexity, bits));
        }
        table(out, &rows)?;
        writeln!(out, "  {} streams, each from zero state", self.streams)
    }
}

/// An epoch in one line.
pub fn describe(line: &Epoch, seconds: f64) -> String {
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
