//! The truth that integers are compared with: the float model's own h and ranges.

use super::float;
use super::formats::{LayerFractions, PassFractions};
use super::search::Ranges;
use super::sequences::Sequences;
use crate::fixed::Codes;
use crate::import::{FloatLayer, FloatModel};
use crate::quantize::Fractions;

/// Multiply-accumulates of one candidate: more steps than that takes are sampled.
pub(super) const CANDIDATE_MACS: usize = 1 << 28;

/// The float model on the calibration inputs.
pub(super) struct Truth {
    /// Of every layer, on all steps.
    pub(super) ranges: Vec<Ranges>,
    /// h of the last layer, on all steps.
    pub(super) h: Vec<f32>,
    /// What candidates are run on: x of the first recurrent layer before it becomes codes, on all steps or some.
    pub(super) sample: Sequences,
    /// h of every layer of the float model on those steps.
    pub(super) targets: Vec<Vec<f32>>,
}

impl Truth {
    /// `x` is what the recurrent layers of the float model take, `given` what those of the integer model do before it
    /// becomes codes; both are the inputs where no linear layer stands before.
    pub(super) fn of(model: &FloatModel, x: &Sequences, given: &Sequences) -> Self {
        let macs = |layer: &FloatLayer| {
            layer.gates() * layer.output_size() * (layer.input_size + layer.hidden_size)
        };
        let largest = model.layers.iter().map(macs).max().unwrap_or(1);
        let most = (CANDIDATE_MACS / largest).max(1);
        let sample = given.sample(most);
        let (ranges, all) = Self::runs(model, x);
        let h = all.last().cloned().unwrap_or_default();
        let targets = if sample == *given {
            all
        } else {
            Self::runs(model, &x.sample(most)).1
        };
        Self {
            ranges,
            h,
            sample,
            targets,
        }
    }

    /// Ranges and h of every recurrent layer on `x`.
    pub(super) fn runs(model: &FloatModel, x: &Sequences) -> (Vec<Ranges>, Vec<Vec<f32>>) {
        let mut signal = x.clone();
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

/// Fractions of the weights of a layer, of each direction by itself: those that it was trained with, beside them v of a
/// GRU, or of the least squared error; with multipliers of their rows of `row_bits` bits, where that says some.
pub(super) fn weight_fractions(
    model: &FloatModel,
    layer: usize,
    weights: Codes,
    row_bits: Option<u32>,
) -> LayerFractions {
    let float = &model.layers[layer];
    let passes = float.passes().count();
    let mut halves = float.passes().enumerate().map(|(half, pass)| {
        let (fractions, v) = match &model.fractions {
            Some(trained) => {
                let place = layer * passes + half;
                let [ih, hh] = trained.passes[place].clone();
                (Fractions { ih, hh }, trained.v.get(place).copied())
            }
            None => (Fractions::least_error(pass, weights), None),
        };
        PassFractions {
            v,
            ..PassFractions::of(pass, weights, fractions, row_bits)
        }
    });
    LayerFractions {
        own: halves.next().expect("a layer has a pass"),
        other: halves.next(),
    }
}
