//! ONNX, as the state dict of the same LSTM.
//!
//! The nodes are walked in their order, and every one on the way from the inputs to the outputs must be
//! understood. Gates of ONNX are in the order i, o, f, c.

mod graph;
mod last_states;
mod recurrent;
mod states;

use super::error::{among, refuse};
use super::model::Mapping;
use super::state_dict::Known;
use super::tensors::{ElementKind, Tensor, Tensors};
use crate::diagnostic::Problem;
use graph::{Graph, Node};
use last_states::LastStates;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Operations that move numbers and change none. (Which of the steps are taken is not the core's.)
const MOVES: &str = "Squeeze Unsqueeze Transpose Reshape Identity Dropout Flatten Gather Slice";
/// Operations on the outputs that are left to the outside.
const LAST: [&str; 4] = ["Softmax", "LogSoftmax", "Sigmoid", "ArgMax"];

/// Reads an ONNX file.
pub fn read(bytes: &[u8]) -> Result<(Tensors<'static>, Known), Problem> {
    let graph = graph::read(bytes)
        .map_err(|error| error.to_string())
        .and_then(|graph| {
            if graph.nodes.is_empty() {
                Err("no nodes".into())
            } else {
                Ok(graph)
            }
        });
    let graph = graph.map_err(|problem| {
        Problem::new(format!("not an ONNX file, or a damaged one: {problem}"))
            .help("export the model again")
    })?;
    let mut walk = GraphWalk::new(&graph);
    for node in &graph.nodes {
        walk.node(node)?;
    }
    walk.heads();
    walk.settle_states();
    walk.known.says_outputs = true;
    Ok((walk.tensors, walk.known))
}

/// A value of the graph, as far as it is understood.
#[derive(Clone, PartialEq)]
enum GraphValue {
    /// The network's input.
    Input,
    /// The output of a layer: its network, and which layer.
    Layer(String, usize),
    /// The output of linear layers on the network's input, and whether a `ReLU` stands behind each.
    Front(Vec<(String, bool)>),
    /// The output of linear layers behind a network, and whether a `ReLU` was the last.
    Linear { chain: Vec<String>, relu: bool },
    /// Last states of layers that read from the end.
    States(LastStates),
    /// Anything else that depends on the input.
    Other,
}

struct GraphWalk<'a> {
    graph: &'a Graph<'a>,
    /// Values that depend on the input.
    values: BTreeMap<&'a str, GraphValue>,
    /// How often a value is used.
    uses: BTreeMap<&'a str, usize>,
    /// Constants that are used up: what is left belongs to nothing.
    tensors: Tensors<'static>,
    known: Known,
    /// Chains of linear layers with something else than `ReLU` between.
    broken: bool,
    titles: BTreeSet<String>,
    /// Bidirectional layers: the network, and the number of the layer.
    both: BTreeSet<(String, usize)>,
    /// Layers whose outputs at every step are taken, and what takes them.
    in_time: BTreeMap<(String, usize), &'a Node<'a>>,
}

impl<'a> GraphWalk<'a> {
    fn new(graph: &'a Graph<'a>) -> Self {
        let inputs = graph
            .inputs
            .iter()
            .filter(|name| !graph.constants.contains_key(*name));
        let mut uses = BTreeMap::new();
        for node in &graph.nodes {
            if node.op != "Shape" {
                for &input in &node.inputs {
                    *uses.entry(input).or_insert(0) += 1;
                }
            }
        }
        Self {
            graph,
            values: inputs.map(|&name| (name, GraphValue::Input)).collect(),
            uses,
            tensors: Tensors::new(),
            known: Known::default(),
            broken: false,
            titles: BTreeSet::new(),
            both: BTreeSet::new(),
            in_time: BTreeMap::new(),
        }
    }

    fn node(&mut self, node: &'a Node<'a>) -> Result<(), Problem> {
        if matches!(node.op, "LSTM" | "GRU" | "RNN") {
            return self.recurrent(node);
        }
        let data: Vec<&str> = node
            .inputs
            .iter()
            .copied()
            .filter(|input| self.values.contains_key(input))
            .collect();
        if data.is_empty() || node.op == "Shape" {
            return Ok(()); // sizes, and states to start from
        }
        if self.states(node, &data) {
            return Ok(());
        }
        let value = match (&data[..], node.op) {
            (&[data], op) if among(MOVES, op) && node.inputs[0] == data => {
                self.values[data].clone()
            }
            (&[data], "MatMul" | "Gemm") => self.linear(node, data)?,
            (&[data], "Add") => self.bias(node, data)?,
            (&[data], "Relu") => match self.values[data].clone() {
                GraphValue::Linear { chain, relu: false } => {
                    GraphValue::Linear { chain, relu: true }
                }
                GraphValue::Front(mut chain) if chain.last().is_some_and(|last| !last.1) => {
                    chain
                        .iter_mut()
                        .next_back()
                        .into_iter()
                        .for_each(|last| last.1 = true);
                    GraphValue::Front(chain)
                }
                _ => self.unknown(node),
            },
            (&[data], op) if LAST.contains(&op) && self.is_last(node) => {
                if let GraphValue::Linear { chain, relu: false } = &self.values[data] {
                    let name = chain.last().map_or("the model", String::as_str);
                    let note = format!("the {op} of {name} is left to the outside");
                    self.known.notes.push(note);
                    self.values[data].clone()
                } else {
                    self.unknown(node)
                }
            }
            _ => self.unknown(node),
        };
        self.set(node, &value);
        Ok(())
    }

