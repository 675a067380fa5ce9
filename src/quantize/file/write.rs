//! A model as the bytes of a file.

use super::super::model::QuantizedModel;
use super::{FORMAT, HeadFormats, KEY, LayerHeader, ModelHeader, RowScaleFormat};
use crate::diagnostic::{Problem, Problems};
use safetensors::serialize;
use safetensors::tensor::{Dtype, TensorView};
use std::collections::{BTreeMap, HashMap};

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
            .map_err(|error| Problem::new(error.to_string()))?;
        let json = serde_json::to_string(&self.formats())
            .map_err(|error| Problem::new(error.to_string()))?;
        let metadata = HashMap::from([(KEY.to_owned(), json)]);
        Ok(serialize(views, Some(metadata)).map_err(|error| Problem::new(error.to_string()))?)
    }

    fn formats(&self) -> ModelHeader {
        ModelHeader {
            format: FORMAT,
            layers: self
                .layers
                .iter()
                .map(|layer| LayerHeader {
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
            input_offset: self.input_offset.clone(),
            head: self.head.as_ref().map(|head| HeadFormats {
                w_bits: head.w_bits,
                w_frac: head.w_frac,
            }),
        }
    }
}
