//! Which recurrent networks a state dict holds, known by their tensors whatever their sizes.

use crate::diagnostic::Problem;
use crate::import::error::several;
use crate::import::model::REVERSE;
use crate::import::tensors::Tensors;
use crate::spec::OutputOrder;
use std::collections::BTreeSet;

/// Kind of a recurrent network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkKind {
    Lstm,
    Gru,
    Rnn,
    Projected,
    BothDirections,
    WeightDrop,
    Parametrised,
    Transposed,
    /// Brevitas: a tensor for each gate.
    Brevitas,
    /// Recurrent weights of a shape that no network has, or none.
    Unclear,
}

/// A recurrent network.
#[derive(Clone, Debug)]
pub struct NamedNetwork {
    /// Start of the names, before `weight_ih_l0`, `weight_ih` or `layers.0.0.`
    pub prefix: String,
    pub kind: NetworkKind,
    /// `true` if the names have no layer: `nn.LSTMCell`.
    pub cell: bool,
    /// Some layer has tensors of the other direction, `weight_hh_l0_reverse`.
    pub bidirectional: bool,
    /// Layers that take the steps from the last one, and have no other half.
    pub backward: BTreeSet<usize>,
    /// Layers whose backward pass gives its outputs in the order of processing.
    pub processing: BTreeSet<usize>,
    hh: String,
    shape: Vec<usize>,
}

const BREVITAS: &str = "layers.0.0.cell_gate_params.hidden_weight.weight";

impl NamedNetwork {
    /// The name of a tensor of `layer`, forward.
    pub fn name(&self, what: &str, layer: usize) -> String {
        self.name_of(what, layer, false)
    }

    /// The name of a tensor of `layer` in a direction.
    pub fn name_of(&self, what: &str, layer: usize, backward: bool) -> String {
        if self.cell {
            format!("{}{what}", self.prefix)
        } else {
            let ending = if backward { REVERSE } else { "" };
            format!("{}{what}_l{layer}{ending}", self.prefix)
        }
    }

    /// The order in which a layer's backward pass gives its outputs.
    pub fn order(&self, layer: usize) -> OutputOrder {
        if self.processing.contains(&layer) {
            OutputOrder::Processing
        } else {
            OutputOrder::Time
        }
    }

    /// A layer in texts, with its direction where there are two.
    pub fn place(&self, layer: usize, backward: bool) -> String {
        if backward || self.backward.contains(&layer) {
            format!("layer {layer} backward")
        } else if self.bidirectional || !self.backward.is_empty() {
            format!("layer {layer} forward")
        } else {
            format!("layer {layer}")
        }
    }

    /// The prefix as it is given to `--prefix`.
    pub fn title(&self) -> &str {
        self.prefix.trim_end_matches('.')
    }

    fn describe(&self) -> String {
        let what = match self.kind {
            NetworkKind::Lstm if self.cell => "an LSTM cell",
            NetworkKind::Lstm if self.bidirectional => "a bidirectional LSTM",
            NetworkKind::Gru if self.bidirectional => "a bidirectional GRU",
            NetworkKind::Lstm => "an LSTM",
            NetworkKind::Gru if self.cell => "a GRU cell",
            NetworkKind::Gru => "a GRU",
            NetworkKind::Rnn => "an RNN",
            NetworkKind::Projected => "an LSTM with a projection",
            NetworkKind::BothDirections => "a bidirectional network of Brevitas",
            NetworkKind::WeightDrop => "an LSTM with WeightDrop",
            NetworkKind::Parametrised => "a network with a parametrisation",
            NetworkKind::Transposed => "transposed weights",
            NetworkKind::Brevitas => "an LSTM of Brevitas",
            NetworkKind::Unclear => "unclear",
        };
        format!("'{}': {what}, {} {:?}", self.title(), self.hh, self.shape)
    }

    /// Refuses what is no LSTM and no GRU of the contract, by name.
    pub fn check(&self) -> Result<(), Problem> {
        let Some(fault) = self.objection() else {
            return Ok(());
        };
        let place = match self.title() {
            "" => "the network",
            title => title,
        };
        Err(fault.of(place))
    }

