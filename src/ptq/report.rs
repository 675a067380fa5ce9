//! The report of a calibration: formats that were chosen, quality that was measured.

use super::formats::Formats;
use crate::fixed::QFormat;
use crate::quantize::{DenseOutput, Emit, numbered};
use crate::reference::StageCount;
use serde::Serialize;

/// A tensor of parameters and the codes that it became.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TensorReport {
    /// Such as `layers.0.weight_ih.f`.
    pub tensor: String,
    /// Format chosen.
    pub format: QFormat,
    /// Values beyond the format.
    pub clamped: u64,
    /// Values.
    pub total: u64,
    /// The tensor over what its own rounding changes, in decibel; infinite when nothing was lost. It
    /// says nothing of what the network loses.
    pub rounding_db: f64,
}

/// Values that a layer clamped on the calibration inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Clamped {
    /// Inputs of the layer.
    pub x: StageCount,
    /// Accumulator to pre-activation.
    pub z: StageCount,
    /// Accumulators to n's parts of a GRU, before the reset gate.
    #[serde(skip_serializing_if = "StageCount::is_empty")]
    pub v: StageCount,
    /// Products to the state: c of an LSTM, s of a GRU.
    pub c: StageCount,
    /// Cell state, or n's parts of a GRU, to the argument of tanh.
    pub tanh_argument: StageCount,
    /// To hidden state.
    pub h: StageCount,
}

/// Formats of one layer, and what they clamped.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct LayerQuality {
    /// Number of the layer, from 0.
    pub layer: usize,
    /// Its direction, where it is not forward, or one of two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<&'static str>,
    /// Its formats.
    #[serde(flatten)]
    pub formats: Formats,
    /// Of n's parts of a GRU before the reset gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub v: Option<QFormat>,
    /// Clamped values.
    pub clamped: Clamped,
}

impl LayerQuality {
    /// `0`, or `0 backward`.
    #[must_use]
    pub fn title(&self) -> String {
        numbered(self.layer, self.direction)
    }
}

/// A signal of the integer model against the same of the float model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// Signal to noise in decibel; infinite when equal.
    pub snr_db: f64,
    /// Root of the mean square of the float signal.
    pub signal_rms: f64,
    /// Root of the mean square of the difference.
    pub error_rms: f64,
}

/// What a dense layer gives.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct DenseReport {
    /// Number of the layer among the dense ones, from 0.
    pub layer: usize,
    /// Values of an output.
    pub outputs: usize,
    /// What they are.
    pub gives: DenseOutput,
    /// When.
    pub when: Emit,
}

/// What a linear layer before the recurrent ones takes and gives as a dense layer of integers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FrontReport {
    /// Format of what it takes.
    pub x: QFormat,
    /// Values beyond that format.
    pub clamped: StageCount,
    /// Values of an output.
    pub outputs: usize,
    /// What they are.
    pub gives: DenseOutput,
}

/// What multipliers of rows gave.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RowScaleReport {
    /// Bits of a multiplier.
    pub bits: u32,
    /// Signal to noise of h without them, in decibel, all other formats left as they are.
    pub without_db: f64,
}

/// A limit of the quality of h.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct QualityLimit {
    /// Such as `weights of 8 bits`.
    pub part: String,
    /// Options that would mend it; absent where the contract has no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// Signal to noise of h with it, in decibel, all other formats left as they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snr_db: Option<f64>,
    /// Its cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
}

/// All that quantisation has to tell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CalibrationReport {
    /// Weights, in the order of the file.
    pub tensors: Vec<TensorReport>,
    /// Linear layers before the recurrent ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub front: Vec<FrontReport>,
    /// Formats of the layers, of both directions where a layer has two.
    pub layers: Vec<LayerQuality>,
    /// Sequences of the calibration.
    pub sequences: usize,
    /// Steps of all of them; everything below was measured on these.
    pub steps: usize,
    /// Steps that the formats were chosen on, where not on all.
    pub chosen_on_steps: usize,
    /// Largest magnitude of h in the float model, of every layer.
    pub h_most: Vec<f64>,
    /// h of the last layer.
    pub h: Quality,
    /// Multipliers of rows, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row_scale: Option<RowScaleReport>,
    /// Outputs of the head, where the model has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Quality>,
    /// Dense layers that give something else than sums at every step.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dense: Vec<DenseReport>,
    /// Limits of h, the strongest first; empty where no single step helps.
    pub limits: Vec<QualityLimit>,
    /// Figures that deserve a second look.
    pub warnings: Vec<String>,
}
