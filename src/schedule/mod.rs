//! Folding and timing: how many units and columns work side by side, which operand sits where,
//! and exactly how many cycles a step takes. Folding, latency and initiation interval have one
//! owner, and it is this module.

mod cycles;
mod folding;
mod layer;
mod mac;
mod roms;
mod steady;

pub use cycles::{Controls, CycleCounts, Moved, Waits, count_cycles};
pub use folding::{ScheduleError, choose};
pub use layer::{Fabric, LayerSchedule, LayerShape};
pub use mac::{MacArray, Packing};
pub use roms::RomColumns;
pub use steady::{SteadyCycles, steady_cycles};

use crate::quantize::QuantizedModel;
use crate::spec::Implementation;
use serde::Serialize;

/// The folding of every layer and the cycles that follow from it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Schedule {
    /// One entry per layer, in the order of the data.
    pub layers: Vec<LayerSchedule>,
    /// Elements of one beat on every stream of the design.
    pub stream_elements: usize,
    /// Exact cycle counts of the whole core, source and sink always willing.
    pub cycles: CycleCounts,
}

impl Schedule {
    /// Folds `model` as `implementation` asks and counts the cycles.
    pub fn new(
        model: &QuantizedModel,
        implementation: &Implementation,
    ) -> Result<Self, ScheduleError> {
        let shapes: Vec<LayerShape> = model.layers.iter().map(LayerShape::of).collect();
        Self::of_shapes(&shapes, implementation)
    }

    /// The same from sizes and widths alone, without any weights.
    pub fn of_shapes(
        shapes: &[LayerShape],
        implementation: &Implementation,
    ) -> Result<Self, ScheduleError> {
        let layers = choose(shapes, implementation)?;
        let stream_elements = layers[0].in_elements;
        let cycles = count_cycles(&layers);
        Ok(Self {
            layers,
            stream_elements,
            cycles,
        })
    }

    /// Multiply-accumulates of one step, padding not counted.
    #[must_use]
    pub fn macs_per_step(&self) -> u64 {
        self.layers.iter().map(LayerSchedule::macs_per_step).sum()
    }

    /// Multiply-accumulates the arrays could do in one cycle.
    #[must_use]
    pub fn macs_per_cycle(&self) -> u64 {
        self.layers
            .iter()
            .map(|layer| layer.macs_per_cycle() as u64)
            .sum()
    }

    /// Multiply-accumulates done over multiply-accumulates offered, in the steady state.
    #[must_use]
    pub fn array_use(&self) -> f64 {
        self.macs_per_step() as f64 / (self.macs_per_cycle() as f64 * self.cycles.per_step as f64)
    }
}
