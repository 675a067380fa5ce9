//! Tests of `pickle.rs`.

use super::*;

#[test]
fn values_come_as_python_wrote_them() {
    // pickle.dumps({"a": (1, -2, 2**40), "b": [None, True]}, protocol=2)
    let bytes = b"\x80\x02}q\x00(X\x01\x00\x00\x00aq\x01K\x01J\xfe\xff\xff\xff\x8a\x06\x00\x00\x00\x00\x00\x01\x87q\x02X\x01\x00\x00\x00bq\x03]q\x04(N\x88eu.";
    let pickle = read(bytes).unwrap();
    let PickleValue::Dict(pairs) = pickle.root() else {
        panic!("{pickle:?}")
    };
    let PickleValue::Tuple(items) = pickle.get(pairs[0].1) else {
        panic!("{pickle:?}")
    };
    let items: Vec<&PickleValue> = items.iter().map(|&item| pickle.get(item)).collect();
    assert_eq!(
        items,
        [
            &PickleValue::Int(1),
            &PickleValue::Int(-2),
            &PickleValue::Int(1 << 40)
        ]
    );
    let PickleValue::List(items) = pickle.get(pairs[1].1) else {
        panic!("{pickle:?}")
    };
    assert_eq!(pickle.get(items[0]), &PickleValue::None);
}

#[test]
fn calls_are_only_named() {
    let pickle = read(b"cos\nsystem\n(X\x04\x00\x00\x00truetR.").unwrap();
    assert!(matches!(pickle.root(), PickleValue::Call(..)));
    assert_eq!(pickle.globals().collect::<Vec<_>>(), ["os.system"]);
}

#[test]
fn damaged_ones_are_refused() {
    for bytes in [
        &b""[..],
        b"\x80\x02}",
        b"\x80\x09.",
        b"t.",
        b"R.",
        b"h\x07.",
        b"X\xff\xff\xff\xffa",
        b"\xff",
        b"((0.",
        b"}K\x01K\x01(u",
    ] {
        assert!(read(bytes).is_err(), "{bytes:?}");
    }
    // Deep nesting costs no stack.
    let mut deep = b")".to_vec();
    deep.extend(b"\x85".repeat(1_000_000));
    deep.push(b'.');
    assert!(read(&deep).is_ok());
}