    /// Why it is no LSTM and no GRU of the contract.
    fn objection(&self) -> Option<Problem> {
        let (hh, shape) = (&self.hh, &self.shape);
        let (problem, help) = match self.kind {
            NetworkKind::Lstm | NetworkKind::Gru | NetworkKind::Brevitas => return None,
            NetworkKind::Rnn => (
                format!(
                    "a plain RNN, {hh} has shape {shape:?}, as many rows as columns; the hardware \
                     has LSTMs and GRUs only"
                ),
                "train an LSTM or a GRU".into(),
            ),
            NetworkKind::Projected => (
                format!(
                    "an LSTM with a projection (proj_size), weight_hr_l0 beside {hh} {shape:?}, \
                     which the hardware does not have"
                ),
                "train without proj_size".into(),
            ),
            NetworkKind::BothDirections => (
                "a bidirectional network of Brevitas, which is not read".into(),
                "give the state dict of the float nn.LSTM, or train it in one direction".into(),
            ),
            NetworkKind::WeightDrop => (
                format!("an LSTM with WeightDrop, {hh}_raw {shape:?}"),
                format!("save it under {hh}, as evaluation computes with it"),
            ),
            NetworkKind::Parametrised => (
                format!("{hh} is made by a parametrisation other than weight normalisation"),
                "take it off before saving: torch.nn.utils.parametrize.remove_parametrizations, or \
                 remove_spectral_norm"
                    .into(),
            ),
            NetworkKind::Transposed => (
                format!(
                    "{hh} has shape {shape:?}, as Keras keeps it, PyTorch's is [4 * hidden, hidden]"
                ),
                "save kernel.T and recurrent_kernel.T, or import the .keras file itself".into(),
            ),
            NetworkKind::Unclear => return Some(unclear(hh, shape)),
        };
        Some(Problem::new(problem).help(help))
    }
}

/// Why recurrent weights of an odd shape are refused.
fn unclear(hh: &str, shape: &[usize]) -> Problem {
    if shape.is_empty() {
        return Problem::new(format!("{hh} is missing")).help("save the whole state dict");
    }
    Problem::new(format!(
        "{hh} has shape {shape:?}; an LSTM's is [4 * hidden, hidden], a GRU's has \
         3 * hidden rows, an RNN's hidden rows"
    ))
    .help("save the state dict of an nn.LSTM as PyTorch gives it")
}

/// All recurrent networks, by name.
pub fn find(tensors: &Tensors) -> Vec<NamedNetwork> {
    let mut found: Vec<NamedNetwork> = Vec::new();
    for name in tensors.keys() {
        // WeightDrop and parametrisations stand behind or before the name proper.
        let plain = name
            .trim_end_matches("_raw")
            .trim_end_matches("_orig")
            .replace("parametrizations.", "")
            .trim_end_matches(".original")
            .to_owned();
        let (prefix, cell) = if let Some(prefix) = plain.strip_suffix("weight_hh_l0") {
            (prefix, false)
        } else if let Some(prefix) = plain.strip_suffix("weight_ih_l0") {
            (prefix, false)
        } else if let Some(prefix) = plain
            .strip_suffix("weight_hh")
            .or(plain.strip_suffix("weight_ih"))
            && (prefix.is_empty() || prefix.ends_with('.'))
        {
            (prefix, true)
        } else if let Some(prefix) = name.strip_suffix(BREVITAS) {
            found.push(brevitas(tensors, prefix));
            continue;
        } else {
            continue;
        };
        if !found.iter().any(|network| network.prefix == prefix) {
            found.push(network(tensors, prefix, cell));
        }
    }
    // fastai keeps the recurrent weights beside the module that they are dropped into.
    let outer: Vec<String> = found
        .iter()
        .filter(|network| network.kind == NetworkKind::WeightDrop)
        .map(|network| format!("{}module.", network.prefix))
        .collect();
    found.retain(|network| !outer.contains(&network.prefix));
    found
}

fn brevitas(tensors: &Tensors, prefix: &str) -> NamedNetwork {
    let reverse = format!("{prefix}layers.0.1.");
    let both = tensors.keys().any(|name| name.starts_with(&reverse));
    NamedNetwork {
        prefix: prefix.into(),
        kind: if both {
            NetworkKind::BothDirections
        } else {
            NetworkKind::Brevitas
        },
        cell: false,
        bidirectional: both,
        backward: BTreeSet::new(),
        processing: BTreeSet::new(),
        hh: BREVITAS.into(),
        shape: tensors[&format!("{prefix}{BREVITAS}")].shape.clone(),
    }
}

