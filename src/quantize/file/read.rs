//! The bytes of a file as a model, or everything that is wrong with them.

use super::super::dense::{Dense, DenseOutput, Embedding};
use super::super::model::{Layer, QuantizedModel, Recurrence, RowScale};
use super::{
    DenseHeader, EmbeddingHeader, FORMAT, FormatNumber, KEY, LayerHeader, ModelHeader,
    RecurrentHeader,
};
use crate::diagnostic::{Problem, Problems};
use crate::fixed::{Codes, Levels, QFormat, stored_codes};
use crate::spec::{CellKind, OutputKind};
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
        if formats.head.is_some() {
            let problem =
                "is a dense layer as older versions wrote it; now it is one of the layers";
            return Err(contents("metadata.lprnn.head", problem));
        }
        let mut model = reader.network(&formats.layers);
        model.input_offset = formats.input_offset;
        model.passengers = reader.passengers();
        Problems::none_or(reader.problems, ()).map_err(anew)?;
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

    /// All layers: an embedding first or none, recurrent ones, dense ones.
    fn network(&mut self, headers: &[LayerHeader]) -> QuantizedModel {
        let mut model = QuantizedModel::default();
        for (index, header) in headers.iter().enumerate() {
            let place = format!("layers.{index}");
            match header {
                LayerHeader::Embedding(formats) if index == 0 => {
                    model.embedding = Some(self.embedding(&place, formats));
                    let width = headers.get(1).map(LayerHeader::input_size);
                    if width != Some(formats.output_size) {
                        let problem = "is not the input_size of the layer behind it";
                        self.fail(&format!("{place}.output_size"), problem.into());
                    }
                }
                LayerHeader::Embedding(_) => {
                    self.fail(&place, "an embedding is the first layer, or none".into());
                }
                LayerHeader::Lstm(_) | LayerHeader::Gru(_) if !model.head.is_empty() => {
                    let problem = "a recurrent layer behind a dense one is not implemented: dense layers come last";
                    self.fail(&place, problem.into());
                }
                LayerHeader::Lstm(formats) => {
                    (model.layers).push(self.layer(&place, CellKind::Lstm, formats));
                }
                LayerHeader::Gru(formats) => {
                    (model.layers).push(self.layer(&place, CellKind::Gru, formats));
                }
                LayerHeader::Dense(_) if model.layers.is_empty() => {
                    let problem = "a dense layer before the recurrent ones is not implemented; compute it outside";
                    self.fail(&place, problem.into());
                }
                LayerHeader::Dense(formats) => model.head.push(self.dense(&place, formats)),
            }
        }
        model
    }

    fn embedding(&mut self, place: &str, formats: &EmbeddingHeader) -> Embedding {
        let shape = [formats.vocabulary, formats.output_size];
        Embedding {
            vocabulary: formats.vocabulary,
            codes: self.codes(&format!("{place}.weight"), &shape),
        }
    }

    fn dense(&mut self, place: &str, formats: &DenseHeader) -> Dense {
        let weights = self.weight_codes(place, formats.w_bits, formats.w_levels);
        if formats.row_scale.is_some() {
            let problem =
                "row scales of dense layers are not implemented; fold them into the weights";
            self.fail(&format!("{place}.row_scale"), problem.into());
        }
        let of_codes = formats.output == OutputKind::Code;
        if of_codes != formats.y.is_some() || formats.relu && !of_codes {
            let problem =
                "the output code has a format y and may have relu; the others have neither";
            self.fail(&format!("{place}.y"), problem.into());
        }
        let (outputs, inputs) = (formats.output_size, formats.input_size);
        Dense {
            input_size: inputs,
            output_size: outputs,
            x: formats.x,
            w_bits: weights.bits,
            w_levels: weights.levels,
            w_frac: formats.w_frac,
            weight: self.codes(&format!("{place}.weight"), &[outputs, inputs]),
            bias: self.words(&format!("{place}.bias"), outputs),
            output: match formats.output {
                OutputKind::Sum => DenseOutput::Sum,
                OutputKind::Argmax => DenseOutput::Argmax,
                OutputKind::Code => DenseOutput::Code {
                    // What is missing has been named.
                    format: formats.y.unwrap_or(QFormat::new(2, 0)),
                    relu: formats.relu,
                },
            },
            when: formats.when,
        }
    }

    /// The codes of weights that a header describes.
    fn weight_codes(&mut self, place: &str, bits: u32, levels: Option<Levels>) -> Codes {
        stored_codes(bits, levels).unwrap_or_else(|problem| {
            self.fail(&format!("{place}.w_levels"), problem.into());
            Codes::from(bits)
        })
    }

    /// A tensor of one dimension, whose values have 32 bits.
    fn words(&mut self, name: &str, count: usize) -> Vec<i32> {
        let values = self.integers(name, &[count]);
        values.iter().map(|&value| value as i32).collect()
    }

    fn layer(&mut self, place: &str, kind: CellKind, formats: &RecurrentHeader) -> Layer {
        let recurrence = self.recurrence(place, kind, formats);
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
        let weights = self.weight_codes(place, formats.w_bits, formats.w_levels);
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
            bias: self.words(&format!("{place}.bias"), rows),
            row_scale,
        }
    }

    /// The cell of a layer: the formats that its kind has, and no other.
    fn recurrence(&mut self, place: &str, kind: CellKind, formats: &RecurrentHeader) -> Recurrence {
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
                bias_n_h: self.words(&format!("{place}.bias_n_h"), formats.hidden_size),
            },
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

impl LayerHeader {
    const fn input_size(&self) -> usize {
        match self {
            Self::Embedding(_) => 1,
            Self::Lstm(formats) | Self::Gru(formats) => formats.input_size,
            Self::Dense(formats) => formats.input_size,
        }
    }
}
