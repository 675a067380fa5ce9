//! Zip archives: what `torch.save`, Keras and `numpy.savez` write.

use crate::diagnostic::Problem;
use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read;

/// Files of an archive, by name. What is packed is unpacked when it is asked for.
pub struct Archive<'a> {
    entries: BTreeMap<String, ArchiveEntry<'a>>,
}

struct ArchiveEntry<'a> {
    packed: bool,
    size: u64,
    data: &'a [u8],
}

/// Bytes that may still be made of a file: a small file is not to fill the memory.
pub struct Budget(u64);

impl Budget {
    /// 64 bytes for each of the file, and 4 MiB.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self((4 << 20) + 64 * bytes.len() as u64)
    }

    /// Takes `bytes` away, if they are left.
    pub fn take(&mut self, bytes: u64) -> Option<()> {
        self.0 = self.0.checked_sub(bytes)?;
        Some(())
    }
}

fn damaged(problem: impl std::fmt::Display) -> Problem {
    Problem::new(format!("damaged archive: {problem}")).help("save it again")
}

impl<'a> Archive<'a> {
    /// The table of contents.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Problem> {
        let archive = ZipArchive::from_slice(bytes).map_err(damaged)?;
        let mut entries = BTreeMap::new();
        let mut listed = archive.entries();
        while let Some(header) = listed.next_entry().map_err(damaged)? {
            let name = String::from_utf8_lossy(header.file_path().as_ref()).into_owned();
            let method = header.compression_method();
            let packed = method == CompressionMethod::DEFLATE;
            if !packed && method != CompressionMethod::STORE {
                return Err(damaged(format_args!(
                    "{name} is packed in a way that is not read"
                )));
            }
            let size = header.uncompressed_size_hint();
            let entry = archive.get_entry(header.wayfinder()).map_err(damaged)?;
            let (start, end) = entry.compressed_data_range();
            let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
            let data = range.and_then(|(start, end)| bytes.get(start..end));
            let data = data.ok_or_else(|| damaged(format_args!("{name} is cut short")))?;
            entries.insert(name, ArchiveEntry { packed, size, data });
        }
        Ok(Self { entries })
    }

    /// Names of the files.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The bytes of a file.
    pub fn file(&self, name: &str, budget: &mut Budget) -> Result<Cow<'a, [u8]>, Problem> {
        let Some(entry) = self.entries.get(name) else {
            return Err(damaged(format_args!("{name} is missing")));
        };
        if !entry.packed {
            return Ok(Cow::Borrowed(entry.data));
        }
        if budget.take(entry.size).is_none() {
            return Err(damaged(format_args!(
                "{name} would unpack to {} bytes, far more than a file of this size has",
                entry.size
            )));
        }
        let mut bytes = Vec::new();
        let mut unpacked = DeflateDecoder::new(entry.data).take(entry.size + 1);
        unpacked.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != entry.size {
            return Err(damaged(format_args!("{name} does not unpack to its size")));
        }
        Ok(Cow::Owned(bytes))
    }
}
