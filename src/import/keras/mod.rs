//! Keras: `.keras`, `.weights.h5` and `.h5`, also of `QKeras`, as the state dict of the same LSTM or GRU.
//!
//! Keras' gates are in the order i, f, c, o, which is i, f, g, o under another name. Its matrices are
//! `PyTorch`'s transposed, and it has one bias. Those of a GRU are z, r, h, which is u, r, n; its biases of x and
//! of h are the two rows of one.

mod config;
mod order;
mod weights;

use super::model::{Mapping, REVERSE};
use super::state_dict::Known;
use super::tensors::{ElementKind, Tensor, Tensors, reordered, transposed};
use crate::diagnostic::Problem;
use crate::files::archive::{Archive, Budget};
use config::{Config, KerasLayer};
use order::StepOrder;
use std::borrow::Cow;
use weights::{Contents, Slot, Variable};

/// Reads the archive that `model.save("model.keras")` writes.
pub fn read_archive(bytes: &[u8], archive: &Archive) -> Result<(Tensors<'static>, Known), Problem> {
    let mut budget = Budget::of(bytes);
    let config = archive.file("config.json", &mut budget)?;
    let weights = archive.file("model.weights.h5", &mut budget)?;
    let contents = weights::read(&weights)?;
    let config = String::from_utf8_lossy(&config);
    assemble(contents, Some(&config))
}

/// Reads an HDF5 file, with or without a configuration inside.
pub fn read_hdf5(bytes: &[u8]) -> Result<(Tensors<'static>, Known), Problem> {
    let mut contents = weights::read(bytes)?;
    let config = contents.config.take();
    assemble(contents, config.as_deref())
}

fn assemble(
    contents: Contents,
    config: Option<&str>,
) -> Result<(Tensors<'static>, Known), Problem> {
    let mut model = KerasModel {
        contents,
        tensors: Tensors::new(),
        known: Known::default(),
    };
    match config {
        Some(text) => {
            let config = Config::read(text).map_err(|problem| {
                Problem::new(format!("Keras' config.json: {problem}"))
                    .help("save the model again, as Sequential or Functional")
            })?;
            model.configured(&config)?;
        }
        None => model.unconfigured()?,
    }
    Ok((model.tensors, model.known))
}

/// From the gates' order z, r, h to r, u, n.
const GRU_ORDER: [usize; 3] = [1, 0, 2];

/// Why a GRU of another form is refused.
fn reset_before() -> Problem {
    Problem::new(
        "is a GRU whose reset gate acts before the product with h (reset_after=False), the hardware's acts \
         behind it",
    )
    .help("train it with reset_after=True")
}

struct KerasModel {
    contents: Contents,
    tensors: Tensors<'static>,
    known: Known,
}

impl KerasModel {
    /// Layers in the order of the configuration.
    fn configured(&mut self, config: &Config) -> Result<(), Problem> {
        let mut network: Option<(String, usize)> = None;
        let mut heads: Vec<(String, String)> = Vec::new();
        let mut order = StepOrder::default();
        let mut front: Vec<(String, String)> = Vec::new();
        self.known.says_outputs = true;
        for layer in &config.layers {
            if layer.without_effect() || config.in_line && order.flip(layer) {
                continue;
            }
            let slot = self.slot(layer);
            if slot.variables.contains_key("recurrent_kernel") {
                let (title, index) = match network.take() {
                    Some((title, index)) if config.in_line && heads.is_empty() => {
                        (title, index + 1)
                    }
                    before => {
                        if let Some((title, _)) = before {
                            self.settle(&title, &order);
                        }
                        (layer.name.clone(), 0)
                    }
                };
                heads.clear();
                self.front(std::mem::take(&mut front), &title, config.in_line);
                self.layer((layer, slot), (&title, index), &mut order, config.in_line)?;
                network = Some((title, index));
            } else if layer.class == "Dense" {
                let known = (layer.name.clone(), layer.activation().to_owned());
                if network.is_some() {
                    heads.push(known);
                } else {
                    front.push(known);
                }
                self.dense(slot, &layer.name)?;
            } else if layer.class == "Embedding" {
                self.embedding(slot, &layer.name);
            } else if after_all(layer, config) {
                let note = format!(
                    "{} behind the model is left to the outside",
                    layer.activation()
                );
                self.known.notes.push(note);
            } else {
                self.other(slot, &format!("{} ({})", layer.name, layer.class));
                // What stands between ends the stack, and is none of the linear layers before it.
                front.clear();
                heads.push((layer.name.clone(), "other".into()));
            }
        }
        if config.in_line {
            self.heads(&heads);
        }
        if let Some((title, _)) = network {
            self.settle(&title, &order);
        }
        self.leftovers();
        Ok(())
    }

