//! Temporary folders that are removed with their process, however it ends.

use super::lock::locked;
use super::watch;
use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Prefix of the folders in the system's temporary folder.
const PREFIX: &str = "lprnn-hw-";
/// Younger folders are never swept: their lock may be about to be taken.
const AGE: Duration = Duration::from_secs(600);

/// A folder with a lock on it as long as it is used, for its owner alone.
#[derive(Debug)]
pub struct Scratch {
    folder: tempfile::TempDir,
    _lock: File,
}

impl Scratch {
    /// A new folder among the system's temporary ones.
    ///
    /// # Errors
    /// Error of the system.
    pub fn new() -> io::Result<Self> {
        Self::within(&std::env::temp_dir(), PREFIX)
    }

    /// A new folder in `parent`, its name beginning with `prefix`. The first one there clears away
    /// those that a process left which could not do it itself.
    ///
    /// # Errors
    /// Error of the system.
    pub fn within(parent: &Path, prefix: &str) -> io::Result<Self> {
        sweep_once(parent, prefix);
        let folder = tempfile::Builder::new().prefix(prefix).tempdir_in(parent)?;
        watch::folder_made(folder.path());
        let lock = File::open(folder.path())?;
        // Where there are no locks, nothing is swept either.
        let _ = lock.try_lock();
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let path = self.folder.path();
        // The folder may have been moved to its place: then there is nothing to remove. What cannot
        // be removed now is left to the next sweep.
        let _ = std::fs::remove_dir_all(path);
        watch::folder_gone(path);
    }
}

fn sweep_once(parent: &Path, prefix: &str) {
    static SWEPT: Mutex<BTreeSet<(PathBuf, String)>> = Mutex::new(BTreeSet::new());
    let mut swept = locked(&SWEPT);
    if swept.insert((parent.to_owned(), prefix.to_owned())) {
        sweep(parent, prefix);
    }
}

/// Removes folders of ours that nobody uses any more. What goes wrong is left to the next time.
fn sweep(parent: &Path, prefix: &str) {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(prefix) && is_stale(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

fn is_stale(path: &Path) -> bool {
    let ours = nix::unistd::geteuid().as_raw();
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return false;
    };
    let old = found
        .modified()
        .is_ok_and(|changed| changed.elapsed().is_ok_and(|passed| passed >= AGE));
    found.is_dir()
        && found.uid() == ours
        && old
        && File::open(path).is_ok_and(|folder| folder.try_lock().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn age(path: &Path) {
        let past = std::time::SystemTime::now() - 2 * AGE;
        File::open(path).unwrap().set_modified(past).unwrap();
    }

    #[test]
    fn only_what_nobody_uses_is_swept() {
        let home = tempfile::tempdir().unwrap();
        let used = Scratch::within(home.path(), "ours-").unwrap();
        age(used.path());
        for name in ["ours-stale", "ours-young", "theirs"] {
            std::fs::create_dir(home.path().join(name)).unwrap();
        }
        std::fs::write(home.path().join("ours-stale/file"), "").unwrap();
        std::os::unix::fs::symlink("theirs", home.path().join("ours-link")).unwrap();
        age(&home.path().join("ours-stale"));
        age(&home.path().join("theirs"));
        sweep(home.path(), "ours-");
        let left = |name: &str| home.path().join(name).exists();
        assert!(!left("ours-stale"));
        assert!(left("ours-young") && left("theirs") && left("ours-link"));
        assert!(used.path().exists());
        let path = used.path().to_owned();
        drop(used);
        assert!(!path.exists());
    }
}
