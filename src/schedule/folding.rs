//! Choosing the folding from an explicit request or a goal.

use super::layer::{Fabric, LayerSchedule, LayerShape};
use super::mac::MacArray;
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
        "stream_elements: {value} must divide units ({units}) and be at most columns ({columns}) in layer {layer}"
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
        "target_cycles: {goal} cycles a step cannot be met: the fastest array for layer {layer} takes {best}"
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

impl crate::remedy::Remedy for ScheduleError {
    fn help(&self) -> Option<String> {
        match self {
            Self::StreamElements { .. } => Some("give 1, which always fits".into()),
            Self::Unreachable { best, .. } => Some(format!("give at least {best}")),
            Self::OutOfRange { .. } | Self::TooSmall { .. } | Self::NoLayers => None,
        }
    }
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

/// Rough LUTs of an array and its lanes: good enough to rank foldings of one layer, nothing else.
///
/// Per product and per unit after Yosys's counts of cores with 1 to 8 bits; the price of a packed
/// DSP block is a judgement.
fn cost(shape: LayerShape, units: usize, columns: usize, fabric: Fabric) -> u64 {
    let (w, a) = (u64::from(shape.w_bits), u64::from(shape.act_bits));
    let (units, columns) = (units as u64, columns as u64);
    let products = match MacArray::choose(fabric.mac, &shape, fabric.target) {
        MacArray::Lut { .. } => 4 * units * columns * (7 * w * a + 20) / 10,
        // Of a bare multiplier every product is summed up beside it.
        MacArray::Dsp(packing) if packing.bare => {
            20 * packing.blocks(4 * units as usize, columns as usize) as u64
                + 4 * units * columns * (w + a + 3)
        }
        MacArray::Dsp(packing) => 60 * packing.blocks(4 * units as usize, columns as usize) as u64,
    };
    // Four accumulators, the element-wise lane, its share of tables and cell state; then what every
    // core has.
    products + units * (4 * (w + a + 10) + 100) + 250
}

/// The fastest folding of at most `macs` multiply-accumulates, unless another saves at least three
/// per cent of the cost for every per cent of cycles that it adds.
///
/// The last cycles are bought with many units of few columns, and every unit brings a lane.
fn fastest(
    shape: LayerShape,
    macs: usize,
    fabric: Fabric,
) -> Result<(usize, usize), ScheduleError> {
    let price = |&(units, columns): &(usize, usize)| {
        let cycles = cycles(shape, units, columns, fabric);
        let cost = cost(shape, units, columns, fabric);
        u128::from(cycles).pow(3) * u128::from(cost)
    };
    candidates(shape, macs.min(LARGEST_ARRAY))
        .min_by_key(price)
        .ok_or(ScheduleError::TooSmall {
            field: "max_macs",
            min: 4,
        })
}

/// The cheapest array that takes at most `goal` cycles a step; the fastest among equals.
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
        .min_by_key(|&(units, columns, cycles)| {
            (cost(shape, units, columns, fabric), cycles, units)
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Family;
    use crate::spec::MacStyle;

    const FABRIC: Fabric = Fabric {
        mac: MacStyle::Lut,
        target: Family::Xc7,
    };

    fn shape(input_size: usize, hidden_size: usize, bits: u32) -> LayerShape {
        LayerShape {
            input_size,
            hidden_size,
            w_bits: bits,
            act_bits: bits,
        }
    }

    #[test]
    fn no_other_folding_is_both_faster_and_cheaper() {
        for (shape, macs) in [
            (shape(8, 32, 4), 64),
            (shape(32, 128, 2), 320),
            (shape(300, 300, 4), 320),
            (shape(1, 7, 8), 40),
        ] {
            let (units, columns) = fastest(shape, macs, FABRIC).unwrap();
            let time = cycles(shape, units, columns, FABRIC);
            let price = cost(shape, units, columns, FABRIC);
            for (u, s) in candidates(shape, macs) {
                let beaten =
                    cycles(shape, u, s, FABRIC) < time && cost(shape, u, s, FABRIC) <= price;
                assert!(!beaten, "{u} x {s} beats {units} x {columns} for {shape:?}");
            }
        }
    }

    #[test]
    fn lanes_count() {
        // 16 units of one column would take 80 cycles instead of 94, for twice the LUTs.
        assert_eq!(fastest(shape(8, 32, 4), 64, FABRIC).unwrap(), (4, 4));
    }

    #[test]
    fn a_goal_of_cycles_is_met_at_the_least_cost() {
        let shape = shape(64, 64, 4);
        let (units, columns) = smallest(0, shape, 530, FABRIC).unwrap();
        assert!(cycles(shape, units, columns, FABRIC) <= 530);
        let price = cost(shape, units, columns, FABRIC);
        for (u, s) in candidates(shape, 256) {
            let better = cycles(shape, u, s, FABRIC) <= 530 && cost(shape, u, s, FABRIC) < price;
            assert!(!better, "{u} x {s}");
        }
    }
}
