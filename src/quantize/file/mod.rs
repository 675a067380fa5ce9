//! The quantised model file: safetensors with integer tensors and one JSON object of formats.

mod read;
#[cfg(test)]
mod tests;
mod write;

use super::dense::Emit;
use super::model::InputOffset;
use crate::fixed::{Levels, QFormat};
use crate::spec::{DirectionKind, OutputKind, OutputOrder};
use serde::de::IgnoredAny;
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
    /// What an older version wrote of a dense layer; only to be refused.
    #[serde(default, skip_serializing)]
    head: Option<IgnoredAny>,
}

/// An entry of the list of layers.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum LayerHeader {
    Embedding(EmbeddingHeader),
    Lstm(RecurrentHeader),
    Gru(RecurrentHeader),
    Dense(DenseHeader),
}

/// Ending of the names of tensors of a bidirectional layer's backward half.
const REVERSE: &str = "_reverse";

/// The number of the format, whatever else there is.
#[derive(Deserialize)]
struct FormatNumber {
    format: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RecurrentHeader {
    #[serde(default)]
    direction: DirectionKind,
    /// Of a backward or bidirectional layer.
    #[serde(default, skip_serializing_if = "OutputOrder::is_time")]
    output_order: OutputOrder,
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
    /// The backward half of a bidirectional layer: what it does not share with the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reverse: Option<PassHeader>,
}

/// Formats of one pass; sizes, x and h are the layer's.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PassHeader {
    w_bits: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w_levels: Option<Levels>,
    w_frac_ih: Vec<i32>,
    w_frac_hh: Vec<i32>,
    z: QFormat,
    a_frac: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    c: Option<QFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v: Option<QFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<QFormat>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row_scale: Option<RowScaleFormat>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowScaleFormat {
    bits: u32,
    frac: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EmbeddingHeader {
    vocabulary: usize,
    /// Elements of a row.
    output_size: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DenseHeader {
    input_size: usize,
    output_size: usize,
    x: QFormat,
    w_bits: u32,
    /// Said where the bits alone do not say them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    w_levels: Option<Levels>,
    w_frac: i32,
    output: OutputKind,
    /// Format of the codes, and whether sums below zero count as zero: of the output `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<QFormat>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    relu: bool,
    #[serde(default)]
    when: Emit,
    /// Only to be refused.
    #[serde(default, skip_serializing)]
    row_scale: Option<IgnoredAny>,
}
