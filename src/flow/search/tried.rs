//! A candidate and what came of it.

use crate::search::{Candidate, Scored, TrialOutcome};
use std::collections::BTreeMap;

/// The outcomes of a network by its epochs, and its price.
pub(super) struct Tried {
    /// Network and price.
    pub candidate: Candidate,
    /// Outcomes by epochs.
    pub values: BTreeMap<u64, TrialOutcome>,
}

impl Tried {
    /// Price and last value.
    pub fn scored(&self) -> Option<Scored> {
        Some(Scored {
            price: self.candidate.price,
            value: self.values.values().next_back()?.value,
        })
    }
}
