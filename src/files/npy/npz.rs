//! Arrays of `.npz` files: archives of `.npy` files.

use crate::diagnostic::Problem;
use crate::files::archive::{Archive, Budget};
use std::path::{Path, PathBuf};

/// What stands before the name of an array in `FILE.npz:NAME`.
const BEFORE_NAME: &str = ".npz:";

/// File and name of `FILE.npz:NAME`; other paths are the file alone.
fn parts(path: &Path) -> (PathBuf, Option<&str>) {
    let named = path.to_str().and_then(|text| {
        let at = text.rfind(BEFORE_NAME)?;
        let end = at + BEFORE_NAME.len();
        Some((text[..end - 1].into(), Some(&text[end..])))
    });
    named.unwrap_or_else(|| (path.into(), None))
}

/// The bytes of an array: of a `.npy` file, or of one of an `.npz`: the one that `FILE.npz:NAME` names, else the
/// one called `usual`, else the only one.
///
/// # Errors
/// A file that cannot be read, and an archive without that array: those that it has are named.
pub fn load(path: &Path, usual: &str) -> Result<Vec<u8>, Problem> {
    let (file, name) = parts(path);
    let bytes = crate::files::load(&file)?;
    if !bytes.starts_with(b"PK\x03\x04") {
        return match name {
            None => Ok(bytes),
            Some(_) => Err(Problem::file(&file, "is not an .npz archive")
                .help("write it with numpy.savez, or leave the name of the array out")),
        };
    }
    of_archive(&bytes, name, usual).map_err(|problem| problem.in_file(&file))
}

fn of_archive(bytes: &[u8], name: Option<&str>, usual: &str) -> Result<Vec<u8>, Problem> {
    let archive = Archive::read(bytes)?;
    let names: Vec<&str> = (archive.names())
        .filter_map(|name| name.strip_suffix(".npy"))
        .collect();
    let chosen = match (name, &names[..]) {
        (Some(name), _) => name,
        (None, [only]) => only,
        (None, _) => usual,
    };
    if !names.contains(&chosen) {
        let problem = format!("has no array {chosen}");
        return Err(Problem::new(problem)
            .notes(names)
            .help("name one of these as FILE.npz:NAME"));
    }
    let file = archive.file(&format!("{chosen}.npy"), &mut Budget::of(bytes))?;
    Ok(file.into_owned())
}
