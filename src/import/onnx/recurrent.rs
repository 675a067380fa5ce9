//! Recurrent nodes: LSTM, GRU, and what is neither.

use super::graph::{Attribute, Node};
use super::last_states::LastStates;
use super::{GraphValue, GraphWalk, title};
use crate::diagnostic::Problem;
use crate::import::error::{among, refuse};
use crate::import::model::{Mapping, REVERSE};
use crate::import::tensors::{Tensor, reordered};

/// From a GRU's gates z, r, h to r, u, n.
const GRU_ORDER: [usize; 3] = [1, 0, 2];
/// From the gates' order i, o, f, c to i, f, g, o.
const ORDER: [usize; 4] = [0, 2, 3, 1];
/// Operations that make of zeros nothing but zeros.
const KEEP_ZERO: &str = "Expand Identity Squeeze Unsqueeze Reshape Transpose Tile Slice Cast";

impl<'a> GraphWalk<'a> {
    /// A recurrent node, under the names of `PyTorch`.
    pub(super) fn recurrent(&mut self, node: &'a Node<'a>) -> Result<(), Problem> {
        let x = node.inputs.first().copied().unwrap_or_default();
        let follows = match self.values.get(x) {
            Some(GraphValue::Layer(title, index)) => {
                self.in_time.insert((title.clone(), *index), node);
                (self.uses.get(x) == Some(&1)).then(|| (title.clone(), index + 1))
            }
            _ => None,
        };
        let (network, index) = follows.unwrap_or_else(|| (self.network_title(node), 0));
        if let Some(GraphValue::Front(chain)) = self.values.get(x) {
            let front = (format!("{network}."), Ok(chain.clone()));
            self.known.fronts.extend([front]);
        }
        if let Some(fault) = self.objection(node) {
            let place = format!("{network}.");
            let refused = &mut self.known.refused;
            refused
                .entry(place)
                .or_insert_with(|| (node.name.to_owned(), fault));
        }
        if direction(node) == b"reverse" {
            self.known.backward.insert((format!("{network}."), index));
        }
        self.matrix(node, 1, &format!("{network}.weight_ih_l{index}"))?;
        self.matrix(node, 2, &format!("{network}.weight_hh_l{index}"))?;
        self.biases(node, &network, index)?;
        self.set(node, &GraphValue::Layer(network.clone(), index));
        self.last_states(node, &network, index);
        // The cell state is no output of the core.
        if let Some(cell) = node.outputs.get(2) {
            self.values.insert(cell, GraphValue::Other);
        }
        Ok(())
    }

    fn network_title(&mut self, node: &Node) -> String {
        let stem = title(node);
        let mut unique = stem.clone();
        let mut number = 1;
        while !self.titles.insert(unique.clone()) {
            unique = format!("{stem}_{number}");
            number += 1;
        }
        unique
    }

    /// Why an LSTM or a GRU is not the contract's.
    fn objection(&mut self, node: &'a Node<'a>) -> Option<Problem> {
        if node.op == "RNN" {
            return None; // refused by its shape
        }
        of_attributes(node).or_else(|| self.of_inputs(node))
    }

    /// The last states of a layer with a backward direction: that one's is no output of the last step in the order of time.
    fn last_states(&mut self, node: &'a Node<'a>, title: &str, index: usize) {
        let both = match direction(node) {
            b"bidirectional" => true,
            b"reverse" => false,
            _ => return,
        };
        if both {
            self.both.insert((title.to_owned(), index));
        }
        let first = node.attributes.get("layout").map_or(0, |value| value.int);
        if let Some(states) = node.outputs.get(1).filter(|name| !name.is_empty()) {
            let of = LastStates::of_layer(title, index, both, first);
            self.values.insert(states, GraphValue::States(of));
        }
    }

    /// Peepholes, lengths and first states.
    fn of_inputs(&mut self, node: &'a Node<'a>) -> Option<Problem> {
        let input = |at: usize| node.inputs.get(at).copied().filter(|name| !name.is_empty());
        if input(7).is_some_and(|peepholes| !self.is_zero(peepholes, 0)) {
            let problem = Problem::new("has peepholes, which the hardware does not");
            return Some(problem.help("train without"));
        }
        let name = node.name;
        if input(4).is_some() {
            let note = format!("{name} takes lengths of sequences: TLAST ends one in the core");
            self.known.notes.push(note);
        }
        for state in [input(5), input(6)].into_iter().flatten() {
            if self.graph.inputs.contains(&state) && !self.graph.constants.contains_key(state) {
                let note =
                    format!("{name} starts from the input {state}; the core starts from zero");
                self.known.notes.push(note);
            } else if !self.is_zero(state, 0) {
                let problem = format!(
                    "starts from the state {state}, which is not zero; the hardware starts from zero"
                );
                return Some(Problem::new(problem).help("export it with a state of zeros"));
            }
        }
        None
    }

    /// `true` if a value is a constant of zeros, also one of a size that depends on the input.
    fn is_zero(&self, name: &str, depth: usize) -> bool {
        if let Some(constant) = self.graph.constants.get(name) {
            let values = constant
                .as_ref()
                .ok()
                .and_then(|tensor| tensor.values(name).ok());
            return values.is_some_and(|values| values.iter().all(|&value| value == 0.0));
        }
        let made = self
            .graph
            .nodes
            .iter()
            .find(|node| node.outputs.contains(&name));
        let Some(node) = made.filter(|_| depth < 16) else {
            return false;
        };
        if node.op == "ConstantOfShape" {
            let value = node
                .attributes
                .get("value")
                .and_then(|value| value.tensor.as_ref());
            return value.is_none_or(|tensor| {
                let values = tensor
                    .as_ref()
                    .ok()
                    .and_then(|tensor| tensor.values(name).ok());
                values.is_some_and(|values| values.iter().all(|&value| value == 0.0))
            });
        }
        let of = node.inputs.first();
        among(KEEP_ZERO, node.op) && of.is_some_and(|input| self.is_zero(input, depth + 1))
    }

