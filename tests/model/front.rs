//! Linear layers before the recurrent ones, from what a framework wrote to integers.

use super::import::{array, fixture};
use lprnn_hw::import::{FloatModel, ImportOptions, read};
use lprnn_hw::ptq::{FormatRequest, Quantized, Sequences, quantize, quantize_offset};
use lprnn_hw::quantize::{DenseOutput, Emit, HeadFormat, InputOffset, QuantizedModel};
use lprnn_hw::reference::WholeNetwork;

fn float(file: &str, front: Option<&str>) -> FloatModel {
    let options = ImportOptions {
        front: front.map(Into::into),
        ..ImportOptions::default()
    };
    read(&fixture(file), &options).unwrap()
}

/// h of the integer model on real inputs, as real numbers.
fn integer_h(model: &QuantizedModel, x: &[f32]) -> Vec<f64> {
    let mut network = WholeNetwork::new(model);
    let outputs = network.sequence(&model.input_codes(x), &mut |_| true);
    let ulp = model.layers[model.layers.len() - 1].h.ulp();
    let h = outputs.unwrap().h;
    h.iter().map(|&code| f64::from(code) * ulp).collect()
}

/// Root of the mean square of the distance, over that of what is wanted.
fn off(got: &[f64], wanted: &[f32]) -> f64 {
    assert_eq!(got.len(), wanted.len());
    let pairs = got.iter().zip(wanted);
    let squares: f64 = pairs
        .map(|(got, &want)| (got - f64::from(want)).powi(2))
        .sum();
    let wanted: f64 = wanted.iter().map(|&want| f64::from(want).powi(2)).sum();
    (squares / wanted).sqrt()
}

/// Models of three frameworks, LSTM, GRU and both directions: h of the integers is near what the framework computed, the
/// report says what the reference does, and the codes between are as asked for.
#[test]
fn what_frameworks_computed_is_followed_in_integers() {
    let x = array("x.npy");
    for (file, outputs, front, relus) in [
        (
            "projected.safetensors",
            "projected",
            Some("in_proj:relu"),
            &[true][..],
        ),
        (
            "projected_gru.safetensors",
            "projected_gru",
            Some("front.0:relu,front.2"),
            &[true, false],
        ),
        ("projected.onnx", "projected_onnx", None, &[true, false]),
        (
            "keras_projected.keras",
            "keras_projected",
            None,
            &[true, false],
        ),
    ] {
        let float = float(file, front);
        let inputs = Sequences::one(x.clone(), 3);
        let wanted = FormatRequest {
            input_bits: 10,
            ..FormatRequest::of(8, HeadFormat::Integer(8))
        };
        let Quantized { model, report } = quantize(&float, &inputs, &wanted);
        model.validate().unwrap();
        let read = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
        assert_eq!(read, model, "{file}");
        let found: Vec<bool> = model
            .front
            .iter()
            .map(|dense| {
                let DenseOutput::Code { format, relu } = dense.output else {
                    panic!("{file}: no codes")
                };
                assert_eq!(
                    (format.bits, dense.w_bits, dense.when),
                    (8, 8, Emit::Step),
                    "{file}"
                );
                relu
            })
            .collect();
        assert_eq!(found, relus, "{file}");
        assert_eq!(model.first_input().0, 3);
        assert_eq!(
            model.first_input().1.bits,
            10,
            "{file}: x of the network has the bits of inputs"
        );
        let h = off(&integer_h(&model, &x), &array(&format!("{outputs}.h.npy")));
        assert!(h < 0.04, "{file}: {h}");
        let said = report.h.error_rms / report.h.signal_rms;
        assert!((said / h - 1.0).abs() < 2e-3, "{file}: {said} {h}");
        // The layers take and give what the model does, in the report too.
        let taken: Vec<_> = report
            .front
            .iter()
            .map(|front| (front.x, front.gives))
            .collect();
        let there: Vec<_> = model
            .front
            .iter()
            .map(|dense| (dense.x, dense.output))
            .collect();
        assert_eq!(taken, there, "{file}");
        assert!(
            report
                .tensors
                .iter()
                .any(|tensor| tensor.tensor == "front.weight")
        );
        assert!(
            report.limits.iter().all(|limit| {
                let option = limit.option.as_deref().unwrap_or_default();
                !option.contains("--input-bits") && !option.starts_with("--bits")
            }),
            "{file}: {:?}",
            report.limits
        );
        // Eight bits more leave next to nothing of the error.
        let finer = quantize(
            &float,
            &inputs,
            &FormatRequest {
                front_bits: 16,
                ..FormatRequest::of(16, HeadFormat::Integer(16))
            },
        );
        let h = off(
            &integer_h(&finer.model, &x),
            &array(&format!("{outputs}.h.npy")),
        );
        assert!(h < 2e-3, "{file}: {h} at 16 bits");
    }
}