    /// The variables of a layer.
    fn slot(&mut self, layer: &KerasLayer) -> Slot {
        let names = [Some(&layer.name), layer.wrapper.as_ref()];
        let mut found = names.into_iter().flatten();
        found
            .find_map(|name| self.contents.slots.remove(name))
            .unwrap_or_default()
    }

    /// The linear layers before a network, in their order, each with its activation; known where all layers stand in
    /// line.
    fn front(&mut self, layers: Vec<(String, String)>, title: &str, in_line: bool) {
        if layers.is_empty() || !in_line {
            return;
        }
        let taken = |activation: &String| matches!(&**activation, "linear" | "relu");
        let front = match layers.iter().find(|layer| !taken(&layer.1)) {
            None => {
                let all = layers.into_iter();
                Ok(all
                    .map(|(name, activation)| (name, activation == "relu"))
                    .collect())
            }
            Some((name, activation)) => {
                let problem = format!(
                    "has activation {activation}; a layer before the recurrent ones has linear or relu"
                );
                let help = "train with those, or leave out what stands before with --only-lstm";
                Err(Problem::within(name, problem).help(help))
            }
        };
        self.known.fronts.insert(format!("{title}."), front);
    }

    /// The linear layers that follow the LSTM in this order, as far as `ReLU` stands between.
    fn heads(&mut self, heads: &[(String, String)]) {
        let mut names = Vec::new();
        for (index, (name, activation)) in heads.iter().enumerate() {
            if activation == "other" {
                return;
            }
            names.push(name.clone());
            let last = index + 1 == heads.len();
            if last && activation != "linear" {
                self.known
                    .notes
                    .push(format!("the {activation} of {name} is left to the outside"));
            } else if !last && activation != "relu" {
                return;
            }
        }
        self.known.heads = Some(names);
    }

    /// A recurrent layer at a place of a stack: what it cannot be, its direction, and its variables.
    fn layer(
        &mut self,
        (layer, slot): (&KerasLayer, Slot),
        (title, index): (&str, usize),
        order: &mut StepOrder,
        in_line: bool,
    ) -> Result<(), Problem> {
        self.check(layer, &slot, title);
        if !in_line {
            *order = StepOrder::default();
        }
        if layer.class == "Bidirectional" {
            self.settle(title, order);
            order.pass_both(layer.gives_last_states());
            if layer.gives_last_states() {
                self.known.processing.insert((format!("{title}."), index));
            }
        } else if order.pass(layer, (title, index)) {
            if !in_line || layer.stateful() {
                let problem = "reads its input from the end (go_backwards), which is read of a layer that keeps no state \
                               from one sequence to the next, in a model whose layers stand in line";
                let fault = Problem::new(problem).help("train with go_backwards=False");
                self.refuse(title, &layer.name, fault);
            }
            self.known.backward.insert((format!("{title}."), index));
        }
        self.recurrent(slot, title, index)
    }

    /// Of a network with outputs that come from the last step to the first, the layer that leaves them so.
    fn settle(&mut self, title: &str, order: &StepOrder) {
        match order.settled(title) {
            Ok(None) => {}
            Ok(Some(layer)) => {
                self.known.processing.insert((format!("{title}."), layer));
            }
            Err(found) => {
                let (layer, fault) = *found;
                self.refuse(title, layer, fault);
            }
        }
    }

    /// Keeps why a network is not read; the first reason counts.
    fn refuse(&mut self, title: &str, layer: &str, fault: Problem) {
        let refused = self.known.refused.entry(format!("{title}."));
        refused.or_insert_with(|| (layer.to_owned(), fault));
    }

