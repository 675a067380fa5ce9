//! The truth that integers are compared with: the float model's own h and ranges.

use super::float;
use super::formats::LayerFractions;
use super::search::Ranges;
use super::sequences::Sequences;
use crate::fixed::Codes;
use crate::import::{FloatLayer, FloatModel};
use crate::quantize::Fractions;

/// Multiply-accumulates of one candidate: more steps than that takes are sampled.
const CANDIDATE_MACS: usize = 1 << 28;

/// The float model on the calibration inputs.
pub(super) struct Truth {
    /// Of every layer, on all steps.
    pub(super) ranges: Vec<Ranges>,
    /// h of the last layer, on all steps.
    pub(super) h: Vec<f32>,
    /// Steps that candidates are run on.
    pub(super) sample: Sequences,
    /// h of every layer on those.
    pub(super) targets: Vec<Vec<f32>>,
}

impl Truth {
    pub(super) fn of(model: &FloatModel, inputs: &Sequences) -> Self {
        let macs = |layer: &FloatLayer| {
            layer.gates() * layer.output_size() * (layer.input_size + layer.hidden_size)
        };
        let largest = model.layers.iter().map(macs).max().unwrap_or(1);
        let sample = inputs.sample((CANDIDATE_MACS / largest).max(1));
        let (ranges, all) = Self::runs(model, inputs);
        let h = all.last().cloned().unwrap_or_default();
        let targets = if sample == *inputs {
            all
        } else {
            Self::runs(model, &sample).1
        };
        Self {
            ranges,
            h,
            sample,
            targets,
        }
    }

    pub(super) fn runs(model: &FloatModel, inputs: &Sequences) -> (Vec<Ranges>, Vec<Vec<f32>>) {
        let mut signal = inputs.clone();
        let layers = model.layers.iter();
        layers
            .map(|layer| {
                let run = float::run(layer, &signal);
                signal.width = layer.output_size();
                signal.data.clone_from(&run.h);
                let h = run.h.iter().fold(0.0f32, |most, h| most.max(h.abs()));
                let ranges = Ranges {
                    z: run.z_most.into(),
                    c: run.c_most.into(),
                    v: (layer.recurrence.kind().parted()).map(|_| f64::from(run.v_most)),
                    h: h.into(),
                };
                (ranges, run.h)
            })
            .unzip()
    }
}

/// Fractions of the weights of a layer, of each direction by itself: those that it was trained with, or of the
/// least squared error.
pub(super) fn weight_fractions(model: &FloatModel, layer: usize, weights: Codes) -> LayerFractions {
    let float = &model.layers[layer];
    let own = match &model.fractions {
        Some(trained) => {
            let [ih, hh] = trained.layers[layer];
            Fractions {
                ih: ih.to_vec(),
                hh: hh.to_vec(),
            }
        }
        None => Fractions::least_error(float, weights),
    };
    let other = float.other_half();
    LayerFractions {
        own,
        other: other.map(|other| Fractions::least_error(other, weights)),
    }
}
