//! Tensors by name, and their values as real numbers.

use super::error::refuse;
use super::model::Mapping;
use crate::diagnostic::Problem;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Type of the elements of a tensor, little endian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ElementKind {
    F32,
    F64,
    F16,
    BF16,
    I64,
    /// Something that is not read, by its name.
    Other(String),
}

/// A tensor of a file, or one that several of them give.
#[derive(Clone, Debug)]
pub struct Tensor<'a> {
    pub kind: ElementKind,
    pub shape: Vec<usize>,
    data: Cow<'a, [u8]>,
    /// The tensors of the file that it was made of, with the part of each; none if it is in the
    /// file itself.
    pub sources: Vec<Mapping>,
}

/// All tensors, by name.
pub type Tensors<'a> = BTreeMap<String, Tensor<'a>>;

impl<'a> Tensor<'a> {
    /// `data` holds as many elements as `shape` says.
    pub fn new(kind: ElementKind, shape: Vec<usize>, data: Cow<'a, [u8]>) -> Self {
        Self {
            kind,
            shape,
            data,
            sources: Vec::new(),
        }
    }

    /// A tensor that was computed from `sources`.
    pub fn made(shape: Vec<usize>, values: &[f32], sources: Vec<Mapping>) -> Self {
        let data = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        Self {
            kind: ElementKind::F32,
            shape,
            data: Cow::Owned(data),
            sources,
        }
    }

    fn words<const N: usize>(&self) -> impl Iterator<Item = [u8; N]> + '_ {
        self.data.as_chunks().0.iter().copied()
    }

    /// The values, all finite, as f32: float16 and bfloat16 exactly, float64 rounded.
    pub fn values(&self, name: &str) -> Result<Vec<f32>, Problem> {
        let values: Vec<f32> = match &self.kind {
            ElementKind::F32 => self.words().map(f32::from_le_bytes).collect(),
            ElementKind::BF16 => self
                .words()
                .map(|word| f32::from_bits(u32::from(u16::from_le_bytes(word)) << 16))
                .collect(),
            ElementKind::F16 => self
                .words()
                .map(|word| half(u16::from_le_bytes(word)))
                .collect(),
            ElementKind::F64 => self
                .words()
                .map(|word| f64::from_le_bytes(word) as f32)
                .collect(),
            ElementKind::I64 => return Err(integers("I64").of(name)),
            ElementKind::Other(kind) => return Err(integers(kind).of(name)),
        };
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => refuse(
                name,
                format!("element {index} is {}", values[index]),
                "train again, with a smaller learning rate or clipped gradients",
            ),
            None => Ok(values),
        }
    }

    /// The elements of an int64 tensor.
    pub fn integers(&self) -> Option<Vec<i64>> {
        (self.kind == ElementKind::I64).then(|| self.words().map(i64::from_le_bytes).collect())
    }
}

/// `values` in as many equal parts as `order` has, in that order.
pub fn reordered(values: &[f32], order: &[usize]) -> Vec<f32> {
    let part = values.len() / order.len();
    let parts = order.iter().map(|&at| &values[at * part..][..part]);
    parts.flatten().copied().collect()
}

/// `[columns, rows]` of `[rows, columns]`.
pub fn transposed(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| values[row * columns + column]));
    }
    out
}

/// Why elements of another kind are not read.
fn integers(kind: &str) -> Problem {
    let quantised = matches!(kind, "I8" | "U8" | "I32" | "QInt8" | "QUInt8" | "QInt32");
    if quantised {
        Problem::new(format!("holds {kind}, integers of another quantiser"))
            .help("give the float model from before it")
    } else {
        Problem::new(format!("holds {kind}, which is not read")).help("save it as float32")
    }
}

/// IEEE 754 half precision, exactly.
fn half(bits: u16) -> f32 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let exponent = i32::from(bits >> 10 & 0x1f);
    let fraction = f32::from(bits & 0x3ff);
    sign * match exponent {
        0 => fraction * (-24f32).exp2(),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * ((exponent - 25) as f32).exp2(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_is_exact() {
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x7bff, 65504.0),
            (0x3555, 0.333_251_95),
        ] {
            assert_eq!(half(bits).to_bits(), f32::to_bits(value));
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
    }
}
