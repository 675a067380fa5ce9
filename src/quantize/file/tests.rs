use super::super::{QuantizedModel, random_model, seeded};
use crate::spec::{DirectionKind, Numerics, OutputOrder, SeededNetwork};

/// What is said of a small model's file in which `good` became `bad`, of the same length.
fn refusal(good: &str, bad: &str) -> String {
    let bytes = random_model(3, 4).to_bytes().unwrap();
    let at = bytes
        .windows(good.len())
        .position(|window| window == good.as_bytes())
        .unwrap_or_else(|| panic!("no {good}"));
    let mut changed = bytes.clone();
    changed[at..at + bad.len()].copy_from_slice(bad.as_bytes());
    assert_eq!(good.len(), bad.len());
    assert!(QuantizedModel::from_bytes(&bytes).is_ok());
    let problems = QuantizedModel::from_bytes(&changed).unwrap_err();
    format!("{problems:?}")
}

#[test]
fn one_format_is_read() {
    let older = refusal(r#"\"format\":2"#, r#"\"format\":1"#);
    let wanted = "1, this version reads 2: an older lprnn-hw wrote this file";
    assert!(older.contains(wanted), "{older}");
    assert!(
        older.contains("make the file again with `lprnn-hw quantize`"),
        "{older}"
    );
    let newer = refusal(r#"\"format\":2"#, r#"\"format\":3"#);
    assert!(
        newer.contains("a newer lprnn-hw wrote this file"),
        "{newer}"
    );
}

#[test]
fn kinds_and_directions_are_known_ones() {
    let kind = refusal(r#"\"kind\":\"lstm\""#, r#"\"kind\":\"lstx\""#);
    assert!(
        kind.contains(
            "unknown variant `lstx`, expected one of `embedding`, `lstm`, `gru`, `dense`"
        ),
        "{kind}"
    );
    // A layer of one kind with the formats of the other, and with three gates' fractions of four.
    let other = refusal(r#"\"kind\":\"lstm\""#, r#"\"kind\":\"gru\" "#);
    for problem in [
        "layers.0.c",
        "is a format that this kind does not have; the layer is GRU",
        "layers.0.bias_n_h",
    ] {
        assert!(other.contains(problem), "{other}");
    }
    let direction = refusal("forward", "reverse");
    let wanted =
        "unknown variant `reverse`, expected one of `forward`, `backward`, `bidirectional`";
    assert!(direction.contains(wanted), "{direction}");
}

/// The JSON of formats of a small bidirectional model's file, changed, with its tensors and those of `more`.
fn with_formats(
    change: impl Fn(&mut serde_json::Value),
    more: &[&str],
) -> Result<QuantizedModel, crate::diagnostic::Problems> {
    let network = SeededNetwork {
        direction: DirectionKind::Bidirectional,
        ..SeededNetwork::one_layer((2, 2), Numerics::of_widths(4, 4, 4), 1)
    };
    let bytes = seeded(&network).to_bytes().unwrap();
    let (_, metadata) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let mut metadata = metadata.metadata().clone().unwrap();
    let mut formats = serde_json::from_str(&metadata[super::KEY]).unwrap();
    change(&mut formats);
    metadata.insert(super::KEY.to_owned(), formats.to_string());
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = file.tensors();
    let one = file.tensor("layers.0.bias").unwrap();
    tensors.extend(more.iter().map(|name| ((*name).to_owned(), one.clone())));
    QuantizedModel::from_bytes(&safetensors::serialize(tensors, Some(metadata)).unwrap())
}

#[test]
fn a_direction_and_its_tensors_belong_together() {
    let usual = |formats: &mut serde_json::Value| {
        assert_eq!(formats["layers"][0].get("output_order"), None);
    };
    with_formats(usual, &[]).unwrap();
    let taken = with_formats(
        |formats| formats["layers"][0]["output_order"] = "processing".into(),
        &[],
    );
    let order = taken.unwrap().layers[0].output_order();
    assert_eq!(order, OutputOrder::Processing);
    let refused = |change: &dyn Fn(&mut serde_json::Value), more: &[&str]| {
        format!("{:?}", with_formats(change, more).unwrap_err())
    };
    let of_layer = |formats: &mut serde_json::Value, key: &str, value: serde_json::Value| {
        formats["layers"][0][key] = value;
    };
    let none = refused(&|formats| of_layer(formats, "reverse", ().into()), &[]);
    assert!(none.contains("is missing; a bidirectional layer"), "{none}");
    let forward = refused(
        &|formats| of_layer(formats, "direction", "forward".into()),
        &[],
    );
    assert!(forward.contains("the direction is not bidirectional"));
    assert!(forward.contains("weight_hh_reverse"), "{forward}");
    assert!(forward.contains("belongs to a bidirectional layer, the file says none there"));
    let order = refused(
        &|formats| {
            of_layer(formats, "direction", "forward".into());
            of_layer(formats, "output_order", "processing".into());
        },
        &[],
    );
    assert!(order.contains("layers.0.output_order"), "{order}");
    assert!(order.contains("the direction is forward: the order of processing is that of time"));
    let word = refused(
        &|formats| of_layer(formats, "output_order", "last".into()),
        &[],
    );
    assert!(
        word.contains("unknown variant `last`, expected `time` or `processing`"),
        "{word}"
    );
    let beyond = refused(&|_| {}, &["layers.1.bias_reverse"]);
    assert!(beyond.contains("layers.1.bias_reverse"), "{beyond}");
    let unknown = refused(
        &|formats| formats["layers"][0]["reverse"]["input_size"] = 2.into(),
        &[],
    );
    assert!(unknown.contains("unknown field `input_size`"), "{unknown}");
    let gru = refused(
        &|formats| {
            let c = formats["layers"][0]["reverse"]["c"].take();
            formats["layers"][0]["reverse"]["s"] = c;
        },
        &[],
    );
    for place in ["layers.0.reverse.c", "layers.0.reverse.s"] {
        assert!(gru.contains(place), "{gru}");
    }
    // A file need not say that a layer is forward.
    let bytes = random_model(3, 4).to_bytes().unwrap();
    let text = br#"\"direction\":\"forward\","#;
    let mut silent = bytes.clone();
    while let Some(at) = silent.windows(text.len()).position(|w| w == text) {
        silent.splice(at..at + text.len(), std::iter::repeat_n(b' ', text.len()));
    }
    assert_ne!(silent, bytes);
    assert_eq!(
        QuantizedModel::from_bytes(&silent).unwrap(),
        random_model(3, 4)
    );
}

/// What an older version wrote of a dense layer is named, and layers in an order that no core has.
#[test]
fn dense_layers_are_entries_of_the_list() {
    let header = r#"{"format":2,"layers":[],"head":{"w_bits":8,"w_frac":7}}"#;
    let metadata = std::collections::HashMap::from([(super::KEY.to_owned(), header.to_owned())]);
    let none: [(&str, safetensors::tensor::TensorView); 0] = [];
    let bytes = safetensors::serialize(none, Some(metadata)).unwrap();
    let problems = format!("{:?}", QuantizedModel::from_bytes(&bytes).unwrap_err());
    assert!(
        problems.contains("is a dense layer as older versions wrote it"),
        "{problems}"
    );
}
