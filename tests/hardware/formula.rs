//! The closed form of the cycles per step in `docs/architecture.md` against the design's own count.

mod toy;

use lprnn_hw::device::Family;
use lprnn_hw::hardware::{ArrayStyle, Folding, LSTM, LayerSpec};
use lprnn_hw::spec::MacStyle;

#[test]
fn closed_form_equals_the_exact_count_where_units_fit_into_a_block() {
    let sizes = [1, 5, 16, 31, 32, 64, 128, 300];
    let mut stalled = 0;
    let mut free = 0;
    for (input_size, hidden_size) in sizes.iter().flat_map(|&i| sizes.map(|h| (i, h))) {
        for (units, columns) in [1, 2, 4, 8]
            .iter()
            .flat_map(|&u| [8, 16, 25, 64].map(|s| (u, s)))
        {
            if units > hidden_size || columns > input_size.max(hidden_size) {
                continue;
            }
            for (mac, target, contexts) in [
                (MacStyle::Lut, Family::Xc7, 1),
                (MacStyle::Dsp, Family::Ecp5, 1),
                (MacStyle::Lut, Family::Xc7, 2),
                (MacStyle::Lut, Family::Ecp5, 5),
            ] {
                let spec = LayerSpec::ordinary(&LSTM, (input_size, hidden_size), (4, 4));
                let style = ArrayStyle {
                    mac,
                    target,
                    contexts,
                    max_steps: 0,
                };
                let layer = Folding::fold(&spec, units, columns, 1, style);
                if layer.blocks < layer.timing.far() {
                    continue; // rule 5 may add a cycle or two
                }
                let tail = layer.x_blocks + layer.h_blocks - 1;
                let others = (contexts - 1) * layer.groups * layer.blocks;
                let wait = layer.group_latency().saturating_sub(tail + others);
                let stall = if wait == 0 {
                    0
                } else {
                    wait.max(layer.chain - 1)
                };
                assert_eq!(
                    layer.round_cycles(),
                    (contexts * layer.groups * layer.blocks + stall) as u64,
                    "{layer:?}"
                );
                if stall == 0 { free += 1 } else { stalled += 1 }
            }
        }
    }
    assert!(
        free > 20 && stalled > 20,
        "{free} without a stall, {stalled} with one"
    );
}
