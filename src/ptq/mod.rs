//! Post-training quantisation: every number format chosen by what becomes of h.
//!
//! A format is good when the integer model's h is near the float model's h on the calibration
//! inputs; how well a tensor survives its own rounding says little about that. So candidates are run
//! by the reference model, layer after layer, and the report ends with what was measured of the
//! whole.

mod changes;
mod float;
mod formats;
mod limits;
mod measure;
mod offset;
mod report;
mod run;
mod search;
mod sequences;
mod truth;
mod warnings;

pub use formats::Formats;
pub use offset::middle;
pub use report::{CalibrationReport, Clamped, LayerQuality, Quality, QualityLimit, TensorReport};
pub use run::{Quantized, quantize, quantize_offset, snr_of};
pub use sequences::Sequences;

use crate::quantize::HeadFormat;

/// Widths and formats that are asked for; a format that is left open is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatRequest {
    /// Bits of every weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of the first layer's x.
    pub input_bits: u32,
    /// Fraction of the first layer's x.
    pub x_frac: Option<i32>,
    /// Fraction of h.
    pub h_frac: Option<i32>,
    /// Bits of z.
    pub z_bits: Option<u32>,
    /// Fraction of z.
    pub z_frac: Option<i32>,
    /// Fraction bits of the gate values.
    pub a_frac: Option<u32>,
    /// Bits of c.
    pub c_bits: Option<u32>,
    /// Fraction of c.
    pub c_frac: Option<i32>,
    /// The linear head, where the model has one.
    pub head: HeadFormat,
}

impl FormatRequest {
    /// The same width of weights, h and x; everything else is open.
    #[must_use]
    pub fn of(bits: u32, head: HeadFormat) -> Self {
        Self {
            weight_bits: bits,
            act_bits: bits,
            input_bits: bits,
            x_frac: None,
            h_frac: None,
            z_bits: None,
            z_frac: None,
            a_frac: None,
            c_bits: None,
            c_frac: None,
            head,
        }
    }
}
