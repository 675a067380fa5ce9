//! A type has a name of its own: who reads `Shape` need not ask which.

use super::source::Crate;
use std::collections::BTreeMap;

/// Names of types that are declared more than once, with their places.
fn twice(source: &Crate) -> Vec<String> {
    let mut places: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for module in source.modules.values() {
        for (name, line) in &module.types {
            let place = format!("{}:{line}", module.file);
            places.entry(name).or_default().push(place);
        }
    }
    places.retain(|_, places| places.len() > 1);
    let line = |(name, places): (&str, Vec<String>)| format!("{name}: {}", places.join(", "));
    places.into_iter().map(line).collect()
}

#[test]
fn no_two_types_share_a_name() {
    let source = super::source();
    let types: usize = source
        .modules
        .values()
        .map(|module| module.types.len())
        .sum();
    assert!(types > 300, "only {types} types were found");
    let found = twice(&source);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_name_declared_twice_is_found() {
    let of = |files: &[(&str, &str)]| {
        twice(&Crate::of(
            files
                .iter()
                .map(|&(name, text)| (name.to_owned(), text.to_owned())),
        ))
    };
    let files = [
        ("a.rs", "struct One; pub enum Two {}"),
        ("b.rs", "\npub(crate) trait Two {} type Three = u8;"),
        (
            "c.rs",
            "fn f() { struct Three; } #[cfg(test)] mod tests { struct One; }",
        ),
    ];
    assert_eq!(of(&files), ["Three: b.rs:2, c.rs:1", "Two: a.rs:1, b.rs:2"]);
}
