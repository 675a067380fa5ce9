//! Arrays of numbers of any kind, as real numbers.

use super::header::{SAVE, header};
use super::{Array, words};
use crate::diagnostic::Problem;

/// The indices of element `index` of an array of this shape, such as `[3, 0, 2]`.
#[must_use]
pub fn place(shape: &[usize], mut index: usize) -> Vec<usize> {
    let mut place = vec![0; shape.len()];
    for (slot, &length) in place.iter_mut().zip(shape).rev() {
        (*slot, index) = (index % length, index / length);
    }
    place
}

/// Real numbers of the bytes of a file of whole or real numbers, all finite.
///
/// # Errors
/// A damaged file, other elements, and one that is not finite, with its place.
pub fn parse_real(bytes: &[u8]) -> Result<Array<f64>, Problem> {
    let header = header(bytes)?;
    let data = &bytes[header.start..];
    let elements: Vec<f64> = match &*header.kind {
        "|b1" | "|u1" => data.iter().map(|&byte| byte.into()).collect(),
        "|i1" => data.iter().map(|&byte| f64::from(byte as i8)).collect(),
        "<i2" => words(data).map(|w| i16::from_le_bytes(w).into()).collect(),
        "<u2" => words(data).map(|w| u16::from_le_bytes(w).into()).collect(),
        "<i4" => words(data).map(|w| i32::from_le_bytes(w).into()).collect(),
        "<u4" => words(data).map(|w| u32::from_le_bytes(w).into()).collect(),
        "<i8" => words(data).map(|w| i64::from_le_bytes(w) as f64).collect(),
        "<u8" => words(data).map(|w| u64::from_le_bytes(w) as f64).collect(),
        "<f4" => words(data).map(|w| f32::from_le_bytes(w).into()).collect(),
        "<f8" => words(data).map(f64::from_le_bytes).collect(),
        other => {
            return Err(Problem::new(format!("holds {other}, wanted numbers"))
                .help("save with .astype('float32')"));
        }
    };
    if let Some(index) = elements.iter().position(|value| !value.is_finite()) {
        let place = place(&header.shape, index);
        return Err(Problem::new(format!("element {place:?} is {}", elements[index])).help(SAVE));
    }
    Ok(Array {
        shape: header.shape,
        data: elements,
    })
}
