//! Choosing the folding from an explicit request or a goal.

use super::array::MacArray;
use super::candidates::{ColumnChoice, Layers, candidates};
use super::folding::{ArrayStyle, Folding};
use super::spec::LayerSpec;
use super::stream::{cycles, stream_elements};
use crate::diagnostic::Problem;
use crate::spec::{FoldingGoal, Implementation};

/// Folds every layer as `implementation` asks.
pub(super) fn fold(
    specs: &[LayerSpec],
    implementation: &Implementation,
) -> Result<Vec<Folding>, Problem> {
    if specs.is_empty() {
        return Err(Problem::new("a design needs at least one LSTM layer"));
    }
    refuse_odd_levels(specs)?;
    let style = ArrayStyle {
        mac: implementation.mac,
        target: implementation.target,
    };
    let mut foldings = Vec::with_capacity(specs.len());
    for (index, spec) in specs.iter().enumerate() {
        foldings.push(match implementation.folding {
            FoldingGoal::Explicit { units, columns } => {
                explicit(index, spec, units, columns, specs.len())?
            }
            FoldingGoal::MaxMacs { macs } => fastest(spec, macs, style)?,
            FoldingGoal::TargetCycles { cycles } => smallest(index, spec, cycles, style)?,
        });
    }
    let stream = stream_elements(specs, &foldings, implementation.stream_elements, style)?;
    Ok(specs
        .iter()
        .zip(&foldings)
        .map(|(spec, &(units, columns))| Folding::fold(spec, units, columns, stream, style))
        .collect())
}

/// Refuses odd levels of more than one bit, which the array does not compute yet.
fn refuse_odd_levels(specs: &[LayerSpec]) -> Result<(), Problem> {
    for (index, spec) in specs.iter().enumerate() {
        for (part, codes) in [
            ("weights", spec.weights()),
            ("x", spec.x.codes()),
            ("h", spec.h.codes()),
        ] {
            if codes.is_odd() && codes.bits > 1 {
                let problem = format!(
                    "{part} of {} bits with odd levels: the hardware has even levels only, and one bit",
                    codes.bits
                );
                return Err(Problem::within(format!("layers.{index}"), problem).help(
                    "quantise with --levels even; `run` and lprnn_quant compute odd levels too",
                ));
            }
        }
    }
    Ok(())
}

fn explicit(
    layer: usize,
    spec: &LayerSpec,
    units: usize,
    columns: usize,
    layers: usize,
) -> Result<(usize, usize), Problem> {
    let longest = spec.input_size.max(spec.hidden_size);
    for (setting, value, max) in [
        ("implementation.units", units, spec.hidden_size),
        ("implementation.columns", columns, longest),
    ] {
        // One folding for several layers of different sizes: each takes what it can use.
        if value == 0 || (value > max && layers == 1) {
            let problem = format!("{value} is not between 1 and {max} (layer {layer})");
            return Err(Problem::setting(setting, problem).help(format!("give 1 to {max}")));
        }
    }
    Ok((units.min(spec.hidden_size), columns.min(longest)))
}

/// Rough LUTs of an array and its lanes: good enough to rank foldings of one layer, nothing else.
///
/// Per product and per unit after Yosys's counts of cores with 1 to 8 bits; the price of a packed
/// DSP block is a judgement.
fn cost(spec: &LayerSpec, units: usize, columns: usize, style: ArrayStyle) -> u64 {
    let (w, a) = (u64::from(spec.w_bits), u64::from(spec.operand_bits()));
    let rows = spec.sums() * units;
    let (sums, units) = (spec.sums() as u64, units as u64);
    let macs = (rows * columns) as u64;
    let products = match MacArray::choose(style.mac, spec.w_bits, spec.operand_bits(), style.target)
    {
        MacArray::Lut { .. } => macs * (7 * w * a + 20) / 10,
        // Of a bare multiplier every product is summed up beside it.
        MacArray::Dsp(packing) if packing.bare => {
            20 * packing.blocks(rows, columns) as u64 + macs * (w + a + 3)
        }
        MacArray::Dsp(packing) => 60 * packing.blocks(rows, columns) as u64,
    };
    // Accumulators, the element-wise lane, its share of tables and cell state; then what every
    // core has.
    products + units * (sums * (w + a + 10) + 100) + 250
}

