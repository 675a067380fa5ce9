//! Language models and texts from files.

use super::model::LanguageModel;
use crate::diagnostic::{Problem, Problems};
use crate::import::{ImportOptions, read_bytes};
use crate::quantize::QuantizedModel;
use safetensors::SafeTensors;
use std::path::Path;

impl LanguageModel {
    /// Reads a language model, see [`LanguageModel::from_bytes`].
    ///
    /// # Errors
    /// A file that cannot be read, or is no language model.
    pub fn read(path: &Path, import: &ImportOptions) -> Result<Self, Problems> {
        let bytes = crate::files::load(path)?;
        Self::from_bytes(&bytes, import).map_err(|problems| problems.in_file(path))
    }

    /// A language model from the bytes of a safetensors file: a quantised model, known by its
    /// metadata, or else a float state dict, of which `import` says the parts that are wanted.
    pub fn from_bytes(bytes: &[u8], import: &ImportOptions) -> Result<Self, Problems> {
        if is_quantized(bytes) {
            import.refuse_for_quantized()?;
            Ok(Self::from_quantized(QuantizedModel::from_bytes(bytes)?)?)
        } else {
            Ok(Self::from_float(&read_bytes(bytes, import)?)?)
        }
    }
}

/// `true` of the bytes of a quantised model, which is known by its metadata.
#[must_use]
pub fn is_quantized(bytes: &[u8]) -> bool {
    SafeTensors::read_metadata(bytes).is_ok_and(|(_, metadata)| {
        let map = metadata.metadata().as_ref();
        map.is_some_and(|map| map.contains_key("lprnn"))
    })
}

/// Reads a text.
///
/// # Errors
/// A file that cannot be read, or is not UTF-8: the line is named.
pub fn read_text(path: &Path) -> Result<String, Problem> {
    let bytes = crate::files::load(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].split(|&byte| byte == b'\n').count();
        Problem::line(line, "is not UTF-8")
            .help("save the text in UTF-8")
            .in_file(path)
    })
}
