//! A folder of things built once, kept by content, shared by threads and processes.

use crate::diagnostic::Problem;
use crate::tools::{Scratch, check_private, make_private};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Entries are folders `{kind}/{key}`; one that is there is complete and never changes.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// Uses `root`, which is made when first needed.
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The entry's folder; when it is not there, `build` fills a new one, which is renamed into
    /// place when it succeeds. Of several that want the same entry one builds and all wait.
    pub(super) fn entry<E: From<Problem>>(
        &self,
        kind: &str,
        key: &str,
        build: impl FnOnce(&Path) -> Result<(), E>,
    ) -> Result<PathBuf, E> {
        let entry = self.root.join(kind).join(key);
        let problem = |error| unusable(&self.root, &error);
        make_private(&self.root).map_err(problem)?;
        if entry.is_dir() {
            check_private(&entry).map_err(problem)?;
            return Ok(entry);
        }
        let locks = self.root.join("locks");
        fs::create_dir_all(&locks).map_err(problem)?;
        let folder = self.root.join(kind);
        make_private(&folder).map_err(|error| unusable(&folder, &error))?;
        let lock = File::create(locks.join(format!("{kind}-{key}"))).map_err(problem)?;
        lock.lock().map_err(problem)?;
        if entry.is_dir() {
            return Ok(entry);
        }
        let work = Scratch::within(&self.root, "building-").map_err(problem)?;
        build(work.path())?;
        fs::rename(work.path(), &entry).map_err(problem)?;
        Ok(entry)
    }

    /// Removes an entry that turned out to be broken.
    pub(super) fn remove(&self, kind: &str, key: &str) -> io::Result<()> {
        fs::remove_dir_all(self.root.join(kind).join(key))
    }
}

/// The cache folder `root` cannot be used.
fn unusable(root: &Path, error: &io::Error) -> Problem {
    let problem = format!("cannot use the cache folder {}: {error}", root.display());
    Problem::new(problem).help("set LPRNN_CACHE to a folder of your own")
}

#[cfg(test)]
mod tests;
