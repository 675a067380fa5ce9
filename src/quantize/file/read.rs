//! The bytes of a file as a model, or everything that is wrong with them.

use super::super::dense::{Dense, DenseOutput, Embedding};
use super::super::model::{Direction, Layer, QuantizedModel, Recurrence, RowScale};
use super::{
    DenseHeader, EmbeddingHeader, FORMAT, FormatNumber, KEY, LayerHeader, ModelHeader, PassHeader,
    REVERSE, RecurrentHeader,
};
use crate::diagnostic::{Problem, Problems};
use crate::fixed::{Codes, Levels, QFormat, stored_codes};
use crate::spec::{CellKind, DirectionKind, OutputKind};
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

    /// All layers: an embedding first or none, dense ones, recurrent ones, dense ones.
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
                    let problem = "a recurrent layer behind a dense one behind a recurrent one is not implemented: recurrent layers \
                                   follow one another";
                    self.fail(&place, problem.into());
                }
                LayerHeader::Lstm(formats) => {
                    (model.layers).push(self.layer(&place, CellKind::Lstm, formats));
                }
                LayerHeader::Gru(formats) => {
                    (model.layers).push(self.layer(&place, CellKind::Gru, formats));
                }
                LayerHeader::Dense(formats) if model.layers.is_empty() => {
                    model.front.push(self.dense(&place, formats));
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

    /// A recurrent layer, with its other half where it has two directions.
    fn layer(&mut self, place: &str, kind: CellKind, formats: &RecurrentHeader) -> Layer {
        let mut layer = self.pass((place, ""), kind, formats, &formats.own());
        let both = formats.direction == DirectionKind::Bidirectional;
        if both != formats.reverse.is_some() {
            let problem = if both {
                "is missing; a bidirectional layer says the formats of its backward half there"
            } else {
                "is there, but the direction is not bidirectional"
            };
            self.fail(&format!("{place}.reverse"), problem.into());
        }
        if formats.direction.is_forward() && !formats.output_order.is_time() {
            let problem =
                "is there, but the direction is forward: the order of processing is that of time";
            self.fail(&format!("{place}.output_order"), problem.into());
        }
        layer.direction = match (formats.direction, &formats.reverse) {
            (DirectionKind::Bidirectional, Some(other)) => {
                let order = formats.output_order;
                Direction::ordered(DirectionKind::Bidirectional, order, || {
                    self.pass((place, REVERSE), kind, formats, other)
                })
            }
            (DirectionKind::Backward, _) => Direction::Backward(formats.output_order),
            // What is missing has been named.
            _ => Direction::Forward,
        };
        layer
    }

    /// One pass of a layer: sizes, x and h of `layer`, tensors whose names have an ending.
    fn pass(
        &mut self,
        (place, ending): (&str, &str),
        kind: CellKind,
        layer: &RecurrentHeader,
        formats: &PassHeader,
    ) -> Layer {
        let (inputs, units) = (layer.input_size, layer.hidden_size);
        let name = |tensor: &str| format!("{place}.{tensor}{ending}");
        // Where the formats stand: in the layer, or in its key for the other half.
        let own = match ending {
            "" => place.to_owned(),
            _ => format!("{place}.reverse"),
        };
        let recurrence = self.recurrence((&own, &name("bias_n_h")), kind, units, formats);
        let gates = recurrence.gates().len();
        let rows = units.saturating_mul(gates);
        let sums = gates + usize::from(recurrence.parted().is_some());
        let row_scale = formats.row_scale.as_ref().map(|scale| RowScale {
            bits: scale.bits,
            frac: scale.frac,
            multiplier: (self.integers(&name("row_scale"), &[units.saturating_mul(sums)]))
                .iter()
                .map(|&m| m as u32)
                .collect(),
        });
        let weights = self.weight_codes(&own, formats.w_bits, formats.w_levels);
        Layer {
            direction: Direction::Forward,
            input_size: inputs,
            hidden_size: units,
            x: layer.x,
            h: layer.h,
            w_bits: weights.bits,
            w_levels: weights.levels,
            w_frac_ih: formats.w_frac_ih.clone(),
            w_frac_hh: formats.w_frac_hh.clone(),
            z: formats.z,
            a_frac: formats.a_frac,
            recurrence,
            weight_ih: self.codes(&name("weight_ih"), &[rows, inputs]),
            weight_hh: self.codes(&name("weight_hh"), &[rows, units]),
            bias: self.words(&name("bias"), rows),
            row_scale,
        }
    }

    /// The cell of a pass: the formats that its kind has, and no other.
    fn recurrence(
        &mut self,
        (place, bias_n_h): (&str, &str),
        kind: CellKind,
        units: usize,
        formats: &PassHeader,
    ) -> Recurrence {
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
                bias_n_h: self.words(bias_n_h, units),
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
                _ if name.ends_with(REVERSE) => {
                    let problem = "belongs to a bidirectional layer, the file says none there";
                    self.fail(&name, problem.into());
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

impl RecurrentHeader {
    /// Formats of the layer's own pass.
    fn own(&self) -> PassHeader {
        PassHeader {
            w_bits: self.w_bits,
            w_levels: self.w_levels,
            w_frac_ih: self.w_frac_ih.clone(),
            w_frac_hh: self.w_frac_hh.clone(),
            z: self.z,
            a_frac: self.a_frac,
            c: self.c,
            v: self.v,
            s: self.s,
            row_scale: self.row_scale,
        }
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
