//! A refusal of the system, or of ours, as a problem with its remedy.

use super::read::{Refused, read, read_table};
use crate::diagnostic::Problem;
use std::io::{Error, ErrorKind as Kind};
use std::path::Path;

/// A file or folder that cannot be read, written or made, as `verb` says.
#[must_use]
pub fn problem(path: &Path, verb: &str, error: &Error) -> Problem {
    let refused = Refused::of(error);
    let remedy = match error.kind() {
        _ if refused.is_some() => refused.map(Refused::help),
        Kind::NotFound | Kind::NotADirectory => Some("check the path"),
        Kind::PermissionDenied => Some("check the permissions, or choose another place"),
        Kind::StorageFull | Kind::QuotaExceeded => Some("free some space, then run it again"),
        Kind::FileTooLarge => Some("raise the limit (`ulimit -f`), or choose another place"),
        Kind::IsADirectory => Some("name a file, not a folder"),
        _ => None,
    };
    let problem = Problem::file(path, format!("cannot {verb}: {error}"));
    match remedy {
        Some(remedy) => problem.help(remedy),
        None => problem,
    }
}

/// [`read`], with the place and the remedy of what is wrong.
///
/// # Errors
/// As [`read`].
pub fn load(path: &Path) -> Result<Vec<u8>, Problem> {
    read(path).map_err(|error| problem(path, "read", &error))
}

/// [`read_table`], with the place and the remedy of what is wrong.
///
/// # Errors
/// As [`read_table`].
pub fn load_table(path: &Path) -> Result<String, Problem> {
    read_table(path).map_err(|error| problem(path, "read", &error))
}
