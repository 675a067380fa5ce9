//! State dicts of `PyTorch`: `nn.LSTM`, `nn.LSTMCell`, `nn.GRU`, `nn.GRUCell`, `QuantLSTM` of Brevitas and of this project,
//! `QuantGRU`, with an optional linear head and embedding.

mod beside;
mod brevitas;
mod chain;
mod fold;
mod front;
mod recurrent;
mod trained;

use super::error::refuse;
use super::model::{
    FloatDirection, FloatLayer, FloatModel, FloatRecurrence, ImportOptions, Mapping,
};
use super::tensors::Tensors;
use crate::diagnostic::Problem;
use crate::spec::{CellKind, OutputOrder};
use recurrent::{NamedNetwork, NetworkKind};
use std::collections::{BTreeMap, BTreeSet};

/// The linear layers before a network in their order, the name of each and whether a `ReLU` stands behind it; or what
/// stands there that is not taken.
pub type KnownFront = Result<Vec<(String, bool)>, Problem>;

/// Facts of a file beside its tensors; none of a state dict.
#[derive(Debug, Default)]
pub struct Known {
    /// The linear layers behind the LSTM in their order, with a `ReLU` between.
    pub heads: Option<Vec<String>>,
    /// What stands before a network, by what its tensors' names begin with.
    pub fronts: BTreeMap<String, KnownFront>,
    /// Networks of other mathematics, by what their tensors' names begin with: the layer and why.
    pub refused: BTreeMap<String, (String, Problem)>,
    /// Layers that take the steps from the last one: the network, as in `refused`, and which of its layers. Their tensors
    /// have the names of forward ones, as they have no other half.
    pub backward: BTreeSet<(String, usize)>,
    /// Layers whose backward pass gives its outputs in the order of processing, likewise.
    pub processing: BTreeSet<(String, usize)>,
    /// The file says which outputs of which layers are taken.
    pub says_outputs: bool,
    /// Facts that the user has to know.
    pub notes: Vec<String>,
}

/// Reads the LSTM and what stands beside it.
pub fn read(
    tensors: Tensors,
    known: Known,
    options: &ImportOptions,
) -> Result<FloatModel, Problem> {
    let says_heads = known.heads.is_some();
    let says_outputs = known.says_outputs;
    let tensors = fold::fold(tensors)?;
    let mut network = recurrent::choose(&tensors, options.prefix.as_deref())?;
    if let Some((layer, fault)) = known.refused.get(&network.prefix) {
        return Err(fault.clone().of(layer));
    }
    network.check()?;
    let own = known.backward.into_iter();
    let own = own.filter(|(prefix, _)| *prefix == network.prefix);
    network.backward = own.map(|(_, layer)| layer).collect();
    let own = known.processing.into_iter();
    let own = own.filter(|(prefix, _)| *prefix == network.prefix);
    network.processing = own.map(|(_, layer)| layer).collect();
    let known_front = known.fronts.get(&network.prefix).cloned();
    let mut reader = StateDictReader {
        tensors: &tensors,
        network,
        used: BTreeSet::new(),
        model: FloatModel {
            assumptions: known.notes,
            ..FloatModel::default()
        },
        known_heads: known.heads,
        known_front,
    };
    reader.layers()?;
    if options.last_states {
        reader.last_states(says_outputs)?;
    }
    reader.fractions()?;
    reader.formats()?;
    reader.front(options)?;
    reader.beside(options)?;
    let mut model = reader.model;
    let last = model.layers.last().and_then(FloatLayer::other_half);
    if last.is_some() && model.head.is_some() && !says_heads && !options.last_states {
        let assumption = "the linear layer takes the output of a step, forward h beside backward h; for a whole sequence \
             that of its last step, output[:, -1], and not h_n, whose backward half is that of the first step: \
             --last-states reads it so";
        model.assumptions.push(assumption.into());
    }
    model.explanation.sort_by(|a, b| a.tensor.cmp(&b.tensor));
    model.left_out.sort();
    Ok(model)
}

