//! Choosing the folding from an explicit request or a goal.

use super::dense_search::DenseSearch;
use super::folding::{ArrayStyle, Folding};
use super::layer::LayerDesign;
use super::looks::{Look, best, looks};
use super::rated::{Price, Wanted};
use super::spec::LayerSpec;
use super::stream::stream_elements;
use crate::diagnostic::Problem;
use crate::spec::{FoldingGoal, Implementation};

/// Arrays in time that have more than so many times the fewest products are not priced: no lane that
/// they save costs as much.
const MOST_TIMES_THE_FEWEST: usize = 4;

/// Folds every layer as `implementation` asks.
pub(super) fn fold(
    specs: &[LayerSpec],
    implementation: &Implementation,
    price: &dyn Price,
) -> Result<Vec<Folding>, Problem> {
    if !specs.iter().any(LayerSpec::is_recurrent) {
        return Err(Problem::new("a design needs at least one recurrent layer"));
    }
    let style = ArrayStyle::from(implementation);
    let front = specs.iter().take_while(|spec| !spec.is_recurrent()).count();
    let (front, behind) = specs.split_at(front);
    let (recurrent, dense) = behind.split_at(behind.partition_point(LayerSpec::is_recurrent));
    let mut foldings = Vec::with_capacity(recurrent.len());
    // Both directions of a layer have its sizes.
    let layers = recurrent
        .iter()
        .filter(|spec| !spec.pass.is_backward_half());
    let layers = layers.count();
    for spec in recurrent {
        foldings.push(match implementation.folding {
            FoldingGoal::Explicit { units, columns } => explicit(spec, (units, columns), layers)?,
            FoldingGoal::MaxMacs { macs } => largest(spec, macs, style, price)?,
            FoldingGoal::TargetCycles { cycles } => smallest(spec, cycles, style, price)?,
        });
    }
    let stream = stream_elements(recurrent, &foldings, implementation.stream_elements, style)?;
    let recurrent: Vec<Folding> = (recurrent.iter().zip(&foldings))
        .map(|(spec, &(units, columns))| Folding::fold(spec, units, columns, stream, style))
        .collect();
    let pace = recurrent.iter().map(Folding::free_running_cycles).max();
    let around = DenseSearch {
        goal: implementation.folding,
        pace: pace.unwrap_or(1),
        stream,
        // A dense layer keeps nothing from step to step: it takes them as they come, whosever they are.
        style: ArrayStyle {
            contexts: 1,
            ..style
        },
        price,
    };
    let mut folded = Vec::with_capacity(specs.len());
    for place in front.iter().enumerate() {
        folded.push(around.fold(place, false)?);
    }
    folded.extend(recurrent);
    for (index, spec) in dense.iter().enumerate() {
        let layer = spec.pass.layer;
        folded.push(around.fold((layer, spec), index + 1 == dense.len())?);
    }
    Ok(folded)
}

fn explicit(
    spec: &LayerSpec,
    (units, columns): (usize, usize),
    layers: usize,
) -> Result<(usize, usize), Problem> {
    let (layer, longest) = (spec.pass, spec.longest_operand());
    for (setting, value, max) in [
        ("implementation.units", units, spec.hidden_size),
        ("implementation.columns", columns, longest),
    ] {
        // One folding for several layers of different sizes: each takes what it can use.
        if value == 0 || (value > max && layers == 1) {
            let problem = format!("{value} is not between 1 and {max} ({layer})");
            return Err(Problem::setting(setting, problem).help(format!("give 1 to {max}")));
        }
    }
    Ok((units.min(spec.hidden_size), columns.min(longest)))
}

