//! The folding that suits a part.

use super::plan::Planned;
use super::watch::Watch;
use crate::device::Part;
use crate::diagnostic::Problems;
use crate::explore::{Deadline, Limits, Point, best_folding};
use crate::hardware::Wanted;
use crate::quantize::QuantizedModel;
use crate::spec::{DesignConfig, FoldingGoal, Numerics};

/// Plans a design with the folding that suits `part`, of which `fill` (0 to 1) of LUTs and flip-flops may be
/// used; a goal of cycles in the settings is the most that a step may take. Also the point that was chosen.
///
/// # Errors
/// A model that does not fit: what is missing is said.
pub fn plan_for_part(
    (config, model): (DesignConfig, QuantizedModel),
    part: &'static Part,
    fill: f64,
    wanted: Wanted,
    watch: &dyn Watch,
) -> Result<(Planned, Point), Problems> {
    let deadline = match config.implementation.folding {
        FoldingGoal::TargetCycles { cycles } => Some(Deadline::cycles(cycles)),
        _ => None,
    };
    let limits = Limits {
        part: Some(part),
        fill,
        deadline,
        least_accuracy: None,
    };
    let progress = watch.begin("searching the folding", None);
    let asked = &config.implementation;
    let found = best_folding(&model, asked, Numerics::default(), part, limits, wanted);
    drop(progress);
    let (implementation, design, point) = found?;
    let config = DesignConfig {
        implementation,
        ..config
    };
    let planned = Planned {
        config,
        model,
        design,
    };
    Ok((planned, point))
}
