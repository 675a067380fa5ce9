use super::*;
use serde_json::json;

#[test]
fn the_first_key_that_differs_is_named() {
    let derived = json!({"a": {"b": [1, 2]}, "c": "x", "d": null});
    let found = |stated: Value| difference("", &stated, &derived).unwrap_or_default();
    assert_eq!(found(derived.clone()), "");
    let other = found(json!({"a": {"b": [1, 3]}, "c": "x", "d": null}));
    assert!(other.starts_with("a.b.1 is 3; "), "{other}");
    let longer = found(json!({"a": {"b": [1, 2, 3]}, "c": "x", "d": null}));
    assert!(longer.starts_with("a.b is a list of 3; "), "{longer}");
    assert_eq!(found(json!({"a": {"b": [1, 2]}, "c": "x"})), "d is missing");
    let added = json!({"a": {"b": [1, 2], "e": 0}, "c": "x", "d": null});
    assert_eq!(found(added), "a.e is not known");
    let cut = found(json!({"a": 0, "c": "y".repeat(200), "d": null}));
    assert!(cut.starts_with("a is 0; "), "{cut}");
}
