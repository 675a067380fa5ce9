//! A `PyTorch` `nn.LSTM` state dict, with an optional linear head and embedding.

mod beside;

use super::tensors::{ImportError, refuse, values};
use safetensors::SafeTensors;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// One LSTM layer in real numbers; rows in the gate order i, f, g, o.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLayer {
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// `[4H, I]`.
    pub weight_ih: Vec<f32>,
    /// `[4H, H]`.
    pub weight_hh: Vec<f32>,
    /// `[4H]`, the sum of both biases.
    pub bias: Vec<f32>,
}

/// The linear layer behind the last LSTM layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatHead {
    /// Rows.
    pub output_size: usize,
    /// `[O, H]`.
    pub weight: Vec<f32>,
    /// `[O]`.
    pub bias: Vec<f32>,
}

/// One line of the explanation: a tensor of the file and what it became.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mapping {
    /// Name in the file.
    pub tensor: String,
    /// Shape in the file.
    pub shape: Vec<usize>,
    /// What it is taken for.
    pub meaning: String,
}

/// Float tensors that are kept as they are, by name: shape and values.
pub type Passengers = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A float model and how it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatModel {
    /// At least one layer.
    pub layers: Vec<FloatLayer>,
    /// Linear head.
    pub head: Option<FloatHead>,
    /// Float tensors that are kept as they are: the embedding.
    pub passengers: Passengers,
    /// Every tensor of the file, by name.
    pub explanation: Vec<Mapping>,
}

/// Reads a float model; `prefix` chooses among several LSTMs.
pub fn read(path: &Path, prefix: Option<&str>) -> Result<FloatModel, ImportError> {
    let bytes = crate::files::read(path).map_err(|source| ImportError::Io {
        path: path.to_owned(),
        source,
    })?;
    read_bytes(&bytes, prefix)
}

/// Reads a float model from a file's bytes.
pub fn read_bytes(bytes: &[u8], prefix: Option<&str>) -> Result<FloatModel, ImportError> {
    let tensors = SafeTensors::deserialize(bytes)
        .map_err(|error| ImportError::Container(error.to_string()))?;
    let mut names: Vec<String> = tensors
        .names()
        .into_iter()
        .map(ToString::to_string)
        .collect();
    names.sort();
    let prefix = lstm_prefix(&names, prefix)?;
    let mut reader = Reader {
        tensors: &tensors,
        prefix,
        explanation: Vec::new(),
        used: BTreeSet::new(),
    };
    reader.refuse_other_mathematics(&names)?;
    let mut layers: Vec<FloatLayer> = Vec::new();
    while names.contains(&reader.name("weight_ih", layers.len())) {
        let layer = reader.layer(layers.len(), layers.last())?;
        layers.push(layer);
    }
    let hidden = layers.last().map_or(0, |layer| layer.hidden_size);
    let head = reader.head(&names, hidden)?;
    let passengers = reader.rest(&names)?;
    let mut explanation = reader.explanation;
    explanation.sort_by(|a, b| a.tensor.cmp(&b.tensor));
    Ok(FloatModel {
        layers,
        head,
        passengers,
        explanation,
    })
}

/// The part of the names before `weight_ih_l0`.
fn lstm_prefix(names: &[String], wanted: Option<&str>) -> Result<String, ImportError> {
    let found: Vec<&str> = names
        .iter()
        .filter_map(|name| name.strip_suffix("weight_ih_l0"))
        .collect();
    if let Some(wanted) = wanted {
        return match found
            .iter()
            .find(|prefix| prefix.trim_end_matches('.') == wanted.trim_end_matches('.'))
        {
            Some(prefix) => Ok((*prefix).to_owned()),
            None => Err(ImportError::NoLstm(format!(
                "no prefix '{wanted}'; prefixes: {}",
                found.join(", ")
            ))),
        };
    }
    match found[..] {
        [prefix] => Ok(prefix.to_owned()),
        [] => Err(ImportError::NoLstm(if names.is_empty() {
            "nothing".into()
        } else {
            names.join(", ")
        })),
        _ => Err(ImportError::Several(
            found
                .iter()
                .map(|prefix| format!("'{prefix}'"))
                .collect::<Vec<_>>()
                .join(", "),
        )),
    }
}

struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    prefix: String,
    explanation: Vec<Mapping>,
    used: BTreeSet<String>,
}

