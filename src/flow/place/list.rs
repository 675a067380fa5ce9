//! The list of what was written into a folder.

use crate::files;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// File with the list, as `sha256sum -c` reads it.
pub(super) const LIST: &str = "files.sha256";

/// The paths of `files` with their digests, a line each.
pub(super) fn list(files: &BTreeMap<String, Vec<u8>>) -> String {
    let lines = files
        .iter()
        .map(|(name, contents)| format!("{}  {name}\n", files::sha256(contents)));
    lines.collect()
}

/// The paths that the list in `folder` names; `None` where there is no list.
#[must_use]
pub fn listed(folder: &Path) -> Option<BTreeSet<PathBuf>> {
    let text = files::read_table(&folder.join(LIST)).ok()?;
    let paths = text.lines().filter_map(|line| line.split_once("  "));
    Some(paths.map(|(_, path)| PathBuf::from(path)).collect())
}
