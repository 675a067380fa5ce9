//! Layers of a design, as every report lists them.

use crate::fixed::QFormat;
use crate::hardware::{DENSE, Design, LSTM, LayerDesign, LayerSpec, MacArray};
use crate::quantize::{PassPlace, numbered};
use serde::Serialize;
use std::collections::BTreeSet;

/// Shape, formats and folding of one layer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerReport {
    /// The cell: `lstm` goes without saying.
    #[serde(skip_serializing_if = "is_lstm")]
    pub cell: &'static str,
    /// Number of the layer and direction, `0 backward`, of a network in which some layer is not forward.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// Number and direction, in numbers.
    #[serde(skip)]
    pub pass: PassPlace,
    /// Rows of the array for one unit.
    #[serde(skip)]
    pub sums: usize,
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
    /// Format of the pre-activation z; empty of a dense layer, as are gates and state.
    pub z: String,
    /// Format of the gate values.
    pub a: String,
    /// Format of the state: c, or s of a GRU.
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
    /// Bits of the weight memory, padding included.
    pub weight_memory_bits: usize,
    /// Bits of the multiplier of every row, where rows have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_scale_bits: Option<u32>,
    /// Where rows have multipliers, blocks of a group that do nothing but give the lanes their cycles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_blocks: Option<usize>,
}

/// `LSTM`, `GRU`, or `recurrent` where both are among the names of the layers' cells.
#[must_use]
pub fn cell_title(mut names: impl Iterator<Item = &'static str>) -> String {
    let first = names.next().unwrap_or_default();
    if names.all(|name| name == first) {
        first.to_uppercase()
    } else {
        "recurrent".into()
    }
}

/// `2-layer GRU`, `embedding, 1-layer LSTM, dense`: the layers of a design in a few words.
#[must_use]
pub(in crate::codegen) fn stack_title(design: &Design) -> String {
    let specs = design.layers().iter().map(LayerDesign::spec);
    let recurrent = specs
        .clone()
        .filter(|spec| spec.is_recurrent() && !spec.pass.is_backward_half());
    let cells = recurrent.clone().map(|spec| spec.cell.name);
    let count = recurrent.clone().count();
    let embedding = specs.clone().find_map(|spec| spec.vocabulary);
    let mut parts: Vec<String> = embedding.map(|_| "embedding".into()).into_iter().collect();
    let words: BTreeSet<_> = recurrent.map(|spec| spec.pass.kind().word()).collect();
    let words = match Vec::from_iter(words)[..] {
        ["forward"] => String::new(),
        ref words => words.join("/") + " ",
    };
    parts.push(format!("{count}-layer {words}{}", cell_title(cells)));
    let dense = specs.filter(|spec| !spec.is_recurrent());
    parts.extend(dense.map(|spec| spec.cell.name.into()));
    parts.join(", ")
}

/// Number of a layer and direction of a pass, where that does not go without saying: `1`, `0 backward`.
pub(super) fn place(spec: &LayerSpec) -> String {
    numbered(spec.pass.layer, spec.pass.word())
}

/// The letter of the state that the layers keep beside h: c of an LSTM, s of a GRU.
#[must_use]
pub fn state_letter(layers: &[LayerReport]) -> &'static str {
    let mut recurrent = layers.iter().filter(|layer| !layer.is_dense());
    let lstm = recurrent.clone().any(|layer| is_lstm(&layer.cell));
    let other = recurrent.any(|layer| !is_lstm(&layer.cell));
    match (lstm, other) {
        (true, true) => "c, s",
        (false, true) => "s",
        _ => "c",
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_lstm(cell: &&'static str) -> bool {
    *cell == LSTM.name
}

impl LayerReport {
    /// What the multipliers of rows are computed on, and what they cost in cycles; `None` where there are none.
    #[must_use]
    pub fn row_scales(&self) -> Option<String> {
        let bits = self.row_scale_bits?;
        let cycles = match self.idle_blocks? {
            0 => "the blocks of a group leave them the cycles".to_owned(),
            idle => format!(
                "{idle} of the {} blocks of a group are idle, to leave the lanes their cycles",
                self.blocks
            ),
        };
        Some(format!(
            "multipliers of rows, {bits} bits, on the lanes' multiplier: {cycles}"
        ))
    }

    /// One entry for every layer of `design`.
    #[must_use]
    pub fn all(design: &Design) -> Vec<Self> {
        let named = design.max_steps().is_some();
        (design.layers().iter())
            .map(|layer| Self {
                place: named.then(|| place(layer.spec())),
                ..Self::of(layer)
            })
            .collect()
    }

    /// Number and direction of the layer, which is number `index` of a report.
    #[must_use]
    pub fn number(&self, index: usize) -> String {
        self.place.clone().unwrap_or_else(|| index.to_string())
    }

    /// It is a dense layer.
    #[must_use]
    pub fn is_dense(&self) -> bool {
        self.cell == DENSE.name
    }

    fn of(design: &LayerDesign) -> Self {
        let (layer, folded) = (design.spec(), design.folding());
        let of_cell = |format: QFormat| {
            if layer.is_recurrent() {
                format.to_string()
            } else {
                String::new()
            }
        };
        Self {
            cell: layer.cell.name,
            place: None,
            pass: layer.pass,
            sums: layer.sums(),
            input_size: layer.input_size,
            hidden_size: layer.hidden_size,
            w_bits: layer.w_bits,
            x: layer.x.to_string(),
            h: layer.h.to_string(),
            row_scale_bits: layer.row_multiplier.map(|row| row.bits),
            idle_blocks: (layer.row_multiplier)
                .map(|_| folded.blocks - folded.x_blocks - folded.h_blocks),
            z: of_cell(layer.z),
            a: of_cell(QFormat::new(layer.a_frac + 2, layer.a_frac as i32)),
            c: of_cell(layer.c),
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
            weight_memory_bits: design.weight_memory().bits(),
        }
    }
}
