//! The bytes of a bundle are fixed.

use super::designs;
use crate::common::write;
use std::path::Path;

/// Designs whose every byte is kept under `tests/golden`; `LPRNN_UPDATE_GOLDEN=1` writes them anew.
#[test]
fn golden_bundles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let update = std::env::var_os("LPRNN_UPDATE_GOLDEN").is_some();
    for recipe in &designs()[..3] {
        let folder = root.join(recipe.name);
        let mut bundle = recipe.bundle(7, 4);
        // The primitives are the files in rtl/ of this repository.
        bundle
            .files
            .retain(|path, _| !path.starts_with("rtl/lprnn_"));
        if update {
            let _ = std::fs::remove_dir_all(&folder);
            write(&bundle, &folder);
        }
        for (path, contents) in &bundle.files {
            let golden = std::fs::read(folder.join(path)).unwrap_or_default();
            if &golden != contents {
                let (old, new) = (
                    String::from_utf8_lossy(&golden),
                    String::from_utf8_lossy(contents),
                );
                let line = old.lines().zip(new.lines()).position(|(a, b)| a != b);
                panic!(
                    "{}/{path} differs from its golden file, first in line {}; if that is meant, \
                     run LPRNN_UPDATE_GOLDEN=1 cargo test --test hardware golden and read the diff",
                    recipe.name,
                    line.map_or("(only in length)".to_owned(), |line| (line + 1).to_string()),
                );
            }
        }
        let mut files = Vec::new();
        list(&folder, &folder, &mut files);
        let stray: Vec<_> = files
            .iter()
            .filter(|file| !bundle.files.contains_key(*file))
            .collect();
        assert!(
            stray.is_empty(),
            "{}: no longer generated: {stray:?}",
            recipe.name
        );
    }
}

fn list(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(root, &path, files);
        } else {
            files.push(
                path.strip_prefix(root)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
}
