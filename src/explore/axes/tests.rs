//! Tests of `axes.rs`.

use super::*;

#[test]
fn built_in_foldings_halve_units_and_double_columns() {
    assert_eq!(halves(20), [1, 2, 3, 5, 10, 20]);
    assert_eq!(halves(1), [1]);
    assert_eq!(powers(20), [1, 2, 4, 8, 16, 20]);
    assert_eq!(powers(16), [1, 2, 4, 8, 16]);
    let goals = Foldings::BuiltIn.goals(CellKind::Lstm, 512, 512);
    assert!(goals.len() > 60, "{}", goals.len());
    for goal in goals {
        let FoldingGoal::Explicit { units, columns } = goal else {
            panic!("{goal:?}")
        };
        assert!(4 * units * columns <= LARGEST_ARRAY);
    }
}

#[test]
fn the_points_are_the_product_and_larger_foldings_are_left_out() {
    let axes = Axes {
        cell: CellKind::Lstm,
        directions: vec![DirectionKind::Forward],
        max_steps: None,
        widths: vec![(4, 4, 4), (2, 4, 4)],
        levels: vec![LevelRule::Even],
        row_scale_bits: None,
        z_bits: vec![8],
        hidden: vec![8, 32],
        input_size: None,
        layers: vec![1, 2],
        mac: vec![MacStyle::Lut],
        foldings: Foldings::Explicit {
            units: Some(vec![2, 16]),
            columns: Some(vec![4, 8]),
        },
        contexts: vec![1],
    };
    let specs = axes.specs().unwrap();
    // 2 layers x 2 widths x (2 foldings for 8 units, 4 for 32)
    assert_eq!(specs.len(), 2 * 2 * 6);
    // Odd levels are others for the 2-bit weights alone where x and h are even; `auto` is the same as one of the two.
    let levels = Axes {
        levels: LevelRule::ALL.to_vec(),
        widths: vec![(8, 8, 8), (2, 2, 2), (2, 4, 4)],
        contexts: vec![1, 4],
        ..axes.clone()
    };
    let levels = levels.specs().unwrap();
    assert_eq!(levels.len(), 2 * 6 * (1 + 2 + 3) * 2);
    // Each direction is a network of its own; where steps are taken backward sequences are held.
    let both = Axes {
        directions: vec![DirectionKind::Forward, DirectionKind::Bidirectional],
        max_steps: Some(16),
        ..axes.clone()
    };
    let both = both.specs().unwrap();
    assert_eq!(both.len(), 2 * specs.len());
    for (index, spec) in both.iter().enumerate() {
        let second = index >= specs.len();
        assert_eq!(spec.max_steps, second.then_some(16));
        assert_eq!(spec.network.direction.passes(), 1 + usize::from(second));
    }
    let mut large = axes;
    large.foldings = Foldings::Explicit {
        units: Some(vec![64]),
        columns: None,
    };
    assert!(
        large
            .specs()
            .unwrap_err()
            .to_string()
            .contains("no folding is left")
    );
}
