//! The fit of a point in a part, and what runs out first.

use super::deadline::Deadline;
use super::point::Point;
use crate::device::Part;
use serde::Serialize;

/// The resource of which a point takes the largest share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// LUT sites.
    Lut,
    /// Flip-flops.
    Ff,
    /// Block RAM, by the bits in it.
    Bram,
    /// Block RAM, by its ports: more blocks than the bits need, for the width of the weight word.
    Bandwidth,
    /// DSP blocks.
    Dsp,
}

impl Limit {
    /// All of them, in the order of tables.
    pub const ALL: [Self; 5] = [Self::Lut, Self::Ff, Self::Bram, Self::Bandwidth, Self::Dsp];

    /// As tables and charts name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lut => "LUT",
            Self::Ff => "FF",
            Self::Bram => "BRAM",
            Self::Bandwidth => "bandwidth",
            Self::Dsp => "DSP",
        }
    }
}

/// Limits that a point must meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Part it must fit; without one any part of the family may do.
    pub part: Option<&'static Part>,
    /// Share of a part's LUTs and flip-flops that may be used, above 0, at most 1.
    pub fill: f64,
    /// Longest time of a step.
    pub deadline: Option<Deadline>,
    /// Worst accuracy of a network, in the measure that is known of it.
    pub least_accuracy: Option<f64>,
}

/// LUT sites of `part` that `point` needs.
///
/// A logic cell of iCE40 is a LUT and a flip-flop behind it, and a flip-flop that another cell feeds
/// takes a cell of its own: of four placed designs 30 to 59 % of the flip-flops did (nextpnr 0.11.1).
#[must_use]
pub fn lut_sites(point: &Point, part: &Part) -> u64 {
    if part.family.facts().ff_behind_lut {
        point.lut_total + (3 * point.ff).div_ceil(5)
    } else {
        point.lut_total
    }
}

/// Shares of what may be used of a part: 1 is all of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shares {
    /// LUT sites.
    pub lut: f64,
    /// Flip-flops.
    pub ff: f64,
    /// Block RAM.
    pub bram: f64,
    /// DSP blocks.
    pub dsp: f64,
}

impl Shares {
    /// Shares that `point` takes of what `part` offers.
    #[must_use]
    pub fn of(point: &Point, part: &Part, fill: f64) -> Self {
        let share = |used: u64, available: f64| match used {
            0 => 0.0,
            used => used as f64 / available,
        };
        Self {
            lut: share(lut_sites(point, part), part.lut as f64 * fill),
            ff: share(point.ff, part.ff as f64 * fill),
            bram: share(point.bram, part.bram as f64),
            dsp: share(point.dsp, part.dsp as f64),
        }
    }

    /// The largest share.
    #[must_use]
    pub fn worst(&self) -> f64 {
        self.lut.max(self.ff).max(self.bram).max(self.dsp)
    }

    /// `true` if nothing is used up.
    #[must_use]
    pub fn fit(&self) -> bool {
        self.worst() <= 1.0
    }

    /// The resource that runs out first.
    #[must_use]
    pub fn limit(&self, point: &Point, part: &Part) -> Limit {
        let worst = self.worst();
        if self.bram >= worst {
            // Less than half of the bits in use: the blocks are there for their ports.
            let capacity = point.bram * part.block_bits;
            if 2 * point.memory_bits < capacity {
                Limit::Bandwidth
            } else {
                Limit::Bram
            }
        } else if self.lut >= worst {
            Limit::Lut
        } else if self.dsp >= worst {
            Limit::Dsp
        } else {
            Limit::Ff
        }
    }
}
