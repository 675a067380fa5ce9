//! Language models from files.

use super::model::LanguageModel;
use crate::diagnostic::Problems;
use crate::import::{self, ImportOptions};
use crate::quantize::QuantizedModel;
use safetensors::SafeTensors;

impl LanguageModel {
    /// A language model from the bytes of a safetensors file: a quantised model, known by its
    /// metadata, or else a float state dict; `prefix` chooses among several float LSTMs.
    pub fn from_bytes(bytes: &[u8], prefix: Option<&str>) -> Result<Self, Problems> {
        let quantized = SafeTensors::read_metadata(bytes).is_ok_and(|(_, metadata)| {
            let map = metadata.metadata().as_ref();
            map.is_some_and(|map| map.contains_key("lprnn"))
        });
        if quantized {
            Ok(Self::from_quantized(QuantizedModel::from_bytes(bytes)?)?)
        } else {
            let options = ImportOptions::of_prefix(prefix);
            Ok(Self::from_float(&import::read_bytes(bytes, &options)?)?)
        }
    }
}
