//! The contents of a folder that is to be replaced.

use super::list::{LIST, listed};
use crate::diagnostic::{Problem, Problems};
use crate::files;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Contents of an older folder.
#[derive(Debug, Default)]
pub(super) struct Older {
    /// Not written by the command, by paths relative to the folder: it stays.
    pub foreign: BTreeSet<PathBuf>,
}

impl Older {
    /// Looks through the folder `target`.
    pub fn of(target: &Path, mark: &str, ours: impl Fn(&Path) -> bool) -> Result<Self, Problems> {
        let read = |error| files::problem(target, "read", &error);
        let mut found = BTreeSet::new();
        walk(target, Path::new(""), &mut found).map_err(read)?;
        if found.is_empty() {
            return Ok(Self::default());
        }
        if !target.join(mark).is_file() {
            return Err(
                Problem::file(target, format!("holds something else: it has no {mark}"))
                    .help("choose another folder by --out")
                    .into(),
            );
        }
        let listed = listed(target).ok_or_else(|| {
            Problem::file(
                target,
                format!("does not say what was written into it: it has no {LIST}"),
            )
            .help("choose another folder by --out, or remove this one by hand")
        })?;
        found.retain(|path| path != Path::new(LIST) && !listed.contains(path) && !ours(path));
        Ok(Self { foreign: found })
    }
}

/// Everything below `folder` that is no folder, links as they are, and folders that hold nothing.
fn walk(root: &Path, below: &Path, found: &mut BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(root.join(below))? {
        let entry = entry?;
        let path = below.join(entry.file_name());
        let before = found.len();
        if entry.file_type()?.is_dir() {
            walk(root, &path, found)?;
            if found.len() > before {
                continue;
            }
        }
        found.insert(path);
    }
    Ok(())
}

/// Gives what lies at `from` the name `to` as well.
pub(super) fn keep(from: &Path, to: &Path) -> std::io::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if from.is_dir() && !from.is_symlink() {
        return std::fs::create_dir_all(to);
    }
    // Some file systems have no second names.
    std::fs::hard_link(from, to).or_else(|error| {
        if from.is_file() && !from.is_symlink() {
            std::fs::copy(from, to).map(|_| ())
        } else {
            Err(error)
        }
    })
}