/// A fast folding of at most `macs` multiply-accumulates.
fn largest(
    spec: &LayerSpec,
    macs: usize,
    style: ArrayStyle,
    price: &dyn Price,
) -> Result<(usize, usize), Problem> {
    let mut looks = looks(spec, macs, style);
    let fastest = looks.iter().map(|look| look.cycles).min().unwrap_or(0);
    // Slower ones would have to cost less than a third of the fastest.
    looks.retain(|look| look.cycles <= fastest * 3 / 2);
    let price = |layer: &LayerDesign| price.price(layer, style.target);
    best(spec, looks, Wanted::Balanced, price).ok_or_else(|| {
        let sums = spec.sums();
        let problem = format!("is too small for the {sums} gates of one unit");
        Problem::setting("implementation.max_macs", problem).help(format!("give at least {sums}"))
    })
}

/// The cheapest array that takes at most `goal` cycles a step.
fn smallest(
    spec: &LayerSpec,
    goal: u64,
    style: ArrayStyle,
    price: &dyn Price,
) -> Result<(usize, usize), Problem> {
    let mut looks = looks(spec, usize::MAX, style);
    let fastest = looks.iter().map(|look| look.cycles).min().unwrap_or(0);
    looks.retain(|look| look.cycles <= goal);
    let macs = |look: &Look| look.units * look.columns;
    let fewest = looks.iter().map(macs).min().unwrap_or(0);
    looks.retain(|look| macs(look) <= MOST_TIMES_THE_FEWEST * fewest);
    let price = |layer: &LayerDesign| price.price(layer, style.target);
    best(spec, looks, Wanted::Smallest, price).ok_or_else(|| {
        let problem = format!(
            "{goal} cycles a step cannot be met: the fastest array for {} takes {fastest}",
            spec.pass
        );
        Problem::setting("implementation.target_cycles", problem)
            .help(format!("give at least {fastest}"))
    })
}

#[cfg(test)]
mod tests {
    use super::super::lstm::LSTM;
    use super::super::widths::RowBound;
    use super::*;
    use crate::device::Family;
    use crate::spec::MacStyle;

    const STYLE: ArrayStyle = ArrayStyle {
        mac: MacStyle::Lut,
        target: Family::Xc7,
        contexts: 1,
        max_steps: 0,
    };

    /// So much for a product of bits, so much for a lane.
    struct Lanes;

    impl Price for Lanes {
        fn price(&self, layer: &LayerDesign, _: Family) -> u64 {
            let (spec, folding) = (layer.spec(), layer.folding());
            let product = u64::from(7 * spec.w_bits * spec.operand_bits() + 20);
            250 + product * folding.macs_per_cycle() as u64 / 10 + 170 * folding.units as u64
        }
    }

    /// Cycles and price of every folding.
    fn all(spec: &LayerSpec, macs: usize) -> Vec<((usize, usize), u64, u64)> {
        looks(spec, macs, STYLE)
            .into_iter()
            .map(|look| {
                let layer = LayerDesign::new(spec.clone(), look.folding, RowBound::Sizes);
                let price = Lanes.price(&layer, STYLE.target);
                ((look.units, look.columns), look.cycles, price)
            })
            .collect()
    }

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
            let found = largest(&spec, macs, STYLE, &Lanes).unwrap();
            let all = all(&spec, macs);
            let &(_, cycles, price) = all.iter().find(|look| look.0 == found).unwrap();
            for (other, other_cycles, other_price) in all {
                let beaten = other_cycles < cycles && other_price <= price;
                assert!(!beaten, "{other:?} beats {found:?} for {spec:?}");
            }
        }
    }

    #[test]
    fn lanes_count() {
        // 16 units of one column would take 80 cycles instead of 94, for twice the LUTs.
        let found = largest(&layer(8, 32, 4), 64, STYLE, &Lanes).unwrap();
        assert_eq!(found, (4, 4));
    }

    #[test]
    fn a_goal_of_cycles_is_met_at_the_least_price() {
        let spec = layer(64, 64, 4);
        let found = smallest(&spec, 530, STYLE, &Lanes).unwrap();
        let all = all(&spec, usize::MAX);
        let &(_, cycles, price) = all.iter().find(|look| look.0 == found).unwrap();
        assert!(cycles <= 530);
        for (other, other_cycles, other_price) in all {
            let better = other_cycles <= 530 && other_price < price;
            assert!(!better, "{other:?}");
        }
    }
}
