//! NumPy's `.npy`: little-endian int32 and float32 in C order, all that the commands exchange.

use super::error::CliError;
use std::path::Path;

const MAGIC: &[u8] = b"\x93NUMPY";
/// Files larger than this are refused instead of filling the memory.
const MAX_BYTES: u64 = 8 << 30;
/// Longest header: NumPy writes some hundred bytes.
const MAX_HEADER: usize = 64 << 10;

/// Elements of an array.
#[derive(Clone, Debug, PartialEq)]
pub enum Elements {
    /// `<i4`
    Int(Vec<i32>),
    /// `<f4`
    Float(Vec<f32>),
}

/// An array in C order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    /// Sizes, the slowest first.
    pub shape: Vec<usize>,
    /// Elements.
    pub elements: Elements,
}

/// Reads a file; `place` in errors is its path.
pub fn read(path: &Path) -> Result<Array, CliError> {
    let size = std::fs::metadata(path)
        .map_err(|error| CliError::io(path, "read", &error))?
        .len();
    if size > MAX_BYTES {
        return Err(CliError::new(path.display(), "is larger than 8 GiB").help("split it"));
    }
    let bytes = std::fs::read(path).map_err(|error| CliError::io(path, "read", &error))?;
    parse(&bytes).map_err(|problem| {
        CliError::new(path.display(), problem)
            .help("save it by numpy.save as int32 or float32 in C order")
    })
}

fn parse(bytes: &[u8]) -> Result<Array, String> {
    let truncated = || "is truncated".to_string();
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or("is no .npy file: it does not begin with \\x93NUMPY")?;
    let (version, rest) = rest.split_first_chunk::<2>().ok_or_else(truncated)?;
    let (length, rest) = match version {
        [1, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(truncated)?;
            (usize::from(u16::from_le_bytes(*length)), rest)
        }
        [2 | 3, _] => {
            let (length, rest) = rest.split_first_chunk().ok_or_else(truncated)?;
            (u32::from_le_bytes(*length) as usize, rest)
        }
        [major, minor] => return Err(format!("has format {major}.{minor}, not 1.0 to 3.0")),
    };
    if length > MAX_HEADER {
        return Err(format!("has a header of {length} bytes"));
    }
    let (header, data) = rest.split_at_checked(length).ok_or_else(truncated)?;
    let header = std::str::from_utf8(header).map_err(|_| "has a header that is no text")?;
    let value = |key: &str| -> Result<&str, String> {
        let (_, rest) = header
            .split_once(&format!("'{key}':"))
            .ok_or_else(|| format!("has no '{key}' in its header"))?;
        Ok(rest.trim_start())
    };
    let kind = value("descr")?;
    if !value("fortran_order")?.starts_with("False") {
        return Err("is in Fortran order".to_string());
    }
    let shape = value("shape")?
        .strip_prefix('(')
        .and_then(|text| text.split_once(')'))
        .ok_or("has no shape in its header")?
        .0;
    let shape: Vec<usize> = shape
        .split(',')
        .map(str::trim)
        .filter(|size| !size.is_empty())
        .map(|size| size.parse().map_err(|_| format!("has the size {size:?}")))
        .collect::<Result<_, String>>()?;
    let count = shape
        .iter()
        .try_fold(1usize, |count, &size| count.checked_mul(size))
        .and_then(|count| count.checked_mul(4))
        .ok_or("has a shape that no memory holds")?;
    if data.len() != count {
        return Err(format!(
            "has {} bytes of data, its shape {shape:?} needs {count}",
            data.len()
        ));
    }
    let words = data
        .chunks_exact(4)
        .map(|word| [word[0], word[1], word[2], word[3]]);
    let elements = match kind.get(..5) {
        Some("'<i4'") => Elements::Int(words.map(i32::from_le_bytes).collect()),
        Some("'<f4'") => Elements::Float(words.map(f32::from_le_bytes).collect()),
        _ => {
            let kind = kind.split(',').next().unwrap_or_default();
            return Err(format!(
                "holds {kind}, neither int32 ('<i4') nor float32 ('<f4')"
            ));
        }
    };
    Ok(Array { shape, elements })
}

/// The bytes of an int32 array, as `numpy.save` writes them.
pub fn write_int(shape: &[usize], codes: &[i32]) -> Vec<u8> {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut header = format!(
        "{{'descr': '<i4', 'fortran_order': False, 'shape': ({}{comma}), }}",
        sizes.join(", ")
    );
    // Data begins at a multiple of 64; the header ends with a line end.
    let before = MAGIC.len() + 4;
    let padded = (before + header.len() + 1).next_multiple_of(64) - before;
    header.push_str(&" ".repeat(padded - 1 - header.len()));
    header.push('\n');
    let mut bytes = Vec::with_capacity(before + padded + 4 * codes.len());
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&[1, 0]);
    bytes.extend_from_slice(&(padded as u16).to_le_bytes());
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend(codes.iter().flat_map(|code| code.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for shape in [vec![], vec![6], vec![2, 3], vec![1, 2, 3], vec![0, 5]] {
            let count = shape.iter().product::<usize>();
            let codes: Vec<i32> = (0..count as i32).map(|code| code * 1_000_003 - 7).collect();
            let bytes = write_int(&shape, &codes);
            assert_eq!((bytes.len() - 4 * count) % 64, 0);
            let array = parse(&bytes).unwrap();
            assert_eq!(array.shape, shape);
            assert_eq!(array.elements, Elements::Int(codes));
        }
    }

    #[test]
    fn hostile_files_are_refused() {
        let good = write_int(&[2, 3], &[1; 6]);
        for end in 0..good.len() {
            assert!(parse(&good[..end]).is_err(), "cut at {end}");
        }
        let text = |header: &str| {
            let mut bytes = MAGIC.to_vec();
            bytes.extend([1, 0]);
            bytes.extend((header.len() as u16).to_le_bytes());
            bytes.extend(header.bytes());
            bytes
        };
        for (header, why) in [
            ("", "'descr'"),
            (
                "{'descr': '<i4', 'fortran_order': True, 'shape': (1,), }",
                "Fortran",
            ),
            (
                "{'descr': '<f8', 'fortran_order': False, 'shape': (0,), }",
                "'<f8'",
            ),
            (
                "{'descr': '>i4', 'fortran_order': False, 'shape': (0,), }",
                "'>i4'",
            ),
            (
                "{'descr': '<i4', 'fortran_order': False, 'shape': (-1,), }",
                "size",
            ),
            (
                "{'descr': '<i4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
                "no memory",
            ),
            (
                "{'descr': '<i4', 'fortran_order': False, 'shape': (99,), }",
                "needs 396",
            ),
        ] {
            let error = parse(&text(header)).unwrap_err();
            assert!(error.contains(why), "{header}: {error}");
        }
    }
}
