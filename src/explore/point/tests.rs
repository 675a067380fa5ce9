//! Tests of `point.rs`.

use super::*;
use crate::fixed::LevelRule;
use crate::quantize::seeded;
use crate::spec::{CellKind, DirectionKind};

fn numerics() -> Numerics {
    Numerics::default()
}

/// An LSTM, or with `cell` another.
fn network(weight_bits: u32, act_bits: u32, hidden: usize, layers: usize) -> NetworkShape {
    NetworkShape {
        cell: CellKind::Lstm,
        direction: DirectionKind::Forward,
        weight_bits,
        act_bits,
        input_bits: act_bits,
        levels: LevelRule::Even,
        row_scale_bits: None,
        z_bits: 8,
        hidden,
        input_size: hidden / 2 + 1,
        layers,
    }
}

/// A point is estimated without its weights; the design that `gen` builds must be the one meant.
#[test]
fn formats_and_cycles_are_those_of_the_seeded_design() {
    use DirectionKind::{Backward, Bidirectional, Forward};
    let sizes = [(1, 1, 7, 1), (2, 4, 33, 2), (8, 8, 20, 3), (5, 16, 64, 1)];
    let cells = [CellKind::Lstm, CellKind::Gru];
    let refined = [
        (LevelRule::Even, None, (1, Forward), 8),
        (LevelRule::Odd, Some(8), (3, Forward), 6),
        (LevelRule::Auto, None, (2, Forward), 10),
        (LevelRule::Even, None, (1, Bidirectional), 8),
        (LevelRule::Odd, Some(8), (1, Backward), 6),
    ];
    for ((cell, (w, a, hidden, layers)), (levels, row_scale_bits, (contexts, direction), z_bits)) in
        cells
            .into_iter()
            .flat_map(|cell| sizes.map(|size| (cell, size)))
            .flat_map(|of| refined.map(|refined| (of, refined)))
    {
        let network = NetworkShape {
            cell,
            direction,
            levels,
            row_scale_bits,
            z_bits,
            ..network(w, a, hidden, layers)
        };
        let numerics = numerics();
        let model = seeded(&network.seeded(numerics, 3));
        let specs = LayerSpec::of_network(&model);
        assert_eq!(network.specs(&numerics), specs);
        for target in [Family::Xc7, Family::Ice40] {
            let evaluator = Evaluator::new(target, numerics);
            let spec = Spec {
                network,
                mac: MacStyle::Lut,
                folding: FoldingGoal::Explicit {
                    units: 2,
                    columns: 6,
                },
                contexts,
                max_steps: (direction != Forward).then_some(40),
            };
            let point = evaluator.point(&spec, target).unwrap();
            let implementation = evaluator.implementation(&spec);
            let design = Design::new(&model, &implementation, &*evaluator.fitted).unwrap();
            let full = Estimate::new(&model, &design, target, &evaluator.fitted);
            assert_eq!(point.cycles_per_step, full.cycles_per_step);
            assert_eq!(Some(point.latency_cycles), full.latency_cycles);
            assert_eq!(point.dsp, full.dsp);
            // Uniform weights are half as large again as ordinary ones: accumulators may differ.
            let off = point.lut_total as f64 / full.lut_total.value as f64 - 1.0;
            assert!(off.abs() < 0.03, "{network}: {off}");
        }
    }
}

#[test]
fn a_dsp_array_that_does_not_exist_is_no_point() {
    let spec = Spec {
        network: network(1, 1, 16, 1),
        mac: MacStyle::Dsp,
        folding: FoldingGoal::MaxMacs { macs: 64 },
        contexts: 1,
        max_steps: None,
    };
    let numerics = numerics();
    let evaluator = Evaluator::new(Family::Xc7, numerics);
    assert_eq!(
        evaluator.point(&spec, Family::Xc7),
        Err(PointError::NoDspArray)
    );
}
