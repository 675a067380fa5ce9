//! Foldings of one layer that a search looks at, and the best of them.

use super::candidates::{Layers, candidates};
use super::folding::{ArrayStyle, Folding};
use super::layer::LayerDesign;
use super::rated::{Rated, Wanted};
use super::spec::LayerSpec;
use super::widths::RowBound;

/// A folding that is looked at.
pub(super) struct Look {
    pub(super) units: usize,
    pub(super) columns: usize,
    pub(super) folding: Folding,
    pub(super) cycles: u64,
}

impl Look {
    /// A folding with beats of `stream` elements.
    pub(super) fn of(
        spec: &LayerSpec,
        (units, columns): (usize, usize),
        stream: usize,
        style: ArrayStyle,
    ) -> Self {
        let folding = Folding::fold(spec, units, columns, stream, style);
        Self {
            units,
            columns,
            cycles: folding.free_running_cycles(),
            folding,
        }
    }
}

/// All foldings of one layer with at most `macs` multiply-accumulates, streams left aside.
pub(super) fn looks(spec: &LayerSpec, macs: usize, style: ArrayStyle) -> Vec<Look> {
    candidates(Layers::one(spec), macs)
        .map(|shape| Look::of(spec, shape, 1, style))
        .collect()
}

/// The best of some foldings of one layer.
pub(super) fn best(
    spec: &LayerSpec,
    looks: Vec<Look>,
    wanted: Wanted,
    price: impl Fn(&LayerDesign) -> u64,
) -> Option<(usize, usize)> {
    looks
        .into_iter()
        .map(|look| {
            let layer = LayerDesign::new(spec.clone(), look.folding, RowBound::Sizes);
            let rated = Rated {
                cycles: look.cycles,
                share: 0.0,
                price: price(&layer),
            };
            (rated, (look.units, look.columns))
        })
        .min_by(|(a, _), (b, _)| wanted.order(a, b))
        .map(|(_, folding)| folding)
}
