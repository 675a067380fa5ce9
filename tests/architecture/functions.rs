//! A function fits a screen.

use super::source::Crate;

/// Most lines of a function, from `fn` to its closing brace.
const MOST: usize = 59;

/// Functions of more lines, the longest first.
fn longer(source: &Crate) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for module in source.modules.values() {
        for (name, line, lines) in &module.functions {
            if *lines > MOST {
                found.push((
                    *lines,
                    format!("{}:{line}: {name} has {lines} lines", module.file),
                ));
            }
        }
    }
    found.sort();
    found.into_iter().rev().map(|(_, text)| text).collect()
}

#[test]
fn no_function_is_longer_than_a_screen() {
    let source = super::source();
    let functions: usize = source
        .modules
        .values()
        .map(|module| module.functions.len())
        .sum();
    assert!(functions > 1000, "only {functions} functions were found");
    let found = longer(&source);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_long_function_is_found() {
    let body = "1;\n".repeat(58);
    let text = format!(
        "impl A {{ fn long() {{\n{body}}} }} fn short() {{\n{}}}",
        &body[3..]
    );
    let source = Crate::of([("a.rs".to_owned(), text)]);
    assert_eq!(longer(&source), ["a.rs:1: long has 60 lines"]);
}
