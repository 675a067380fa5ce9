//! Where a core first goes wrong: its trace ports against the model's pre-activations.

use super::dut::TraceRecord;
use super::outcome::Difference;
use super::stimulus::signed_field;
use crate::hardware::{Cell, LayerDesign};
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
        }
    }
}

/// The model's pre-activations.
pub struct Oracle<'a> {
    /// The layers, first to last.
    pub layers: &'a [TracedLayer],
    /// The code z of (step, layer, gate, unit); gates in the order i, f, g, o.
    pub z: &'a mut dyn FnMut(usize, usize, usize, usize) -> i64,
}

/// Looks for the first pre-activation of a step up to `last_step` that differs, in the order step,
/// layer, gate, unit.
pub(super) struct OriginSearch<'a> {
    oracle: Oracle<'a>,
    last_step: usize,
    /// The steps that end a sequence, where the last layer computes these alone.
    ends: Option<Vec<usize>>,
    /// How often each group of a gate has shown up: once per step.
    seen: BTreeMap<(usize, usize, usize), usize>,
    /// Step, layer, gate, unit; hardware; model.
    first: Option<([usize; 4], i64, i64)>,
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
            let step = match &self.ends {
                Some(ends) if layer + 1 == self.oracle.layers.len() => {
                    // Later ones are of no step that was asked for.
                    ends.get(number).copied().unwrap_or(usize::MAX)
                }
                _ => number,
            };
            if step > self.last_step || shape.cell.gate_of(gate).is_none() {
                continue;
            }
            for lane in 0..shape.units {
                let unit = group * shape.units + lane;
                if unit >= shape.hidden_size || (lane + 1) * shape.z_bits > z.len() * 8 {
                    break;
                }
                let place = [step, layer, gate, unit];
                if self.first.is_some_and(|(earliest, ..)| earliest <= place) {
                    continue;
                }
                let held = signed_field(z, lane, shape.z_bits);
                let hardware = if shape.odd { 2 * held + 1 } else { held };
                let model = (self.oracle.z)(step, layer, gate, unit);
                if hardware != model {
                    self.first = Some((place, hardware, model));
                }
            }
        }
    }

    /// The origin. When all pre-activations agree though an output `word` differs, it is the
    /// h of the last layer.
    pub(super) fn finish(self, word: &Difference) -> Option<Difference> {
        if let Some(([step, layer, gate, unit], hardware, model)) = self.first {
            if self.oracle.layers[layer].cell.state.is_empty() {
                return Some(Difference::Row {
                    step,
                    layer,
                    row: unit,
                    hardware,
                    model,
                });
            }
            let name = self.oracle.layers[layer].cell.gate_of(gate);
            let gate = name.unwrap_or_default().chars().next().unwrap_or_default();
            return Some(Difference::Gate {
                step,
                layer,
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
                let layer = self.oracle.layers.len() - 1;
                if self.oracle.layers[layer].cell.state.is_empty() {
                    return None;
                }
                Some(Difference::Hidden {
                    step,
                    layer,
                    unit,
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
