//! Tests of `offset.rs`.

use super::*;
use crate::fixed::QFormat;
use crate::quantize::random_model;

#[test]
fn offsets_are_exact_multiples_and_come_off_before_rounding() {
    let offset = InputOffset::nearest(&[101_325.3, -2.0, 0.0], 3);
    assert_eq!(
        (offset.frac, &offset.codes[..]),
        (3, &[810_602, -16, 0][..])
    );
    assert_eq!(offset.values(), [101_325.25, -2.0, 0.0]);
    assert_eq!(InputOffset::nearest(&[1e30], 3).frac, -32);
    let mut model = random_model(1, 3);
    model.layers[0].input_size = 3;
    model.layers[0].x = QFormat::new(8, 1);
    let x = [101_330.0, 0.25, 1.0, 101_200.0, -2.5, 70.0];
    assert_eq!(model.input_codes(&x[1..2]), [0]);
    model.input_offset = Some(offset);
    assert_eq!(model.input_codes(&x), [10, 4, 2, -128, -1, 127]);
    assert_eq!(model.clamped_inputs(&x), 2);
}

#[test]
fn elements_are_brought_to_one_size_by_powers_of_two() {
    let offset = InputOffset::nearest(&[1000.0, 0.5], 4);
    assert_eq!(offset.clone().scaled(vec![0, 0]), offset);
    assert!(!offset.is_none() && InputOffset::nearest(&[0.0], 3).is_none());
    let scaled = offset.scaled(vec![-6, 3]);
    assert_eq!(
        scaled.taken_off(&[1064.0, 0.75, 872.0, 0.5]),
        [1.0, 2.0, -2.0, 0.0]
    );
    let mut model = random_model(1, 2);
    model.layers[0].input_size = 2;
    model.layers[0].x = QFormat::new(4, 1);
    model.input_offset = Some(scaled.clone());
    assert_eq!(
        model.input_codes(&[1064.0, 0.75, 872.0, 9.0]),
        [2, 4, -4, 7]
    );
    assert_eq!(model.clamped_inputs(&[1064.0, 0.75, 872.0, 9.0]), 1);
    let text = serde_json::to_string(&scaled).unwrap();
    assert_eq!(text, r#"{"frac":4,"codes":[16000,8],"shift":[-6,3]}"#);
    assert_eq!(serde_json::from_str::<InputOffset>(&text).unwrap(), scaled);
}

#[test]
fn unfolding_takes_folding_back() {
    let offset = InputOffset::nearest(&[4.0, -0.5], 2).scaled(vec![-3, 2]);
    let layer = crate::import::FloatLayer {
        direction: crate::import::FloatDirection::Forward,
        input_size: 2,
        hidden_size: 1,
        recurrence: crate::import::FloatRecurrence::Lstm,
        weight_ih: vec![0.5, 0.25, 1.0, 0.0, -1.0, 2.0, 0.0, 0.125],
        weight_hh: vec![0.0; 4],
        bias: vec![1.0, -4.0, 0.5, 3.0],
    };
    let model = FloatModel {
        layers: vec![layer],
        ..FloatModel::default()
    };
    let folded = offset.folded(&model);
    // W x + b is W' x' + b' for x = [12, 1], of which x' = [1, 6].
    let of = |model: &FloatModel, x: [f32; 2]| -> Vec<f32> {
        let layer = &model.layers[0];
        let rows = layer.weight_ih.chunks(2).zip(&layer.bias);
        rows.map(|(row, b)| row[0] * x[0] + row[1] * x[1] + b)
            .collect()
    };
    assert_eq!(offset.taken_off(&[12.0, 1.0]), [1.0, 6.0]);
    assert_eq!(of(&model, [12.0, 1.0]), of(&folded, [1.0, 6.0]));
    assert_eq!(offset.unfolded(&folded), model);
}

#[test]
fn a_folded_model_is_the_same_function() {
    let layer = crate::import::FloatLayer {
        direction: crate::import::FloatDirection::Forward,
        input_size: 2,
        hidden_size: 1,
        recurrence: crate::import::FloatRecurrence::Lstm,
        weight_ih: vec![0.5, 0.25, 1.0, 0.0, -1.0, 2.0, 0.0, 0.0],
        weight_hh: vec![0.0; 4],
        bias: vec![1.0, -4.0, 0.5, 3.0],
    };
    let model = FloatModel {
        layers: vec![layer],
        ..FloatModel::default()
    };
    let offset = InputOffset::nearest(&[4.0, 8.0], 0);
    let folded = offset.folded(&model);
    assert_eq!(folded.layers[0].bias, [5.0, 0.0, 12.5, 3.0]);
    assert_eq!(offset.taken_off(&[5.0, 7.0]), [1.0, -1.0]);
}
