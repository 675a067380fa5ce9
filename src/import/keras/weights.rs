//! The variables of a Keras model, by layer, from HDF5: Keras 3 (`layers/lstm/cell/vars/0`) and
//! before (`model_weights/lstm/lstm/lstm_cell/kernel:0`).

use crate::diagnostic::Problem;
use crate::files::archive::Budget;
use crate::import::tensors::{ElementKind, Tensor};
use hdf5_reader::group::Group;
use hdf5_reader::{Dataset, Datatype, Hdf5File};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Most groups and variables, and most groups inside one another: links may run in circles.
const MOST: usize = 20_000;
const DEEPEST: usize = 24;

/// A variable of a layer.
pub struct Variable {
    /// Its place in the file.
    pub path: String,
    pub tensor: Tensor<'static>,
}

/// The variables of one layer.
#[derive(Default)]
pub struct Slot {
    /// By role: `kernel`, `recurrent_kernel` and `bias` of cells; of others a name or number.
    pub variables: BTreeMap<String, Variable>,
    /// Those of the backward half of a bidirectional layer.
    pub backward: bool,
}

impl Slot {
    /// `true` if its recurrent weights are those of a GRU, `[H, 3H]`.
    pub fn is_gru(&self) -> bool {
        let roles = ["recurrent_kernel", "backward recurrent_kernel"];
        let mut kernels = roles.iter().filter_map(|role| self.variables.get(*role));
        kernels
            .any(|kernel| matches!(kernel.tensor.shape[..], [hidden, rows] if rows == 3 * hidden))
    }

    /// `true` if the reset gate of this GRU acts before the product with h: then x and h share one bias.
    /// Without a bias the configuration `says`; before Keras had the choice, it did.
    pub fn resets_before(&self, says: Option<bool>) -> bool {
        match self.variables.get("bias") {
            Some(bias) => bias.tensor.shape.len() != 2,
            None => says != Some(true),
        }
    }
}

fn damaged(problem: impl std::fmt::Display) -> Problem {
    Problem::new(format!("not an HDF5 file, or a damaged one: {problem}"))
        .help("save the model again")
}

/// Contents of a file: variables by layer, and the configuration where it has one.
pub struct Contents {
    pub slots: BTreeMap<String, Slot>,
    pub config: Option<String>,
}

/// Reads an HDF5 file.
pub fn read(bytes: &[u8]) -> Result<Contents, Problem> {
    let file = Hdf5File::from_bytes(bytes).map_err(damaged)?;
    let root = file.root_group().map_err(damaged)?;
    let mut walk = VariableWalk {
        names: BTreeMap::new(),
        variables: Vec::new(),
        budget: Budget::of(bytes),
        seen: 0,
    };
    let config = text(&root, "model_config")?;
    walk.group(&root, "", 0)?;
    let mut slots: BTreeMap<String, Slot> = BTreeMap::new();
    for (path, tensor) in walk.variables {
        let VariablePlace {
            layer,
            role,
            backward,
        } = place(&path, &walk.names);
        let slot = slots.entry(layer).or_default();
        slot.backward |= backward;
        let role = if backward {
            format!("backward {role}")
        } else {
            role
        };
        slot.variables.insert(role, Variable { path, tensor });
    }
    Ok(Contents { slots, config })
}

/// A text attribute, if there is one.
fn text(group: &Group, name: &str) -> Result<Option<String>, Problem> {
    let attributes = group.attributes().map_err(damaged)?;
    let found = attributes.iter().find(|attribute| attribute.name == name);
    let wrong = |_| damaged(format_args!("attribute {name} is not text"));
    found
        .map(|attribute| attribute.read_string().map_err(wrong))
        .transpose()
}