    fn check(&mut self, layer: &KerasLayer, slot: &Slot, title: &str) {
        let (fault, reset_after) = match &*layer.class {
            "SimpleRNN" => return, // refused by its shape
            "Bidirectional" => (layer.of_both(), layer.halves_reset_after()),
            "LSTM" | "GRU" => (layer.objection(), layer.reset_after()),
            class => {
                let fault = Problem::new(format!("is of class {class}"))
                    .help("train a keras.layers.LSTM or a keras.layers.GRU");
                (Some(fault), None)
            }
        };
        let before = slot.is_gru() && slot.resets_before(reset_after);
        if let Some(fault) = fault.or_else(|| before.then(reset_before)) {
            self.refuse(title, &layer.name, fault);
        }
        if layer.stateful() {
            self.known.notes.push(format!(
                "{} is stateful, its state goes on from one sequence to the next: gen --state-policy never",
                layer.name
            ));
        }
    }

    /// A layer of both directions in a file that does not say how its outputs are merged, and when they are given.
    fn refuse_both(&mut self, slot: &Slot, name: &str, title: &str) {
        if slot.backward {
            let problem = "a bidirectional network in a file without configuration, which does not say how its \
                           outputs are merged";
            let help = "save the whole model as .keras or .h5";
            self.refuse(title, name, Problem::new(problem).help(help));
        }
    }

    /// Layers by their names and sizes: nothing says how they are connected.
    fn unconfigured(&mut self) -> Result<(), Problem> {
        let mut slots: Vec<(String, Slot)> = std::mem::take(&mut self.contents.slots)
            .into_iter()
            .collect();
        slots.sort_by_key(|(name, _)| natural(name));
        let mut network: Option<(String, usize, usize)> = None;
        let mut recurrent = Vec::new();
        for (name, slot) in slots {
            if let Some(kernel) = slot.variables.get("recurrent_kernel") {
                let hidden = kernel.tensor.shape.first().copied().unwrap_or(0);
                let hidden = hidden * (1 + usize::from(slot.backward));
                let inputs = slot
                    .variables
                    .get("kernel")
                    .and_then(|kernel| kernel.tensor.shape.first());
                let (title, index) = match network.take() {
                    Some((title, index, below)) if inputs == Some(&below) => (title, index + 1),
                    _ => (name.clone(), 0),
                };
                if slot.is_gru() {
                    self.unconfigured_gru(&slot, &name, &title);
                }
                self.refuse_both(&slot, &name, &title);
                self.recurrent(slot, &title, index)?;
                recurrent.push(name);
                network = Some((title, index, hidden));
            } else if ["kernel", "0"].iter().any(|role| {
                slot.variables
                    .get(*role)
                    .is_some_and(|kernel| kernel.tensor.shape.len() == 2)
            }) {
                self.dense(slot, &name)?;
            } else if slot.variables.contains_key("embeddings") {
                self.embedding(slot, &name);
            } else {
                self.other(slot, &name);
            }
        }
        if !recurrent.is_empty() {
            self.known.notes.push(format!(
                "the file has no configuration: tanh and sigmoid, forward, layers in the order {}",
                recurrent.join(", ")
            ));
        }
        Ok(())
    }

    /// A GRU of which only the shape of its bias says where its reset gate acts.
    fn unconfigured_gru(&mut self, slot: &Slot, name: &str, title: &str) {
        if !slot.variables.contains_key("bias") {
            let note = format!("{name} has no bias, and is taken to have reset_after=True");
            self.known.notes.push(note);
        } else if slot.resets_before(None) {
            self.refuse(title, name, reset_before());
        }
    }

    /// A recurrent layer under `PyTorch`'s names.
    fn recurrent(&mut self, slot: Slot, title: &str, index: usize) -> Result<(), Problem> {
        let gru = slot.is_gru();
        for (role, variable) in slot.variables {
            let (role, suffix) = match role.strip_prefix("backward ") {
                Some(role) => (role.to_owned(), REVERSE),
                None => (role, ""),
            };
            let name = match &*role {
                "kernel" => "weight_ih",
                "recurrent_kernel" => "weight_hh",
                "bias" => "bias_ih",
                _ => {
                    self.tensors.insert(variable.path, variable.tensor);
                    continue;
                }
            };
            let name = format!("{title}.{name}_l{index}{suffix}");
            if gru {
                self.gru_variable(&name, variable, &role)?;
            } else {
                self.insert(name, variable, &format!("{role}, gates i f c o"))?;
            }
        }
        Ok(())
    }

