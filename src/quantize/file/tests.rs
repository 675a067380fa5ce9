use super::super::{QuantizedModel, random_model};

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
    assert!(
        direction.contains("unknown variant `reverse`, expected `forward`"),
        "{direction}"
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
