//! Output that is there as a whole or not at all.

use super::error::CliError;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The file by which a folder of ours is known.
pub const MARK: &str = "interface.json";

/// Where a folder will be written. Made before the work, so that a bad place fails first.
#[derive(Debug)]
pub struct Place {
    target: PathBuf,
    parent: PathBuf,
    /// Whether there is an older folder of ours, to be replaced.
    replaces: bool,
}

impl Place {
    /// Checks that `target` can be written. An existing folder is refused, and with `force`
    /// replaced, if it is one of ours or empty.
    pub fn check(target: &Path, force: bool) -> Result<Self, CliError> {
        Self::marked(target, force, MARK)
    }

    /// The same for a folder that is known by the file `mark`.
    pub fn marked(target: &Path, force: bool, mark: &str) -> Result<Self, CliError> {
        let shown = target.display();
        if target.file_name().is_none() {
            return Err(CliError::new(shown, "is no name for a new folder")
                .help("name the folder to be made"));
        }
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
            _ => PathBuf::from("."),
        };
        let replaces = match std::fs::symlink_metadata(target) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(CliError::io(target, "write", &error)),
            Ok(_) if !force => {
                return Err(CliError::new(shown, "exists already")
                    .help("choose another folder by --out, or give --force to replace it"));
            }
            Ok(found) if found.is_dir() => {
                let empty = std::fs::read_dir(target)
                    .map_err(|error| CliError::io(target, "read", &error))?
                    .next()
                    .is_none();
                if !empty && !target.join(mark).is_file() {
                    return Err(CliError::new(
                        shown,
                        format!("holds something else: there is no {mark} in it"),
                    )
                    .help("choose another folder by --out"));
                }
                true
            }
            Ok(_) => {
                return Err(
                    CliError::new(shown, "is no folder").help("choose another name by --out")
                );
            }
        };
        // The only way to know that a folder can be written to is to do it.
        tempfile::tempfile_in(&parent).map_err(|error| CliError::io(&parent, "write", &error))?;
        Ok(Self {
            target: target.to_path_buf(),
            parent,
            replaces,
        })
    }

    /// Writes `files`, by paths relative to the folder, and moves them into place at once.
    pub fn write(&self, files: &BTreeMap<String, Vec<u8>>) -> Result<(), CliError> {
        let io = |path: &Path| {
            let path = path.to_path_buf();
            move |error| CliError::io(&path, "write", &error)
        };
        // Beside the target, since only within one file system can it be moved at once.
        let staging = tempfile::Builder::new()
            .prefix(".lprnn-hw-")
            .tempdir_in(&self.parent)
            .map_err(io(&self.parent))?;
        let fresh = staging.path().join("new");
        std::fs::create_dir(&fresh).map_err(io(&self.target))?;
        for (name, contents) in files {
            if crate::tools::interrupted() {
                return Err(CliError::new(self.target.display(), "interrupted"));
            }
            let path = fresh.join(name);
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(io(&self.target))?;
            }
            let written = std::fs::File::create(&path).and_then(|mut file| {
                file.write_all(contents)?;
                file.flush()
            });
            written.map_err(io(&self.target.join(name)))?;
        }
        let old = staging.path().join("old");
        if self.replaces {
            std::fs::rename(&self.target, &old).map_err(io(&self.target))?;
        }
        if let Err(error) = std::fs::rename(&fresh, &self.target) {
            if self.replaces {
                // Put the old one back; the first error is the one to tell.
                let _ = std::fs::rename(&old, &self.target);
            }
            return Err(CliError::io(&self.target, "write", &error));
        }
        Ok(())
    }
}

/// Writes one file so that it is there as a whole or not at all.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<(), CliError> {
    let failed = |error: std::io::Error| CliError::io(path, "write", &error);
    let mut file = tempfile::NamedTempFile::new_in(parent_of(path)).map_err(failed)?;
    file.write_all(contents).map_err(failed)?;
    // Readable like any other file, not for its owner alone.
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file().set_permissions(mode).map_err(failed)?;
    // What a disk says of its last bytes only now, a full one above all.
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// Checks that `path` can be written, before the long work.
pub fn check_file(path: &Path) -> Result<(), CliError> {
    if path.is_dir() {
        return Err(CliError::new(path.display(), "is a folder").help("name a file"));
    }
    // A whole file is moved into place: it would stand where the device was.
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(CliError::new(path.display(), "is a device or a pipe").help("name a file"));
    }
    let parent = parent_of(path);
    tempfile::tempfile_in(parent).map_err(|error| CliError::io(parent, "write", &error))?;
    Ok(())
}

fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(text: &str) -> BTreeMap<String, Vec<u8>> {
        let file = |name: &str| (name.to_string(), text.as_bytes().to_vec());
        [file(MARK), file("rtl/a.v")].into()
    }

    fn entries(folder: &Path) -> usize {
        std::fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_is_replaced_by_force_only() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        Place::check(&target, false)
            .unwrap()
            .write(&files("one"))
            .unwrap();
        assert!(Place::check(&target, false).is_err());
        let stale = target.join("stale");
        std::fs::write(&stale, "").unwrap();
        Place::check(&target, true)
            .unwrap()
            .write(&files("two"))
            .unwrap();
        assert_eq!(std::fs::read(target.join("rtl/a.v")).unwrap(), b"two");
        assert!(!stale.exists());
        assert_eq!(entries(home.path()), 1);
    }

    #[test]
    fn what_is_not_ours_stays() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("thesis.tex"), "").unwrap();
        assert!(Place::check(home.path(), true).is_err());
        assert!(Place::check(&home.path().join("thesis.tex"), true).is_err());
        assert!(Place::check(&home.path().join("no/such/parent"), false).is_err());
        assert_eq!(entries(home.path()), 1);
    }

    #[test]
    fn a_device_stays() {
        let error = check_file(Path::new("/dev/null")).unwrap_err();
        let mut text = Vec::new();
        error.print(&mut text);
        assert_eq!(
            String::from_utf8(text).unwrap(),
            "error: /dev/null: is a device or a pipe\nhelp: name a file\n"
        );
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let home = tempfile::tempdir().unwrap();
        let target = home.path().join("out");
        let place = Place::check(&target, false).unwrap();
        let mut files = files("one");
        files.insert("rtl/a.v/b.v".into(), Vec::new()); // a file cannot be a folder
        assert!(place.write(&files).is_err());
        assert_eq!(entries(home.path()), 0);
    }
}
