//! Families as values of an option.

use crate::device::Family;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// Reads a family that Yosys can synthesise for.
pub fn synthesised() -> impl TypedValueParser<Value = Family> {
    let words = Family::words(true).filter_map(Family::of_word);
    let values = words.map(|family| PossibleValue::new(family.word()).help(family.facts().title));
    PossibleValuesParser::new(values).try_map(|word| Family::of_word(&word).ok_or("no family"))
}