struct StateDictReader<'a> {
    tensors: &'a Tensors<'a>,
    network: NamedNetwork,
    used: BTreeSet<String>,
    model: FloatModel,
    known_heads: Option<Vec<String>>,
    known_front: Option<KnownFront>,
}

impl StateDictReader<'_> {
    /// The shape of a tensor, empty where there is none.
    fn shape(&self, name: &str) -> Vec<usize> {
        let tensor = self.tensors.get(name);
        tensor
            .map(|tensor| tensor.shape.clone())
            .unwrap_or_default()
    }

    /// Notes what a tensor is, or those that it was made of.
    fn explain(&mut self, name: &str, meaning: &str) {
        let tensor = &self.tensors[name];
        self.used.insert(name.to_owned());
        if tensor.sources.is_empty() {
            self.model.explanation.push(Mapping {
                tensor: name.into(),
                shape: tensor.shape.clone(),
                meaning: meaning.into(),
            });
        }
        for source in &tensor.sources {
            self.model.explanation.push(Mapping {
                meaning: format!("{meaning}; {}", source.meaning),
                ..source.clone()
            });
        }
    }

    /// A tensor of a known shape.
    fn take(&mut self, name: &str, shape: &[usize], meaning: &str) -> Result<Vec<f32>, Problem> {
        let Some(tensor) = self.tensors.get(name) else {
            return refuse(
                name,
                format!("is missing, shape {shape:?} is wanted"),
                "save the whole state dict",
            );
        };
        if tensor.shape != shape {
            let turned: Vec<usize> = shape.iter().rev().copied().collect();
            let problem = format!("has shape {:?}, {shape:?} is wanted", tensor.shape);
            return if tensor.shape == turned && shape.len() == 2 {
                let problem = format!("{problem}: it is transposed, as Keras keeps it");
                refuse(name, problem, "save its transpose")
            } else {
                refuse(name, problem, "save the state dict as PyTorch gives it")
            };
        }
        let values = tensor.values(name)?;
        self.explain(name, meaning);
        Ok(values)
    }

    /// All layers, from below.
    fn layers(&mut self) -> Result<(), Problem> {
        if self.network.kind == NetworkKind::Brevitas {
            return self.brevitas_layers();
        }
        loop {
            let index = self.model.layers.len();
            let mut layer = self.layer(index, false)?;
            let order = self.network.order(index);
            if self.network.backward.contains(&index) {
                layer.direction = FloatDirection::Backward(order);
            }
            let other = |what| self.network.name_of(what, index, true);
            let names = [other("weight_ih"), other("weight_hh")];
            let there = names.iter().any(|name| self.tensors.contains_key(name));
            if self.network.bidirectional && there {
                let mut other = self.layer(index, true)?;
                let sizes = |of: &FloatLayer| (of.gates(), of.input_size, of.hidden_size);
                if sizes(&layer) != sizes(&other) {
                    return refuse(
                        &self.network.name_of("weight_hh", index, true),
                        "is of another cell or size than the forward direction's",
                        "save the whole state dict of one bidirectional nn.LSTM or nn.GRU",
                    );
                }
                other.direction = FloatDirection::Backward(order);
                layer.direction = FloatDirection::Bidirectional(Box::new(other));
            }
            self.model.layers.push(layer);
            let next = self.network.name("weight_ih", self.model.layers.len());
            if self.network.cell || !self.tensors.contains_key(&next) {
                return Ok(());
            }
        }
    }

    /// Has the last layer give the last state of each direction at the last step.
    fn last_states(&mut self, says_outputs: bool) -> Result<(), Problem> {
        let place = "--last-states";
        if says_outputs {
            let problem = "the file says itself which outputs of its layers are taken";
            return refuse(place, problem, "leave it out");
        }
        let last = self.model.layers.last_mut();
        let taken = FloatDirection::Backward(OutputOrder::Processing);
        match last.map(|layer| &mut layer.direction) {
            Some(FloatDirection::Bidirectional(other)) => other.direction = taken,
            Some(direction @ FloatDirection::Backward(_)) => *direction = taken,
            _ => {
                let problem = "the last layer is forward: its last state is its last output";
                return refuse(place, problem, "leave it out");
            }
        }
        Ok(())
    }

    /// One direction of a layer.
    fn layer(&mut self, index: usize, backward: bool) -> Result<FloatLayer, Problem> {
        let (ih, hh) = (
            self.network.name_of("weight_ih", index, backward),
            self.network.name_of("weight_hh", index, backward),
        );
        // Keras and ONNX have stacks of both cells.
        let (cell, hidden_size) = match self.shape(&hh)[..] {
            [rows, columns] if columns > 0 && rows == 4 * columns => (CellKind::Lstm, columns),
            [rows, columns] if columns > 0 && rows == 3 * columns => (CellKind::Gru, columns),
            ref shape => {
                return refuse(
                    &hh,
                    format!(
                        "has shape {shape:?}, [4 * hidden, hidden] is wanted, of a GRU \
                         [3 * hidden, hidden]"
                    ),
                    "save the whole state dict of an nn.LSTM or nn.GRU",
                );
            }
        };
        let rows = cell.gates().len() * hidden_size;
        let input_size = match (self.shape(&ih)[..].to_vec(), self.model.layers.last()) {
            (_, Some(below)) => below.output_size(),
            (shape, None) if shape.len() == 2 && shape[0] != rows && shape[1] == rows => shape[0],
            (shape, None) if shape.len() == 2 && shape[1] > 0 => shape[1],
            (shape, None) => {
                return refuse(
                    &ih,
                    format!("has shape {shape:?}, [{rows}, input] is wanted"),
                    "save the whole state dict",
                );
            }
        };
        let place = self.network.place(index, backward);
        let order = cell.gates().join(" ");
        let weight_ih = self.take(
            &ih,
            &[rows, input_size],
            &format!("{place}: input weights, gates {order}"),
        )?;
        let weight_hh = self.take(
            &hh,
            &[rows, hidden_size],
            &format!("{place}: recurrent weights, gates {order}"),
        )?;
        let (bias, recurrence) = self.biases(cell, (index, backward), hidden_size)?;
        Ok(FloatLayer {
            direction: FloatDirection::Forward,
            input_size,
            hidden_size,
            recurrence,
            weight_ih,
            weight_hh,
            bias,
        })
    }

    /// The biases of a layer: both added up, but for that of n's part of h of a GRU.
    fn biases(
        &mut self,
        cell: CellKind,
        (index, backward): (usize, bool),
        hidden_size: usize,
    ) -> Result<(Vec<f32>, FloatRecurrence), Problem> {
        let rows = cell.gates().len() * hidden_size;
        let mut parts = Vec::new();
        for which in ["bias_ih", "bias_hh"] {
            let name = self.network.name_of(which, index, backward);
            if !self.tensors.contains_key(&name) {
                parts.push(vec![0.0; rows]);
                continue;
            }
            let apart = match (cell, which) {
                (CellKind::Lstm, _) => "",
                (CellKind::Gru, "bias_ih") => "; n: of the part of x",
                (CellKind::Gru, _) => "; n: of the part of h, by itself",
            };
            let meaning = format!("layer {index}: bias, added up with others of the layer{apart}");
            parts.push(self.take(&name, &[rows], &meaning)?);
        }
        let mut of_h = parts.pop().unwrap_or_default();
        let mut bias = parts.pop().unwrap_or_default();
        let recurrence = match cell {
            CellKind::Lstm => FloatRecurrence::Lstm,
            CellKind::Gru => FloatRecurrence::Gru {
                bias_n_h: of_h.split_off(2 * hidden_size),
            },
        };
        for (sum, value) in bias.iter_mut().zip(of_h) {
            *sum += value;
        }
        Ok((bias, recurrence))
    }
}
