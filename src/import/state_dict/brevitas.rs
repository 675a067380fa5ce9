//! `QuantLSTM` of Brevitas: a matrix for each gate, one bias, scales of its quantisers.

use super::StateDictReader;
use crate::diagnostic::Problem;
use crate::import::model::{FloatLayer, FloatRecurrence};

/// Gates in the order i, f, g, o, by their names in Brevitas.
const GATES: [&str; 4] = ["input_gate", "forget_gate", "cell_gate", "output_gate"];

impl StateDictReader<'_> {
    /// All layers, from below.
    pub fn brevitas_layers(&mut self) -> Result<(), Problem> {
        let start = format!("{}layers.", self.network.prefix);
        loop {
            let index = self.model.layers.len();
            let place = format!("{start}{index}.0.");
            let first = format!("{place}cell_gate_params.hidden_weight.weight");
            if !self.tensors.contains_key(&first) {
                break;
            }
            let layer = self.brevitas_layer(&place, index)?;
            self.model.layers.push(layer);
        }
        self.brevitas_scales(&start);
        Ok(())
    }

    fn brevitas_layer(&mut self, place: &str, index: usize) -> Result<FloatLayer, Problem> {
        let name = |gate: &str, what: &str| format!("{place}{gate}_params.{what}");
        let size = |reader: &Self, what: &str| {
            let shape = reader.shape(&name("cell_gate", what));
            shape.last().copied().unwrap_or(0)
        };
        let hidden_size = size(self, "hidden_weight.weight");
        let input_size = match self.model.layers.last() {
            Some(below) => below.output_size(),
            None => size(self, "input_weight.weight"),
        };
        let mut layer = FloatLayer {
            direction: crate::import::FloatDirection::Forward,
            input_size,
            hidden_size,
            recurrence: FloatRecurrence::Lstm,
            weight_ih: Vec::new(),
            weight_hh: Vec::new(),
            bias: Vec::new(),
        };
        for gate in GATES {
            let meaning = |what: &str| format!("layer {index}: {what}, {}", gate.replace('_', " "));
            let (ih, hh, bias) = (
                name(gate, "input_weight.weight"),
                name(gate, "hidden_weight.weight"),
                name(gate, "bias"),
            );
            layer.weight_ih.extend(self.take(
                &ih,
                &[hidden_size, input_size],
                &meaning("input weights"),
            )?);
            layer.weight_hh.extend(self.take(
                &hh,
                &[hidden_size, hidden_size],
                &meaning("recurrent weights"),
            )?);
            if self.tensors.contains_key(&bias) {
                layer
                    .bias
                    .extend(self.take(&bias, &[hidden_size], &meaning("bias"))?);
            } else {
                layer.bias.extend(vec![0.0; hidden_size]);
            }
        }
        Ok(layer)
    }

    /// Scales of the quantisers. One that is not a power of two has no place in the contract; formats
    /// are then chosen by calibration.
    fn brevitas_scales(&mut self, start: &str) {
        let tensors = self.tensors;
        let scales = tensors.iter().filter(|(name, tensor)| {
            let scale =
                name.ends_with("scaling_impl.value") || name.ends_with("scaling_impl.buffer");
            name.starts_with(start) && scale && tensor.shape.iter().product::<usize>() == 1
        });
        for (name, tensor) in scales {
            let Ok([value]) = tensor.values(name).as_deref().map(|values| [values[0]]) else {
                continue;
            };
            let quantiser = quantiser(name);
            if value > 0.0 && f64::from(value).log2().fract() == 0.0 {
                let meaning = format!("threshold {value} of {quantiser}, a power of two");
                self.explain(name, &meaning);
            } else {
                let meaning =
                    format!("left out: threshold {value} of {quantiser} is not a power of two");
                self.explain(name, &meaning);
                self.model.left_out.push(name.clone());
            }
        }
    }
}

/// The part of a name that says which quantiser it belongs to.
fn quantiser(name: &str) -> &str {
    let part = name.split('.').find(|part| part.ends_with("_quant"));
    part.unwrap_or("a quantiser")
}