/// More bits of the weights before, and nothing else, come nearer.
#[test]
fn the_bits_of_the_weights_before_are_those_asked_for() {
    let (float, x) = (float("projected.onnx", None), array("x.npy"));
    let inputs = Sequences::one(x.clone(), 3);
    let errors: Vec<f64> = [2, 4, 8]
        .into_iter()
        .map(|front_bits| {
            let wanted = FormatRequest {
                front_bits,
                ..FormatRequest::of(8, HeadFormat::Float)
            };
            let model = quantize(&float, &inputs, &wanted).model;
            assert!(model.front.iter().all(|dense| dense.w_bits == front_bits));
            off(&integer_h(&model, &x), &array("projected_onnx.h.npy"))
        })
        .collect();
    assert!(
        errors[0] > 2.0 * errors[1] && errors[1] > 2.0 * errors[2],
        "{errors:?}"
    );
}

/// A constant on x goes into the biases of the first layer, which is the linear one.
#[test]
fn an_offset_of_x_goes_into_the_first_linear_layer() {
    let (float, x) = (
        float("projected.safetensors", Some("in_proj:relu")),
        array("x.npy"),
    );
    let offset = InputOffset::nearest(&[64.0, -32.0, 16.0], 8);
    // The model of x + offset, of which taking the offset off gives back the one of x.
    let shifted = offset.unfolded(&float);
    assert_eq!(shifted.layers, float.layers);
    assert_ne!(shifted.front, float.front);
    let values = offset.values();
    let moved: Vec<f32> = x
        .iter()
        .enumerate()
        .map(|(at, x)| x + values[at % 3] as f32)
        .collect();
    let wanted = FormatRequest::of(8, HeadFormat::Integer(8));
    let model = quantize_offset(
        &shifted,
        &Sequences::one(moved.clone(), 3),
        offset.clone(),
        &wanted,
    )
    .model;
    assert_eq!(model.input_offset.as_ref(), Some(&offset));
    let read = QuantizedModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    let h = off(&integer_h(&read, &moved), &array("projected.h.npy"));
    assert!(h < 0.04, "{h}");
}

/// An embedding becomes codes of what the linear layer takes.
#[test]
fn an_embedding_is_of_the_first_linear_layer() {
    let mut float = float("projected.safetensors", Some("in_proj:relu"));
    let x = array("x.npy");
    float
        .passengers
        .insert("embedding.weight".into(), (vec![6, 3], x.clone()));
    let wanted = FormatRequest::of(8, HeadFormat::Integer(8));
    let model = quantize(&float, &Sequences::one(x.clone(), 3), &wanted).model;
    model.validate().unwrap();
    let embedding = model.embedding.as_ref().unwrap();
    assert_eq!((embedding.vocabulary, embedding.codes.len()), (6, 18));
    let outputs = WholeNetwork::new(&model)
        .sequence(&[0, 1, 2, 3, 4, 5], &mut |_| true)
        .unwrap();
    let ulp = model.layers[1].h.ulp();
    let h: Vec<f64> = outputs
        .h
        .iter()
        .map(|&code| f64::from(code) * ulp)
        .collect();
    assert!(off(&h, &array("projected.h.npy")) < 0.04);
}