struct VariableWalk {
    /// The attribute `name` of groups, by path.
    names: BTreeMap<String, String>,
    variables: Vec<(String, Tensor<'static>)>,
    budget: Budget,
    seen: usize,
}

impl VariableWalk {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> Result<(), Problem> {
        self.seen += 1;
        if depth > DEEPEST || self.seen > MOST {
            return Err(damaged("groups without end"));
        }
        if path.ends_with("/vars")
            && let Some(name) = text(group, "name")?
        {
            self.names.insert(path.to_owned(), name);
        }
        let below = |name: &str| match path {
            "" => name.to_owned(),
            _ => format!("{path}/{name}"),
        };
        let (groups, datasets) = group.members().map_err(damaged)?;
        for dataset in datasets {
            self.seen += 1;
            if self.seen > MOST {
                return Err(damaged("variables without end"));
            }
            let path = below(dataset.name());
            let tensor = self.variable(&path, &dataset)?;
            self.variables.push((path, tensor));
        }
        for inner in groups {
            let name = inner.name();
            // Its optimiser is as large as the model and of no use here.
            if depth == 0 && matches!(name, "optimizer" | "optimizer_weights" | "_optimizer") {
                continue;
            }
            self.group(&inner, &below(name), depth + 1)?;
        }
        Ok(())
    }

    fn variable(&mut self, path: &str, dataset: &Dataset) -> Result<Tensor<'static>, Problem> {
        let sizes = dataset.shape();
        let count = sizes
            .iter()
            .try_fold(1u64, |all, &size| all.checked_mul(size));
        let count = count.filter(|&count| self.budget.take(count.saturating_mul(8)).is_some());
        let (Some(_), Ok(shape)) = (
            count,
            sizes
                .iter()
                .map(|&size| usize::try_from(size))
                .collect::<Result<Vec<_>, _>>(),
        ) else {
            return Err(damaged(format_args!(
                "{path} has shape {sizes:?}, far more than a model of this file's size"
            )));
        };
        let (kind, size) = match dataset.dtype() {
            Datatype::FloatingPoint { size: 4, .. } => (ElementKind::F32, 4),
            Datatype::FloatingPoint { size: 8, .. } => (ElementKind::F64, 8),
            other => {
                let kind = ElementKind::Other(kind_name(other));
                return Ok(Tensor::new(kind, shape, Cow::Owned(Vec::new())));
            }
        };
        let mut data = dataset.read_native_bytes().map_err(damaged)?;
        if data.len() != shape.iter().product::<usize>() * size {
            return Err(damaged(format_args!(
                "{path} does not hold its shape {shape:?}"
            )));
        }
        if cfg!(target_endian = "big") {
            data.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        Ok(Tensor::new(kind, shape, Cow::Owned(data)))
    }
}

/// The type of an element, for an error.
fn kind_name(kind: &Datatype) -> String {
    match kind {
        Datatype::FixedPoint { size, signed, .. } => {
            format!(
                "{}{}",
                if *signed { 'i' } else { 'u' },
                8 * u32::from(*size)
            )
        }
        Datatype::FloatingPoint { size, .. } => format!("f{}", 8 * u32::from(*size)),
        Datatype::String { .. } | Datatype::VarLen { .. } => "text".into(),
        _ => "a compound type".into(),
    }
}

struct VariablePlace {
    layer: String,
    role: String,
    backward: bool,
}

/// To which layer a variable belongs, and as what.
fn place(path: &str, names: &BTreeMap<String, String>) -> VariablePlace {
    let (folder, leaf) = path.rsplit_once('/').unwrap_or(("", path));
    let Some(owner) = folder.strip_suffix("/vars") else {
        // Before Keras 3: the first group is the layer, the last name the role.
        let inner = path.strip_prefix("model_weights/").unwrap_or(path);
        let layer = inner.split('/').next().unwrap_or(inner);
        return VariablePlace {
            layer: layer.into(),
            role: leaf.split(':').next().unwrap_or(leaf).into(),
            backward: inner.split('/').any(|part| part.starts_with("backward_")),
        };
    };
    let cell = owner.strip_suffix("/cell");
    let owner = cell.unwrap_or(owner);
    let role = match (cell, leaf) {
        (Some(_), "0") => "kernel",
        (Some(_), "1") => "recurrent_kernel",
        (Some(_), "2") => "bias",
        _ => leaf,
    };
    let backward = owner.ends_with("/backward_layer");
    let owner = owner
        .strip_suffix("/backward_layer")
        .or(owner.strip_suffix("/forward_layer"))
        .unwrap_or(owner);
    let last = owner.rsplit('/').next().unwrap_or(owner);
    let named = names.get(&format!("{owner}/vars")).cloned();
    VariablePlace {
        layer: named.unwrap_or_else(|| last.to_owned()),
        role: role.into(),
        backward,
    }
}