fn network(tensors: &Tensors, prefix: &str, cell: bool) -> NamedNetwork {
    let hh = if cell { "weight_hh" } else { "weight_hh_l0" };
    let has = |name: &str| tensors.contains_key(&format!("{prefix}{name}"));
    let shape = |name: &str| {
        let tensor = tensors.get(&format!("{prefix}{name}"));
        tensor.map(|tensor| tensor.shape.clone())
    };
    let raw = shape(&format!("{hh}_raw"));
    let parametrised = has(&format!("parametrizations.{hh}.original"))
        || has(&format!("{hh}_orig"))
        || has("parametrizations.weight_ih_l0.original")
        || has("weight_ih_l0_orig");
    let plain = shape(hh);
    let kind = if raw.is_some() || has("weight_ih_l0_raw") {
        NetworkKind::WeightDrop
    } else if parametrised {
        NetworkKind::Parametrised
    } else if has("weight_hr_l0") {
        NetworkKind::Projected
    } else {
        match plain.as_deref() {
            Some(&[rows, columns]) if columns > 0 => kind(rows, columns),
            _ => NetworkKind::Unclear,
        }
    };
    let of_both = tensors.keys().any(|name| {
        let own = name.strip_prefix(prefix).unwrap_or_default();
        own.starts_with("weight_hh_l") && own.ends_with(REVERSE)
    });
    NamedNetwork {
        prefix: prefix.into(),
        kind,
        cell,
        bidirectional: !cell && of_both,
        backward: BTreeSet::new(),
        processing: BTreeSet::new(),
        hh: hh.into(),
        shape: plain.or(raw).unwrap_or_default(),
    }
}

/// Kind of the network whose recurrent weights are `[rows, columns]`: columns are the units.
fn kind(rows: usize, columns: usize) -> NetworkKind {
    match rows / columns {
        _ if columns == 4 * rows || columns == 3 * rows => NetworkKind::Transposed,
        _ if !rows.is_multiple_of(columns) => NetworkKind::Unclear,
        4 => NetworkKind::Lstm,
        3 => NetworkKind::Gru,
        1 => NetworkKind::Rnn,
        _ => NetworkKind::Unclear,
    }
}

/// The network that is meant: the only one, or the one named by, or alone below, `wanted`.
pub fn choose(tensors: &Tensors, wanted: Option<&str>) -> Result<NamedNetwork, Problem> {
    let found = find(tensors);
    let descriptions =
        |found: &[NamedNetwork]| found.iter().map(NamedNetwork::describe).collect::<Vec<_>>();
    if found.is_empty() {
        return Err(nothing(tensors));
    }
    let Some(wanted) = wanted else {
        return match <[NamedNetwork; 1]>::try_from(found) {
            Ok([only]) => Ok(only),
            Err(found) => Err(several(&descriptions(&found))),
        };
    };
    let wanted = wanted.trim_end_matches('.');
    if let Some(exact) = found.iter().find(|network| network.title() == wanted) {
        return Ok(exact.clone());
    }
    let below: Vec<NamedNetwork> = found
        .iter()
        .filter(|network| network.prefix.starts_with(&format!("{wanted}.")))
        .cloned()
        .collect();
    match <[NamedNetwork; 1]>::try_from(below) {
        Ok([only]) => Ok(only),
        Err(below) if below.is_empty() => Err(Problem::new(format!(
            "no LSTM or GRU found: no prefix '{wanted}'"
        ))
        .notes(descriptions(&found))
        .help("choose one of these")),
        Err(below) => Err(several(&descriptions(&below))),
    }
}

/// Why there is nothing to choose from.
fn nothing(tensors: &Tensors) -> Problem {
    let none = |why: &str| Problem::new(format!("no LSTM or GRU found: {why}"));
    if tensors.is_empty() {
        return none("the file holds no tensors").help("save the state dict of the trained model");
    }
    let names = || tensors.keys();
    if names().any(|name| name.contains("_packed_params") || name.contains("_all_weight_values")) {
        return none("a model quantised by PyTorch (packed parameters)")
            .help("give the float model from before it");
    }
    let first: Vec<&str> = names().take(20).map(String::as_str).collect();
    let more = if tensors.len() > first.len() {
        ", ..."
    } else {
        ""
    };
    none(
        "no tensor is named like 'weight_ih_l0' (nn.LSTM, nn.GRU), 'weight_ih' (nn.LSTMCell, nn.GRUCell) or \
         'cell_gate_params.input_weight.weight' (Brevitas), with any prefix",
    )
    .notes([format!("the file holds {}{more}", first.join(", "))])
    .help("save the state dict with its names")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes at which rows of one kind are rows of another: columns decide.
    #[test]
    fn kinds_are_known_by_units_whatever_the_sizes() {
        assert_eq!(kind(96, 32), NetworkKind::Gru); // also 4 * 24
        assert_eq!(kind(12, 4), NetworkKind::Gru);
        assert_eq!(kind(12, 3), NetworkKind::Lstm);
        assert_eq!(kind(12, 12), NetworkKind::Rnn);
        assert_eq!(kind(1, 1), NetworkKind::Rnn);
        assert_eq!(kind(4, 1), NetworkKind::Lstm);
        assert_eq!(kind(3, 1), NetworkKind::Gru);
        assert_eq!(kind(16, 64), NetworkKind::Transposed);
        assert_eq!(kind(8, 4), NetworkKind::Unclear);
        assert_eq!(kind(5, 4), NetworkKind::Unclear);
    }
}
