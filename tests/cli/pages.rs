//! The pages that a newcomer reads: links that lead somewhere, and a picture of the present core.

use super::program::{home, program};
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// README, CONTRIBUTING and everything in `docs/`.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/results"] {
        let entries = std::fs::read_dir(root().join(folder)).unwrap();
        pages.extend(entries.map(|entry| entry.unwrap().path()));
    }
    pages.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages
}

/// Targets of `[text](target)` in `text` that are files.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let ends = text.match_indices("](").map(|(at, _)| &text[at + 2..]);
    ends.filter_map(|rest| rest.split(')').next())
        .map(|target| target.split('#').next().unwrap_or(target))
        .filter(|target| !target.is_empty() && !target.contains("://"))
}

#[test]
fn every_link_leads_to_a_file() {
    assert_eq!(
        links("[a](b.md#c), [d](https://e), ![f](g.svg)").collect::<Vec<_>>(),
        ["b.md", "g.svg"]
    );
    let mut seen = 0;
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for target in links(&text) {
            let path = page.parent().unwrap().join(target);
            assert!(path.exists(), "{}: no file {target}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 50, "{seen}");
}

/// `LPRNN_UPDATE_DOCS=1 cargo test --test cli picture` draws it anew.
#[test]
fn the_picture_in_the_readme_is_of_the_present_core() {
    let home = home();
    program()
        .current_dir(home.path())
        .args(["gen", "--bits", "4", "--hidden", "512", "-o", "core"])
        .assert()
        .success();
    let drawn = std::fs::read_to_string(home.path().join("core/lstm.svg")).unwrap();
    let kept = root().join("docs/core.svg");
    if std::env::var_os("LPRNN_UPDATE_DOCS").is_some() {
        std::fs::write(&kept, &drawn).unwrap();
    }
    assert_eq!(std::fs::read_to_string(kept).unwrap(), drawn);
}
