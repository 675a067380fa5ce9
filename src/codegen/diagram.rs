//! `NAME.svg`: the blocks of a core with their sizes, one row of blocks for each layer.

use super::render::{TemplateError, render};
use super::report::{LayerReport, Report, ShownReport};
use serde::Serialize;

/// Pixels from the top of one layer's blocks to the next.
const LAYER_HEIGHT: usize = 260;
/// Pixels above the first layer's blocks.
const TITLE_HEIGHT: usize = 50;

/// Context of `block.svg.tera`.
#[derive(Debug, Serialize)]
struct Diagram<'a> {
    report: ShownReport<'a>,
    height: usize,
    layers: Vec<LayerBlocks<'a>>,
    last: usize,
}

/// The blocks of one layer.
#[derive(Debug, Serialize)]
struct LayerBlocks<'a> {
    top: usize,
    /// Number of the layer.
    number: usize,
    /// Direction, where it does not go without saying.
    direction: Option<&'static str>,
    backwards: bool,
    layer: &'a LayerReport,
    dense: bool,
    rows: usize,
    weights: String,
}

/// Draws the core that `report` describes.
pub(super) fn diagram(report: &Report) -> Result<Vec<u8>, TemplateError> {
    let layers: Vec<_> = (0..report.layers.len())
        .map(|index| blocks(report, index))
        .collect();
    let context = Diagram {
        report: report.shown(),
        height: TITLE_HEIGHT + layers.len() * LAYER_HEIGHT,
        last: layers.last().map_or(0, |row| row.number),
        layers,
    };
    let text = render("block.svg.tera", &context)?;
    Ok(text.into_bytes())
}

fn blocks(report: &Report, index: usize) -> LayerBlocks<'_> {
    let layer = &report.layers[index];
    let mut memories = report.memories.iter();
    let weights = memories.find(|memory| {
        memory.layer == layer.pass.layer
            && memory.place == layer.place
            && memory.contents == "weights"
    });
    let (rows, width) = weights.map_or((0, 0), |memory| (memory.rows, memory.width));
    LayerBlocks {
        top: TITLE_HEIGHT + index * LAYER_HEIGHT,
        number: layer.pass.layer,
        direction: layer.pass.word(),
        backwards: layer.pass.backward,
        layer,
        dense: layer.is_dense(),
        rows: layer.macs_per_cycle / layer.columns,
        weights: format!("{rows} rows of {width} bit"),
    }
}
