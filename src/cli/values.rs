//! Values of options.

use crate::device::Family;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Reads a family that Yosys can synthesise for.
pub fn synthesised() -> impl TypedValueParser<Value = Family> {
    let words = Family::words(true).filter_map(Family::of_word);
    let values = words.map(|family| PossibleValue::new(family.word()).help(family.facts().title));
    PossibleValuesParser::new(values).try_map(|word| Family::of_word(&word).ok_or("no family"))
}

/// Reads a number of `low` to `high`, which `wanted` says in words.
pub fn number(
    low: f64,
    high: f64,
    wanted: &'static str,
) -> impl Fn(&str) -> Result<f64, String> + Clone {
    move |text| {
        let value = text.parse().ok();
        let value = value.filter(|value| (low..=high).contains(value));
        value.ok_or_else(|| format!("give a number {wanted}"))
    }
}

/// Reads a percentage above 0.
pub fn percent() -> impl Fn(&str) -> Result<f64, String> + Clone {
    number(f64::MIN_POSITIVE, 100.0, "above 0, at most 100")
}

/// Reads a time above 0 with its unit, in microseconds.
pub fn microseconds(text: &str) -> Result<f64, String> {
    let units = [("ns", 1e-3), ("us", 1.0), ("ms", 1e3), ("s", 1e6)];
    let read = |(unit, factor)| {
        let number: f64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
        Some(number * factor)
    };
    let time = units.into_iter().find_map(read);
    let time = time.filter(|time| *time > 0.0 && time.is_finite());
    time.ok_or_else(|| "give a time with its unit, ns, us, ms or s, such as 20us".into())
}
