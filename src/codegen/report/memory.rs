//! Memories of a design, as its report lists them.

use super::layer::place;
use crate::codegen::layer::tag;
use crate::hardware::{LayerDesign, MemoryShape};
use crate::spec::{Implementation, MemoryInit, OutputOrder};
use serde::Serialize;

/// One memory of a layer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MemoryReport {
    /// The layer.
    pub layer: usize,
    /// Its number and direction, `0 backward`, of a network in which some layer is not forward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
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

/// The memories of a layer, whose direction is `named` or not.
pub(super) fn memories(
    layer: &LayerDesign,
    named: bool,
    implementation: &Implementation,
) -> Vec<MemoryReport> {
    let (name, index) = (&implementation.name, tag(layer.spec()));
    let file = |suffix: &str| match implementation.memory_init {
        MemoryInit::Readmemh => format!("rtl/{name}_l{index}_{suffix}.mem"),
        MemoryInit::Inline => format!("rtl/{name}_l{index}_{suffix}.v"),
    };
    let memory = |contents, shape: MemoryShape, file: String| MemoryReport {
        layer: layer.spec().pass.layer,
        place: named.then(|| place(layer.spec())),
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
    let waiting = match layer.spec().pass.order {
        OutputOrder::Time => "h of two sequences",
        OutputOrder::Processing => "h of a sequence, and of some steps of the next",
    };
    [
        memory("weights", layer.weight_memory(), file("weights")),
        memory("biases", layer.bias_memory(), file("biases")),
        memory("sigmoid and tanh", layer.table_memory(), tables),
        memory("cell state c", layer.state_memory(), none()),
        memory(operands, layer.vector_memory(), none()),
        memory("embedding", layer.embedding_memory(), file("embedding")),
        memory("x of a sequence", layer.memory_before(), none()),
        memory("h of a sequence", layer.memory_behind(), none()),
        memory(waiting, layer.waiting_memory(), none()),
    ]
    .into_iter()
    .filter(|memory| memory.copies > 0)
    .collect()
}
