//! `NumPy`'s `.npy` arrays: numbers in C order, little endian.

use crate::diagnostic::Problem;
use std::path::Path;

/// An array of numbers with its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T> {
    /// Length of every dimension, the slowest first.
    pub shape: Vec<usize>,
    /// Elements in C order.
    pub data: Vec<T>,
}

/// Help where nothing better is known.
const SAVE: &str = "save an array of finite numbers by numpy.save";

const MAGIC: &[u8] = b"\x93NUMPY";

/// Reads integers: int8, int16, int32, int64 (within 32 bits) or unsigned bytes.
pub fn read_i32(path: &Path) -> Result<Array<i32>, Problem> {
    let (bytes, header) = load(path)?;
    let fail = |problem: String, help: &str| Problem::file(path, problem).help(help);
    let data = &bytes[header.start..];
    let elements = match &*header.kind {
        "|i1" => data.iter().map(|&byte| i32::from(byte as i8)).collect(),
        "|u1" => data.iter().map(|&byte| i32::from(byte)).collect(),
        "<i2" => words(data)
            .map(|word| i32::from(i16::from_le_bytes(word)))
            .collect(),
        "<i4" => words(data).map(i32::from_le_bytes).collect(),
        "<i8" => words(data)
            .map(|word| i32::try_from(i64::from_le_bytes(word)))
            .collect::<Result<_, _>>()
            .map_err(|_| {
                fail(
                    "holds numbers beyond 32 bits".into(),
                    "save codes of x: they have at most 16 bits",
                )
            })?,
        other => {
            return Err(fail(
                format!("holds {other}, wanted integers"),
                "save with .astype('int32'), or give --float-input",
            ));
        }
    };
    Ok(Array {
        shape: header.shape,
        data: elements,
    })
}

/// Reads real numbers: float32 or float64, all finite.
pub fn read_f32(path: &Path) -> Result<Array<f32>, Problem> {
    let (bytes, header) = load(path)?;
    let fail = |problem: String, help: &str| Problem::file(path, problem).help(help);
    let data = &bytes[header.start..];
    let elements: Vec<f32> = match &*header.kind {
        "<f4" => words(data).map(f32::from_le_bytes).collect(),
        "<f8" => words(data)
            .map(|word| f64::from_le_bytes(word) as f32)
            .collect(),
        other => {
            return Err(fail(
                format!("holds {other}, wanted real numbers"),
                "save with .astype('float32')",
            ));
        }
    };
    if let Some(index) = elements.iter().position(|value| !value.is_finite()) {
        return Err(fail(
            format!("element {index} is not a finite number"),
            SAVE,
        ));
    }
    Ok(Array {
        shape: header.shape,
        data: elements,
    })
}

/// Writes int32.
pub fn write_i32(path: &Path, shape: &[usize], data: &[i32]) -> Result<(), Problem> {
    write(
        path,
        "<i4",
        shape,
        data.iter().flat_map(|value| value.to_le_bytes()),
    )
}

/// Writes int64.
pub fn write_i64(path: &Path, shape: &[usize], data: &[i64]) -> Result<(), Problem> {
    write(
        path,
        "<i8",
        shape,
        data.iter().flat_map(|value| value.to_le_bytes()),
    )
}

/// Writes float32.
pub fn write_f32(path: &Path, shape: &[usize], data: &[f32]) -> Result<(), Problem> {
    write(
        path,
        "<f4",
        shape,
        data.iter().flat_map(|value| value.to_le_bytes()),
    )
}

fn words<const N: usize>(data: &[u8]) -> impl Iterator<Item = [u8; N]> + '_ {
    data.as_chunks().0.iter().copied()
}

struct Header {
    kind: String,
    shape: Vec<usize>,
    /// Where the elements start.
    start: usize,
}

fn load(path: &Path) -> Result<(Vec<u8>, Header), Problem> {
    let bytes = super::read(path).map_err(|error| super::problem(path, "read", &error))?;
    let header = header(&bytes).map_err(|problem| problem.in_file(path))?;
    Ok((bytes, header))
}

