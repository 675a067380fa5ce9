//! The quantised model file: safetensors with integer tensors and one JSON object of formats.

mod read;
#[cfg(test)]
mod tests;
mod write;

use super::model::InputOffset;
use crate::fixed::{Levels, QFormat};
use crate::spec::CellKind;
use serde::{Deserialize, Serialize};

/// Number of the file format that this program writes and reads.
pub const FORMAT: u32 = 2;

/// Metadata key of the formats.
const KEY: &str = "lprnn";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelHeader {
    format: u32,
    layers: Vec<LayerHeader>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input_offset: Option<InputOffset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<HeadFormats>,
}

/// Order in which a layer takes the steps of a sequence.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StepOrder {
    Forward,
}

/// The number of the format, whatever else there is.
#[derive(Deserialize)]
struct FormatNumber {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerHeader {
    kind: CellKind,
    direction: StepOrder,
    input_size: usize,
    hidden_size: usize,
    x: QFormat,
    h: QFormat,
    w_bits: u32,
    /// Said where the bits alone do not say them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w_levels: Option<Levels>,
    w_frac_ih: Vec<i32>,
    w_frac_hh: Vec<i32>,
    z: QFormat,
    a_frac: u32,
    /// Of an LSTM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<QFormat>,
    /// Of a GRU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<QFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<QFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row_scale: Option<RowScaleFormat>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowScaleFormat {
    bits: u32,
    frac: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadFormats {
    w_bits: u32,
    w_frac: i32,
}
