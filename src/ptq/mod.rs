//! Post-training quantisation: every number format chosen by what becomes of h.
//!
//! A format is good when the integer model's h is near the float model's h on the calibration
//! inputs; how well a tensor survives its own rounding says little about that. So candidates are run
//! by the reference model, layer after layer, and the report ends with what was measured of the
//! whole.

mod changes;
mod dense;
mod float;
mod formats;
mod front;
mod limits;
mod measure;
mod offset;
mod report;
mod request;
mod run;
mod search;
mod sequences;
mod truth;
mod warnings;

pub use dense::{asked, float_outputs, head_format};
pub use formats::Formats;
pub use offset::{middle, repeated, span};
pub use report::{
    CalibrationReport, Clamped, DenseReport, FrontReport, LayerQuality, Quality, QualityLimit,
    RowScaleReport, TensorReport,
};
pub use request::{FormatRequest, refuse_float_head};
pub use run::{Quantized, float_h, quantize, quantize_offset, snr_of};
pub use sequences::{Sequences, split};
