//! The folder in which compiled models are kept. What lies in it is loaded into this process.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Where compiled models are kept: `$LPRNN_CACHE`, else `lprnn-hw` in `$XDG_CACHE_HOME`, else in
/// `~/.cache`. As that standard says, `$XDG_CACHE_HOME` must be an absolute path.
#[must_use]
pub fn cache_folder() -> Option<PathBuf> {
    let set = |name| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    if let Some(folder) = set("LPRNN_CACHE") {
        return Some(folder);
    }
    let base = set("XDG_CACHE_HOME").filter(|base| base.is_absolute());
    let base = base.or_else(|| set("HOME").map(|home| home.join(".cache")));
    base.map(|base| base.join("lprnn-hw"))
}

/// Makes `folder` if need be, for its owner alone, and checks that nobody else can put a library
/// there.
///
/// # Errors
/// Error of the system; a folder of somebody else, or one that others may write to.
pub fn make_private(folder: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    check_private(folder)
}

/// Checks that `path` is ours, and that nobody else may write to it.
///
/// # Errors
/// As [`make_private`].
pub fn check_private(path: &Path) -> io::Result<()> {
    let found = std::fs::metadata(path)?;
    let problem = if found.uid() != nix::unistd::geteuid().as_raw() {
        "it belongs to another user"
    } else if found.mode() & 0o022 != 0 {
        "others may write to it"
    } else {
        return Ok(());
    };
    Err(io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{problem}, and what lies in it would be executed"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_cache_is_for_its_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        make_private(&folder).unwrap();
        let mode = || std::fs::metadata(&folder).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o700);
        for open in [0o777, 0o720, 0o702] {
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(open)).unwrap();
            let error = make_private(&folder).unwrap_err();
            assert!(error.to_string().contains("others may write"), "{error}");
        }
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
        make_private(&folder).unwrap();
    }
}