fn header(bytes: &[u8]) -> Result<Header, Problem> {
    let cut = || Problem::new("is cut short").help("write it again");
    let odd = |problem: String| Problem::new(problem).help(SAVE);
    if !bytes.starts_with(MAGIC) {
        return Err(Problem::new("is no .npy file").help("write it with numpy.save"));
    }
    let version = *bytes.get(6).ok_or_else(cut)?;
    let (length, text_at) = match version {
        1 => (
            usize::from(u16::from_le_bytes(
                bytes
                    .get(8..10)
                    .ok_or_else(cut)?
                    .try_into()
                    .map_err(|_| cut())?,
            )),
            10,
        ),
        2 | 3 => (
            u32::from_le_bytes(
                bytes
                    .get(8..12)
                    .ok_or_else(cut)?
                    .try_into()
                    .map_err(|_| cut())?,
            ) as usize,
            12,
        ),
        other => {
            return Err(odd(format!(
                "has .npy version {other}, where 1 to 3 are known"
            )));
        }
    };
    let start = text_at + length;
    let text = bytes.get(text_at..start).ok_or_else(cut)?;
    let text = std::str::from_utf8(text).map_err(|_| odd("has a header that is no text".into()))?;
    let field = |name: &str| -> Result<&str, Problem> {
        let at = text
            .find(&format!("'{name}':"))
            .ok_or_else(|| odd(format!("has no {name} in its header")))?;
        Ok(text[at + name.len() + 3..].trim_start())
    };
    let kind = field("descr")?;
    let kind = kind
        .strip_prefix('\'')
        .and_then(|rest| rest.split_once('\''))
        .map(|(kind, _)| kind.to_owned());
    let kind =
        kind.ok_or_else(|| Problem::new("holds records").help("save a plain array of numbers"))?;
    if !field("fortran_order")?.starts_with("False") {
        return Err(Problem::new("is in Fortran order").help("save numpy.ascontiguousarray of it"));
    }
    let shape = field("shape")?
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .map(|(shape, _)| shape);
    let shape: Vec<usize> = shape
        .ok_or_else(|| odd("has no shape".into()))?
        .split(',')
        .map(str::trim)
        .filter(|length| !length.is_empty())
        .map(|length| {
            length
                .parse()
                .map_err(|_| odd(format!("has a dimension '{length}'")))
        })
        .collect::<Result<_, _>>()?;
    let size = kind.get(2..).unwrap_or_default();
    let size: usize = size.parse().map_err(|_| odd(format!("holds {kind}")))?;
    let expected = shape
        .iter()
        .try_fold(size, |product, &length| product.checked_mul(length));
    if expected != Some(bytes.len() - start) {
        let wanted = expected.map_or("more than can be addressed".into(), |wanted| {
            wanted.to_string()
        });
        let problem = format!(
            "has {} bytes of data where shape {shape:?} of {kind} wants {wanted}",
            bytes.len() - start,
        );
        return Err(Problem::new(problem).help("write it again"));
    }
    Ok(Header { kind, shape, start })
}

fn write(
    path: &Path,
    kind: &str,
    shape: &[usize],
    data: impl Iterator<Item = u8>,
) -> Result<(), Problem> {
    let lengths: Vec<String> = shape.iter().map(ToString::to_string).collect();
    // A tuple of one keeps its comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let lengths = lengths.join(", ") + comma;
    let mut text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({lengths}), }}");
    // The elements start at a multiple of 64, after a newline.
    while !(MAGIC.len() + 4 + text.len() + 1).is_multiple_of(64) {
        text.push(' ');
    }
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&[1, 0]);
    bytes.extend_from_slice(&(text.len() as u16).to_le_bytes());
    bytes.extend_from_slice(text.as_bytes());
    bytes.extend(data);
    super::write(path, &bytes).map_err(|error| super::problem(path, "write", &error))
}

#[cfg(test)]
mod tests;
