//! A design in numbers that no synthesis tool is needed for.

mod layer;
mod memory;
mod timing;

pub(super) use layer::stack_title;
pub use layer::{LayerReport, cell_title, state_letter};
pub use memory::MemoryReport;
pub use timing::TimingReport;

use super::interface::Interface;
use crate::hardware::Design;
use crate::spec::Implementation;
use serde::Serialize;

/// The whole report: `report.json` of a bundle, and what `gen` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Number of this object's format.
    pub schema: u32,
    /// Program and version.
    pub generator: &'static str,
    /// Name of the top module.
    pub top: String,
    /// Digest of the model file.
    pub model_sha256: String,
    /// The choices that led to the design.
    pub implementation: Implementation,
    /// One entry per layer.
    pub layers: Vec<LayerReport>,
    /// Exact cycles.
    pub timing: TimingReport,
    /// Every memory.
    pub memories: Vec<MemoryReport>,
    /// Bits of all memories.
    pub memory_bits: usize,
    /// Files of the bundle, relative to its folder, without the list of them.
    pub files: Vec<String>,
}

/// Context of `report.md` and of the block diagram: the report, and its numbers as text.
#[derive(Debug, Serialize)]
pub(super) struct ShownReport<'a> {
    #[serde(flatten)]
    report: &'a Report,
    state: &'static str,
    /// Layer and what is said of its multipliers of rows.
    row_scales: Vec<String>,
    target: &'static str,
    cycles_per_step: u64,
    latency: u64,
    array_use_percent: String,
    clock_period: String,
    steps_per_second: u64,
    latency_us: String,
}

impl Report {
    /// The report of a generated design; `clock_ns` is its clock period in nanoseconds.
    #[must_use]
    pub fn new(
        design: &Design,
        implementation: &Implementation,
        interface: &Interface,
        model_sha256: &str,
        clock_ns: f64,
    ) -> Self {
        let named = design.max_steps().is_some();
        let memories: Vec<_> = (design.layers().iter())
            .flat_map(|layer| memory::memories(layer, named, implementation))
            .collect();
        Self {
            schema: 2,
            generator: concat!("lprnn-hw ", env!("CARGO_PKG_VERSION")),
            top: interface.top.clone(),
            model_sha256: model_sha256.to_owned(),
            implementation: implementation.clone(),
            layers: LayerReport::all(design),
            timing: TimingReport::of(design, clock_ns),
            memory_bits: memories.iter().map(|memory| memory.bits).sum(),
            memories,
            files: Vec::new(),
        }
    }

    pub(super) fn shown(&self) -> ShownReport<'_> {
        let timing = &self.timing;
        ShownReport {
            report: self,
            state: state_letter(&self.layers),
            row_scales: (self.layers.iter().enumerate())
                .filter_map(|(index, layer)| {
                    let text = layer.row_scales()?;
                    Some(format!("Layer {}: {text}.", layer.number(index)))
                })
                .collect(),
            target: self.implementation.target.facts().title,
            cycles_per_step: timing.cycles_per_step,
            latency: timing.latency_cycles,
            array_use_percent: format!("{:.1}", 100.0 * timing.array_use),
            clock_period: format!("{:.3}", timing.clock_ns),
            steps_per_second: timing.steps_per_second as u64,
            latency_us: format!("{:.3}", timing.latency_us),
        }
    }
}
