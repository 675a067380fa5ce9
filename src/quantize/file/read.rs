//! The bytes of a file as a model, or everything that is wrong with them.

use super::super::model::{Head, Layer, QuantizedModel, Recurrence, RowScale};
use super::{FORMAT, FormatNumber, HeadFormats, KEY, LayerHeader, ModelHeader};
use crate::diagnostic::{Problem, Problems};
use crate::fixed::{Codes, QFormat, stored_codes};
use crate::spec::CellKind;
use safetensors::SafeTensors;
use safetensors::tensor::Dtype;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

impl QuantizedModel {
    /// Reads a model file.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let bytes = crate::files::load(path)?;
        Self::from_bytes(&bytes).map_err(|problems| problems.in_file(path))
    }

    /// Reads a model from a file's bytes.
    ///
    /// # Errors
    /// A damaged container, an unknown format, key or tensor, and everything that
    /// [`QuantizedModel::validate`] finds.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Problems> {
        let container = |error: safetensors::SafeTensorError| {
            not_quantized(format!("not a safetensors file: {error}"))
        };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(container)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(container)?;
        let json = metadata
            .metadata()
            .as_ref()
            .and_then(|map| map.get(KEY))
            .ok_or_else(|| {
                not_quantized(format!(
                    "metadata has no key '{KEY}': this is not a quantised model"
                ))
            })?;
        let faulty = |error: serde_json::Error| contents("metadata.lprnn", &error.to_string());
        let FormatNumber { format } = serde_json::from_str(json).map_err(faulty)?;
        if format != FORMAT {
            return Err(other_format(format));
        }
        let formats: ModelHeader = serde_json::from_str(json).map_err(faulty)?;
        let mut reader = ModelReader {
            tensors: &tensors,
            used: BTreeSet::new(),
            problems: Vec::new(),
        };
        let layers = formats
            .layers
            .iter()
            .enumerate()
            .map(|(index, layer)| reader.layer(index, layer))
            .collect();
        let head = formats.head.map(|head| reader.head(&head));
        let passengers = reader.passengers();
        Problems::none_or(reader.problems, ()).map_err(anew)?;
        let model = Self {
            layers,
            input_offset: formats.input_offset,
            head,
            passengers,
        };
        model.validate().map_err(anew)?;
        Ok(model)
    }
}

fn contents(place: &str, problem: &str) -> Problems {
    anew(Problem::within(place, problem).into())
}

/// A file of another version of this program.
fn other_format(format: u32) -> Problems {
    let written = if format < FORMAT {
        "an older lprnn-hw wrote this file"
    } else {
        "a newer lprnn-hw wrote this file"
    };
    let problem = format!("{format}, this version reads {FORMAT}: {written}");
    contents("metadata.lprnn.format", &problem)
}

fn anew(problems: Problems) -> Problems {
    problems.help("make the file again with `lprnn-hw quantize`")
}

fn not_quantized(problem: String) -> Problem {
    Problem::new(problem).help("make a quantised model with `lprnn-hw quantize`")
}

struct ModelReader<'a> {
    tensors: &'a SafeTensors<'a>,
    used: BTreeSet<String>,
    problems: Vec<Problem>,
}

impl ModelReader<'_> {
    fn fail(&mut self, place: &str, problem: String) {
        self.problems.push(Problem::within(place, problem));
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
                format!("{} does not fit 16 bits", values[index]),
            );
            return Vec::new();
        }
        values.iter().map(|&value| value as i16).collect()
    }

    fn layer(&mut self, index: usize, formats: &LayerHeader) -> Layer {
        let place = format!("layers.{index}");
        let recurrence = self.recurrence(&place, formats);
        let gates = recurrence.gates().len();
        let rows = formats.hidden_size.saturating_mul(gates);
        let sums = gates + usize::from(recurrence.parted().is_some());
        let row_scale = formats.row_scale.as_ref().map(|scale| RowScale {
            bits: scale.bits,
            frac: scale.frac,
            multiplier: self
                .integers(
                    &format!("{place}.row_scale"),
                    &[formats.hidden_size.saturating_mul(sums)],
                )
                .iter()
                .map(|&m| m as u32)
                .collect(),
        });
        let weights = stored_codes(formats.w_bits, formats.w_levels).unwrap_or_else(|problem| {
            self.fail(&format!("{place}.w_levels"), problem.into());
            Codes::from(formats.w_bits)
        });
        Layer {
            input_size: formats.input_size,
            hidden_size: formats.hidden_size,
            x: formats.x,
            h: formats.h,
            w_bits: weights.bits,
            w_levels: weights.levels,
            w_frac_ih: formats.w_frac_ih.clone(),
            w_frac_hh: formats.w_frac_hh.clone(),
            z: formats.z,
            a_frac: formats.a_frac,
            recurrence,
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

    /// The cell of a layer: the formats that its kind has, and no other.
    fn recurrence(&mut self, place: &str, formats: &LayerHeader) -> Recurrence {
        let kind = formats.kind;
        let of_lstm = kind.is_lstm();
        let mut take = |name: &str, wanted: bool, format: Option<QFormat>| {
            let problem = match (format, wanted) {
                (None, true) => "is missing",
                (Some(_), false) => "is a format that this kind does not have",
                _ => return format,
            };
            let title = kind.title();
            self.fail(
                &format!("{place}.{name}"),
                format!("{problem}; the layer is {title}"),
            );
            None
        };
        let c = take("c", of_lstm, formats.c);
        let v = take("v", !of_lstm, formats.v);
        let s = take("s", !of_lstm, formats.s);
        // What is missing has been named.
        let or_any = |format: Option<QFormat>| format.unwrap_or(QFormat::new(2, 0));
        match kind {
            CellKind::Lstm => Recurrence::Lstm { c: or_any(c) },
            CellKind::Gru => Recurrence::Gru {
                v: or_any(v),
                s: or_any(s),
                bias_n_h: self
                    .integers(&format!("{place}.bias_n_h"), &[formats.hidden_size])
                    .iter()
                    .map(|&value| value as i32)
                    .collect(),
            },
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
