//! What nodes make of the last states of layers that read from the end, and which linear layers take them.

use super::graph::Node;
use super::last_states::{LastStates, StateForm, side_by_side};
use super::{GraphValue, GraphWalk, MOVES};
use crate::diagnostic::Problem;
use crate::import::error::among;

impl<'a> GraphWalk<'a> {
    /// Goes through a node that takes last states alone; `false` where it is not understood.
    pub(super) fn states(&mut self, node: &Node<'a>, data: &[&str]) -> bool {
        if let (&[data], "Split") = (data, node.op) {
            return self.split_states(node, data);
        }
        let states = self.of_states(node, data).map(GraphValue::States);
        states.inspect(|states| self.set(node, states)).is_some()
    }

    /// What a node makes of last states alone; of one that moves them about in another way, states of no form.
    fn of_states(&self, node: &Node<'a>, data: &[&str]) -> Option<LastStates> {
        let states = data.iter().map(|name| match &self.values[name] {
            GraphValue::States(states) => Some(states),
            _ => None,
        });
        let states: Vec<&LastStates> = states.collect::<Option<_>>()?;
        if node.op == "Concat" {
            let axis = node.attributes.get("axis").map_or(0, |value| value.int);
            return side_by_side(&states, axis);
        }
        let &[one] = &states[..] else {
            return None;
        };
        let unclear = || among(MOVES, node.op).then(|| one.formed(StateForm::Unclear));
        self.moved(node, one).or_else(unclear)
    }

    /// Last states that a node moves about, where it is understood.
    fn moved(&self, node: &Node<'a>, one: &LastStates) -> Option<LastStates> {
        let int = |name: &str| node.attributes.get(name).map_or(0, |value| value.int);
        match node.op {
            "Identity" | "Dropout" => Some(one.clone()),
            "Squeeze" | "Unsqueeze" | "Transpose" if one.form == StateForm::Beside => {
                Some(one.clone())
            }
            "Squeeze" | "Unsqueeze" if one.of.len() == 1 => one.beside(),
            "Squeeze" => {
                let axes = node.attributes.get("axes").map(|value| &value.ints[..]);
                let form = one
                    .form
                    .squeezed(axes.or_else(|| self.integers(node, 1))?)?;
                Some(one.formed(form))
            }
            "Gather" => {
                let (axis, numbers) = (int("axis"), self.integers(node, 1)?);
                if !one.is_on(axis) {
                    return one.of_sequences(axis, self.is_scalar(node, 1));
                }
                let taken = one.taken(numbers.iter().copied())?;
                // One number alone takes its axis away.
                if taken.of.len() == 1 {
                    taken.beside()
                } else {
                    Some(taken)
                }
            }
            "Slice" => {
                let [start, end, axis] = [1, 2, 3].map(|input| self.integers(node, input));
                let (&[start], &[end], &[axis]) = (start?, end?, axis?) else {
                    return None;
                };
                if !one.is_on(axis) {
                    return one.of_sequences(axis, false);
                }
                let whole = self.integers(node, 4).is_none_or(|step| step == [1]);
                let count = one.of.len() as i64;
                let bound = |at: i64| (if at < 0 { at + count } else { at }).clamp(0, count);
                let taken = whole.then(|| bound(start)..bound(end));
                one.taken(taken?)
            }
            "Transpose" => {
                let order = &node.attributes.get("perm")?.ints;
                Some(one.formed(one.form.turned(order)?))
            }
            "Reshape" | "Flatten" => one.beside(),
            _ => None,
        }
    }

    /// An input of a node is a constant without axes.
    fn is_scalar(&self, node: &Node<'a>, input: usize) -> bool {
        let name = node.inputs.get(input).copied().unwrap_or_default();
        matches!(self.graph.constants.get(name), Some(Ok(tensor)) if tensor.shape.is_empty())
    }

