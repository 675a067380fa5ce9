//! Where a core first goes wrong: its trace ports against the model's pre-activations.

use super::dut::TraceRecord;
use super::outcome::Difference;
use super::stimulus::signed_field;
use crate::hardware::{Cell, LayerDesign};
use crate::quantize::PassPlace;
use std::collections::BTreeMap;

/// Shape of one layer's trace ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedLayer {
    /// The cell, whose codes the trace ports count.
    pub cell: &'static Cell,
    /// Units of the layer; the last group may have some to spare.
    pub hidden_size: usize,
    /// Units of a group.
    pub units: usize,
    /// Bits of one code.
    pub z_bits: usize,
    /// Codes are odd, and come without their last bit.
    pub odd: bool,
    /// Number of the layer, and the direction.
    pub pass: PassPlace,
}

impl From<&LayerDesign> for TracedLayer {
    fn from(layer: &LayerDesign) -> Self {
        let spec = layer.spec();
        Self {
            cell: spec.cell,
            hidden_size: spec.hidden_size,
            units: layer.folding().units,
            z_bits: spec.widest_taken() as usize,
            odd: spec.z.is_odd(),
            pass: spec.pass,
        }
    }
}

/// The model's pre-activations.
pub struct Oracle<'a> {
    /// The layers, first to last.
    pub layers: &'a [TracedLayer],
    /// The code z of (step, layer, gate, unit); gates in the order i, f, g, o; both directions of a layer counted.
    pub z: &'a mut dyn FnMut(usize, usize, usize, usize) -> i64,
    /// The order of the steps, where some layer takes them backward.
    pub order: Option<&'a SequenceOrder>,
}

/// The order in which passes take the steps of a stimulus, where some take them backward.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SequenceOrder {
    /// Sequence of every step.
    pub sequence: Vec<usize>,
    /// The step that a pass backward takes as its first, its second, ...
    pub backward: Vec<usize>,
}

/// A pre-activation: step, layer, gate, unit.
type TracedPlace = [usize; 4];

/// Looks for the first pre-activation of a step up to `last_step` that differs, in the order step,
/// layer, gate, unit; where steps are taken backward, of a sequence up to that of `last_step`, in the order sequence,
/// layer, turn of the step, gate, unit.
pub(super) struct OriginSearch<'a> {
    oracle: Oracle<'a>,
    last_step: usize,
    /// The steps that end a sequence, where the last layer computes these alone.
    ends: Option<Vec<usize>>,
    /// How often each group of a gate has shown up: once per step.
    seen: BTreeMap<(usize, usize, usize), usize>,
    /// What decides which is first; place; hardware; model.
    first: Option<([usize; 5], TracedPlace, i64, i64)>,
}

impl<'a> OriginSearch<'a> {
    pub(super) fn new(oracle: Oracle<'a>, last_step: usize, ends: Option<Vec<usize>>) -> Self {
        Self {
            oracle,
            last_step,
            ends,
            seen: BTreeMap::new(),
            first: None,
        }
    }

    /// Layers that it knows.
    pub(super) fn layers(&self) -> usize {
        self.oracle.layers.len()
    }

    /// Takes the records that follow those it has.
    pub(super) fn look(&mut self, records: &[TraceRecord]) {
        for record in records {
            let &TraceRecord {
                layer,
                gate,
                group,
                ref z,
            } = record;
            let Some(shape) = self.oracle.layers.get(layer) else {
                continue;
            };
            let count = self.seen.entry((layer, gate, group)).or_insert(0);
            let number = *count;
            *count += 1;
            let Some((sequence, step)) = self.step_of(layer, number) else {
                continue;
            };
            if shape.cell.gate_of(gate).is_none() {
                continue;
            }
            for lane in 0..shape.units {
                let unit = group * shape.units + lane;
                if unit >= shape.hidden_size || (lane + 1) * shape.z_bits > z.len() * 8 {
                    break;
                }
                let place = [step, layer, gate, unit];
                let rank = match sequence {
                    Some(sequence) => [sequence, layer, number, gate, unit],
                    None => [step, layer, gate, unit, 0],
                };
                if self.first.is_some_and(|(earliest, ..)| earliest <= rank) {
                    continue;
                }
                let held = signed_field(z, lane, shape.z_bits);
                let hardware = if shape.odd { 2 * held + 1 } else { held };
                let model = (self.oracle.z)(step, layer, gate, unit);
                if hardware != model {
                    self.first = Some((rank, place, hardware, model));
                }
            }
        }
    }

    /// The step that a layer has done as its step number `number`, and where steps are taken backward its sequence;
    /// none beyond the last that counts.
    fn step_of(&self, layer: usize, number: usize) -> Option<(Option<usize>, usize)> {
        let Oracle { layers, order, .. } = &self.oracle;
        let step = match (&self.ends, order) {
            (Some(ends), _) if layer + 1 == layers.len() => *ends.get(number)?,
            (_, Some(order)) if layers[layer].pass.backward => *order.backward.get(number)?,
            _ => number,
        };
        let Some(order) = order else {
            return (step <= self.last_step).then_some((None, step));
        };
        let sequence = |step: usize| order.sequence.get(step).copied();
        let of_step = sequence(step).filter(|&found| Some(found) <= sequence(self.last_step))?;
        Some((Some(of_step), step))
    }

    /// The origin. When all pre-activations agree though an output `word` differs, it is the
    /// h of the last layer.
    pub(super) fn finish(self, word: &Difference) -> Option<Difference> {
        if let Some((_, [step, layer, gate, unit], hardware, model)) = self.first {
            let PassPlace { layer: number, .. } = self.oracle.layers[layer].pass;
            let direction = self.oracle.layers[layer].pass.word();
            if self.oracle.layers[layer].cell.state.is_empty() {
                return Some(Difference::Row {
                    step,
                    layer: number,
                    row: unit,
                    hardware,
                    model,
                });
            }
            let name = self.oracle.layers[layer].cell.gate_of(gate);
            let gate = name.unwrap_or_default().chars().next().unwrap_or_default();
            return Some(Difference::Gate {
                step,
                layer: number,
                direction,
                gate,
                unit,
                hardware,
                model,
            });
        }
        match *word {
            Difference::Word {
                step,
                element: unit,
                hardware,
                model,
            } if !self.seen.is_empty() => {
                let last = self.oracle.layers.last()?;
                if last.cell.state.is_empty() {
                    return None;
                }
                // Of both directions the forward one's units come first.
                let second = unit >= last.hidden_size;
                let pass = PassPlace {
                    backward: last.pass.backward && (second || !last.pass.half),
                    ..last.pass
                };
                // In the order of processing it is the output of another step.
                let order = self.oracle.order.filter(|_| !pass.order.is_time());
                let order = order.filter(|_| pass.backward);
                let step = order.map_or(step, |order| order.backward[step]);
                Some(Difference::Hidden {
                    step,
                    layer: pass.layer,
                    direction: pass.word(),
                    unit: unit % last.hidden_size,
                    hardware,
                    model,
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
