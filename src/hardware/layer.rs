//! One layer's hardware in numbers, and the contents of its memories.

use super::folding::Folding;
use super::image::Image;
use super::images::{bias_image, embedding_image, varying_biases, varying_weights, weight_image};
use super::placed::Placed;
use super::spec::{LayerSpec, LayerWeights};
use super::widths::{RowBound, Widths};
use crate::quantize::Embedding;
use serde::Serialize;

/// Columns of read-only memories that are not the same in every row, known before synthesis. It drops
/// the others, so a memory's blocks follow from these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RomColumns {
    /// Of the weight memory.
    pub weights: usize,
    /// Of the bias memory.
    pub biases: usize,
    /// Of the table of the embedding before the layer; 0 without one.
    pub embedding: usize,
    /// The activation tables are two memories, as those without `initial` blocks are, not one that is
    /// read twice.
    pub two_tables: bool,
}

/// One layer's hardware in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerDesign {
    #[serde(skip)]
    spec: LayerSpec,
    folding: Folding,
    widths: Widths,
}

impl LayerDesign {
    pub(super) fn new(spec: LayerSpec, folding: Folding, bound: RowBound<'_>) -> Self {
        let widths = Widths::new(&spec, &folding, bound);
        Self {
            spec,
            folding,
            widths,
        }
    }

    /// Cell, sizes and formats.
    #[must_use]
    pub const fn spec(&self) -> &LayerSpec {
        &self.spec
    }

    /// Units and columns side by side, and where every operand sits.
    #[must_use]
    pub const fn folding(&self) -> &Folding {
        &self.folding
    }

    /// Widths and shifts of the datapath.
    #[must_use]
    pub const fn widths(&self) -> &Widths {
        &self.widths
    }

    /// The weight memory's contents: row `a` holds, for stage `i` of every chain, the weights of block
    /// `a - i`.
    #[must_use]
    pub fn weight_image<'a>(&'a self, weights: impl Into<LayerWeights<'a>>) -> Image {
        weight_image(&self.placed(weights))
    }

    /// The bias memory's contents: row `{group, fresh, turn}` holds the constant of the sum that the
    /// lane takes in this turn, for every unit of the group.
    #[must_use]
    pub fn bias_image<'a>(&'a self, weights: impl Into<LayerWeights<'a>>) -> Image {
        bias_image(&self.placed(weights), &self.widths)
    }

    /// The embedding's contents: a row for every beat of every index, the first element lowest; an odd code
    /// without its last bit.
    #[must_use]
    pub fn embedding_image(&self, embedding: &Embedding) -> Image {
        embedding_image(&self.spec, &self.folding, embedding)
    }

    /// Columns that synthesis keeps of the memories, with `two_tables` as they are built.
    pub(super) fn rom_columns<'a>(
        &'a self,
        weights: impl Into<LayerWeights<'a>>,
        embedding: Option<&Embedding>,
        two_tables: bool,
    ) -> RomColumns {
        let placed = self.placed(weights);
        RomColumns {
            weights: varying_weights(&placed),
            biases: varying_biases(&placed, &self.widths),
            embedding: embedding.map_or(0, |embedding| {
                self.embedding_image(embedding).varying_columns()
            }),
            two_tables,
        }
    }

    fn placed<'a>(&'a self, weights: impl Into<LayerWeights<'a>>) -> Placed<'a> {
        Placed::new(&self.spec, &self.folding, weights.into())
    }
}
