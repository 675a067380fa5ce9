//! The variables of a Keras model, by layer, from HDF5: Keras 3 (`layers/lstm/cell/vars/0`) and
//! before (`model_weights/lstm/lstm/lstm_cell/kernel:0`).

use crate::diagnostic::Problem;
use crate::import::container::archive::Budget;
use crate::import::tensors::{ElementKind, Tensor};
use hdf5_pure::{AttrValue, DType, Dataset, File, Group};
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
    let file = File::from_bytes(bytes.to_vec()).map_err(damaged)?;
    let root = file.root();
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
    match group.attrs().map_err(damaged)?.remove(name) {
        None => Ok(None),
        Some(
            AttrValue::String(text)
            | AttrValue::AsciiString(text)
            | AttrValue::VarLenString(text)
            | AttrValue::VarLenAsciiString(text)
            | AttrValue::StringSized { value: text, .. }
            | AttrValue::AsciiStringSized { value: text, .. },
        ) => Ok(Some(text)),
        Some(_) => Err(damaged(format_args!("attribute {name} is not text"))),
    }
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
        for name in group.datasets().map_err(damaged)? {
            self.seen += 1;
            if self.seen > MOST {
                return Err(damaged("variables without end"));
            }
            let dataset = group.dataset(&name).map_err(damaged)?;
            let path = below(&name);
            let tensor = self.variable(&path, &dataset)?;
            self.variables.push((path, tensor));
        }
        for name in group.groups().map_err(damaged)? {
            // Its optimiser is as large as the model and of no use here.
            if depth == 0 && matches!(&*name, "optimizer" | "optimizer_weights" | "_optimizer") {
                continue;
            }
            let inner = group.group(&name).map_err(damaged)?;
            self.group(&inner, &below(&name), depth + 1)?;
        }
        Ok(())
    }

    fn variable(&mut self, path: &str, dataset: &Dataset) -> Result<Tensor<'static>, Problem> {
        let sizes = dataset.shape().map_err(damaged)?;
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
        let (kind, data): (ElementKind, Vec<u8>) = match dataset.dtype().map_err(damaged)? {
            DType::F32 => {
                let values = dataset.read_f32().map_err(damaged)?;
                (
                    ElementKind::F32,
                    values
                        .iter()
                        .flat_map(|value| value.to_le_bytes())
                        .collect(),
                )
            }
            DType::F64 => {
                let values = dataset.read_f64().map_err(damaged)?;
                (
                    ElementKind::F64,
                    values
                        .iter()
                        .flat_map(|value| value.to_le_bytes())
                        .collect(),
                )
            }
            other => (ElementKind::Other(other.to_string()), Vec::new()),
        };
        let wanted = shape.iter().product::<usize>() * if kind == ElementKind::F64 { 8 } else { 4 };
        if !matches!(kind, ElementKind::Other(_)) && data.len() != wanted {
            return Err(damaged(format_args!(
                "{path} does not hold its shape {shape:?}"
            )));
        }
        Ok(Tensor::new(kind, shape, Cow::Owned(data)))
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
