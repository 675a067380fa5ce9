//! The float model as a file, as `PyTorch` names it.

use crate::import::FloatModel;
use safetensors::tensor::{Dtype, TensorView, serialize};
use std::collections::{BTreeMap, HashMap};

/// One safetensors file of float32 tensors, in the order of their names.
pub(super) fn file(
    tensors: &BTreeMap<String, (Vec<usize>, &[f32])>,
    metadata: Option<(&str, String)>,
) -> Vec<u8> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = tensors
        .iter()
        .map(|(name, (shape, data))| {
            let bytes = data.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name, shape, bytes)
        })
        .collect();
    let views = bytes.iter().map(|(name, shape, bytes)| {
        let view = TensorView::new(Dtype::F32, (*shape).clone(), bytes);
        (
            name.as_str(),
            view.expect("as many bytes as the shape says"),
        )
    });
    let metadata = metadata.map(|(key, text)| HashMap::from([(key.to_string(), text)]));
    serialize(views, metadata).expect("names and shapes of our own")
}

/// A float language model as a state dict of `PyTorch`: `embedding`, `lstm`, `decoder`. The bias is
/// the input's, the recurrent one is zero.
#[must_use]
pub fn state_dict(model: &FloatModel) -> Vec<u8> {
    let mut tensors: BTreeMap<String, (Vec<usize>, &[f32])> = BTreeMap::new();
    for (name, (shape, values)) in &model.passengers {
        tensors.insert(name.clone(), (shape.clone(), values));
    }
    let widest = model.layers.iter().map(|layer| layer.bias.len()).max();
    let zeros = vec![0.0; widest.unwrap_or(0)];
    for (index, layer) in model.layers.iter().enumerate() {
        let rows = layer.bias.len();
        for (name, shape, values) in [
            (
                "weight_ih",
                vec![rows, layer.input_size],
                &layer.weight_ih[..],
            ),
            ("weight_hh", vec![rows, layer.hidden_size], &layer.weight_hh),
            ("bias_ih", vec![rows], &layer.bias),
            ("bias_hh", vec![rows], &zeros[..rows]),
        ] {
            tensors.insert(format!("lstm.{name}_l{index}"), (shape, values));
        }
    }
    if let Some(head) = &model.head {
        let columns = head.weight.len() / head.output_size;
        let shape = vec![head.output_size, columns];
        tensors.insert("decoder.weight".into(), (shape, &head.weight));
        tensors.insert("decoder.bias".into(), (vec![head.output_size], &head.bias));
    }
    file(&tensors, None)
}
