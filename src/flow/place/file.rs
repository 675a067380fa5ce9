//! Single files that a command writes.

use crate::diagnostic::{Problem, Problems};
use crate::files;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Writes one file so that it is there as a whole or not at all. Links are followed.
pub fn write_file(path: &Path, contents: &[u8]) -> Result<(), Problems> {
    Ok(files::write(path, contents).map_err(|error| files::problem(path, "write", &error))?)
}

/// Writes a file into a folder that may come from somebody else, by its name below `folder`, as
/// [`write_file`] does. A link there is refused: it may lead to any file of ours.
pub fn write_inside(folder: &Path, name: &Path, contents: &[u8]) -> Result<(), Problems> {
    let mut path = folder.to_path_buf();
    for part in name {
        path.push(part);
        if path.is_symlink() {
            return Err(
                Problem::file(&path, "is a link, which may lead out of the folder")
                    .help("put the file or folder itself there")
                    .into(),
            );
        }
    }
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)
            .map_err(|error| crate::files::problem(parent, "make", &error))?;
    }
    write_file(&path, contents)
}

/// Checks that `path` can be written, and is none of the command's `inputs`, before the long work.
pub fn check_file(
    path: &Path,
    inputs: impl IntoIterator<Item = impl AsRef<Path>>,
) -> Result<(), Problems> {
    let failed = |error| crate::files::problem(path, "write", &error);
    let target = files::resolve(path).map_err(failed)?;
    let place = |path: &Path| std::fs::metadata(path).map(|found| (found.dev(), found.ino()));
    if let Ok(found) = place(&target)
        && let Some(input) = inputs
            .into_iter()
            .find(|input| place(input.as_ref()).is_ok_and(|input| input == found))
    {
        let input = input.as_ref();
        let problem = if input == path {
            "is read by this command, and would be overwritten".to_string()
        } else {
            format!("is {}, which this command reads", input.display())
        };
        return Err(Problem::file(path, problem)
            .help("name another file to write")
            .into());
    }
    let parent = parent_of(&target);
    tempfile::tempfile_in(parent)
        .map_err(|error| crate::files::problem(parent, "write", &error))?;
    Ok(())
}

/// Refuses two outputs that are one file.
pub fn check_different(one: (&str, &Path), other: (&str, &Path)) -> Result<(), Problems> {
    let target = |path| {
        let target = files::resolve(path).unwrap_or_else(|_| path.to_path_buf());
        let folder = std::fs::canonicalize(parent_of(&target));
        (folder.ok(), target.file_name().map(ToOwned::to_owned))
    };
    if target(one.1) == target(other.1) {
        let problem = format!("writes to the same file as {}", other.0);
        return Err(Problem::file(one.0, problem).help("name two files").into());
    }
    Ok(())
}

/// The folder that `path` is in.
pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
