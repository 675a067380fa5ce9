//! Reports of designs as text for people.

use super::output::{Results, grouped, table};
use crate::codegen::{LayerReport, Report, TimingReport, cell_title, state_letter};
use std::io::Write;

/// Lines on the timing for people.
pub fn human_timing(out: &mut dyn Write, timing: &TimingReport) -> std::io::Result<()> {
    writeln!(
        out,
        "  {} cycles per step, {} cycles latency, both exact",
        grouped(timing.cycles_per_step),
        grouped(timing.latency_cycles)
    )?;
    if timing.contexts > 1 {
        writeln!(
            out,
            "  {} sequences in turn: one has a step every {} cycles",
            timing.contexts,
            grouped(timing.contexts as u64 * timing.cycles_per_step)
        )?;
    }
    if let Some(steps) = timing.max_steps {
        writeln!(
            out,
            "  sequences of up to {steps} steps, each computed when it is there as a whole: the latency is that of one \
             step"
        )?;
    }
    writeln!(
        out,
        "  {} multiply-accumulates per step, {} per cycle: the array is in use {:.1} % of the time",
        grouped(timing.macs_per_step),
        grouped(timing.macs_per_cycle),
        100.0 * timing.array_use
    )?;
    writeln!(
        out,
        "  at {} ns ({:.1} MHz): {} steps per second, {:.2} us latency",
        timing.clock_ns,
        1000.0 / timing.clock_ns,
        grouped(timing.steps_per_second.round() as u64),
        timing.latency_us
    )
}
/// A table of layers for people.
pub fn human_layers(out: &mut dyn Write, layers: &[LayerReport]) -> std::io::Result<()> {
    let heads = [
        "layer",
        "in",
        "units",
        "weights",
        "x",
        "h",
        "z",
        state_letter(layers),
        "array",
        "weight memory",
    ];
    let mut rows = vec![heads.map(String::from).to_vec()];
    for (index, layer) in layers.iter().enumerate() {
        rows.push(vec![
            layer.number(index),
            layer.input_size.to_string(),
            layer.hidden_size.to_string(),
            format!("{} bit", layer.w_bits),
            layer.x.clone(),
            layer.h.clone(),
            layer.z.clone(),
            layer.c.clone(),
            format!("{}*{} x {}", layer.sums, layer.units, layer.columns),
            format!("{} bit", grouped(layer.weight_memory_bits as u64)),
        ]);
    }
    table(out, &rows)?;
    for (index, layer) in layers.iter().enumerate() {
        if let Some(text) = layer.row_scales() {
            writeln!(out, "  layer {}: {text}", layer.number(index))?;
        }
    }
    Ok(())
}

/// `one LSTM layer`, `2 GRU layers`, `3 recurrent layers` where both kinds are among them.
fn kinds(layers: &[LayerReport]) -> String {
    let (dense, recurrent): (Vec<_>, Vec<_>) = layers.iter().partition(|layer| layer.is_dense());
    let kind = cell_title(recurrent.iter().map(|layer| layer.cell));
    let recurrent = recurrent
        .iter()
        .filter(|layer| !layer.pass.is_backward_half());
    let text = match recurrent.count() {
        1 => format!("one {kind} layer"),
        count => format!("{count} {kind} layers"),
    };
    match dense.len() {
        0 => text,
        1 => text + " and a dense one",
        count => format!("{text} and {count} dense ones"),
    }
}

impl Results for Report {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{}: {} for {}",
            self.top,
            kinds(&self.layers),
            self.implementation.target.word()
        )?;
        human_layers(out, &self.layers)?;
        human_timing(out, &self.timing)
    }
}
