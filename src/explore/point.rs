//! One design of a sweep: what it is, and what it takes.

use super::network::NetworkShape;
use crate::device::Family;
use crate::diagnostic::Problem;
use crate::estimate::{Delays, clock};
use crate::estimate::{Estimate, FactorTable, Terms, of_layer};
use crate::hardware::{Design, LayerDesign, LayerSpec, MacArray, count_cycles, steady_cycles};
use crate::spec::{FoldingGoal, Implementation, MacStyle, Numerics};
use serde::Serialize;
use std::sync::Arc;

/// A design of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The network.
    pub network: NetworkShape,
    /// LUT or DSP arrays.
    pub mac: MacStyle,
    /// How every layer is folded.
    pub folding: FoldingGoal,
    /// Sequences whose steps come in turn.
    pub contexts: usize,
    /// Steps of the longest sequence, where layers take steps backward.
    pub max_steps: Option<usize>,
}

/// Why a point has no estimate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PointError {
    /// DSP arrays were asked for, and the widths or the family have no packing for them.
    NoDspArray,
    /// The folding cannot be built.
    Folding(Problem),
}

/// A design of a sweep and what it takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Point {
    /// The network.
    #[serde(flatten)]
    pub network: NetworkShape,
    /// The family that it is mapped to.
    #[serde(skip)]
    pub fabric: Family,
    /// LUT or DSP arrays.
    pub mac: MacStyle,
    /// How the folding was asked for.
    pub folding: FoldingGoal,
    /// Sequences whose steps come in turn.
    pub contexts: usize,
    /// Steps of the longest sequence, where layers take steps backward.
    pub max_steps: Option<usize>,
    /// Units and columns side by side, per layer.
    pub foldings: Vec<(usize, usize)>,
    /// LUTs of logic.
    pub lut: u64,
    /// All LUT sites: logic, memory, shift registers, and on ECP5 the carry cells' own.
    pub lut_total: u64,
    /// Price that foldings are compared by ([`Estimate::price`]).
    #[serde(skip)]
    pub price: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Block RAM in the family's smallest blocks.
    pub bram: u64,
    /// DSP blocks.
    pub dsp: u64,
    /// Bits of all memories, padding included.
    pub memory_bits: u64,
    /// Bits of the network's weights, without padding.
    pub weight_bits_total: u64,
    /// Weight bits read in one cycle, over all layers.
    pub weight_port_bits: u64,
    /// Multiply-accumulates the arrays offer in a cycle.
    pub macs_per_cycle: u64,
    /// Multiply-accumulates of a step.
    pub macs_per_step: u64,
    /// Cycles between results in the steady state.
    pub cycles_per_step: u64,
    /// Cycles from the first input beat to the last output beat of the first step.
    pub latency_cycles: u64,
    /// Delays between its registers.
    #[serde(skip)]
    pub delays: Delays,
}

impl Point {
    /// The design this point is of.
    #[must_use]
    pub fn spec(&self) -> Spec {
        Spec {
            network: self.network,
            mac: self.mac,
            folding: self.folding,
            contexts: self.contexts,
            max_steps: self.max_steps,
        }
    }

    /// The folding as it was found; as it was asked for where layers have different ones.
    #[must_use]
    pub fn explicit_folding(&self) -> FoldingGoal {
        match self.foldings.first() {
            Some(&(units, columns)) if self.foldings.iter().all(|&own| own == (units, columns)) => {
                FoldingGoal::Explicit { units, columns }
            }
            _ => self.folding,
        }
    }

    /// `4x16`, units by columns; per layer where they differ.
    #[must_use]
    pub fn folding_text(&self) -> String {
        let text = |(units, columns): &(usize, usize)| format!("{units}x{columns}");
        if self.foldings.windows(2).all(|pair| pair[0] == pair[1]) {
            return self.foldings.first().map(text).unwrap_or_default();
        }
        self.foldings.iter().map(text).collect::<Vec<_>>().join("/")
    }
}

/// Estimates points for one family.
#[derive(Clone, Debug)]
pub struct Evaluator {
    /// FPGA family.
    pub target: Family,
    /// Formats that are the same in all points; its bits are not used.
    pub numerics: Numerics,
    /// Factors of its estimates.
    pub fitted: Arc<FactorTable>,
}

