//! The float model as a file, as `PyTorch` names it.

use crate::import::{FloatLayer, FloatModel};
use crate::spec::DirectionKind;
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

/// A float model as a state dict of `PyTorch`: `embedding`, `lstm` or `gru`, `decoder`. The bias is the
/// input's, the recurrent one is zero, but for that of n's part of h of a GRU.
///
/// # Panics
/// For a layer that takes the steps backward alone, which has no name there.
#[must_use]
pub fn state_dict(model: &FloatModel) -> Vec<u8> {
    let mut tensors: BTreeMap<String, (Vec<usize>, &[f32])> = BTreeMap::new();
    for (name, (shape, values)) in &model.passengers {
        tensors.insert(name.clone(), (shape.clone(), values));
    }
    let alone = |layer: &FloatLayer| layer.direction.kind() == DirectionKind::Backward;
    assert!(!model.layers.iter().any(alone), "a layer backward alone");
    let layers = model.layers.iter().enumerate();
    let passes = layers.flat_map(|(index, layer)| {
        let ends = ["", "_reverse"].into_iter();
        let passes = layer.passes().zip(ends);
        passes.map(move |(pass, end)| (format!("l{index}{end}"), pass, recurrent_bias(pass)))
    });
    let passes: Vec<(String, &FloatLayer, Vec<f32>)> = passes.collect();
    for (place, layer, recurrent) in &passes {
        let rows = layer.bias.len();
        let name = layer.recurrence.kind().word();
        for (tensor, shape, values) in [
            (
                "weight_ih",
                vec![rows, layer.input_size],
                &layer.weight_ih[..],
            ),
            ("weight_hh", vec![rows, layer.hidden_size], &layer.weight_hh),
            ("bias_ih", vec![rows], &layer.bias),
            ("bias_hh", vec![rows], recurrent),
        ] {
            tensors.insert(format!("{name}.{tensor}_{place}"), (shape, values));
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

/// The bias of the products with h, `[GH]`.
fn recurrent_bias(layer: &FloatLayer) -> Vec<f32> {
    let of_n = layer.recurrence.bias_n_h();
    let mut bias = vec![0.0; layer.bias.len() - of_n.len()];
    bias.extend(of_n);
    bias
}
