//! `NumPy`'s `.npy` arrays: numbers in C order, little endian.

mod header;
mod npz;
mod real;

pub use npz::load;
pub use real::{parse_real, place};

use crate::diagnostic::Problem;
use header::{MAGIC, SAVE, header};
use std::path::Path;

/// Name of the array of an archive that holds inputs.
const INPUTS: &str = "x";

/// An array of numbers with its shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Array<T> {
    /// Length of every dimension, the slowest first.
    pub shape: Vec<usize>,
    /// Elements in C order.
    pub data: Vec<T>,
}

/// Reads integers: int8, int16, int32, int64 (within 32 bits) or unsigned bytes.
pub fn read_i32(path: &Path) -> Result<Array<i32>, Problem> {
    parse_i32(&load(path, INPUTS)?).map_err(|problem| problem.in_file(path))
}

/// [`read_i32`] of the bytes of a file.
pub fn parse_i32(bytes: &[u8]) -> Result<Array<i32>, Problem> {
    let header = header(bytes)?;
    let fail = |problem: String, help: &str| Problem::new(problem).help(help);
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
    parse_f32(&load(path, INPUTS)?).map_err(|problem| problem.in_file(path))
}

/// [`read_f32`] of the bytes of a file.
pub fn parse_f32(bytes: &[u8]) -> Result<Array<f32>, Problem> {
    let header = header(bytes)?;
    let data = &bytes[header.start..];
    let elements: Vec<f32> = match &*header.kind {
        "<f4" => words(data).map(f32::from_le_bytes).collect(),
        "<f8" => words(data)
            .map(|word| f64::from_le_bytes(word) as f32)
            .collect(),
        other => {
            return Err(Problem::new(format!("holds {other}, wanted real numbers"))
                .help("save with .astype('float32')"));
        }
    };
    if let Some(index) = elements.iter().position(|value| !value.is_finite()) {
        return Err(Problem::new(format!("element {index} is not a finite number")).help(SAVE));
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
    crate::files::write(path, &bytes).map_err(|error| crate::files::problem(path, "write", &error))
}

#[cfg(test)]
mod tests;
