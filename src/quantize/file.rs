//! The quantised model file: safetensors with integer tensors and one JSON object of formats.

use super::model::{Head, Layer, LayerError, QuantizedModel, RowScale};
use crate::fixed::QFormat;
use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Number of the file format that this program writes and reads.
pub const FORMAT: u32 = 1;

/// Metadata key of the formats.
const KEY: &str = "lprnn";

/// Why a model file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelFileError {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Not a safetensors file, or a damaged one.
    #[error("{0}; a quantised model is written by `lprnn-hw quantize`")]
    Container(String),
    /// The contents break rules of the format; all of them are listed.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Contents(Vec<LayerError>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Formats {
    format: u32,
    layers: Vec<LayerFormats>,
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<HeadFormats>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerFormats {
    input_size: usize,
    hidden_size: usize,
    x: QFormat,
    h: QFormat,
    w_bits: u32,
    w_frac_ih: [i32; 4],
    w_frac_hh: [i32; 4],
    z: QFormat,
    a_frac: u32,
    c: QFormat,
    #[serde(skip_serializing_if = "Option::is_none")]
    row_scale: Option<RowScaleFormat>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowScaleFormat {
    bits: u32,
    frac: i32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadFormats {
    w_bits: u32,
    w_frac: i32,
}

/// The smallest of I8, I16 and I32 that holds every value, and the bytes.
fn narrowest(values: &[i64]) -> (Dtype, Vec<u8>) {
    let fits = |bits: u32| {
        values
            .iter()
            .all(|&value| value >= -(1 << (bits - 1)) && value < 1 << (bits - 1))
    };
    if fits(8) {
        (Dtype::I8, values.iter().map(|&value| value as u8).collect())
    } else if fits(16) {
        (
            Dtype::I16,
            values
                .iter()
                .flat_map(|&value| (value as i16).to_le_bytes())
                .collect(),
        )
    } else {
        (
            Dtype::I32,
            values
                .iter()
                .flat_map(|&value| (value as i32).to_le_bytes())
                .collect(),
        )
    }
}

impl QuantizedModel {
    /// The model as a file's bytes; the same model gives the same bytes.
    ///
    /// # Errors
    /// What [`QuantizedModel::validate`] finds.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelFileError> {
        self.validate().map_err(ModelFileError::Contents)?;
        let mut tensors: BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> = BTreeMap::new();
        let mut put = |name: String, shape: Vec<usize>, values: Vec<i64>| {
            let (dtype, bytes) = narrowest(&values);
            tensors.insert(name, (dtype, shape, bytes));
        };
        for (index, layer) in self.layers.iter().enumerate() {
            let place = format!("layers.{index}");
            let rows = 4 * layer.hidden_size;
            let wide = |codes: &[i16]| codes.iter().map(|&code| i64::from(code)).collect();
            put(
                format!("{place}.weight_ih"),
                vec![rows, layer.input_size],
                wide(&layer.weight_ih),
            );
            put(
                format!("{place}.weight_hh"),
                vec![rows, layer.hidden_size],
                wide(&layer.weight_hh),
            );
            put(
                format!("{place}.bias"),
                vec![rows],
                layer.bias.iter().map(|&value| value.into()).collect(),
            );
            if let Some(scale) = &layer.row_scale {
                put(
                    format!("{place}.row_scale"),
                    vec![rows],
                    scale.multiplier.iter().map(|&m| m.into()).collect(),
                );
            }
        }
        if let (Some(head), Some(last)) = (&self.head, self.layers.last()) {
            let shape = vec![head.output_size, last.hidden_size];
            put(
                "head.weight".into(),
                shape,
                head.weight.iter().map(|&code| code.into()).collect(),
            );
            put(
                "head.bias".into(),
                vec![head.output_size],
                head.bias.iter().map(|&value| value.into()).collect(),
            );
        }
        for (name, (shape, values)) in &self.passengers {
            let bytes = values
                .iter()
                .flat_map(|value| value.to_le_bytes())
                .collect();
            tensors.insert(name.clone(), (Dtype::F32, shape.clone(), bytes));
        }
        let views: Vec<(&String, TensorView)> = tensors
            .iter()
            .map(|(name, (dtype, shape, bytes))| {
                Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<_, safetensors::SafeTensorError>>()
            .map_err(|error| ModelFileError::Container(error.to_string()))?;
        let json = serde_json::to_string(&self.formats())
            .map_err(|error| ModelFileError::Container(error.to_string()))?;
        let metadata = HashMap::from([(KEY.to_owned(), json)]);
        serialize(views, Some(metadata))
            .map_err(|error| ModelFileError::Container(error.to_string()))
    }

    fn formats(&self) -> Formats {
        Formats {
            format: FORMAT,
            layers: self
                .layers
                .iter()
                .map(|layer| LayerFormats {
                    input_size: layer.input_size,
                    hidden_size: layer.hidden_size,
                    x: layer.x,
                    h: layer.h,
                    w_bits: layer.w_bits,
                    w_frac_ih: layer.w_frac_ih,
                    w_frac_hh: layer.w_frac_hh,
                    z: layer.z,
                    a_frac: layer.a_frac,
                    c: layer.c,
                    row_scale: layer.row_scale.as_ref().map(|scale| RowScaleFormat {
                        bits: scale.bits,
                        frac: scale.frac,
                    }),
                })
                .collect(),
            head: self.head.as_ref().map(|head| HeadFormats {
                w_bits: head.w_bits,
                w_frac: head.w_frac,
            }),
        }
    }

    /// Reads a model file.
    pub fn read(path: &Path) -> Result<Self, ModelFileError> {
        let bytes = crate::files::read(path).map_err(|source| ModelFileError::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::from_bytes(&bytes)
    }

    /// Reads a model from a file's bytes.
    ///
    /// # Errors
    /// A damaged container, an unknown format, key or tensor, and everything that
    /// [`QuantizedModel::validate`] finds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelFileError> {
        let container = |error: safetensors::SafeTensorError| {
            ModelFileError::Container(format!("no safetensors file: {error}"))
        };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(container)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(container)?;
        let json = metadata
            .metadata()
            .as_ref()
            .and_then(|map| map.get(KEY))
            .ok_or_else(|| {
                ModelFileError::Container(format!(
                    "metadata has no key '{KEY}': this is no quantised model"
                ))
            })?;
        let formats: Formats = serde_json::from_str(json)
            .map_err(|error| contents("metadata.lprnn", &error.to_string()))?;
        if formats.format != FORMAT {
            return Err(contents(
                "metadata.lprnn.format",
                &format!(
                    "{} is not known, this program reads {FORMAT}",
                    formats.format
                ),
            ));
        }
        let mut reader = Reader {
            tensors: &tensors,
            used: BTreeSet::new(),
            errors: Vec::new(),
        };
        let layers = formats
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| reader.layer(index, layer))
            .collect();
        let head = formats.head.map(|head| reader.head(&head));
        let passengers = reader.passengers();
        if !reader.errors.is_empty() {
            return Err(ModelFileError::Contents(reader.errors));
        }
        let model = Self {
            layers,
            head,
            passengers,
        };
        model.validate().map_err(ModelFileError::Contents)?;
        Ok(model)
    }
}

fn contents(place: &str, problem: &str) -> ModelFileError {
    ModelFileError::Contents(vec![LayerError {
        place: place.into(),
        problem: problem.into(),
    }])
}

struct Reader<'a> {
    tensors: &'a SafeTensors<'a>,
    used: BTreeSet<String>,
    errors: Vec<LayerError>,
}

impl Reader<'_> {
    fn fail(&mut self, place: &str, problem: String) {
        self.errors.push(LayerError {
            place: place.into(),
            problem,
        });
    }

    /// The integers of a tensor; the first dimension's length where the shape is as wanted.
    fn integers(&mut self, name: &str, wanted: &[usize]) -> Vec<i64> {
        self.used.insert(name.to_owned());
        let Ok(view) = self.tensors.tensor(name) else {
            self.fail(name, format!("is missing; shape {wanted:?} is wanted"));
            return Vec::new();
        };
        if view.shape() != wanted {
            self.fail(
                name,
                format!("has shape {:?}, {wanted:?} is wanted", view.shape()),
            );
            return Vec::new();
        }
        let data = view.data();
        match view.dtype() {
            Dtype::I8 => data.iter().map(|&byte| i64::from(byte as i8)).collect(),
            Dtype::I16 => data
                .as_chunks()
                .0
                .iter()
                .map(|&word| i16::from_le_bytes(word).into())
                .collect(),
            Dtype::I32 => data
                .as_chunks()
                .0
                .iter()
                .map(|&word| i32::from_le_bytes(word).into())
                .collect(),
            other => {
                self.fail(name, format!("holds {other:?}, I8, I16 or I32 is wanted"));
                Vec::new()
            }
        }
    }

    fn codes(&mut self, name: &str, wanted: &[usize]) -> Vec<i16> {
        let values = self.integers(name, wanted);
        if let Some(index) = values
            .iter()
            .position(|&value| i16::try_from(value).is_err())
        {
            self.fail(
                &format!("{name}[{index}]"),
                format!("{} is no code of 16 bits or fewer", values[index]),
            );
            return Vec::new();
        }
        values.iter().map(|&value| value as i16).collect()
    }

    fn layer(&mut self, index: usize, formats: &LayerFormats) -> Layer {
        let place = format!("layers.{index}");
        let rows = formats.hidden_size.saturating_mul(4);
        let row_scale = formats.row_scale.as_ref().map(|scale| RowScale {
            bits: scale.bits,
            frac: scale.frac,
            multiplier: self
                .integers(&format!("{place}.row_scale"), &[rows])
                .iter()
                .map(|&m| m as u32)
                .collect(),
        });
        Layer {
            input_size: formats.input_size,
            hidden_size: formats.hidden_size,
            x: formats.x,
            h: formats.h,
            w_bits: formats.w_bits,
            w_frac_ih: formats.w_frac_ih,
            w_frac_hh: formats.w_frac_hh,
            z: formats.z,
            a_frac: formats.a_frac,
            c: formats.c,
            weight_ih: self.codes(&format!("{place}.weight_ih"), &[rows, formats.input_size]),
            weight_hh: self.codes(&format!("{place}.weight_hh"), &[rows, formats.hidden_size]),
            bias: self
                .integers(&format!("{place}.bias"), &[rows])
                .iter()
                .map(|&value| value as i32)
                .collect(),
            row_scale,
        }
    }

    fn head(&mut self, formats: &HeadFormats) -> Head {
        let shape = self
            .tensors
            .tensor("head.weight")
            .map(|view| view.shape().to_vec())
            .unwrap_or_default();
        let [outputs, hidden] = shape[..] else {
            self.fail(
                "head.weight",
                "is missing or no matrix; the metadata describes a head".into(),
            );
            return Head {
                output_size: 0,
                w_bits: formats.w_bits,
                w_frac: formats.w_frac,
                weight: Vec::new(),
                bias: Vec::new(),
            };
        };
        Head {
            output_size: outputs,
            w_bits: formats.w_bits,
            w_frac: formats.w_frac,
            weight: self.codes("head.weight", &[outputs, hidden]),
            bias: self
                .integers("head.bias", &[outputs])
                .iter()
                .map(|&value| value as i32)
                .collect(),
        }
    }

    /// Float tensors ride along; anything else that no format describes is refused.
    fn passengers(&mut self) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
        let mut passengers = BTreeMap::new();
        let mut names: Vec<String> = self
            .tensors
            .names()
            .into_iter()
            .map(ToString::to_string)
            .collect();
        names.sort();
        for name in names {
            if self.used.contains(&name) {
                continue;
            }
            match self.tensors.tensor(&name) {
                Ok(view) if view.dtype() == Dtype::F32 => {
                    let values = view
                        .data()
                        .as_chunks()
                        .0
                        .iter()
                        .map(|&word| f32::from_le_bytes(word))
                        .collect();
                    passengers.insert(name, (view.shape().to_vec(), values));
                }
                _ if name.ends_with("_reverse") => {
                    self.fail(&name, "bidirectional layers are not implemented".into());
                }
                _ => self.fail(
                    &name,
                    "is described by no format and no float tensor; remove it".into(),
                ),
            }
        }
        passengers
    }
}
