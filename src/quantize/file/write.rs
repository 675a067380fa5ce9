//! A model as the bytes of a file.

use super::super::dense::{Dense, DenseOutput};
use super::super::model::{Layer, QuantizedModel, Recurrence};
use super::{
    DenseHeader, EmbeddingHeader, FORMAT, KEY, LayerHeader, ModelHeader, PassHeader, REVERSE,
    RecurrentHeader, RowScaleFormat,
};
use crate::diagnostic::{Problem, Problems};
use crate::spec::CellKind;
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};

fn wide<T: Copy + Into<i64>>(values: &[T]) -> Vec<i64> {
    values.iter().map(|&value| value.into()).collect()
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
    /// The breaches that [`QuantizedModel::validate`] finds.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Problems> {
        self.validate()?;
        let tensors = self.tensors();
        let broken = |error: &dyn std::fmt::Display| Problem::new(error.to_string());
        let views: Vec<(&String, TensorView)> = tensors
            .iter()
            .map(|(name, (dtype, shape, bytes))| {
                Ok((name, TensorView::new(*dtype, shape.clone(), bytes)?))
            })
            .collect::<Result<_, safetensors::SafeTensorError>>()
            .map_err(|error| broken(&error))?;
        let json = serde_json::to_string(&self.formats()).map_err(|error| broken(&error))?;
        let metadata = HashMap::from([(KEY.to_owned(), json)]);
        Ok(serialize(views, Some(metadata)).map_err(|error| broken(&error))?)
    }

    /// All tensors by name, integers as narrow as they can be.
    fn tensors(&self) -> BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)> {
        let mut tensors = BTreeMap::new();
        let mut put = |name: String, shape: Vec<usize>, values: Vec<i64>| {
            let (dtype, bytes) = narrowest(&values);
            tensors.insert(name, (dtype, shape, bytes));
        };
        let first = self.first_recurrent();
        if let Some(embedding) = &self.embedding {
            let shape = vec![embedding.vocabulary, self.first_input().0];
            put("layers.0.weight".into(), shape, wide(&embedding.codes));
        }
        for (index, layer) in (first..).zip(&self.layers) {
            put_pass(&mut put, &format!("layers.{index}."), "", layer);
            if let Some(other) = layer.other_half() {
                put_pass(&mut put, &format!("layers.{index}."), REVERSE, other);
            }
        }
        let front = (self.first_front()..).zip(&self.front);
        let head = (first + self.layers.len()..).zip(&self.head);
        for (index, dense) in front.chain(head) {
            let name = |tensor: &str| format!("layers.{index}.{tensor}");
            let shape = vec![dense.output_size, dense.input_size];
            put(name("weight"), shape, wide(&dense.weight));
            put(name("bias"), vec![dense.output_size], wide(&dense.bias));
        }
        for (name, (shape, values)) in &self.passengers {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes());
            let tensor = (Dtype::F32, shape.clone(), bytes.collect());
            tensors.insert(name.clone(), tensor);
        }
        tensors
    }

    fn formats(&self) -> ModelHeader {
        let embedding = self.embedding.iter().map(|embedding| {
            LayerHeader::Embedding(EmbeddingHeader {
                vocabulary: embedding.vocabulary,
                output_size: self.first_input().0,
            })
        });
        let front = self.front.iter().map(dense_header);
        let recurrent = self.layers.iter().map(layer_header);
        let dense = self.head.iter().map(dense_header);
        ModelHeader {
            format: FORMAT,
            layers: (embedding.chain(front).chain(recurrent))
                .chain(dense)
                .collect(),
            input_offset: self.input_offset.clone(),
            head: None,
        }
    }
}

/// The tensors of one pass, `ending` behind each name.
fn put_pass(
    put: &mut dyn FnMut(String, Vec<usize>, Vec<i64>),
    place: &str,
    ending: &str,
    layer: &Layer,
) {
    let name = |tensor: &str| format!("{place}{tensor}{ending}");
    let rows = layer.rows();
    let (x, h) = (layer.input_size, layer.hidden_size);
    put(name("weight_ih"), vec![rows, x], wide(&layer.weight_ih));
    put(name("weight_hh"), vec![rows, h], wide(&layer.weight_hh));
    put(name("bias"), vec![rows], wide(&layer.bias));
    if let Some(scale) = &layer.row_scale {
        let sums = vec![layer.scaled_sums()];
        put(name("row_scale"), sums, wide(&scale.multiplier));
    }
    if let Recurrence::Gru { bias_n_h, .. } = &layer.recurrence {
        put(name("bias_n_h"), vec![h], wide(bias_n_h));
    }
}

fn dense_header(dense: &Dense) -> LayerHeader {
    let (y, relu) = match dense.output {
        DenseOutput::Code { format, relu } => (Some(format), relu),
        DenseOutput::Sum | DenseOutput::Argmax => (None, false),
    };
    LayerHeader::Dense(DenseHeader {
        input_size: dense.input_size,
        output_size: dense.output_size,
        x: dense.x,
        w_bits: dense.w_bits,
        w_levels: (!dense.weights().is_usual()).then_some(dense.w_levels),
        w_frac: dense.w_frac,
        output: dense.output.kind(),
        y,
        relu,
        when: dense.when,
        row_scale: None,
    })
}

/// What one pass says of itself.
fn pass_header(layer: &Layer) -> PassHeader {
    let (c, v, s) = match layer.recurrence {
        Recurrence::Lstm { c } => (Some(c), None, None),
        Recurrence::Gru { v, s, .. } => (None, Some(v), Some(s)),
    };
    PassHeader {
        w_bits: layer.w_bits,
        w_levels: (!layer.weights().is_usual()).then_some(layer.w_levels),
        w_frac_ih: layer.w_frac_ih.clone(),
        w_frac_hh: layer.w_frac_hh.clone(),
        z: layer.z,
        a_frac: layer.a_frac,
        c,
        v,
        s,
        row_scale: layer.row_scale.as_ref().map(|scale| RowScaleFormat {
            bits: scale.bits,
            frac: scale.frac,
        }),
    }
}

fn layer_header(layer: &Layer) -> LayerHeader {
    let own = pass_header(layer);
    let header = RecurrentHeader {
        direction: layer.direction.kind(),
        output_order: layer.output_order(),
        input_size: layer.input_size,
        hidden_size: layer.hidden_size,
        x: layer.x,
        h: layer.h,
        w_bits: own.w_bits,
        w_levels: own.w_levels,
        w_frac_ih: own.w_frac_ih,
        w_frac_hh: own.w_frac_hh,
        z: own.z,
        a_frac: own.a_frac,
        c: own.c,
        v: own.v,
        s: own.s,
        row_scale: own.row_scale,
        reverse: layer.other_half().map(pass_header),
    };
    match layer.recurrence.kind() {
        CellKind::Lstm => LayerHeader::Lstm(header),
        CellKind::Gru => LayerHeader::Gru(header),
    }
}
