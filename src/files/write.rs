//! Writing a file so that it is there as a whole or not at all.

use super::read::{no_file, refuse};
use std::fs::{File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Links that are followed before they are taken for a circle, as the system does.
const LINKS: usize = 40;

/// Where `path` leads: a regular file, or a name where there is nothing yet. Links are followed, one
/// that leads nowhere too.
///
/// # Errors
/// A folder, a device, a pipe or a socket there: a file that is moved into place would replace it.
/// So is the file that standard output goes to, whose other contents would be lost.
pub fn resolve(path: &Path) -> io::Result<PathBuf> {
    if path == Path::new("-") {
        return Err(refuse(
            "standard output is for results",
            "name a file; ./- is one of that name",
        ));
    }
    let mut target = path.to_path_buf();
    for _ in 0..LINKS {
        match std::fs::symlink_metadata(&target) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
            Ok(found) if found.is_symlink() => {
                // Where the link is one of the system's own, what it says is no path.
                if let Ok(open) = std::fs::metadata(&target)
                    && let Some(error) = no_file(open.file_type())
                {
                    return Err(error);
                }
                let leads = std::fs::read_link(&target)?;
                target = parent(&target).join(leads);
            }
            Ok(found) => {
                return match no_file(found.file_type()) {
                    Some(error) => Err(error),
                    None if is_standard_output(&found) => Err(refuse(
                        "it is where standard output goes",
                        "name another file; results are printed there",
                    )),
                    None => Ok(target),
                };
            }
        }
    }
    Err(refuse("its links lead in a circle", "name a file"))
}

fn is_standard_output(found: &Metadata) -> bool {
    std::fs::metadata("/dev/stdout")
        .is_ok_and(|out| (out.dev(), out.ino()) == (found.dev(), found.ino()))
}

/// Writes `contents` to where `path` leads, see [`resolve`].
///
/// # Errors
/// As [`resolve`], and what the system says; then an older file is as it was.
pub fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(contents))
}

/// Writes what `fill` puts out to where `path` leads, see [`resolve`].
///
/// The file has the permissions of the one that it replaces; a new one those of the umask.
///
/// # Errors
/// As [`write()`].
pub fn write_with(path: &Path, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    let target = resolve(path)?;
    let mut file = beside(&target)?;
    if let Ok(older) = std::fs::metadata(&target) {
        let mode = std::fs::Permissions::from_mode(older.mode() & 0o777);
        file.as_file().set_permissions(mode)?;
    }
    fill(file.as_file_mut())?;
    // What a disk says of its last bytes only now, a full one above all.
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    Ok(())
}

/// A file of another name in the folder of `target`: only within a file system can it be moved.
pub(super) fn beside(target: &Path) -> io::Result<tempfile::NamedTempFile> {
    tempfile::Builder::new()
        .prefix(".lprnn-hw-")
        .permissions(std::fs::Permissions::from_mode(0o666)) // less the umask
        .tempfile_in(parent(target))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
