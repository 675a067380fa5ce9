//! The contents of a float model, as a report.

use super::model::{FloatLayer, FloatModel, Mapping, TrainedFractions};
use crate::spec::{CellKind, DirectionKind, OutputOrder};
use serde::Serialize;

/// Cell and sizes of one layer.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct LayerSizes {
    /// Its cell.
    #[serde(skip_serializing_if = "CellKind::is_lstm")]
    pub cell: CellKind,
    /// Order of its steps.
    #[serde(skip_serializing_if = "DirectionKind::is_forward")]
    pub direction: DirectionKind,
    /// Order of the outputs of what takes the steps backward.
    #[serde(skip_serializing_if = "OutputOrder::is_time")]
    pub output_order: OutputOrder,
    /// Elements of x.
    pub input_size: usize,
    /// Units, of one direction.
    pub hidden_size: usize,
}

/// Sizes of a linear layer before the recurrent ones.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FrontSizes {
    /// Elements that it takes.
    pub input_size: usize,
    /// Elements that it gives.
    pub output_size: usize,
    /// A `ReLU` stands behind it.
    pub relu: bool,
}

/// The contents of a float model, and how they were read.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// Number of this object's format.
    pub schema: u32,
    /// Linear layers before the recurrent ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub front: Vec<FrontSizes>,
    /// Layers, from the first.
    pub layers: Vec<LayerSizes>,
    /// Outputs of the head.
    pub head: Option<usize>,
    /// Outputs of the linear layers behind the head.
    pub dense: Vec<usize>,
    /// Parameters of the recurrent layers.
    pub parameters: u64,
    /// Fractions that the model was trained with.
    pub fractions: Option<TrainedFractions>,
    /// Assumptions, where the file says nothing.
    pub assumptions: Vec<String>,
    /// Names of the tensors that were left out.
    pub left_out: Vec<String>,
    /// Every tensor of the file, and its meaning.
    pub tensors: Vec<Mapping>,
}

impl ImportReport {
    /// The report of a model.
    #[must_use]
    pub fn of(model: &FloatModel) -> Self {
        let parameters = model
            .layers
            .iter()
            .map(FloatLayer::parameters)
            .map(|count| count as u64);
        Self {
            schema: 1,
            front: model
                .front
                .iter()
                .map(|front| FrontSizes {
                    input_size: front.linear.input_size(),
                    output_size: front.linear.output_size,
                    relu: front.relu,
                })
                .collect(),
            layers: model
                .layers
                .iter()
                .map(|layer| LayerSizes {
                    cell: layer.recurrence.kind(),
                    direction: layer.direction.kind(),
                    output_order: layer.output_order(),
                    input_size: layer.input_size,
                    hidden_size: layer.hidden_size,
                })
                .collect(),
            head: model.head.as_ref().map(|head| head.output_size),
            dense: model.dense.iter().map(|head| head.output_size).collect(),
            parameters: parameters.sum(),
            fractions: model.fractions.clone(),
            assumptions: model.assumptions.clone(),
            left_out: model.left_out.clone(),
            tensors: model.explanation.clone(),
        }
    }
}