    /// A variable of a GRU, its gates z, r, h as r, u, n; of both biases the first is that of x.
    fn gru_variable(&mut self, name: &str, variable: Variable, role: &str) -> Result<(), Problem> {
        let Variable { path, tensor } = variable;
        let values = tensor.values(&path)?;
        let mut insert = |name: String, shape: Vec<usize>, values: &[f32], meaning: String| {
            let source = Mapping {
                tensor: path.clone(),
                shape: tensor.shape.clone(),
                meaning,
            };
            let values = reordered(values, &GRU_ORDER);
            self.tensors
                .insert(name, Tensor::made(shape, &values, vec![source]));
        };
        let meaning = format!("{role}, gates z r h");
        match (role, &tensor.shape[..]) {
            ("bias", &[2, rows]) => {
                insert(
                    name.to_owned(),
                    vec![rows],
                    &values[..rows],
                    format!("{meaning}, of x"),
                );
                let of_h = name.replace(".bias_ih_l", ".bias_hh_l");
                insert(
                    of_h,
                    vec![rows],
                    &values[rows..],
                    format!("{meaning}, of h"),
                );
            }
            (_, &[rows, columns]) => {
                let turned = transposed(&values, rows, columns);
                insert(
                    name.to_owned(),
                    vec![columns, rows],
                    &turned,
                    format!("{meaning}, transposed"),
                );
            }
            (_, shape) => insert(name.to_owned(), shape.to_vec(), &values, meaning),
        }
        Ok(())
    }

    fn dense(&mut self, slot: Slot, name: &str) -> Result<(), Problem> {
        for (role, variable) in slot.variables {
            match &*role {
                "kernel" | "0" => self.insert(format!("{name}.weight"), variable, "kernel")?,
                "bias" | "1" => self.insert(format!("{name}.bias"), variable, "bias")?,
                _ => drop(self.tensors.insert(variable.path, variable.tensor)),
            }
        }
        Ok(())
    }

    fn embedding(&mut self, slot: Slot, name: &str) {
        for (_, variable) in slot.variables {
            // Already [tokens, elements].
            self.tensors
                .insert(format!("{name}.embedding.weight"), variable.tensor);
        }
    }

    /// A layer that is not understood: by its variables, or by its name where it has none.
    fn other(&mut self, slot: Slot, title: &str) {
        if slot.variables.is_empty() {
            let kind = ElementKind::Other("a layer without variables".into());
            self.tensors.insert(
                title.into(),
                Tensor::new(kind, Vec::new(), Cow::Borrowed(&[])),
            );
        }
        for (_, variable) in slot.variables {
            self.tensors.insert(variable.path, variable.tensor);
        }
    }

    /// Variables of layers that the configuration does not name.
    fn leftovers(&mut self) {
        let slots = std::mem::take(&mut self.contents.slots);
        for (_, slot) in slots {
            for (_, variable) in slot.variables {
                self.tensors.insert(variable.path, variable.tensor);
            }
        }
    }

    /// A variable under `PyTorch`'s name; matrices transposed.
    fn insert(&mut self, name: String, variable: Variable, meaning: &str) -> Result<(), Problem> {
        let Variable { path, tensor } = variable;
        let values = tensor.values(&path)?;
        let (shape, values, meaning) = match tensor.shape[..] {
            [rows, columns] if !meaning.starts_with("bias") => (
                vec![columns, rows],
                transposed(&values, rows, columns),
                format!("{meaning}, transposed"),
            ),
            _ => (tensor.shape.clone(), values, meaning.to_owned()),
        };
        let source = Mapping {
            tensor: path,
            shape: tensor.shape.clone(),
            meaning,
        };
        self.tensors
            .insert(name, Tensor::made(shape, &values, vec![source]));
        Ok(())
    }
}

/// A key by which `lstm_2` comes before `lstm_10`, and `lstm` before both.
fn natural(name: &str) -> (String, u64) {
    let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = name[stem.len()..].parse().unwrap_or(0);
    (stem.trim_end_matches('_').to_owned(), number)
}

/// A last activation, which the model's user applies.
fn after_all(layer: &KerasLayer, config: &Config) -> bool {
    let last = config
        .layers
        .last()
        .is_some_and(|last| last.name == layer.name);
    last && (layer.class == "Softmax" || layer.class == "Activation")
}
