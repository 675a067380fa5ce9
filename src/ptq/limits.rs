//! The limits of h: one part at a time is given more bits, and h is measured again.

use super::FormatRequest;
use super::changes::{Change, Group, changes, next_width, with};
use super::formats::{Formats, LayerFractions, MOST_Z_BITS};
use super::measure::{Tables, decibel, energy, noise, words};
use super::report::{Quality, QualityLimit};
use super::truth::{Truth, weight_fractions};
use crate::fixed::{LevelRule, QFormat};
use crate::import::FloatModel;
use crate::quantize::{QuantizedModel, quantize_input};
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Less than that is not worth a line, in decibel.
const LEAST_GAIN: f64 = 0.5;
/// Gains that are as good as one another, in decibel.
const NEARLY: f64 = 1.0;
/// At most so many lines.
const MOST_LINES: usize = 3;

/// Limits of h, by the sample that the formats were chosen on; `whole` is h on all steps.
pub(super) fn of(
    model: &FloatModel,
    formats: &[Formats],
    wanted: &FormatRequest,
    (truth, tables): (&Truth, &Tables),
    whole: Quality,
) -> Vec<QualityLimit> {
    let trial = Trial::new(model, wanted, truth, tables);
    let snr = |weight_bits: u32, formats: &[Formats]| trial.snr(weight_bits, formats);
    let now = snr(wanted.weight_bits, formats);
    let changes = changes(formats, wanted, !model.front.is_empty());
    let gains: Vec<(f64, Change)> = changes
        .into_par_iter()
        .map(|change| (snr(change.weight_bits, &change.formats) - now, change))
        .collect();
    let mut gains = cheapest(gains);
    gains.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut limits: Vec<QualityLimit> = gains
        .into_iter()
        .take(MOST_LINES)
        .map(|(gain, change)| QualityLimit {
            part: change.part,
            option: Some(change.option),
            snr_db: Some(whole.snr_db + gain),
            price: Some(change.price),
        })
        .collect();
    limits.extend(z_limits(formats, |formats| {
        now - snr(wanted.weight_bits, formats)
    }));
    limits
}

/// z cannot be given more than the contract has; what it weighs is seen with one bit less: `loss` in
/// decibel.
fn z_limits(formats: &[Formats], loss: impl Fn(&[Formats]) -> f64) -> Option<QualityLimit> {
    if formats.iter().all(|formats| formats.z.bits != MOST_Z_BITS) {
        return None;
    }
    let less = with(formats, |formats| {
        formats.z = QFormat::new(formats.z.bits - 1, formats.z.frac - 1);
    });
    (loss(&less) >= 2.0).then(|| QualityLimit {
        part: format!("z: its {MOST_Z_BITS} bits are the most there are; they limit"),
        option: None,
        snr_db: None,
        price: None,
    })
}

/// The model with other formats on the sample.
struct Trial<'a> {
    model: &'a FloatModel,
    truth: &'a Truth,
    tables: &'a Tables,
    levels: LevelRule,
    /// Of every layer, by the bits of the weights.
    fractions: BTreeMap<u32, Vec<LayerFractions>>,
}

impl<'a> Trial<'a> {
    fn new(
        model: &'a FloatModel,
        wanted: &FormatRequest,
        truth: &'a Truth,
        tables: &'a Tables,
    ) -> Self {
        let (weight_bits, levels) = (wanted.weight_bits, wanted.levels);
        let widths = [weight_bits].into_iter().chain(next_width(weight_bits));
        let fractions = widths.map(|bits| {
            let layers = 0..model.layers.len();
            let of = |layer| weight_fractions(model, layer, levels.of(bits), wanted.row_scale_bits);
            (bits, layers.into_par_iter().map(of).collect())
        });
        Self {
            model,
            truth,
            tables,
            levels,
            fractions: fractions.collect(),
        }
    }

    /// Signal to noise of h, decibel.
    fn snr(&self, weight_bits: u32, formats: &[Formats]) -> f64 {
        let layers = self.model.layers.iter().zip(formats);
        let layers = layers.zip(&self.fractions[&weight_bits]);
        let weights = self.levels.of(weight_bits);
        let integers = QuantizedModel {
            layers: layers
                .map(|((layer, formats), fractions)| formats.layer(layer, weights, fractions))
                .collect(),
            ..QuantizedModel::default()
        };
        let (sample, targets) = (&self.truth.sample, &self.truth.targets);
        let codes = quantize_input(&sample.data, formats[0].x);
        let (h, _) = words(&self.tables.lstm(&integers), &codes, &sample.lengths);
        let target = &targets[targets.len() - 1];
        let ulp = formats[formats.len() - 1].h.ulp();
        decibel(energy(target), noise(&h, ulp, target))
    }
}

/// Of each group the first change, the cheapest, that gives nearly what the best of it gives.
fn cheapest(gains: Vec<(f64, Change)>) -> Vec<(f64, Change)> {
    let mut best: BTreeMap<Group, f64> = BTreeMap::new();
    for (gain, change) in &gains {
        let most = best.entry(change.group).or_insert(*gain);
        *most = most.max(*gain);
    }
    let mut found: BTreeMap<Group, (f64, Change)> = BTreeMap::new();
    for (gain, change) in gains {
        let near = best
            .get(&change.group)
            .is_some_and(|most| gain >= most - NEARLY);
        if gain >= LEAST_GAIN && near && !found.contains_key(&change.group) {
            found.insert(change.group, (gain, change));
        }
    }
    found.into_values().collect()
}
