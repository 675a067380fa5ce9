//! Reading what others wrote: regular files alone, and no more of them than a limit.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

/// Most bytes of a model, an array or a text.
const DATA: u64 = 16 << 30;
/// Most bytes of a table or a document: a sweep of a million points is a third of this.
pub const TABLE: u64 = 256 << 20;

/// Why a file is not read or written although the system would let us, and what helps.
///
/// It travels inside a [`std::io::Error`]; [`Refused::of`] finds it there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Refused {
    problem: String,
    help: &'static str,
}

impl Refused {
    /// The refusal in `error`, where it is one of ours.
    #[must_use]
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The remedy.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.help
    }
}

/// An error that says what is wrong and what helps.
pub(super) fn refuse(problem: impl Into<String>, help: &'static str) -> io::Error {
    io::Error::other(Refused {
        problem: problem.into(),
        help,
    })
}

/// Why something that is no regular file is refused; `None` for one that is.
pub(super) fn no_file(kind: std::fs::FileType) -> Option<io::Error> {
    let help = "name a file";
    if kind.is_file() {
        None
    } else if kind.is_dir() {
        Some(refuse("it is a folder", help))
    } else if kind.is_fifo() {
        Some(refuse("it is a pipe", help))
    } else if kind.is_socket() {
        Some(refuse("it is a socket", help))
    } else {
        Some(refuse("it is a device", help))
    }
}

/// Reads a whole model, array or text.
///
/// # Errors
/// No regular file (its contents may have no end, or never come), and more than 16 GiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_within(path, DATA)
}

/// Reads a whole table or document as text, at most [`TABLE`] bytes.
///
/// # Errors
/// As [`read`], and text that is not UTF-8, with the place of the first wrong byte.
pub fn read_table(path: &Path) -> io::Result<String> {
    String::from_utf8(read_within(path, TABLE)?).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        refuse(format!("byte {at} is not UTF-8"), "save it as UTF-8 text")
    })
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    // Without waiting: to open a pipe that nobody writes to would never return.
    let file = File::options()
        .read(true)
        .custom_flags(nix::fcntl::OFlag::O_NONBLOCK.bits())
        .open(path);
    let file = match file {
        // A socket cannot be opened at all; say what it is.
        Err(error) => {
            let kind = std::fs::metadata(path).map(|found| found.file_type());
            return Err(kind.ok().and_then(no_file).unwrap_or(error));
        }
        Ok(file) => file,
    };
    let found = file.metadata()?;
    if let Some(error) = no_file(found.file_type()) {
        return Err(error);
    }
    let long = || {
        refuse(
            format!("it is larger than {}", size(limit)),
            "name a smaller file",
        )
    };
    if found.len() > limit {
        return Err(long());
    }
    let mut bytes = Vec::new();
    bytes
        .try_reserve_exact(found.len() as usize)
        .map_err(|_| refuse("not enough memory for it", "name a smaller file"))?;
    // Of a file that grows, or does not know its length, one byte more than allowed tells enough.
    file.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(long());
    }
    Ok(bytes)
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 30 {
        format!("{} GiB", bytes >> 30)
    } else {
        format!("{} MiB", bytes >> 20)
    }
}

#[cfg(test)]
mod tests;
