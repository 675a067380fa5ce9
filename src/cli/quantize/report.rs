//! The report of a calibration, for people and programs.

use super::super::output::{Results, grouped, table};
use crate::flow::QuantizeReport;
use crate::quantize::{DenseOutput, Emit};
use crate::reference::StageCount;
use std::io::Write;

/// Decibel with one decimal, or that nothing was lost.
fn decibel(value: f64) -> String {
    if value.is_finite() {
        format!("{value:.1} dB")
    } else {
        "exact".to_string()
    }
}

/// What a dense layer gives, in words.
fn given(gives: DenseOutput, outputs: usize) -> String {
    match gives {
        DenseOutput::Sum => format!("{outputs} sums"),
        DenseOutput::Argmax => "the index of the largest sum".to_string(),
        DenseOutput::Code { format, relu } => {
            let relu = if relu { " behind a ReLU" } else { "" };
            format!("{outputs} codes of {format}{relu}")
        }
    }
}

/// A report on its way to the screen.
struct Text<'a>(&'a QuantizeReport);

impl Text<'_> {
    fn tensors(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let heads = ["parameters", "format", "clamped", "of", "own rounding"];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for tensor in &self.0.report.tensors {
            rows.push(vec![
                tensor.tensor.clone(),
                tensor.format.to_string(),
                grouped(tensor.clamped),
                grouped(tensor.total),
                decibel(tensor.rounding_db),
            ]);
        }
        table(out, &rows)
    }

    fn layers(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let layers = &self.0.report.layers;
        // A column more where a layer is a GRU.
        let gru = layers.iter().any(|layer| layer.v.is_some());
        let row = |cells: [&str; 3], v: &str, more: &[&str]| {
            let v = if gru { &[v][..] } else { &[] };
            let cells = cells.iter().chain(v).chain(more);
            cells.map(ToString::to_string).collect::<Vec<_>>()
        };
        let state = if gru { "c or s" } else { "c" };
        let mut formats = vec![row(
            ["formats", "x", "z"],
            "v of a GRU",
            &["gates", state, "h"],
        )];
        let more = [state, "tanh's argument", "h"];
        let mut counts = vec![row(["clamped in", "x", "z"], "v of a GRU", &more)];
        for layer in layers {
            let (name, of) = (format!("layer {}", layer.title()), &layer.formats);
            let v = layer.v.map(|v| v.to_string()).unwrap_or_default();
            let gates = format!("{} fraction bits", of.a_frac);
            formats.push(row(
                [&name, &of.x.to_string(), &of.z.to_string()],
                &v,
                &[&gates, &of.c.to_string(), &of.h.to_string()],
            ));
            let share = |count: StageCount| format!("{:.4} %", 100.0 * count.rate());
            let clamped = &layer.clamped;
            let v = layer.v.map(|_| share(clamped.v)).unwrap_or_default();
            counts.push(row(
                [&name, &share(clamped.x), &share(clamped.z)],
                &v,
                &[
                    &share(clamped.c),
                    &share(clamped.tanh_argument),
                    &share(clamped.h),
                ],
            ));
        }
        table(out, &formats)?;
        table(out, &counts)
    }

    /// Linear layers before the recurrent ones.
    fn front(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for front in &self.0.report.front {
            let clamped = 100.0 * front.clamped.rate();
            let gives = given(front.gives, front.outputs);
            writeln!(
                out,
                "dense layer before: x {}, {clamped:.4} % clamped; {gives}",
                front.x
            )?;
        }
        Ok(())
    }

    /// Dense layers that give something else than their sums at every step.
    fn dense(&self, out: &mut dyn Write) -> std::io::Result<()> {
        for dense in &self.0.report.dense {
            let what = given(dense.gives, dense.outputs);
            let when = match dense.when {
                Emit::Step => "at every step",
                Emit::Last => "at the last step of a sequence",
            };
            writeln!(out, "dense layer {}: {what}, {when}", dense.layer)?;
        }
        Ok(())
    }

    /// The constant that is taken off x, and the duty of whoever feeds the core.
    fn offset(&self, out: &mut dyn Write) -> std::io::Result<()> {
        /// Elements that are named one by one.
        const NAMED: usize = 8;
        let Some(offset) = &self.0.input_offset else {
            return Ok(());
        };
        if offset.iter().all(|&value| value == 0.0) {
            return writeln!(out, "input offset: 0, the inputs lie around it");
        }
        let named: Vec<String> = offset.iter().take(NAMED).map(ToString::to_string).collect();
        let more = if offset.len() > NAMED { ", ..." } else { "" };
        writeln!(
            out,
            "input offset {}{more}: the core takes codes of x less that",
            named.join(", ")
        )
    }

    fn result(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let report = &self.0.report;
        write!(
            out,
            "integer model against float model, {} steps",
            grouped(report.steps as u64)
        )?;
        if report.sequences > 1 {
            write!(out, " of {} sequences", grouped(report.sequences as u64))?;
        }
        if report.chosen_on_steps < report.steps {
            let steps = grouped(report.chosen_on_steps as u64);
            write!(out, ", formats chosen on {steps} of them")?;
        }
        writeln!(out)?;
        for (name, quality) in [("h", Some(&report.h)), ("head", report.head.as_ref())] {
            let Some(quality) = quality else { continue };
            writeln!(
                out,
                "  {name}: signal to noise {}, error {:.2e} of {:.2e} (root mean square)",
                decibel(quality.snr_db),
                quality.error_rms,
                quality.signal_rms
            )?;
        }
        if let Some(rows) = &report.row_scale {
            writeln!(
                out,
                "  multipliers of rows, {} bits: without them h has {} in the same formats",
                rows.bits,
                decibel(rows.without_db)
            )?;
        }
        for limit in &report.limits {
            match (&limit.option, limit.snr_db, &limit.price) {
                (Some(option), Some(snr), Some(price)) => writeln!(
                    out,
                    "  limited by {}: {option} gives about {} or better ({price})",
                    limit.part,
                    decibel(snr)
                )?,
                _ => writeln!(out, "  limited by {}", limit.part)?,
            }
        }
        for warning in &report.warnings {
            writeln!(out, "  warning: {warning}")?;
        }
        Ok(())
    }
}

impl Results for QuantizeReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let text = Text(self);
        text.tensors(out)?;
        text.front(out)?;
        text.layers(out)?;
        text.dense(out)?;
        text.offset(out)?;
        text.result(out)
    }
}
