//! Linear layers between the embedding and the recurrent ones: they know no state, so that a token has one vector behind
//! them.

use super::product::{Matrix, product};
use crate::import::FloatFront;
use std::borrow::Cow;

/// What float layers make of vectors, `[rows, E]`.
pub(super) fn rows_behind(front: &[FloatFront], rows: &[f32]) -> Vec<f32> {
    let mut signal = Cow::Borrowed(rows);
    for FloatFront { linear, relu } in front {
        let x = Matrix::of_columns(&signal, linear.input_size());
        let mut given = vec![0.0; signal.len() / linear.input_size() * linear.output_size];
        let weight = Matrix::of_columns(&linear.weight, linear.input_size());
        product(&mut given, x, &weight.t().pack());
        for (y, bias) in given.iter_mut().zip(linear.bias.iter().cycle()) {
            *y += bias;
            if *relu {
                *y = y.max(0.0);
            }
        }
        signal = Cow::Owned(given);
    }
    signal.into_owned()
}
