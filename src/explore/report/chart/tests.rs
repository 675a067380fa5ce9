//! Tests of `chart.rs`.

use super::*;

#[test]
fn numbers_are_short() {
    for (value, text) in [
        (0.5, "0.5"),
        (20.0, "20"),
        (8192.0, "8192"),
        (10_000.0, "10 k"),
        (1_500_000.0, "1.5 M"),
        (1.38, "1.38"),
    ] {
        assert_eq!(short(value), text);
    }
}

#[test]
fn ticks_are_round_and_inside() {
    let axis = Axis::log("LUT", [300.0, 40_000.0].into_iter());
    assert_eq!(
        axis.ticks(),
        [500.0, 1000.0, 2000.0, 5000.0, 10_000.0, 20_000.0]
    );
    let axis = Axis::log("LUT", [1.0, 40_000.0].into_iter());
    assert_eq!(axis.ticks(), [1.0, 10.0, 100.0, 1000.0, 10_000.0]);
    let axis = Axis::linear("bpc", [1.3, 1.8].into_iter());
    let ticks: Vec<String> = axis.ticks().iter().map(|tick| short(*tick)).collect();
    assert_eq!(ticks, ["1.3", "1.4", "1.5", "1.6", "1.7", "1.8"]);
    // A single value and none at all have an axis, too.
    assert!(Axis::log("x", [5.0].into_iter()).ticks().len() > 1);
    assert!(Axis::linear("x", std::iter::empty()).ticks().len() > 1);
}

#[test]
fn names_cannot_break_the_page() {
    assert_eq!(
        escape("<a href='x'>&\""),
        "&lt;a href=&#39;x&#39;&gt;&amp;&quot;"
    );
}
