//! Tests of `chain.rs`.

use super::*;

fn linear(stem: &str, rows: usize, columns: usize) -> Linear {
    Linear {
        stem: stem.into(),
        rows,
        columns,
    }
}

fn names(linears: &[Linear]) -> Option<String> {
    let all: Vec<&Linear> = linears.iter().collect();
    let chain = chain(&all, 32)?;
    let names: Vec<String> = chain.into_iter().map(|linear| linear.stem).collect();
    Some(names.join(" "))
}

#[test]
fn chains_need_an_order() {
    let found = |linears: &[Linear]| names(linears).unwrap_or_default();
    assert_eq!(
        found(&[linear("head.10", 10, 16), linear("head.2", 16, 32)]),
        "head.2 head.10"
    );
    assert_eq!(
        found(&[linear("fc1", 16, 32), linear("fc2", 10, 16)]),
        "fc1 fc2"
    );
    assert_eq!(
        found(&[linear("head.0", 32, 32), linear("head.2", 10, 32)]),
        "head.0 head.2"
    );
    // All could stand behind the LSTM.
    assert_eq!(found(&[linear("fc1", 32, 32), linear("fc2", 10, 32)]), "");
    // No room for an activation: a list of heads, or no activation at all.
    assert_eq!(
        found(&[linear("heads.0", 32, 32), linear("heads.1", 10, 32)]),
        ""
    );
    assert_eq!(found(&[linear("fc", 10, 32), linear("head", 3, 32)]), "");
    assert_eq!(found(&[linear("fc2", 10, 16)]), "");
}

#[test]
fn names_say_where_a_layer_stands() {
    for name in ["head.0", "model.fc1", "classifier", "out_2", "net.head.3"] {
        assert!(linear(name, 1, 1).named_head(), "{name}");
    }
    for name in [
        "input_proj",
        "in_proj",
        "net.embedding",
        "pre_fc",
        "encoder.0",
    ] {
        assert!(linear(name, 1, 1).named_front(), "{name}");
    }
}
