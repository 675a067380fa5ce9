//! No name in a source is a reserved word of Verilog, `SystemVerilog` or VHDL.

use super::{Recipe, designs, flows_python};
use lprnn_hw::codegen::primitives;
use lprnn_hw::spec::{Identifier, MAX_LENGTH, reserved_word, verilog_words};
use std::collections::BTreeSet;
use std::path::Path;

/// The names in a Verilog source: no comment, string, number, directive, system task, escaped name or
/// keyword of Verilog-2005.
fn names(source: &str) -> BTreeSet<String> {
    let verilog: BTreeSet<&str> = verilog_words(false).collect();
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let mut names = BTreeSet::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let closes = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                closes
            });
            end.map_or(rest.len(), |end| end + 2)
        } else if first == '\\' {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        } else if letter(first) || "`'".contains(first) {
            // A number's base and digits hang on its quote; a directive or a task on its mark.
            let after = first.len_utf8();
            after
                + rest[after..]
                    .find(|c| !letter(c))
                    .unwrap_or(rest.len() - after)
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        let begins_name = first.is_ascii_alphabetic() || first == '_';
        if begins_name && !verilog.contains(token) {
            names.insert(token.to_owned());
        }
        rest = after;
    }
    names
}

/// Names of `source` that are reserved somewhere, with the language.
fn reserved(source: &str) -> Vec<(String, &'static str)> {
    let names = names(source).into_iter();
    names
        .filter_map(|name| reserved_word(&name).map(|language| (name, language)))
        .collect()
}

/// Looks at every Verilog file of a bundle.
fn check(recipe: &Recipe) {
    for (path, contents) in &recipe.bundle(5, 3).files {
        if Path::new(path).extension().is_some_and(|end| end == "v") {
            let source = std::str::from_utf8(contents).unwrap();
            assert_eq!(reserved(source), [], "{}: {path}", recipe.name);
        }
    }
}

#[test]
fn no_source_uses_a_word_of_another_language() {
    for (file, source) in primitives() {
        assert_eq!(reserved(source), [], "rtl/{file}");
    }
    for recipe in designs() {
        check(&recipe);
    }
}

/// The names that a user's name becomes, at its shortest and at its longest.
#[test]
fn derived_names_are_free_whatever_the_design_is_called() {
    let longest = "a".repeat(MAX_LENGTH);
    for name in ["a", "x", "u", "unit0", "rst", "stream0", "l0", &longest] {
        assert!(Identifier::try_from(name).is_ok(), "{name}");
        let mut recipe = Recipe::new("a", &[2, 2, 2], 2).folded(1, 2).inline();
        recipe.name = Box::leak(name.to_owned().into_boxed_str());
        check(&recipe);
    }
}

/// What the two tests above look at.
#[test]
fn names_are_read_as_verilog_reads_them() {
    let source = "`default_nettype none // signal\n/* bus\n logic */ module m (input wire units);\n\
        initial $display(\"say \\\"before\\\" bit\", 8'hbe + 'bx, 4 'd3, 1.5e3);\n\
        wire \\before = Before; endmodule `ifdef all\n";
    let found: Vec<String> = names(source).into_iter().collect();
    assert_eq!(found, ["Before", "all", "m", "none", "units"]);
    assert_eq!(
        reserved(source),
        [
            ("Before".to_owned(), "SystemVerilog"),
            ("all".to_owned(), "VHDL"),
            ("units".to_owned(), "VHDL"),
        ]
    );
}

/// slang knows the same words of IEEE 1364-2005 and 1800-2023.
#[test]
fn reserved_words_are_those_of_slang() {
    let script = "from pyslang import parsing\n\
        print(*[k[:-7].lower() for k in parsing.TokenKind.__members__ if k.endswith('Keyword')])";
    let theirs = flows_python(Path::new("."), &["-c", script]);
    let theirs: BTreeSet<&str> = theirs.split_whitespace().collect();
    let ours: Vec<String> = (verilog_words(false).chain(verilog_words(true)))
        .map(|word| word.replace('_', ""))
        .collect();
    assert_eq!(
        ours.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        theirs
    );
    assert_eq!(ours.len(), theirs.len(), "a word twice");
}
