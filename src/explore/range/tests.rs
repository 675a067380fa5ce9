//! Tests of `range.rs`.

use super::*;
use crate::diagnostic::Location;

#[test]
fn lists_ranges_and_steps() {
    let of = |text| numbers("--bits", text).unwrap();
    assert_eq!(of("8"), [8]);
    assert_eq!(of("4, 2,4"), [2, 4]);
    assert_eq!(of("2..5"), [2, 3, 4, 5]);
    assert_eq!(of("64..256:64,100"), [64, 100, 128, 192, 256]);
    assert_eq!(of("64..200:64"), [64, 128, 192]);
}

#[test]
fn what_is_no_list_is_refused_with_its_piece() {
    for (text, why) in [
        ("", "empty place"),
        ("2,,4", "empty place"),
        ("8..2", "8 is above 2"),
        ("2..", "`2..` is neither a number"),
        ("four", "`four` is neither a number"),
        ("-3", "`-3` is neither a number"),
        ("1..9:0", "step of 0"),
        ("4:2", "step but no range"),
        ("1..99999999999", "more than 100000"),
        ("99999999999999999999", "neither a number"),
    ] {
        let issue = numbers("--bits", text).unwrap_err();
        assert_eq!(issue.place, Location::Flag("--bits".into()));
        assert!(issue.to_string().contains(why), "{text}: {issue}");
    }
}
