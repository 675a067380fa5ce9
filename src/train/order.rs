//! The order in which a pass takes the rows of a window, and the outputs of both passes of a layer side by side.

use super::layout::Sizes;
use super::window::Window;
use crate::quantize::PassPlace;
use crate::spec::OutputOrder;

/// The rows of a window in the order of a pass: forward as they are, backward every sequence from its own end, with
/// the padding behind it where it was.
#[derive(Clone, Debug)]
pub(super) struct RowOrder {
    /// Which row stands in the place of each, its own inverse; nothing where no pass goes backward.
    turned: Vec<usize>,
}

impl RowOrder {
    /// The orders of a window.
    ///
    /// # Panics
    /// Where a pass goes backward and the sequences have begun in an earlier window: their ends come first.
    pub(super) fn of(sizes: &Sizes, window: &Window) -> Self {
        if sizes.direction.is_forward() {
            return Self { turned: Vec::new() };
        }
        assert!(window.fresh, "a backward layer takes whole sequences");
        let rows = (0..window.steps)
            .flat_map(|step| (0..window.batch).map(move |sequence| (step, sequence)));
        let turned = rows.map(|(step, sequence)| {
            let length = window.lengths[sequence];
            let from = if step < length {
                length - 1 - step
            } else {
                step
            };
            from * window.batch + sequence
        });
        Self {
            turned: turned.collect(),
        }
    }

    /// Outputs of a pass as its layer gives them on, of rows in its order; gradients of the former likewise.
    pub(super) fn of_outputs(&self, pass: PassPlace, values: Vec<f32>) -> Vec<f32> {
        match pass.order {
            OutputOrder::Time => self.of_pass(pass, values),
            OutputOrder::Processing => values,
        }
    }

    /// Rows in the order of a pass; of those in its order, in the order of the steps again.
    pub(super) fn of_pass(&self, pass: PassPlace, values: Vec<f32>) -> Vec<f32> {
        if !pass.backward {
            return values;
        }
        let width = values.len() / self.turned.len();
        let rows = self.turned.iter();
        rows.flat_map(|row| &values[row * width..][..width])
            .copied()
            .collect()
    }
}

/// The outputs `[rows, H]` of the passes of a layer, side by side.
pub(super) fn beside(mut outputs: Vec<Vec<f32>>, units: usize) -> Vec<f32> {
    if outputs.len() == 1 {
        return outputs.remove(0);
    }
    let rows = outputs[0].len() / units;
    let rows = (0..rows).flat_map(|row| {
        let row = row * units..(row + 1) * units;
        outputs
            .iter()
            .flat_map(move |output| output[row.clone()].iter())
    });
    rows.copied().collect()
}

/// Of rows of a layer's output those of a pass, `[rows, H]`.
pub(super) fn part_of(pass: PassPlace, output: &[f32], units: usize) -> Vec<f32> {
    if !pass.half {
        return output.to_vec();
    }
    let first = if pass.backward { units } else { 0 };
    let rows = output.chunks_exact(2 * units);
    rows.flat_map(|row| &row[first..first + units])
        .copied()
        .collect()
}
