//! File formats that are not ours.

pub mod npy;

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// Reads a whole file. A device is refused: its contents may have no end.
pub fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    if kind.is_char_device() || kind.is_block_device() {
        return Err(std::io::Error::other("is a device; name a file"));
    }
    std::fs::read(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_ends_is_not_read() {
        let error = read(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(error.to_string(), "is a device; name a file");
    }
}
