//! Memories of a design, as its report lists them.

use crate::hardware::{LayerDesign, MemoryShape};
use crate::spec::{Implementation, MemoryInit};
use serde::Serialize;

/// One memory of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// The layer.
    pub layer: usize,
    /// Its contents, in a word.
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

/// The memories of the layer with this number.
pub(super) fn memories(
    index: usize,
    layer: &LayerDesign,
    implementation: &Implementation,
) -> Vec<MemoryReport> {
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
    let operands = match (layer.spec().is_recurrent(), layer.folding().contexts) {
        (false, _) => "x of two steps",
        (true, 1) => "x and h of two steps",
        (true, _) => "x of two steps and h of every context",
    };
    [
        memory("weights", layer.weight_memory(), file("weights")),
        memory("biases", layer.bias_memory(), file("biases")),
        memory("sigmoid and tanh", layer.table_memory(), tables),
        memory("cell state c", layer.state_memory(), none()),
        memory(operands, layer.vector_memory(), none()),
        memory("embedding", layer.embedding_memory(), file("embedding")),
    ]
    .into_iter()
    .filter(|memory| memory.copies > 0)
    .collect()
}