    fn set(&mut self, node: &Node<'a>, value: &GraphValue) {
        for &output in &node.outputs {
            self.values.insert(output, value.clone());
        }
    }

    fn is_last(&self, node: &Node) -> bool {
        node.outputs
            .iter()
            .all(|output| !self.uses.contains_key(output))
    }

    /// A node that is not understood: itself, and the constants that it takes.
    fn unknown(&mut self, node: &Node<'a>) -> GraphValue {
        let title = format!("{} ({})", node.name, node.op);
        let kind = ElementKind::Other("a node".into());
        self.tensors
            .insert(title, Tensor::new(kind, Vec::new(), Cow::Borrowed(&[])));
        for &input in &node.inputs {
            if let Some(Ok(tensor)) = self.graph.constants.get(input)
                && !tensor.shape.is_empty()
            {
                let tensor = Tensor::new(
                    ElementKind::Other("a constant".into()),
                    tensor.shape.clone(),
                    Cow::Borrowed(&[]),
                );
                self.tensors.insert(input.to_owned(), tensor);
            }
        }
        GraphValue::Other
    }

    /// A constant of real numbers.
    fn constant(&self, node: &Node, name: &str) -> Result<(Vec<usize>, Vec<f32>), Problem> {
        match self.graph.constants.get(name) {
            Some(Ok(tensor)) => Ok((tensor.shape.clone(), tensor.values(name)?)),
            Some(Err(fault)) => Err(fault.clone().of(name)),
            None => refuse(
                name,
                format!("of node {} is computed inside the file", title(node)),
                "export with constant folding (do_constant_folding=True, or onnxsim)",
            ),
        }
    }

    /// A product with constant weights: a linear layer.
    fn linear(&mut self, node: &'a Node<'a>, data: &str) -> Result<GraphValue, Problem> {
        let [first, weight, ..] = node.inputs[..] else {
            return Ok(self.unknown(node));
        };
        let float = |name: &str| node.attributes.get(name).map_or(1.0, |value| value.float);
        let int = |name: &str| node.attributes.get(name).map_or(0, |value| value.int);
        let plain = [float("alpha"), float("beta")]
            .iter()
            .all(|&factor| (factor - 1.0).abs() < 1e-6)
            && int("transA") == 0;
        if first != data || !plain {
            return Ok(self.unknown(node));
        }
        let (shape, values) = self.constant(node, weight)?;
        let &[rows, columns] = &shape[..] else {
            return Ok(self.unknown(node));
        };
        let bias = node.inputs.get(2).copied().filter(|name| !name.is_empty());
        let stem = self.stem(node, weight, bias);
        let (made, values, meaning) = if int("transB") == 0 {
            let turned = super::tensors::transposed(&values, rows, columns);
            (vec![columns, rows], turned, "transposed")
        } else {
            (shape.clone(), values, "as it is")
        };
        let source = Mapping {
            tensor: weight.into(),
            shape,
            meaning: format!("of {}, {meaning}", node.op),
        };
        let tensor = Tensor::made(made, &values, vec![source]);
        self.tensors.insert(format!("{stem}.weight"), tensor);
        if let Some(bias) = bias {
            self.insert_bias(node, bias, &stem)?;
        }
        let chain = match &self.values[data] {
            GraphValue::Layer(network, index) => {
                self.in_time.insert((network.clone(), *index), node);
                vec![stem]
            }
            GraphValue::Linear { chain, relu } => {
                self.broken |= !relu;
                chain.iter().cloned().chain([stem]).collect()
            }
            GraphValue::Input => return Ok(GraphValue::Front(vec![(stem, false)])),
            GraphValue::Front(chain) => {
                let chain = chain.iter().cloned().chain([(stem, false)]);
                return Ok(GraphValue::Front(chain.collect()));
            }
            GraphValue::States(states) => {
                let states = states.clone();
                self.take_states(node, &states);
                vec![stem]
            }
            GraphValue::Other => return Ok(GraphValue::Other),
        };
        Ok(GraphValue::Linear { chain, relu: false })
    }

