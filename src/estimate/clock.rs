//! The clock that place and route will reach, from what stands between two registers.
//!
//! The slowest paths of routed designs are the lane's multiplier, and block RAM with the multiplexer
//! behind it where a memory takes several blocks one behind another. The period is a weighted sum of
//! what lengthens these, and of the size of the core, which lengthens its wires; the weights are fitted
//! to routed designs, per class of devices.

use super::coefficients::{ClockFactors, Error, FactorTable};
use super::storage::weight_blocks;
use super::terms::{Delays, Terms};
use crate::device::{ClockClass, Family};
use crate::hardware::LayerDesign;
use serde::Serialize;

/// An estimated clock and how far such estimates were off on designs outside the fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Clock {
    /// After place and route, MHz.
    pub mhz: f64,
    /// On which devices.
    pub class: ClockClass,
    /// Median of the absolute error, percent.
    pub median_error_percent: f64,
    /// Worst absolute error, percent.
    pub worst_error_percent: f64,
}

/// Delays between the registers of one layer.
#[must_use]
pub fn of_layer(family: Family, layer: &LayerDesign) -> Delays {
    let soft = if family.facts().multiplier.is_none() {
        layer.spec().gate_width() as f64
    } else {
        0.0
    };
    // Its inputs come from blocks that are spread over the device.
    let weights = weight_blocks(family, layer);
    let levels = ((weights.mux_words + 1) as f64).log2();
    [
        1.0,
        soft,
        levels * (weights.blocks.max(1) as f64).log2(),
        0.0,
    ]
}

/// The longest of each of two layers.
#[must_use]
pub fn longest(one: Delays, other: Delays) -> Delays {
    std::array::from_fn(|term| one[term].max(other[term]))
}

/// Of a whole core: its layers' longest, and its size.
#[must_use]
pub fn of_core(mut delays: Delays, terms: &Terms) -> Delays {
    delays[3] = terms.lut.iter().sum::<f64>().max(1.0).log2();
    delays
}

impl ClockFactors {
    /// The clock of a core, MHz.
    #[must_use]
    pub fn mhz(&self, delays: &Delays) -> f64 {
        let period: f64 = delays
            .iter()
            .zip(self.delays)
            .map(|(count, ns)| count * ns)
            .sum();
        1000.0 / period.max(0.1)
    }
}

/// The clock of a core on a class of devices.
#[must_use]
pub fn clock(class: ClockClass, fitted: &FactorTable, delays: &Delays) -> Option<Clock> {
    let fitted = fitted.coefficients().clocks.get(&class)?;
    let Error { median, worst } = fitted.error;
    Some(Clock {
        mhz: (fitted.mhz(delays) * 10.0).round() / 10.0,
        class,
        median_error_percent: median,
        worst_error_percent: worst,
    })
}
