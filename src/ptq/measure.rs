//! How far the integer model's words are from the float model's values.

use super::sequences::{Sequences, split};
use crate::fixed::{Codes, QFormat};
use crate::import::FloatLayer;
use crate::quantize::{ActivationTables, QuantizedModel, quantize_input};
use crate::reference::{Lstm, Saturation};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::formats::{Formats, LayerFractions};

/// Tables that were computed already, by the format of z and the fraction of the gates.
#[derive(Debug, Default)]
pub(super) struct Tables(Mutex<BTreeMap<(u32, i32, u32), Arc<ActivationTables>>>);

impl Tables {
    fn of(&self, z: QFormat, a_frac: u32) -> Arc<ActivationTables> {
        let key = (z.bits, z.frac, a_frac);
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tables) = known().get(&key) {
            return Arc::clone(tables);
        }
        let tables = Arc::new(ActivationTables::new(z, a_frac));
        known().insert(key, Arc::clone(&tables));
        tables
    }

    /// The reference model of `model`.
    pub(super) fn lstm(&self, model: &QuantizedModel) -> Lstm {
        let passes = model.passes().map(|pass| pass.layer);
        let tables: Vec<_> = passes.map(|layer| self.of(layer.z, layer.a_frac)).collect();
        Lstm::with_tables(model, &tables)
    }
}

/// Words of the last layer for every step, `[all steps, H]`, and what was clamped.
pub(super) fn words(
    prepared: &Lstm,
    codes: &[i32],
    lengths: &[usize],
) -> (Vec<i32>, Vec<Saturation>) {
    let sequences: Vec<&[i32]> = split(codes, prepared.input_size(), lengths).collect();
    let parts: Vec<(Vec<i32>, Vec<Saturation>)> = sequences
        .par_iter()
        .map(|sequence| {
            let mut lstm = prepared.clone();
            (lstm.run(sequence), lstm.saturation())
        })
        .collect();
    let mut saturation = prepared.saturation();
    let mut all = Vec::with_capacity(codes.len() / prepared.input_size() * prepared.hidden_size());
    for (words, counts) in parts {
        all.extend(words);
        for (sum, count) in saturation.iter_mut().zip(&counts) {
            sum.add(count);
        }
    }
    (all, saturation)
}

/// Squared distance of codes times `ulp` from `target`.
pub(super) fn noise(words: &[i32], ulp: f64, target: &[f32]) -> f64 {
    let pairs = words.iter().zip(target);
    pairs
        .map(|(&word, &value)| (f64::from(word) * ulp - f64::from(value)).powi(2))
        .sum()
}

/// Squared length.
pub(super) fn energy(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value).powi(2)).sum()
}

/// Signal over noise in decibel, infinite without noise.
pub(super) fn decibel(signal: f64, noise: f64) -> f64 {
    if noise == 0.0 {
        return f64::INFINITY;
    }
    10.0 * (signal / noise).log10()
}

/// Inputs of a layer while its formats are chosen.
#[derive(Debug)]
pub(super) enum Operand<'a> {
    /// Real inputs of the first layer, to be quantised to whatever x is.
    Real(&'a Sequences),
    /// Words of the layer below, whose format is this.
    Codes(Vec<i32>, QFormat),
}

/// One layer with inputs and the h that it should give.
#[derive(Debug)]
pub(super) struct LayerCase<'a> {
    pub float: &'a FloatLayer,
    pub operand: Operand<'a>,
    pub lengths: &'a [usize],
    /// h of the float layer, `[all steps, outputs]`.
    pub target: &'a [f32],
    weights: Codes,
    fractions: LayerFractions,
    tables: &'a Tables,
    known: Mutex<BTreeMap<[i32; 9], f64>>,
}

impl<'a> LayerCase<'a> {
    pub(super) fn new(
        float: &'a FloatLayer,
        operand: Operand<'a>,
        lengths: &'a [usize],
        target: &'a [f32],
        (weights, fractions): (Codes, LayerFractions),
        tables: &'a Tables,
    ) -> Self {
        Self {
            float,
            operand,
            lengths,
            target,
            weights,
            fractions,
            tables,
            known: Mutex::default(),
        }
    }

    /// Words of h in these formats.
    pub(super) fn words(&self, formats: &Formats) -> Vec<i32> {
        let model = QuantizedModel {
            layers: vec![formats.layer(self.float, self.weights, &self.fractions)],
            ..QuantizedModel::default()
        };
        let quantised;
        let codes = match &self.operand {
            Operand::Real(inputs) => {
                quantised = quantize_input(&inputs.data, formats.x);
                &quantised
            }
            Operand::Codes(codes, _) => codes,
        };
        words(&self.tables.lstm(&model), codes, self.lengths).0
    }

    /// Squared error of h in these formats; remembered.
    pub(super) fn noise(&self, formats: &Formats) -> f64 {
        let key = formats.key();
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&noise) = known().get(&key) {
            return noise;
        }
        let noise = noise(&self.words(formats), formats.h.ulp(), self.target);
        known().insert(key, noise);
        noise
    }

    /// Multiply-accumulates and elements of one run, roughly.
    pub(super) fn operations(&self) -> usize {
        let FloatLayer {
            input_size,
            hidden_size,
            ..
        } = self.float;
        let steps: usize = self.lengths.iter().sum();
        let passes = self.float.direction.kind().passes();
        passes * steps * hidden_size * (self.float.gates() * (input_size + hidden_size) + 50)
    }
}