    /// An addition behind a product: its bias.
    fn bias(&mut self, node: &'a Node<'a>, data: &str) -> Result<GraphValue, Problem> {
        let other = node.inputs.iter().find(|input| **input != data);
        let mut value = self.values[data].clone();
        let last = match &mut value {
            GraphValue::Linear { chain, relu: false } => chain.last_mut(),
            GraphValue::Front(chain) => chain
                .last_mut()
                .filter(|last| !last.1)
                .map(|last| &mut last.0),
            _ => None,
        };
        let (Some(other), Some(last)) = (other, last) else {
            return Ok(self.unknown(node));
        };
        let mut stem = last.clone();
        let weight = self.tensors.get(&format!("{stem}.weight"));
        let rows = weight.map_or(0, |weight| weight.shape[0]);
        let fits =
            matches!(self.graph.constants.get(other), Some(Ok(bias)) if bias.shape == [rows]);
        if !fits || self.tensors.contains_key(&format!("{stem}.bias")) {
            return Ok(self.unknown(node));
        }
        // The bias has a name where the product of an exporter has none.
        let named = other.strip_suffix(".bias").filter(|name| {
            let fresh = |end: &str| !self.tensors.contains_key(&format!("{name}{end}"));
            fresh(".weight") && fresh(".bias")
        });
        if let Some(named) = named
            && let Some(weight) = self.tensors.remove(&format!("{stem}.weight"))
        {
            self.tensors.insert(format!("{named}.weight"), weight);
            named.clone_into(&mut stem);
            last.clone_from(&stem);
        }
        self.insert_bias(node, other, &stem)?;
        Ok(value)
    }

    fn insert_bias(&mut self, node: &Node, name: &str, stem: &str) -> Result<(), Problem> {
        let (shape, values) = self.constant(node, name)?;
        let source = Mapping {
            tensor: name.into(),
            shape: shape.clone(),
            meaning: format!("of {}", node.op),
        };
        self.tensors.insert(
            format!("{stem}.bias"),
            Tensor::made(shape, &values, vec![source]),
        );
        Ok(())
    }

    /// A name for a linear layer: of its weights or bias, or of its node.
    fn stem(&self, node: &Node, weight: &str, bias: Option<&str>) -> String {
        let named = weight
            .strip_suffix(".weight")
            .or(bias.and_then(|bias| bias.strip_suffix(".bias")));
        let stem = named.map_or_else(|| title(node), str::to_owned);
        let taken = |stem: &str| self.tensors.contains_key(&format!("{stem}.weight"));
        let mut unique = stem.clone();
        let mut number = 1;
        while taken(&unique) {
            unique = format!("{stem}_{number}");
            number += 1;
        }
        unique
    }

    /// The linear layers behind the LSTM: known where there is one chain with `ReLU` between.
    fn heads(&mut self) {
        let mut chains: Vec<&Vec<String>> = Vec::new();
        for value in self.values.values() {
            if let GraphValue::Linear { chain, .. } = value
                && !chains.contains(&chain)
            {
                chains.push(chain);
            }
        }
        let longest = chains.iter().max_by_key(|chain| chain.len());
        if let Some(longest) = longest
            && !self.broken
            && chains.iter().all(|chain| {
                // A chain on the way to the longest, or one that its bias has renamed.
                longest.starts_with(chain)
                    || chain.len() <= longest.len() && !self.has_weight(chain)
            })
        {
            self.known.heads = Some((*longest).clone());
        }
        let relu_last = self.graph.outputs.iter().find(|output| {
            matches!(
                self.values.get(*output),
                Some(GraphValue::Linear { relu: true, .. })
            )
        });
        if let Some(output) = relu_last {
            self.known.notes.push(format!(
                "the Relu that gives {output} is left to the outside"
            ));
        }
    }

    /// `true` if the last linear layer of a chain is still called so.
    fn has_weight(&self, chain: &[String]) -> bool {
        chain
            .last()
            .is_some_and(|stem| self.tensors.contains_key(&format!("{stem}.weight")))
    }
}

/// The name of a layer from that of its node: `/head/head.0/MatMul` is `head.0`, `/lstm/LSTM_1` is
/// `lstm`.
fn title(node: &Node) -> String {
    let mut parts: Vec<&str> = node
        .name
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    if parts.len() > 1 {
        parts.pop();
    }
    match parts.last() {
        Some(part) => (*part).to_owned(),
        None => node.op.to_lowercase(),
    }
}
