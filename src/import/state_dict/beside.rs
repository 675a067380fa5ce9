//! What stands beside the layers: a linear head, an embedding, and tensors that are neither.

use super::super::tensors::{ImportError, refuse, values};
use super::{FloatHead, Passengers, Reader};
use std::collections::BTreeMap;

/// Names, without a prefix, under which a linear head is looked for.
const HEADS: [&str; 7] = ["head", "decoder", "fc", "linear", "out", "output", "proj"];
/// Names of an embedding.
const EMBEDDINGS: [&str; 4] = ["embedding", "encoder", "embed", "emb"];

impl Reader<'_> {
    pub fn head(
        &mut self,
        names: &[String],
        hidden: usize,
    ) -> Result<Option<FloatHead>, ImportError> {
        let is_head = |name: &&String| {
            name.strip_suffix(".weight")
                .is_some_and(|stem| HEADS.contains(&stem.rsplit('.').next().unwrap_or(stem)))
        };
        let Some(name) = names.iter().find(is_head) else {
            return self.tied_head(names, hidden);
        };
        let shape = self
            .tensors
            .tensor(name)
            .map(|view| view.shape().to_vec())
            .unwrap_or_default();
        let [output_size, columns] = shape[..] else {
            return refuse(
                name,
                format!("has shape {shape:?}, a matrix [outputs, {hidden}] is wanted"),
            );
        };
        if columns != hidden {
            return refuse(
                name,
                format!("has shape {shape:?}; a head on this LSTM has {hidden} columns"),
            );
        }
        let weight = self.take(
            name,
            &[output_size, hidden],
            "linear head, beside the hardware".into(),
        )?;
        let bias_name = name.replace(".weight", ".bias");
        let bias = if names.contains(&bias_name) {
            self.take(&bias_name, &[output_size], "bias of the head".into())?
        } else {
            vec![0.0; output_size]
        };
        Ok(Some(FloatHead {
            output_size,
            weight,
            bias,
        }))
    }

    /// A head of which the file has only the bias: its weights are those of the embedding, which
    /// safetensors stores once.
    fn tied_head(
        &mut self,
        names: &[String],
        hidden: usize,
    ) -> Result<Option<FloatHead>, ImportError> {
        let named = |suffix: &str, stems: &[&str]| {
            names.iter().find(|name| {
                name.strip_suffix(suffix)
                    .is_some_and(|stem| stems.contains(&stem.rsplit('.').next().unwrap_or(stem)))
            })
        };
        let (Some(bias), Some(weight)) = (named(".bias", &HEADS), named(".weight", &EMBEDDINGS))
        else {
            return Ok(None);
        };
        let view = self
            .tensors
            .tensor(weight)
            .map_err(|error| ImportError::Container(error.to_string()))?;
        let [output_size, columns] = *view.shape() else {
            return Ok(None);
        };
        if columns != hidden {
            return refuse(
                weight,
                format!(
                    "has {columns} columns; to be the weights of the head of {bias}, too, it must \
                     have {hidden}, one for every unit"
                ),
            );
        }
        let bias = self.take(
            bias,
            &[output_size],
            "bias of a head whose weights are the embedding".into(),
        )?;
        Ok(Some(FloatHead {
            output_size,
            weight: values(weight, &view)?,
            bias,
        }))
    }

    /// The layer of a tensor of the LSTM that no layer before it leads to.
    fn stray_layer(&self, name: &str) -> Option<usize> {
        let rest = name.strip_prefix(&self.prefix)?;
        let kinds = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"];
        kinds
            .iter()
            .find_map(|kind| rest.strip_prefix(kind)?.parse().ok())
    }

    pub fn rest(&mut self, names: &[String]) -> Result<Passengers, ImportError> {
        let mut passengers = BTreeMap::new();
        for name in names
            .iter()
            .filter(|name| !self.used.contains(*name))
            .cloned()
            .collect::<Vec<_>>()
        {
            if let Some(layer) = self.stray_layer(&name) {
                return refuse(
                    &name,
                    format!(
                        "is of layer {layer}, and a layer below it is not there; save the whole model"
                    ),
                );
            }
            let stem = name.strip_suffix(".weight").unwrap_or("");
            if !EMBEDDINGS.contains(&stem.rsplit('.').next().unwrap_or(stem)) {
                return refuse(
                    &name,
                    "is no part of an LSTM, head or embedding that this program knows; remove it",
                );
            }
            let shape = self
                .tensors
                .tensor(&name)
                .map(|view| view.shape().to_vec())
                .unwrap_or_default();
            let data = self.take(&name, &shape, "embedding, beside the hardware".into())?;
            passengers.insert("embedding.weight".into(), (shape, data));
        }
        Ok(passengers)
    }
}
