//! Choosing the folding from an explicit request or a goal.

use super::layer::{Fabric, LayerSchedule, LayerShape};
use crate::spec::{FoldingGoal, Implementation};

/// A folding that cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Units or columns out of range for a layer.
    #[error("{field}: {value} is not between 1 and {max} (layer {layer})")]
    OutOfRange {
        /// `units` or `columns`.
        field: &'static str,
        /// What was asked for.
        value: usize,
        /// The largest that makes sense.
        max: usize,
        /// Index of the layer.
        layer: usize,
    },
    /// Stream elements that do not fit the folding.
    #[error(
        "stream_elements: {value} must divide units ({units}) and be at most columns ({columns}) in layer {layer}; \
         1 always fits"
    )]
    StreamElements {
        /// What was asked for.
        value: usize,
        /// Units of the layer.
        units: usize,
        /// Columns of the layer.
        columns: usize,
        /// Index of the layer.
        layer: usize,
    },
    /// No array meets the goal.
    #[error(
        "target_cycles: {goal} cycles a step cannot be met; the fastest array for layer {layer} takes {best}"
    )]
    Unreachable {
        /// Cycles asked for.
        goal: u64,
        /// Fewest cycles found.
        best: u64,
        /// Index of the layer.
        layer: usize,
    },
    /// A goal of zero.
    #[error("{field}: must be at least {min}")]
    TooSmall {
        /// Name of the goal.
        field: &'static str,
        /// Smallest value that can be built.
        min: u64,
    },
    /// A model without layers.
    #[error("layers: a design needs at least one LSTM layer")]
    NoLayers,
}

/// Arrays larger than this are not searched, multiply-accumulates per layer.
const LARGEST_ARRAY: usize = 1 << 16;

/// Folds every layer as `implementation` asks.
pub fn choose(
    shapes: &[LayerShape],
    implementation: &Implementation,
) -> Result<Vec<LayerSchedule>, ScheduleError> {
    if shapes.is_empty() {
        return Err(ScheduleError::NoLayers);
    }
    let fabric = Fabric {
        mac: implementation.mac,
        target: implementation.target,
    };
    let mut foldings = Vec::with_capacity(shapes.len());
    for (index, &shape) in shapes.iter().enumerate() {
        foldings.push(match implementation.folding {
            FoldingGoal::Explicit { units, columns } => {
                explicit(index, shape, units, columns, shapes.len())?
            }
            FoldingGoal::MaxMacs { macs } => fastest(shape, macs, fabric)?,
            FoldingGoal::TargetCycles { cycles } => smallest(index, shape, cycles, fabric)?,
        });
    }
    let stream = stream_elements(shapes, &foldings, implementation.stream_elements, fabric)?;
    Ok(shapes
        .iter()
        .zip(&foldings)
        .map(|(&shape, &(units, columns))| {
            LayerSchedule::fold(shape, units, columns, stream, fabric)
        })
        .collect())
}

fn explicit(
    layer: usize,
    shape: LayerShape,
    units: usize,
    columns: usize,
    layers: usize,
) -> Result<(usize, usize), ScheduleError> {
    let longest = shape.input_size.max(shape.hidden_size);
    for (field, value, max) in [
        ("units", units, shape.hidden_size),
        ("columns", columns, longest),
    ] {
        // One folding for several layers of different sizes: each takes what it can use.
        if value == 0 || (value > max && layers == 1) {
            return Err(ScheduleError::OutOfRange {
                field,
                value,
                max,
                layer,
            });
        }
    }
    Ok((units.min(shape.hidden_size), columns.min(longest)))
}

/// Cycles of a step for one candidate, streams left aside.
fn cycles(shape: LayerShape, units: usize, columns: usize, fabric: Fabric) -> u64 {
    LayerSchedule::fold(shape, units, columns, 1, fabric).free_running_cycles()
}

/// Every folding worth looking at: for each number of units the column counts that change the
/// number of blocks.
fn candidates(shape: LayerShape, macs: usize) -> impl Iterator<Item = (usize, usize)> {
    let longest = shape.input_size.max(shape.hidden_size);
    (1..=shape.hidden_size.min(macs / 4))
        .filter(move |&units| {
            // Only units that are the fewest for their number of groups.
            let groups = shape.hidden_size.div_ceil(units);
            units == 1 || shape.hidden_size.div_ceil(units - 1) > groups
        })
        .flat_map(move |units| {
            (1..=longest.min(macs / (4 * units))).map(move |columns| (units, columns))
        })
}

/// The fastest folding of at most `macs` multiply-accumulates; the smallest among equals.
fn fastest(
    shape: LayerShape,
    macs: usize,
    fabric: Fabric,
) -> Result<(usize, usize), ScheduleError> {
    candidates(shape, macs.min(LARGEST_ARRAY))
        .min_by_key(|&(units, columns)| {
            (
                cycles(shape, units, columns, fabric),
                units * columns,
                units,
            )
        })
        .ok_or(ScheduleError::TooSmall {
            field: "max_macs",
            min: 4,
        })
}

/// The smallest array that takes at most `goal` cycles a step; the fastest among equals.
fn smallest(
    layer: usize,
    shape: LayerShape,
    goal: u64,
    fabric: Fabric,
) -> Result<(usize, usize), ScheduleError> {
    let mut best = u64::MAX;
    candidates(shape, LARGEST_ARRAY)
        .filter_map(|(units, columns)| {
            let cycles = cycles(shape, units, columns, fabric);
            best = best.min(cycles);
            (cycles <= goal).then_some((units, columns, cycles))
        })
        .min_by_key(|&(units, columns, cycles)| (units * columns, cycles, units))
        .map(|(units, columns, _)| (units, columns))
        .ok_or(ScheduleError::Unreachable { goal, best, layer })
}

/// The requested elements per beat, or the fewest with which no stream slows an array down.
fn stream_elements(
    shapes: &[LayerShape],
    foldings: &[(usize, usize)],
    wanted: Option<usize>,
    fabric: Fabric,
) -> Result<usize, ScheduleError> {
    let misfit = |value: usize| {
        foldings
            .iter()
            .position(|&(units, columns)| value == 0 || units % value != 0 || value > columns)
    };
    if let Some(value) = wanted {
        return match misfit(value) {
            None => Ok(value),
            Some(layer) => {
                let (units, columns) = foldings[layer];
                Err(ScheduleError::StreamElements {
                    value,
                    units,
                    columns,
                    layer,
                })
            }
        };
    }
    let widest = foldings.iter().map(|&(units, _)| units).min().unwrap_or(1);
    let slowest = shapes
        .iter()
        .zip(foldings)
        .map(|(&shape, &(u, s))| cycles(shape, u, s, fabric))
        .max()
        .unwrap_or(1);
    let fits: Vec<usize> = (1..=widest)
        .filter(|&value| misfit(value).is_none())
        .collect();
    let keeps_up = |value: usize| {
        shapes
            .iter()
            .zip(foldings)
            .all(|(&shape, &(units, columns))| {
                let layer = LayerSchedule::fold(shape, units, columns, value, fabric);
                let steps = slowest.max(layer.free_running_cycles()) as usize;
                let writes = layer.groups * layer.h_subblocks;
                layer.in_beats() + writes + layer.chain + 2 <= steps
                    && layer.units / value <= layer.blocks
                    && layer.out_beats() <= steps
            })
    };
    Ok(fits
        .iter()
        .copied()
        .find(|&value| keeps_up(value))
        .unwrap_or(*fits.last().unwrap_or(&1)))
}
