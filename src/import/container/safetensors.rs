//! safetensors.

use crate::diagnostic::Problem;
use crate::import::tensors::{ElementKind, Tensor, Tensors};
use safetensors::{Dtype, SafeTensors};
use std::borrow::Cow;

/// All tensors of a file.
pub fn read(bytes: &[u8]) -> Result<Tensors<'_>, Problem> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| {
        Problem::new(format!(
            "not a model file of a known kind (as safetensors: {error})"
        ))
        .help("give safetensors, .pt, .ckpt, .keras, .h5 or .onnx")
    })?;
    let all = tensors.iter().map(|(name, view)| {
        let tensor = Tensor::new(
            kind(view.dtype()),
            view.shape().to_vec(),
            Cow::Borrowed(view.data()),
        );
        (name.to_owned(), tensor)
    });
    Ok(all.collect())
}

fn kind(dtype: Dtype) -> ElementKind {
    match dtype {
        Dtype::F32 => ElementKind::F32,
        Dtype::F64 => ElementKind::F64,
        Dtype::F16 => ElementKind::F16,
        Dtype::BF16 => ElementKind::BF16,
        Dtype::I64 => ElementKind::I64,
        other => ElementKind::Other(format!("{other:?}")),
    }
}
