//! Estimates a second on one core, from shapes alone: `cargo bench --bench estimate`.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::device::Family;
use lprnn_hw::estimate::{Estimate, FactorTable};
use lprnn_hw::hardware::Design;
use lprnn_hw::quantize::seeded;
use lprnn_hw::spec::{FoldingGoal, Implementation, MacStyle, Numerics, SeededNetwork};

fn main() {
    divan::main();
}

#[divan::bench(args = [64, 512])]
fn of_layers(bencher: Bencher, hidden: usize) {
    let model = seeded(&SeededNetwork::one_layer(
        (64, hidden),
        Numerics::of_widths(4, 4, 4),
        1,
    ));
    let how = Implementation::usual(
        "bench",
        FoldingGoal::Explicit {
            units: 4,
            columns: 16,
        },
        (MacStyle::Lut, Family::Xc7),
    );
    let design =
        Design::new(&model, &how, &*FactorTable::built_in()).expect("sizes that can be folded");
    let fitted = FactorTable::built_in();
    bencher
        .counter(ItemsCount::new(1usize))
        .bench(|| Estimate::of_layers(divan::black_box(design.layers()), Family::Xc7, &fitted));
}
