//! What a design is, in numbers that no synthesis tool is needed for.

use super::interface::Interface;
use crate::fixed::QFormat;
use crate::hardware::{Design, LayerDesign, MacArray, MemoryShape};
use crate::spec::{Implementation, MemoryInit};
use serde::Serialize;

/// Shape, formats and folding of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// Bits of a weight.
    pub w_bits: u32,
    /// Format of x, as `sN.F`.
    pub x: String,
    /// Format of h.
    pub h: String,
    /// Format of the pre-activation z.
    pub z: String,
    /// Format of the gate values.
    pub a: String,
    /// Format of the cell state c.
    pub c: String,
    /// `LUT` or `DSP`.
    pub mac: &'static str,
    /// Units computed side by side.
    pub units: usize,
    /// Columns multiplied side by side.
    pub columns: usize,
    /// Groups of units in a step.
    pub groups: usize,
    /// Blocks of columns in a group, idle ones included.
    pub blocks: usize,
    /// Multiply-accumulates of a step, padding not counted.
    pub macs_per_step: u64,
    /// Multiply-accumulates that the array offers in a cycle.
    pub macs_per_cycle: usize,
}

/// One memory of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// The layer.
    pub layer: usize,
    /// What it holds.
    pub contents: &'static str,
    /// How many there are of it, equal in shape.
    pub copies: usize,
    /// Rows.
    pub rows: usize,
    /// Bits of a row.
    pub width: usize,
    /// Bits of all copies.
    pub bits: usize,
    /// `read only` or `state`.
    pub style: &'static str,
    /// File with the contents, or where else they come from.
    pub file: String,
}

/// The whole report: `report.json`, and the context of `report.md`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Number of this file's format.
    pub schema: u32,
    /// Version of lprnn-hw.
    pub version: &'static str,
    /// Name of the top module.
    pub top: String,
    /// Digest of the model file.
    pub model_digest: String,
    /// FPGA family.
    pub target: &'static str,
    /// One entry per layer.
    pub layers: Vec<LayerReport>,
    /// Cycles between steps.
    pub cycles_per_step: u64,
    /// Cycles from the first input beat to the last output beat of a step, both counted.
    pub latency: u64,
    /// Multiply-accumulates done over offered, in percent.
    pub array_use_percent: String,
    /// Clock period in ns.
    pub clock_period: String,
    /// Steps per second at that period.
    pub steps_per_second: u64,
    /// Latency in microseconds at that period.
    pub latency_us: String,
    /// Every memory.
    pub memories: Vec<MemoryReport>,
    /// Bits of all memories.
    pub memory_bits: usize,
}

impl Report {
    /// The report of a generated design; `clock_ns` is its clock period in nanoseconds.
    #[must_use]
    pub fn new(
        design: &Design,
        implementation: &Implementation,
        interface: &Interface,
        model_digest: &str,
        clock_ns: f64,
    ) -> Self {
        let memories: Vec<_> = (design.layers().iter().enumerate())
            .flat_map(|(index, layer)| memories(index, layer, implementation))
            .collect();
        let timing = &interface.timing;
        Self {
            schema: 1,
            version: env!("CARGO_PKG_VERSION"),
            top: interface.top.clone(),
            model_digest: model_digest.to_owned(),
            target: implementation.target.facts().title,
            layers: layers(design),
            cycles_per_step: timing.cycles_per_step,
            latency: timing.latency,
            array_use_percent: format!("{:.1}", 100.0 * design.array_use()),
            clock_period: format!("{clock_ns:.3}"),
            steps_per_second: (1e9 / (clock_ns * timing.cycles_per_step as f64)) as u64,
            latency_us: format!("{:.3}", timing.latency as f64 * clock_ns / 1000.0),
            memory_bits: memories.iter().map(|memory| memory.bits).sum(),
            memories,
        }
    }
}

fn layers(design: &Design) -> Vec<LayerReport> {
    let layers = design.layers().iter();
    layers
        .map(|layer| (layer.spec(), layer.folding()))
        .map(|(layer, folded)| LayerReport {
            input_size: layer.input_size,
            hidden_size: layer.hidden_size,
            w_bits: layer.w_bits,
            x: layer.x.to_string(),
            h: layer.h.to_string(),
            z: layer.z.to_string(),
            a: QFormat::new(layer.a_frac + 2, layer.a_frac as i32).to_string(),
            c: layer.c.to_string(),
            mac: match folded.mac {
                MacArray::Lut { .. } => "LUT",
                MacArray::Dsp(_) => "DSP",
            },
            units: folded.units,
            columns: folded.columns,
            groups: folded.groups,
            blocks: folded.blocks,
            macs_per_step: folded.macs_per_step(),
            macs_per_cycle: folded.macs_per_cycle(),
        })
        .collect()
}

fn memories(
    index: usize,
    layer: &LayerDesign,
    implementation: &Implementation,
) -> [MemoryReport; 5] {
    let name = &implementation.name;
    let file = |suffix: &str| match implementation.memory_init {
        MemoryInit::Readmemh => format!("rtl/{name}_l{index}_{suffix}.mem"),
        MemoryInit::Inline => format!("rtl/{name}_l{index}_{suffix}.v"),
    };
    let memory = |contents, shape: MemoryShape, file: String| MemoryReport {
        layer: index,
        contents,
        copies: shape.copies,
        rows: shape.depth,
        width: shape.width,
        bits: shape.bits(),
        style: if shape.written { "state" } else { "read only" },
        file,
    };
    let tables = format!("rtl/{name}_l{index}_tables.v");
    let none = String::new;
    [
        memory("weights", layer.weight_memory(), file("weights")),
        memory("biases", layer.bias_memory(), file("biases")),
        memory("sigmoid and tanh", layer.table_memory(), tables),
        memory("cell state c", layer.state_memory(), none()),
        memory("x and h of two steps", layer.vector_memory(), none()),
    ]
}