    /// The constant integers of an input of a node.
    fn integers(&self, node: &Node<'a>, input: usize) -> Option<&[i64]> {
        let name = node.inputs.get(input)?;
        self.graph.integers.get(name).map(Vec::as_slice)
    }

    /// The states of a split, where every output is one of them.
    fn split_states(&mut self, node: &Node<'a>, data: &str) -> bool {
        let axis = node.attributes.get("axis").map_or(0, |value| value.int);
        let GraphValue::States(states) = &self.values[data] else {
            return false;
        };
        if !states.is_on(axis) || node.outputs.len() != states.of.len() {
            return false;
        }
        let parts = (0i64..).map(|number| states.taken(std::iter::once(number)));
        let parts: Option<Vec<LastStates>> = parts.take(node.outputs.len()).collect();
        for (output, part) in node.outputs.iter().zip(parts.unwrap_or_default()) {
            self.values.insert(output, GraphValue::States(part));
        }
        true
    }

    /// Last states that a linear layer takes: those of both directions of one layer, or of one that reads from the end. That
    /// layer gives its outputs in the order of processing.
    pub(super) fn take_states(&mut self, node: &Node<'a>, states: &LastStates) {
        let (title, index, _) = states.of[0].clone();
        let halves: Vec<bool> = states.of.iter().map(|state| state.2).collect();
        let of_one = states.of.iter().all(|of| (&of.0, of.1) == (&title, index));
        let both = self.both.contains(&(title.clone(), index));
        // One state by itself is a vector, whatever the axes before it.
        let vector = match states.form {
            StateForm::Beside => true,
            StateForm::Stacked { .. } => states.of.len() == 1,
            StateForm::Unclear => false,
        };
        let problem = match &halves[..] {
            _ if !vector => "takes last states (Y_h) that are not side by side",
            _ if !of_one => {
                "takes last states (Y_h) of several layers, the core gives those of one"
            }
            [false, true] => "",
            [true] if !both => "",
            [true, false] => {
                "takes the last state of the backward direction before that of the forward one"
            }
            _ => "takes the last state of one direction alone, the core gives those of both",
        };
        if problem.is_empty() {
            self.known.processing.insert((format!("{title}."), index));
        } else {
            let help = "train it on torch.cat([h_n[-2], h_n[-1]], 1), or on output[:, -1]";
            self.refuse_network(&title, node, Problem::new(problem).help(help));
        }
    }

    /// Networks whose outputs at every step and last states are both taken, which no core gives, and last states that are
    /// outputs of the file, where no outputs at every step are.
    pub(super) fn settle_states(&mut self) {
        let time = std::mem::take(&mut self.in_time);
        let given = self
            .graph
            .outputs
            .iter()
            .filter_map(|name| self.values.get(name));
        let given: Vec<GraphValue> = given.cloned().collect();
        let gives = |layer: &(String, usize)| {
            let value = GraphValue::Layer(layer.0.clone(), layer.1);
            time.contains_key(layer) || given.contains(&value)
        };
        for value in &given {
            if let GraphValue::States(states) = value {
                let layer = (states.of[0].0.clone(), states.of[0].1);
                let whole = states.of.len() == if self.both.contains(&layer) { 2 } else { 1 };
                if whole && !gives(&layer) {
                    self.known
                        .processing
                        .insert((format!("{}.", layer.0), layer.1));
                }
            }
        }
        for ((title, index), node) in &time {
            if self
                .known
                .processing
                .contains(&(format!("{title}."), *index))
            {
                let problem = "takes every step of a layer whose last states (Y_h) are taken too, the core gives one or the other";
                let help = "train it on one of them";
                self.refuse_network(title, node, Problem::new(problem).help(help));
            }
        }
    }

    /// Keeps why a network is not read; the first reason counts.
    fn refuse_network(&mut self, title: &str, node: &Node<'a>, fault: Problem) {
        let refused = self.known.refused.entry(format!("{title}."));
        refused.or_insert_with(|| (node.name.to_owned(), fault));
    }
}
