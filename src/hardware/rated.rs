//! The price and the order by which a folding is chosen, wherever one is chosen.

use super::layer::LayerDesign;
use crate::device::Family;
use std::cmp::Ordering;

/// The cost of hardware. The numbers of a design say nothing of cells: who estimates them sets the price.
pub trait Price: Sync {
    /// Price of one layer on `family`, in LUT sites or what is worth as much.
    fn price(&self, layer: &LayerDesign, family: Family) -> u64;
}

/// No price, for tests that ask for a folding by its numbers.
#[cfg(test)]
pub(super) struct Unpriced;

#[cfg(test)]
impl Price for Unpriced {
    fn price(&self, _: &LayerDesign, _: Family) -> u64 {
        0
    }
}

/// A folding as a search sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rated {
    /// Cycles of a step.
    pub cycles: u64,
    /// Largest share of the part that it is for; 0 without a part.
    pub share: f64,
    /// [`Price`] of all layers.
    pub price: u64,
}

/// The better of two foldings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Fewest cycles of a step.
    Fastest,
    /// Fewest cycles, unless another saves at least three per cent of the price for every per cent of
    /// cycles that it adds: the last cycles are bought with many units of few columns, and every unit brings a lane.
    Balanced,
    /// Least cost.
    Smallest,
}

impl Wanted {
    /// The better one first. Cost is the share of the part, then the price.
    #[must_use]
    pub fn order(self, a: &Rated, b: &Rated) -> Ordering {
        let cycles = a.cycles.cmp(&b.cycles);
        let share = a.share.total_cmp(&b.share);
        let price = a.price.cmp(&b.price);
        match self {
            Self::Fastest => cycles.then(share).then(price),
            Self::Balanced => a.balance().cmp(&b.balance()),
            Self::Smallest => share.then(price).then(cycles),
        }
    }
}

impl Rated {
    fn balance(&self) -> u128 {
        u128::from(self.cycles).pow(3) * u128::from(self.price)
    }
}
