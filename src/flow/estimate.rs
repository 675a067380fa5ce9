//! The estimate of a design, as a report.

use super::plan::Planned;
use crate::codegen::{LayerReport, TimingReport};
use crate::device::Part;
use crate::estimate::{Estimate, FactorTable};
use crate::spec::Implementation;
use serde::Serialize;

/// The estimate of a design, with its layers and cycles.
#[derive(Clone, Debug, Serialize)]
pub struct EstimateReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Folding, target and policies.
    pub implementation: Implementation,
    /// Part that it is estimated for.
    pub part: Option<&'static Part>,
    /// Layers, from the first.
    pub layers: Vec<LayerReport>,
    /// Cycles, exact.
    pub timing: TimingReport,
    /// Cells, memory and clock.
    pub estimate: Estimate,
}

impl EstimateReport {
    /// Estimates a design on a part, or on its family's usual devices.
    #[must_use]
    pub fn of(planned: &Planned, part: Option<&'static Part>, fitted: &FactorTable) -> Self {
        let implementation = &planned.config.implementation;
        let family = part.map_or(implementation.target, |part| part.family);
        Self {
            schema: 2,
            implementation: implementation.clone(),
            part,
            layers: LayerReport::all(&planned.design),
            timing: TimingReport::of(&planned.design, planned.config.clock_ns),
            estimate: planned.estimate_with(family, fitted),
        }
    }
}