    /// One of W and R, `[directions, gates * hidden, columns]`.
    fn matrix(&mut self, node: &Node<'a>, input: usize, name: &str) -> Result<(), Problem> {
        let source = node.inputs.get(input).copied().unwrap_or_default();
        let (shape, values) = self.constant(node, source)?;
        let [directions, rows, columns] = shape[..] else {
            return misfit(node, source, &shape);
        };
        let letter = if input == 1 { "W" } else { "R" };
        for (direction, values) in values.chunks(rows.max(1) * columns.max(1)).enumerate() {
            let suffix = suffix(direction);
            let mapping = Mapping {
                tensor: source.into(),
                shape: shape.clone(),
                meaning: format!("{letter}, gates {}", written(node)),
            };
            let ordered = ordered(node, values);
            let tensor = Tensor::made(vec![rows, columns], &ordered, vec![mapping]);
            self.tensors.insert(format!("{name}{suffix}"), tensor);
        }
        if directions == 0 || directions > 2 {
            return misfit(node, source, &shape);
        }
        Ok(())
    }

    /// B, `[directions, 2 * gates * hidden]`: of W, then of R.
    fn biases(&mut self, node: &Node<'a>, network: &str, index: usize) -> Result<(), Problem> {
        let source = node.inputs.get(3).copied().unwrap_or_default();
        if source.is_empty() {
            return Ok(());
        }
        let (shape, values) = self.constant(node, source)?;
        let [directions, both] = shape[..] else {
            return misfit(node, source, &shape);
        };
        let rows = both / 2;
        if values.len() != directions * 2 * rows {
            return misfit(node, source, &shape);
        }
        for direction in 0..directions {
            for (half, name) in ["bias_ih", "bias_hh"].into_iter().enumerate() {
                let values = &values[(2 * direction + half) * rows..][..rows];
                let mapping = Mapping {
                    tensor: source.into(),
                    shape: shape.clone(),
                    meaning: format!("half {} of B, gates {}", half + 1, written(node)),
                };
                let tensor = Tensor::made(vec![rows], &ordered(node, values), vec![mapping]);
                let ending = suffix(direction);
                self.tensors
                    .insert(format!("{network}.{name}_l{index}{ending}"), tensor);
            }
        }
        Ok(())
    }
}

/// The attribute `direction`: forward, reverse or bidirectional.
fn direction<'a>(node: &Node<'a>) -> &'a [u8] {
    let value = node.attributes.get("direction");
    value.map_or(b"forward", |value| value.text)
}

/// Ending of the names of a direction's tensors.
const fn suffix(direction: usize) -> &'static str {
    if direction == 0 { "" } else { REVERSE }
}

/// Rows of an LSTM in the order i, f, g, o, of a GRU r, u, n; those of other nodes as they are.
fn ordered(node: &Node, values: &[f32]) -> Vec<f32> {
    let order = match node.op {
        "LSTM" => &ORDER[..],
        "GRU" => &GRU_ORDER,
        _ => return values.to_vec(),
    };
    if values.len().is_multiple_of(order.len()) {
        reordered(values, order)
    } else {
        values.to_vec()
    }
}

/// The gates in the order of the file.
fn written(node: &Node) -> &'static str {
    match node.op {
        "GRU" => "z r h",
        _ => "i o f c",
    }
}

fn misfit(node: &Node, name: &str, shape: &[usize]) -> Result<(), Problem> {
    refuse(
        name,
        format!("has shape {shape:?}, which node {} cannot take", node.name),
        "export the model again, and check it with onnx.checker",
    )
}

/// Why the attributes of an LSTM or a GRU are not the contract's.
fn of_attributes(node: &Node<'_>) -> Option<Problem> {
    let gru = node.op == "GRU";
    let after = node.attributes.get("linear_before_reset");
    if gru && after.is_none_or(|value| value.int == 0) {
        let problem = "is a GRU whose reset gate acts before the product with h (linear_before_reset = 0), the \
             hardware's acts behind it";
        let help = "export one with linear_before_reset = 1: PyTorch's nn.GRU, Keras' with reset_after=True";
        return Some(Problem::new(problem).help(help));
    }
    let usual = &[&b"Sigmoid"[..], b"Tanh", b"Tanh"][..if gru { 2 } else { 3 }];
    if let Some(Attribute { texts, .. }) = node.attributes.get("activations")
        && !texts.chunks(usual.len()).all(|names| names == usual)
    {
        let names = texts.iter().map(|name| String::from_utf8_lossy(name));
        let names = names.collect::<Vec<_>>().join(", ");
        let wanted = if gru {
            "Sigmoid, Tanh"
        } else {
            "Sigmoid, Tanh, Tanh"
        };
        let problem = format!("has activations {names}, the hardware has {wanted}");
        return Some(Problem::new(problem).help("train with those"));
    }
    if let Some(clip) = node.attributes.get("clip") {
        let problem = format!("clips at {}, which the hardware does not", clip.float);
        return Some(Problem::new(problem).help("train without clip"));
    }
    let coupled = node.attributes.get("input_forget");
    coupled.is_some_and(|value| value.int != 0).then(|| {
        Problem::new("couples its input and forget gates (input_forget)").help("train without")
    })
}
