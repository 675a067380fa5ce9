//! Networks that may be the answer, with their prices.

use crate::explore::{Judged, NetworkShape, Sweep};
use crate::quantize::SplitMix;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is to be small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Objective {
    /// LUT sites of the recurrent layers
    #[default]
    Luts,
    /// Bits of the recurrent layers' weights
    Memory,
}

impl Objective {
    /// The price of a point.
    #[must_use]
    pub fn price(self, judged: &Judged) -> u64 {
        match self {
            Self::Luts => judged.point.lut_total,
            Self::Memory => judged.point.weight_bits_total,
        }
    }

    /// Its unit.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Luts => "LUT sites",
            Self::Memory => "bits of weights",
        }
    }
}

/// A network and the price of its cheapest point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The network.
    pub network: NetworkShape,
    /// Price of its cheapest point that meets the limits.
    pub price: u64,
    /// That point's place in the sweep.
    pub point: usize,
}

/// Every network of the sweep that has a point within the limits, with the cheapest of its points; of
/// points of one price the fastest.
#[must_use]
pub fn candidates(sweep: &Sweep, objective: Objective) -> Vec<Candidate> {
    let mut found: BTreeMap<NetworkShape, ((u64, u64), usize)> = BTreeMap::new();
    for (index, judged) in sweep.judged.iter().enumerate() {
        if !judged.kept() {
            continue;
        }
        let rank = (objective.price(judged), judged.point.cycles_per_step);
        let best = found.entry(judged.point.network).or_insert((rank, index));
        if rank < best.0 {
            *best = (rank, index);
        }
    }
    let of = |(network, ((price, _), point))| Candidate {
        network,
        price,
        point,
    };
    found.into_iter().map(of).collect()
}

/// At most `most` of the candidates, drawn, in their order.
#[must_use]
pub fn drawn(mut list: Vec<Candidate>, most: usize, seed: u64) -> Vec<Candidate> {
    let mut random = SplitMix(seed);
    while list.len() > most {
        let at = random.next_u64() % list.len() as u64;
        list.remove(at as usize);
    }
    list
}
