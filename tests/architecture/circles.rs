//! Files and folders of one folder never import one another in a circle.

use super::source::{Crate, ModulePath};
use std::collections::{BTreeMap, BTreeSet};

/// Whom a member of a folder imports among the folder's others.
type Graph = BTreeMap<String, BTreeSet<String>>;

/// The folders of a crate with the imports among their members; `mod.rs` is the member "mod".
fn folders(source: &Crate) -> BTreeMap<ModulePath, Graph> {
    let mut folders: BTreeMap<ModulePath, Graph> = BTreeMap::new();
    for (from, to) in source.imports() {
        let depth = from
            .iter()
            .zip(&to)
            .take_while(|(from, to)| from == to)
            .count();
        let member = |path: &ModulePath| path.get(depth).map_or("mod", String::as_str).to_owned();
        folders
            .entry(from[..depth].to_vec())
            .or_default()
            .entry(member(&from))
            .or_default()
            .insert(member(&to));
    }
    folders
}

/// All that `from` reaches.
fn reached(graph: &Graph, from: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        for next in graph.get(at).into_iter().flatten() {
            if found.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    found
}

/// Every circle, a line each: its folder and its members.
fn circles(source: &Crate) -> Vec<String> {
    let mut found = BTreeSet::new();
    for (folder, graph) in folders(source) {
        for member in graph.keys() {
            let reach = reached(&graph, member);
            let circle: Vec<_> = graph
                .keys()
                .filter(|other| reach.contains(*other) && reached(&graph, other).contains(member))
                .map(String::as_str)
                .collect();
            if !circle.is_empty() {
                found.insert(format!("src/{}: {}", folder.join("/"), circle.join(", ")));
            }
        }
    }
    found.into_iter().collect()
}

#[test]
fn no_folder_imports_in_a_circle() {
    let source = super::source();
    let found = circles(&source);
    assert!(found.is_empty(), "{}", found.join("\n"));
    let imports = source.imports().len();
    assert!(imports > 400, "only {imports} imports were found");
}

#[test]
fn a_circle_is_found_in_every_form() {
    let of = |files: &[(&str, &str)]| {
        circles(&Crate::of(
            files
                .iter()
                .map(|&(name, text)| (name.to_owned(), text.to_owned())),
        ))
    };
    let root = ("lib.rs", "mod a; mod b;");
    // Two files of one folder, by the folder's own name for an item and by an expression.
    let files = [
        root,
        ("a/mod.rs", "mod p; mod q; pub use p::P; mod r;"),
        ("a/p.rs", "pub struct P; fn f() { super::q::g() }"),
        ("a/q.rs", "use super::P; pub fn g() {}"),
        ("a/r.rs", "use super::P;"),
    ];
    assert_eq!(of(&files), ["src/a: p, q"]);
    // Inside a macro, over three files.
    let files = [
        root,
        ("a/mod.rs", "mod p; mod q; mod r;"),
        ("a/p.rs", "use super::{q::Q}; pub struct P;"),
        ("a/q.rs", "pub struct Q; fn f() { vec![1, super::r::R] }"),
        ("a/r.rs", "pub struct R; fn f(of: crate::a::p::P) {}"),
    ];
    assert_eq!(of(&files), ["src/a: p, q, r"]);
    // A folder's face that works with its members and defines what they take.
    let files = [
        root,
        ("a/mod.rs", "mod p; use p::P; pub struct Face;"),
        ("a/p.rs", "use super::Face; pub struct P;"),
    ];
    assert_eq!(of(&files), ["src/a: mod, p"]);
    // Two folders, from files inside them.
    let files = [
        root,
        ("a/mod.rs", "mod p;"),
        ("a/p.rs", "use crate::b::B;"),
        ("b.rs", "use crate::a; pub struct B;"),
    ];
    assert_eq!(of(&files), ["src/: a, b"]);
    // One direction, test modules, and the outer world are none.
    let files = [
        root,
        ("a/mod.rs", "mod p; mod q;"),
        ("a/p.rs", "use super::q::Q; use std::fmt::Write;"),
        (
            "a/q.rs",
            "pub struct Q; #[cfg(test)] mod tests { use super::super::p; }",
        ),
    ];
    assert!(of(&files).is_empty());
}
