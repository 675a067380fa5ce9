//! What there is to say about a design before any tool has seen it.

use super::bundle::Built;
use super::output::{Results, grouped, table};
use crate::hardware::Design;
use crate::spec::{DesignConfig, Implementation};
use serde::Serialize;
use std::io::Write;

/// One layer of a design.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// Bits of a weight.
    pub w_bits: u32,
    /// Format of x.
    pub x: String,
    /// Format of h.
    pub h: String,
    /// Format of z.
    pub z: String,
    /// Format of c.
    pub c: String,
    /// Units computed side by side.
    pub units: usize,
    /// Columns multiplied side by side.
    pub columns: usize,
    /// Bits of the weight memory, padding included.
    pub weight_memory_bits: u64,
}

/// Exact cycles and what they mean at the given clock.
#[derive(Clone, Debug, Serialize)]
pub struct TimingReport {
    /// Between the last output beats of consecutive steps, in the steady state.
    pub cycles_per_step: u64,
    /// From the first input beat to the last output beat of the first step.
    pub latency_cycles: u64,
    /// Multiply-accumulates of a step.
    pub macs_per_step: u64,
    /// Multiply-accumulates offered per cycle.
    pub macs_per_cycle: u64,
    /// Done over offered.
    pub array_use: f64,
    /// Clock period that was given.
    pub clock_ns: f64,
    /// Steps per second at that clock.
    pub steps_per_second: f64,
    /// Latency at that clock.
    pub latency_us: f64,
}

impl TimingReport {
    /// The timing of a design at a clock.
    pub fn of(design: &Design, clock_ns: f64) -> Self {
        let cycles = design.cycles();
        Self {
            cycles_per_step: cycles.per_step,
            latency_cycles: cycles.latency,
            macs_per_step: design.macs_per_step(),
            macs_per_cycle: design.macs_per_cycle(),
            array_use: design.array_use(),
            clock_ns,
            steps_per_second: 1e9 / (clock_ns * cycles.per_step as f64),
            latency_us: clock_ns * cycles.latency as f64 / 1000.0,
        }
    }

    /// Lines for people.
    pub fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "  {} cycles per step, {} cycles latency, both exact",
            grouped(self.cycles_per_step),
            grouped(self.latency_cycles)
        )?;
        writeln!(
            out,
            "  {} multiply-accumulates per step, {} per cycle: the array is in use {:.1} % of the time",
            grouped(self.macs_per_step),
            grouped(self.macs_per_cycle),
            100.0 * self.array_use
        )?;
        writeln!(
            out,
            "  at {} ns ({:.1} MHz): {} steps per second, {:.2} us latency",
            self.clock_ns,
            1000.0 / self.clock_ns,
            grouped(self.steps_per_second.round() as u64),
            self.latency_us
        )
    }
}

/// A generated design, as `gen` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct DesignReport {
    schema: u32,
    generator: String,
    top: String,
    model_sha256: String,
    implementation: Implementation,
    layers: Vec<LayerReport>,
    timing: TimingReport,
    files: Vec<String>,
}

/// The layers of a folded model.
pub fn layers(model: &crate::quantize::QuantizedModel, design: &Design) -> Vec<LayerReport> {
    model
        .layers
        .iter()
        .zip(design.layers())
        .map(|(layer, folded)| LayerReport {
            input_size: layer.input_size,
            hidden_size: layer.hidden_size,
            w_bits: layer.w_bits,
            x: layer.x.to_string(),
            h: layer.h.to_string(),
            z: layer.z.to_string(),
            c: layer.c.to_string(),
            units: folded.folding().units,
            columns: folded.folding().columns,
            weight_memory_bits: folded.weight_memory().bits() as u64,
        })
        .collect()
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
        "c",
        "array",
        "weight memory",
    ];
    let mut rows = vec![heads.map(String::from).to_vec()];
    for (index, layer) in layers.iter().enumerate() {
        rows.push(vec![
            index.to_string(),
            layer.input_size.to_string(),
            layer.hidden_size.to_string(),
            format!("{} bit", layer.w_bits),
            layer.x.clone(),
            layer.h.clone(),
            layer.z.clone(),
            layer.c.clone(),
            format!("4*{} x {}", layer.units, layer.columns),
            format!("{} bit", grouped(layer.weight_memory_bits)),
        ]);
    }
    table(out, &rows)
}

impl DesignReport {
    /// The report of a generated design.
    pub fn of(built: &Built) -> Self {
        let DesignConfig {
            implementation,
            clock_ns,
            ..
        } = &built.config;
        Self {
            schema: 1,
            generator: concat!("lprnn-hw ", env!("CARGO_PKG_VERSION")).to_string(),
            top: built.bundle.interface.top.clone(),
            model_sha256: built.model_digest.clone(),
            implementation: implementation.clone(),
            layers: layers(&built.model, &built.design),
            timing: TimingReport::of(&built.design, *clock_ns),
            files: built.bundle.files.keys().cloned().collect(),
        }
    }
}

impl Results for DesignReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{}: {} for {}",
            self.top,
            if self.layers.len() == 1 {
                "one LSTM layer".to_string()
            } else {
                format!("{} LSTM layers", self.layers.len())
            },
            self.implementation.target.word()
        )?;
        human_layers(out, &self.layers)?;
        self.timing.human(out)
    }
}