impl Evaluator {
    /// Estimates for the family with the factors that are compiled in.
    #[must_use]
    pub fn new(target: Family, numerics: Numerics) -> Self {
        Self {
            target,
            numerics,
            fitted: FactorTable::built_in(),
        }
    }

    /// How a point is built.
    #[must_use]
    pub fn implementation(&self, spec: &Spec) -> Implementation {
        Implementation {
            contexts: spec.contexts,
            max_steps: spec.max_steps,
            ..Implementation::usual(
                spec.network.cell.word(),
                spec.folding,
                (spec.mac, self.target),
            )
        }
    }

    /// Folds a point and prices it on a fabric of the family. The weights are not drawn: accumulators are sized for weights of
    /// ordinary size, everything else follows from sizes and formats.
    pub fn point(&self, spec: &Spec, fabric: Family) -> Result<Point, PointError> {
        self.priced(spec, fabric, &spec.network.specs(&self.numerics))
    }

    /// The same for a model whose formats are known; `spec.network` only names it.
    pub fn priced(
        &self,
        spec: &Spec,
        fabric: Family,
        specs: &[LayerSpec],
    ) -> Result<Point, PointError> {
        let network = &spec.network;
        let folded = Design::layers_of(specs, &self.implementation(spec), &*self.fitted)
            .map_err(PointError::Folding)?;
        let dsp = |layer: &LayerDesign| matches!(layer.folding().mac, MacArray::Dsp(_));
        if spec.mac == MacStyle::Dsp && !folded.iter().all(dsp) {
            return Err(PointError::NoDspArray);
        }
        let (terms, delays) = taken_apart(&folded, fabric);
        let estimate = Estimate::of_terms(&terms, fabric, &self.fitted, &folded);
        let (latency_cycles, cycles_per_step) = cycles(&folded);
        Ok(Point {
            network: *network,
            fabric,
            mac: if folded.iter().any(dsp) {
                MacStyle::Dsp
            } else {
                MacStyle::Lut
            },
            folding: spec.folding,
            contexts: spec.contexts,
            max_steps: spec.max_steps,
            foldings: folded
                .iter()
                .map(|layer| (layer.folding().units, layer.folding().columns))
                .collect(),
            lut: estimate.lut.value,
            lut_total: estimate.lut_total.value,
            price: estimate.price(),
            ff: estimate.ff.value,
            bram: estimate.bram,
            dsp: estimate.dsp,
            memory_bits: estimate.memory_bits,
            weight_bits_total: network.weight_memory_bits(),
            weight_port_bits: folded
                .iter()
                .map(|layer| layer.weight_memory().width as u64)
                .sum(),
            macs_per_cycle: estimate.macs_per_cycle,
            macs_per_step: estimate.macs_per_step,
            cycles_per_step,
            latency_cycles,
            delays: clock::of_core(delays, &terms),
        })
    }
}

/// Latency of the first step and cycles of every later one.
fn cycles(layers: &[LayerDesign]) -> (u64, u64) {
    if let Some(steady) = steady_cycles(layers) {
        return (steady.latency, steady.per_step);
    }
    let counted = count_cycles(layers);
    (counted.latency, counted.per_step)
}

/// The terms of all layers together, and the longest delays between their registers.
fn taken_apart(layers: &[LayerDesign], fabric: Family) -> (Terms, Delays) {
    let mut terms = Terms::default();
    let mut delays = Delays::default();
    let mut of_last: Option<(usize, Terms, Delays)> = None;
    for (index, layer) in layers.iter().enumerate() {
        // Equal layers take the same.
        let same = of_last.filter(|&(last, ..)| layers[last] == *layer);
        let (own, between) = same.map_or_else(
            || {
                let between = clock::of_layer(fabric, layer);
                (of_layer(fabric, layer, None), between)
            },
            |(_, terms, between)| (terms, between),
        );
        terms.add(&own);
        delays = clock::longest(delays, between);
        of_last = Some((index, own, between));
    }
    (terms, delays)
}

#[cfg(test)]
mod tests;
