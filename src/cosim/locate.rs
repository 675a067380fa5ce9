//! Where a core first goes wrong: its trace ports against the model's pre-activations.

use super::dut::TraceRecord;
use super::outcome::Difference;
use super::stimulus::signed_field;
use std::collections::BTreeMap;

const GATES: [char; 4] = ['i', 'f', 'g', 'o'];

/// Shape of one layer's trace ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedLayer {
    /// Units of the layer; the last group may have some to spare.
    pub hidden_size: usize,
    /// Units of a group.
    pub units: usize,
    /// Bits of one pre-activation.
    pub z_bits: usize,
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
    /// How often each group of a gate has shown up: once per step.
    seen: BTreeMap<(usize, usize, usize), usize>,
    /// Step, layer, gate, unit; hardware; model.
    first: Option<([usize; 4], i64, i64)>,
}

impl<'a> OriginSearch<'a> {
    pub(super) fn new(oracle: Oracle<'a>, last_step: usize) -> Self {
        Self {
            oracle,
            last_step,
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
            let step = *count;
            *count += 1;
            if step > self.last_step || gate >= GATES.len() {
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
                let hardware = signed_field(z, lane, shape.z_bits);
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
            let gate = GATES[gate];
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
mod tests {
    use super::*;

    /// Two units of 4 bits per group; `z` gives the two codes.
    fn record(gate: usize, group: usize, z: [i8; 2]) -> TraceRecord {
        let z = vec![(z[0] as u8 & 15) | (z[1] as u8) << 4];
        TraceRecord {
            layer: 0,
            gate,
            group,
            z,
        }
    }

    #[test]
    fn earliest_step_then_gate_then_unit_wins_and_spare_units_do_not_count() {
        let layers = [TracedLayer {
            hidden_size: 3,
            units: 2,
            z_bits: 4,
        }];
        let mut z =
            |step: usize, _: usize, gate: usize, unit: usize| (step + gate + unit) as i64 - 4;
        let mut records = Vec::new();
        for step in 0..3i8 {
            // Gates in any order: the hardware's order is not the search's.
            for gate in (0..4i8).rev() {
                records.push(record(gate as usize, 0, [step + gate - 4, step + gate - 3]));
                records.push(record(gate as usize, 1, [step + gate - 2, 7]));
            }
        }
        let word = Difference::Word {
            step: 2,
            element: 1,
            hardware: 3,
            model: 4,
        };
        let h = Difference::Hidden {
            step: 2,
            layer: 0,
            unit: 1,
            hardware: 3,
            model: 4,
        };
        let mut find = |records: &[TraceRecord], last| {
            let mut search = OriginSearch::new(
                Oracle {
                    layers: &layers,
                    z: &mut z,
                },
                last,
            );
            // In pieces of any size.
            records.chunks(5).for_each(|records| search.look(records));
            search.finish(&word)
        };
        assert_eq!(find(&records, 2), Some(h.clone()));
        assert_eq!(find(&[], 2), None);
        let place = |step: usize, gate: usize, group: usize| step * 8 + (3 - gate) * 2 + group;
        for (step, gate, group) in [(2, 0, 0), (1, 3, 1), (1, 2, 0), (1, 1, 1)] {
            records[place(step, gate, group)].z[0] ^= 1;
            let unit = group * 2;
            let model = (step + gate + unit) as i64 - 4;
            assert_eq!(
                find(&records, 2),
                Some(Difference::Gate {
                    step,
                    layer: 0,
                    gate: GATES[gate],
                    unit,
                    hardware: model ^ 1,
                    model
                })
            );
        }
        assert_eq!(find(&records, 0), Some(h));
    }
}
