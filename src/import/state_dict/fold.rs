//! Tensors that training keeps in parts: weight normalisation, pruning.

use crate::diagnostic::Problem;
use crate::import::error::refuse;
use crate::import::model::Mapping;
use crate::import::tensors::{Tensor, Tensors};

/// Puts together what is kept in parts, and leaves everything else as it is:
/// `weight_norm` (`NAME_g`, `NAME_v`, or `parametrizations.NAME.original0` and `original1`) as
/// `g * v / |v|`, pruned tensors (`NAME_orig`, `NAME_mask`) as their product.
pub fn fold(mut tensors: Tensors) -> Result<Tensors, Problem> {
    let names: Vec<String> = tensors.keys().cloned().collect();
    for name in &names {
        if let Some(stem) = name.strip_suffix("_g") {
            normalised(&mut tensors, stem, name, &format!("{stem}_v"))?;
        } else if let Some(stem) = name.strip_suffix(".original0")
            && let Some((module, parameter)) = stem.rsplit_once("parametrizations.")
        {
            let made = format!("{module}{parameter}");
            normalised(&mut tensors, &made, name, &format!("{stem}.original1"))?;
        } else if let Some(stem) = name.strip_suffix("_mask") {
            masked(&mut tensors, stem, name)?;
        }
    }
    Ok(tensors)
}

fn mapping(name: &str, tensor: &Tensor, meaning: &str) -> Mapping {
    Mapping {
        tensor: name.into(),
        shape: tensor.shape.clone(),
        meaning: meaning.into(),
    }
}

/// Weight normalisation: `g * v / |v|`, the norm over the dimensions in which g has length 1.
fn normalised(tensors: &mut Tensors, made: &str, g: &str, v: &str) -> Result<(), Problem> {
    let (Some(length), Some(direction)) = (tensors.get(g), tensors.get(v)) else {
        return Ok(());
    };
    let [rows, columns] = direction.shape[..] else {
        return Ok(()); // of a convolution: not for us
    };
    let (per_row, per_column) = match length.shape[..] {
        [r, 1] if r == rows => (true, false),
        [1, c] if c == columns => (false, true),
        [] | [1] => (false, false),
        _ => {
            return refuse(
                g,
                format!(
                    "has shape {:?} beside {v} of {:?}, which is not weight normalisation",
                    length.shape, direction.shape
                ),
                "take the parametrisation off before saving",
            );
        }
    };
    let (lengths, mut values) = (length.values(g)?, direction.values(v)?);
    scale(&mut values, &lengths, |index| match (per_row, per_column) {
        (true, _) => index / columns,
        (_, true) => index % columns,
        _ => 0,
    });
    if let Some(index) = values.iter().position(|value| !value.is_finite()) {
        return refuse(
            v,
            format!(
                "row {} is all zeros, which has no direction",
                index / columns
            ),
            "train again",
        );
    }
    let meaning = |part: &str| format!("weight normalisation, its {part} of g * v / |v|");
    let sources = vec![
        mapping(g, length, &meaning("length g")),
        mapping(v, direction, &meaning("direction v")),
    ];
    let tensor = Tensor::made(vec![rows, columns], &values, sources);
    tensors.remove(g);
    tensors.remove(v);
    tensors.insert(made.into(), tensor);
    Ok(())
}

/// Gives the values of every group the length of that group.
fn scale(values: &mut [f32], lengths: &[f32], group: impl Fn(usize) -> usize) {
    let mut squares = vec![0.0f64; lengths.len()];
    for (index, &value) in values.iter().enumerate() {
        squares[group(index)] += f64::from(value).powi(2);
    }
    for (index, value) in values.iter_mut().enumerate() {
        let at = group(index);
        *value = (f64::from(*value) * f64::from(lengths[at]) / squares[at].sqrt()) as f32;
    }
}

/// Pruning: the weights where the mask is 1, 0 elsewhere.
fn masked(tensors: &mut Tensors, made: &str, mask: &str) -> Result<(), Problem> {
    let name = format!("{made}_orig");
    let (Some(kept), Some(original)) = (tensors.get(mask), tensors.get(&name)) else {
        return Ok(());
    };
    if kept.shape != original.shape {
        return refuse(
            mask,
            format!(
                "has shape {:?}, {name} has {:?}",
                kept.shape, original.shape
            ),
            "make the pruning permanent before saving",
        );
    }
    let (keep, mut values) = (kept.values(mask)?, original.values(&name)?);
    for (value, keep) in values.iter_mut().zip(keep) {
        *value *= keep;
    }
    let sources = vec![
        mapping(mask, kept, "pruning, its mask"),
        mapping(&name, original, "pruning, the weights to be masked"),
    ];
    let tensor = Tensor::made(original.shape.clone(), &values, sources);
    tensors.remove(mask);
    tensors.remove(&name);
    tensors.insert(made.into(), tensor);
    Ok(())
}