/// The fastest folding of at most `macs` multiply-accumulates, unless another saves at least three
/// per cent of the cost for every per cent of cycles that it adds.
///
/// The last cycles are bought with many units of few columns, and every unit brings a lane.
fn fastest(spec: &LayerSpec, macs: usize, style: ArrayStyle) -> Result<(usize, usize), Problem> {
    let price = |&(units, columns): &(usize, usize)| {
        let cycles = cycles(spec, units, columns, style);
        let cost = cost(spec, units, columns, style);
        u128::from(cycles).pow(3) * u128::from(cost)
    };
    candidates(Layers::one(spec), macs, ColumnChoice::All)
        .min_by_key(price)
        .ok_or_else(|| {
            let sums = spec.sums();
            let problem = format!("is too small for the {sums} gates of one unit");
            Problem::setting("implementation.max_macs", problem)
                .help(format!("give at least {sums}"))
        })
}

/// The cheapest array that takes at most `goal` cycles a step; the fastest among equals.
fn smallest(
    layer: usize,
    spec: &LayerSpec,
    goal: u64,
    style: ArrayStyle,
) -> Result<(usize, usize), Problem> {
    let mut best = u64::MAX;
    candidates(Layers::one(spec), usize::MAX, ColumnChoice::All)
        .filter_map(|(units, columns)| {
            let cycles = cycles(spec, units, columns, style);
            best = best.min(cycles);
            (cycles <= goal).then_some((units, columns, cycles))
        })
        .min_by_key(|&(units, columns, cycles)| (cost(spec, units, columns, style), cycles, units))
        .map(|(units, columns, _)| (units, columns))
        .ok_or_else(|| {
            let problem = format!(
                "{goal} cycles a step cannot be met: the fastest array for layer {layer} takes {best}"
            );
            Problem::setting("implementation.target_cycles", problem)
                .help(format!("give at least {best}"))
        })
}

#[cfg(test)]
mod tests {
    use super::super::lstm::LSTM;
    use super::*;
    use crate::device::Family;
    use crate::spec::MacStyle;

    const STYLE: ArrayStyle = ArrayStyle {
        mac: MacStyle::Lut,
        target: Family::Xc7,
    };

    fn layer(input_size: usize, hidden_size: usize, bits: u32) -> LayerSpec {
        LayerSpec::ordinary(&LSTM, (input_size, hidden_size), (bits, bits))
    }

    #[test]
    fn no_other_folding_is_both_faster_and_cheaper() {
        for (spec, macs) in [
            (layer(8, 32, 4), 64),
            (layer(32, 128, 2), 320),
            (layer(300, 300, 4), 320),
            (layer(1, 7, 8), 40),
        ] {
            let (units, columns) = fastest(&spec, macs, STYLE).unwrap();
            let time = cycles(&spec, units, columns, STYLE);
            let price = cost(&spec, units, columns, STYLE);
            for (u, s) in candidates(Layers::one(&spec), macs, ColumnChoice::All) {
                let beaten = cycles(&spec, u, s, STYLE) < time && cost(&spec, u, s, STYLE) <= price;
                assert!(!beaten, "{u} x {s} beats {units} x {columns} for {spec:?}");
            }
        }
    }

    #[test]
    fn lanes_count() {
        // 16 units of one column would take 80 cycles instead of 94, for twice the LUTs.
        assert_eq!(fastest(&layer(8, 32, 4), 64, STYLE).unwrap(), (4, 4));
    }

    #[test]
    fn a_goal_of_cycles_is_met_at_the_least_cost() {
        let spec = layer(64, 64, 4);
        let (units, columns) = smallest(0, &spec, 530, STYLE).unwrap();
        assert!(cycles(&spec, units, columns, STYLE) <= 530);
        let price = cost(&spec, units, columns, STYLE);
        for (u, s) in candidates(Layers::one(&spec), 256, ColumnChoice::All) {
            let better = cycles(&spec, u, s, STYLE) <= 530 && cost(&spec, u, s, STYLE) < price;
            assert!(!better, "{u} x {s}");
        }
    }
}