impl Reader<'_> {
    fn name(&self, what: &str, layer: usize) -> String {
        format!("{}{what}_l{layer}", self.prefix)
    }

    fn refuse_other_mathematics(&self, names: &[String]) -> Result<(), ImportError> {
        for name in names.iter().filter(|name| name.starts_with(&self.prefix)) {
            let rest = &name[self.prefix.len()..];
            if rest.starts_with("weight_hr") {
                return refuse(
                    name,
                    "a projection (proj_size) is not implemented; train without proj_size",
                );
            }
            if rest.ends_with("_reverse") {
                return refuse(
                    name,
                    "bidirectional layers are not implemented; train with bidirectional=False",
                );
            }
        }
        Ok(())
    }

    /// A tensor of a known shape.
    fn take(
        &mut self,
        name: &str,
        shape: &[usize],
        meaning: String,
    ) -> Result<Vec<f32>, ImportError> {
        let Ok(view) = self.tensors.tensor(name) else {
            return refuse(name, format!("is missing; shape {shape:?} is wanted"));
        };
        if view.shape() != shape {
            return refuse(
                name,
                format!("has shape {:?}, {shape:?} is wanted", view.shape()),
            );
        }
        let values = values(name, &view)?;
        self.used.insert(name.to_owned());
        self.explanation.push(Mapping {
            tensor: name.into(),
            shape: shape.to_vec(),
            meaning,
        });
        Ok(values)
    }

    fn layer(
        &mut self,
        index: usize,
        below: Option<&FloatLayer>,
    ) -> Result<FloatLayer, ImportError> {
        let name = self.name("weight_ih", index);
        let shape = self
            .tensors
            .tensor(&name)
            .map(|view| view.shape().to_vec())
            .unwrap_or_default();
        let [rows, input_size] = shape[..] else {
            return refuse(
                &name,
                format!("has shape {shape:?}, a matrix [4 * hidden, input] is wanted"),
            );
        };
        if rows == 0 || rows % 4 != 0 || input_size == 0 {
            return refuse(
                &name,
                format!("has shape {shape:?}; an LSTM has 4 * hidden rows (a GRU has 3, an RNN 1)"),
            );
        }
        let hidden_size = rows / 4;
        if let Some(below) = below
            && below.hidden_size != input_size
        {
            return refuse(
                &name,
                format!(
                    "takes {input_size} inputs, the layer below has {} units",
                    below.hidden_size
                ),
            );
        }
        let weight_ih = self.take(
            &name,
            &[rows, input_size],
            format!("layer {index}: input weights, gates i f g o"),
        )?;
        let name = self.name("weight_hh", index);
        let weight_hh = self.take(
            &name,
            &[rows, hidden_size],
            format!("layer {index}: recurrent weights, gates i f g o"),
        )?;
        let mut bias = vec![0.0; rows];
        for which in ["bias_ih", "bias_hh"] {
            let name = self.name(which, index);
            if self.tensors.tensor(&name).is_ok() {
                let part = self.take(
                    &name,
                    &[rows],
                    format!("layer {index}: bias, added to the other one"),
                )?;
                bias.iter_mut()
                    .zip(part)
                    .for_each(|(sum, value)| *sum += value);
            }
        }
        Ok(FloatLayer {
            input_size,
            hidden_size,
            weight_ih,
            weight_hh,
            bias,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use safetensors::Dtype;
    use safetensors::tensor::TensorView;

    #[test]
    fn a_layer_without_the_one_below_is_named() {
        let bytes = [0; 4 * 4 * 2];
        let mut tensors = Vec::new();
        for layer in [0, 2] {
            let inputs = if layer == 0 { 2 } else { 1 };
            for (kind, shape) in [
                ("weight_ih", vec![4, inputs]),
                ("weight_hh", vec![4, 1]),
                ("bias_ih", vec![4]),
                ("bias_hh", vec![4]),
            ] {
                let size = 4 * shape.iter().product::<usize>();
                let view = TensorView::new(Dtype::F32, shape, &bytes[..size]).unwrap();
                tensors.push((format!("{kind}_l{layer}"), view));
            }
        }
        let bytes = safetensors::serialize(tensors, None).unwrap();
        let error = read_bytes(&bytes, None).unwrap_err().to_string();
        assert_eq!(
            error,
            "bias_hh_l2: is of layer 2, and a layer below it is not there; save the whole model"
        );
    }
}
