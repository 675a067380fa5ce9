//! The import floors: a module names only modules of lower floors, and siblings stay apart.

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/functions.rs"]
mod functions;
#[path = "architecture/names.rs"]
mod names;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The crate's own files.
fn source() -> source::Crate {
    source::Crate::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// Modules by floor, lowest first. Those of one floor never import one another.
const FLOORS: &[&[&str]] = &[
    &["diagnostic", "fixed"],
    &["files", "tools"],
    &["device"],
    &["spec"],
    &["quantize", "import"],
    &["reference", "hardware"],
    &["codegen", "estimate"],
    &["cosim", "synth", "lm", "ptq", "score"],
    &["train", "explore"],
    &["search"],
    &["flow"],
    &["fit"],
    &["cli"],
];

/// Imports inside a floor that are the design's own: from, to.
const WITHIN_FLOOR: &[(&str, &str)] = &[("quantize", "import")];

fn floor(module: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&module))
}

/// Why `from` must not import `to`.
fn objection(from: &str, to: &str) -> Option<String> {
    if from == to || WITHIN_FLOOR.contains(&(from, to)) {
        return None;
    }
    let Some(below) = floor(to) else {
        return Some(format!("`{to}` has no floor"));
    };
    (floor(from).is_some_and(|floor| floor <= below))
        .then(|| format!("`{from}` is not above `{to}`"))
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every `name` of `crate::name` and `crate::{name, ..}` outside comments and test modules.
fn imports(source: &str) -> BTreeSet<String> {
    let code: String = source
        .split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect();
    let word = |text: &str| -> String {
        let letter = |c: &char| c.is_alphanumeric() || *c == '_';
        text.trim_start().chars().take_while(letter).collect()
    };
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = 0;
        for (at, letter) in group.char_indices() {
            match letter {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    names.insert(word(&group[start..at]));
                    start = at + 1;
                    if letter == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names.remove("");
    names
}

#[test]
fn imports_point_down() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let mut problems = Vec::new();
    let mut checked = 0;
    for file in files {
        let place = file.strip_prefix(&src).unwrap().to_str().unwrap();
        let module = place.split(['/', '.']).next().unwrap();
        if matches!(module, "lib" | "main") {
            continue;
        }
        if floor(module).is_none() {
            problems.push(format!("{place}: `{module}` has no floor"));
        }
        for name in imports(&std::fs::read_to_string(&file).unwrap()) {
            checked += 1;
            if let Some(problem) = objection(module, &name) {
                problems.push(format!("{place}: {problem}"));
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(checked > 50, "only {checked} imports were found");
}

#[test]
fn the_check_sees_every_form_of_import() {
    let source = "use crate::{fixed::{rne, QFormat}, spec};\n// crate::cosim\nfn f() { crate::tools::run() }";
    let names: Vec<_> = imports(source).into_iter().collect();
    assert_eq!(names, ["fixed", "spec", "tools"]);
    assert!(objection("reference", "codegen").is_some());
    assert!(objection("fixed", "spec").is_some());
    assert!(objection("cosim", "nowhere").is_some());
    assert!(objection("cosim", "codegen").is_none());
}

/// A remedy is a value (`lprnn_hw::diagnostic`): nobody looks for it behind a `; ` of a message.
#[test]
fn no_message_is_cut_apart_for_its_remedy() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let cut: Vec<_> = files
        .iter()
        .filter(|file| cuts_at_semicolon(&std::fs::read_to_string(file).unwrap()))
        .collect();
    assert!(cut.is_empty(), "{cut:?}");
    assert!(files.len() > 50, "only {} files", files.len());
    for code in [
        "a.rsplit_once(\"; \")",
        "a\n.split(\n\"; \",\n)",
        "a.rfind(\"; \")",
    ] {
        assert!(cuts_at_semicolon(code), "{code}");
    }
}

/// `true` if a text is split or searched at `; `.
fn cuts_at_semicolon(code: &str) -> bool {
    let packed: String = code.split_whitespace().collect();
    ["split(", "once(", "find("]
        .iter()
        .any(|call| packed.contains(&format!("{call}\";\"")))
}

/// `unsafe` has one home, and files stay short enough to read.
#[test]
fn unsafe_code_has_one_home() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    let with_unsafe: Vec<_> = files
        .iter()
        .filter(|file| {
            let text = std::fs::read_to_string(file).unwrap();
            text.lines().any(|line| {
                let code = line.split("//").next().unwrap_or_default();
                code.contains("unsafe {")
                    || code.contains("unsafe fn")
                    || code.contains("unsafe impl")
            })
        })
        .map(|file| {
            file.strip_prefix(&src)
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(with_unsafe, ["cosim/verilator.rs"]);
}
