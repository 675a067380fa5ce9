//! Estimates a second on one core, from shapes alone: `cargo bench --bench estimate`.

use divan::{Bencher, counter::ItemsCount};
use lprnn_hw::device::Family;
use lprnn_hw::estimate::{Estimate, FactorTable};
use lprnn_hw::hardware::Design;
use lprnn_hw::quantize::seeded;
use lprnn_hw::spec::{
    FoldingGoal, Implementation, MacStyle, MemoryInit, Numerics, SeededNetwork, StatePolicy,
};

fn main() {
    divan::main();
}

#[divan::bench(args = [64, 512])]
fn of_layers(bencher: Bencher, hidden: usize) {
    let model = seeded(&SeededNetwork {
        direction: lprnn_hw::spec::DirectionKind::Forward,
        vocabulary: None,
        head: None,
        input_size: 64,
        hidden,
        layers: 1,
        numerics: Numerics::of_widths(4, 4, 4),
        seed: 1,
    });
    let how = Implementation {
        name: "bench".into(),
        mac: MacStyle::Lut,
        target: Family::Xc7,
        state: StatePolicy::Tlast,
        memory_init: MemoryInit::Readmemh,
        contexts: 1,
        max_steps: None,
        stream_elements: None,
        folding: FoldingGoal::Explicit {
            units: 4,
            columns: 16,
        },
    };
    let design =
        Design::new(&model, &how, &*FactorTable::built_in()).expect("sizes that can be folded");
    let fitted = FactorTable::built_in();
    bencher
        .counter(ItemsCount::new(1usize))
        .bench(|| Estimate::of_layers(divan::black_box(design.layers()), Family::Xc7, &fitted));
}
