//! An epoch in a line.

use crate::train::Epoch;

/// An epoch in one line: its losses, rate, clamped values and seconds.
pub(super) fn with_rate(line: &Epoch, losses: &str, seconds: f64) -> String {
    let clamped: Vec<String> = line.clamped.iter().map(clamped_shares).collect();
    let clamped = if clamped.is_empty() {
        String::new()
    } else {
        format!(", clamped {}", clamped.join("; "))
    };
    format!(
        "epoch {}: {losses}, rate {}{clamped}, {seconds:.1} s{}",
        line.epoch,
        line.rate,
        if line.best { ", best so far" } else { "" },
    )
}

fn clamped_shares(shares: &[f64; 3]) -> String {
    let [z, c, h] = shares.map(|share| 100.0 * share);
    format!("z {z:.2} % c {c:.2} % h {h:.2} %")
}
