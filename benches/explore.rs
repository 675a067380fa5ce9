//! Points a second of a sweep on one core: `cargo bench --bench explore`.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::device::Family;
use lprnn_hw::explore::{Axes, Evaluator, Foldings};
use lprnn_hw::fixed::LevelRule;
use lprnn_hw::spec::{DirectionKind, MacStyle, Numerics};

fn main() {
    divan::main();
}

/// The sweep of the README: 7 widths, 4 sizes, both kinds of array, the built-in foldings.
fn axes(layers: usize) -> Axes {
    Axes {
        cell: lprnn_hw::spec::CellKind::Lstm,
        directions: vec![DirectionKind::Forward],
        max_steps: None,
        widths: (2..=8).map(|bits| (bits, bits, bits)).collect(),
        levels: vec![LevelRule::Even],
        row_scale_bits: None,
        z_bits: vec![8],
        hidden: vec![64, 128, 256, 512],
        input_size: None,
        layers: vec![layers],
        mac: vec![MacStyle::Lut, MacStyle::Dsp],
        foldings: Foldings::BuiltIn,
        contexts: vec![1],
    }
}

fn evaluator() -> Evaluator {
    Evaluator::new(Family::Xc7, Numerics::default())
}

#[divan::bench(args = [1, 2, 4])]
fn points(bencher: Bencher, layers: usize) {
    let specs = axes(layers).specs().expect("a valid sweep");
    let evaluator = evaluator();
    bencher.counter(ItemsCount::new(specs.len())).bench(|| {
        specs
            .iter()
            .filter(|spec| evaluator.point(spec, Family::Xc7).is_ok())
            .count()
    });
}

/// Foldings by a goal: each point searches among hundreds.
#[divan::bench(args = [64, 256, 1024])]
fn goals(bencher: Bencher, macs: usize) {
    let mut axes = axes(1);
    axes.foldings = Foldings::MaxMacs(vec![macs]);
    let specs = axes.specs().expect("a valid sweep");
    let evaluator = evaluator();
    bencher.counter(ItemsCount::new(specs.len())).bench(|| {
        specs
            .iter()
            .filter(|spec| evaluator.point(spec, Family::Xc7).is_ok())
            .count()
    });
}
