//! The results of a training as text for people.

use super::super::output::{Results, table};
use crate::flow::{TaskReport, TrainReport};
use std::io::Write;

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

impl Results for TaskReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "best of {} epochs: {}; {} model",
            self.epochs, self.best_epoch, self.arithmetic
        )?;
        let mut rows = vec![vec![String::new()]];
        rows[0].extend(self.of("valid").map(|(name, _)| name.to_string()));
        for (name, set) in [("validation", "valid"), ("test", "test")] {
            let mut row = vec![name.to_string()];
            row.extend(self.of(set).map(|(_, value)| format!("{value:.6}")));
            if row.len() > 1 {
                rows.push(row);
            }
        }
        table(out, &rows)
    }
}
