//! Scales are exact, and come off again.

use super::*;
use crate::quantize::Emit;
use crate::score::Targets;
use crate::spec::{CellKind, DirectionKind, OutputOrder};
use crate::train::Sizes;

fn set() -> KnownSet {
    // Elements of 100000 +- 50, of +- 0.001, and a constant; targets of 20 +- 3.
    let steps = 40;
    let wave = |n: usize| (n as f32 * 0.7).sin();
    let data = (0..steps).flat_map(|n| [100_000.0 + 50.0 * wave(n), 0.001 * wave(n + 3), 7.0]);
    let targets = (0..steps).map(|n| f64::from(20.0 + 3.0 * wave(n)));
    KnownSet {
        inputs: Sequences::one(data.collect(), 3),
        targets: Targets {
            when: Emit::Step,
            wanted: Answers::Values {
                data: targets.collect(),
                width: 1,
            },
        },
    }
}

#[test]
fn elements_are_brought_to_one_size() {
    let set = set();
    let scaling = Scaling::learnt(&set);
    let x = scaling.input.taken_off(&set.inputs.data);
    for element in 0..2 {
        let most = x
            .iter()
            .skip(element)
            .step_by(3)
            .fold(0.0f32, |most, x| most.max(x.abs()));
        assert!((0.9..2.1).contains(&most), "element {element}: {most}");
    }
    assert_eq!(scaling.output, 1, "3 / sqrt(2) is near 2");
    let WindowGoal::Values { data, weights } = scaling.goal(&set.targets.wanted) else {
        unreachable!("numbers");
    };
    assert!(data.iter().all(|value| (8.0..12.0).contains(value)));
    // The squared error of the mean costs 1.
    assert!((weights[0] * 4.5 / 4.0 - 1.0).abs() < 0.1);
}

#[test]
fn what_goes_in_comes_out_again() {
    let set = set();
    let scaling = Scaling::learnt(&set);
    let sizes = Sizes {
        cell: CellKind::Lstm,
        vocabulary: None,
        input: 3,
        hidden: vec![4],
        direction: DirectionKind::Forward,
        output_order: OutputOrder::Time,
        outputs: 1,
    };
    let layout = ParameterLayout::new(sizes);
    let model = layout.float_model(&layout.first_values(1));
    let there = scaling.outward(&model);
    let first = |model: &FloatModel| model.head.as_ref().unwrap().weight[0];
    // Exactly.
    assert_eq!(first(&there).to_bits(), (2.0 * first(&model)).to_bits());
    let back = scaling.inward(&there);
    assert_eq!(back.layers[0].weight_ih, model.layers[0].weight_ih);
    assert_eq!(back.head, model.head);
    let pairs = back.layers[0].bias.iter().zip(&model.layers[0].bias);
    for (back, bias) in pairs {
        assert!((back - bias).abs() < 1e-3, "{back} {bias}");
    }
}
