//! Tensors of a safetensors file as real numbers.

use safetensors::tensor::{Dtype, TensorView};
use std::path::PathBuf;

/// Why a float model cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// No safetensors file, or a damaged one.
    #[error("no safetensors file: {0}; save the state dict with safetensors.torch.save_file")]
    Container(String),
    /// A tensor that this program does not take.
    #[error("{tensor}: {problem}")]
    Tensor {
        /// Its name in the file.
        tensor: String,
        /// What is wrong and what helps.
        problem: String,
    },
    /// No LSTM in the file.
    #[error(
        "no LSTM found: a tensor named like 'weight_ih_l0' is wanted, with any prefix; the file holds {0}"
    )]
    NoLstm(String),
    /// More than one LSTM.
    #[error("several LSTMs: prefixes {0}; choose one with --prefix")]
    Several(String),
}

/// An error about one tensor.
pub(super) fn refuse<T>(tensor: &str, problem: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Tensor {
        tensor: tensor.into(),
        problem: problem.into(),
    })
}

/// The values of a tensor, all finite. F16 and BF16 convert exactly; F64 is rounded to F32 only
/// where that loses nothing.
pub(super) fn values(name: &str, view: &TensorView) -> Result<Vec<f32>, ImportError> {
    let data = view.data();
    let values: Vec<f32> = match view.dtype() {
        Dtype::F32 => data
            .as_chunks()
            .0
            .iter()
            .map(|&word| f32::from_le_bytes(word))
            .collect(),
        Dtype::BF16 => data
            .as_chunks()
            .0
            .iter()
            .map(|&word| f32::from_bits(u32::from(u16::from_le_bytes(word)) << 16))
            .collect(),
        Dtype::F16 => data
            .as_chunks()
            .0
            .iter()
            .map(|&word| half(u16::from_le_bytes(word)))
            .collect(),
        Dtype::F64 => {
            let wide = data
                .as_chunks()
                .0
                .iter()
                .map(|&word| f64::from_le_bytes(word));
            if wide.clone().any(|value| {
                value.is_finite() && f64::from(value as f32).to_bits() != value.to_bits()
            }) {
                return refuse(
                    name,
                    "float64 values that float32 does not hold exactly; save it as float32",
                );
            }
            wide.map(|value| value as f32).collect()
        }
        other => {
            return refuse(
                name,
                format!("dtype {other:?} is not read; save it as float32"),
            );
        }
    };
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => refuse(
            name,
            format!(
                "element {index} is {}; the training diverged",
                values[index]
            ),
        ),
        None => Ok(values),
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
    use super::half;

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
