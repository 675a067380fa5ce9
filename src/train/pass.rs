//! One pass over the steps of a window, forth and back: of a layer, or of half of a bidirectional one.

use super::cell::{
    Backward, LayerTape, Sums, float_step, gru_float_step, gru_integer_step, integer_step,
    step_back,
};
use super::layout::{ParameterLayout, TensorPlaces};
use super::loss::add_columns;
use super::numbers::LayerNumbers;
use crate::lm::{Element, Matrix, add_product, product};
use crate::spec::CellKind;
use std::borrow::Cow;

/// The parameters of a pass as they are computed with.
pub(super) struct PassValues<'a> {
    cell: CellKind,
    units: usize,
    ih: &'a [f32],
    hh: &'a [f32],
    bias: &'a [f32],
    bias_n_h: &'a [f32],
    numbers: Option<&'a LayerNumbers>,
}

impl<'a> PassValues<'a> {
    /// Those of the pass at `places`; biases are taken of the masters.
    pub(super) fn of(
        layout: &ParameterLayout,
        places: &TensorPlaces,
        (masters, values): (&'a [f32], &'a [f32]),
        numbers: Option<&'a LayerNumbers>,
    ) -> Self {
        Self {
            cell: layout.sizes.cell,
            units: layout.sizes.hidden[places.pass.layer],
            ih: &values[places.ih.clone()],
            hh: &values[places.hh.clone()],
            bias: &masters[places.bias.clone()],
            bias_n_h: &masters[places.bias_n_h.clone()],
            numbers,
        }
    }

    /// All steps: operands are on the tape, h and c go in and out.
    pub(super) fn run(&self, tape: &mut LayerTape, batch: usize, (h, c): (&mut [f32], &mut [f32])) {
        let Some(numbers) = self.numbers else {
            return self.float(tape, batch, h, c);
        };
        let input = self.ih.len() / self.bias.len();
        if numbers.narrow(input, numbers.x) && numbers.narrow(self.units, numbers.h) {
            self.integer::<f32>(tape, batch, h, c, numbers);
        } else {
            // Only in double precision are the products exact.
            self.integer::<f64>(tape, batch, h, c, numbers);
        }
    }

    fn float(&self, tape: &mut LayerTape, batch: usize, h: &mut [f32], c: &mut [f32]) {
        match self.cell {
            CellKind::Lstm => self.steps(tape, batch, h, c, |tape, row, sums, c| {
                float_step(tape, row, sums, self.bias, c);
            }),
            CellKind::Gru => {
                let bias = [self.bias, self.bias_n_h].concat();
                self.steps(tape, batch, h, c, |tape, row, sums, s| {
                    gru_float_step(tape, row, sums, &bias, s);
                });
            }
        }
    }

    fn integer<T: Element + From<f32> + Into<f64>>(
        &self,
        tape: &mut LayerTape,
        batch: usize,
        h: &mut [f32],
        c: &mut [f32],
        numbers: &LayerNumbers,
    ) {
        let bias = numbers.biases(self.bias, self.bias_n_h);
        match numbers.v {
            None => self.steps(tape, batch, h, c, |tape, row, sums: Sums<T>, c| {
                integer_step(tape, row, sums, &bias, c, numbers);
            }),
            Some(v) => self.steps(tape, batch, h, c, |tape, row, sums: Sums<T>, s| {
                gru_integer_step(tape, row, sums, &bias, s, (numbers, v));
            }),
        }
    }

    /// Steps whose products are formed in `T`: exact, or rounded as floats are.
    fn steps<T: Element + From<f32>>(
        &self,
        tape: &mut LayerTape,
        batch: usize,
        h: &mut [f32],
        c: &mut [f32],
        mut step: impl FnMut(&mut LayerTape, usize, Sums<T>, &mut [f32]),
    ) {
        let wide = |values: &[f32]| values.iter().map(|&v| T::from(v)).collect::<Vec<T>>();
        let (hidden, rows) = (self.units, self.bias.len());
        let input = self.ih.len() / rows;
        let (ih, hh) = (wide(self.ih), wide(self.hh));
        let mut x = vec![T::default(); tape.x.len() / input * rows];
        product(
            &mut x,
            Matrix::of_columns(&wide(&tape.x), input),
            &Matrix::of_columns(&ih, input).t().pack(),
        );
        let hh = Matrix::of_columns(&hh, hidden).t().pack();
        let mut sums = vec![T::default(); batch * rows];
        for (index, x) in x.chunks_exact(sums.len()).enumerate() {
            let at = index * h.len()..(index + 1) * h.len();
            tape.h_before[at.clone()].copy_from_slice(h);
            product(&mut sums, Matrix::of_columns(&wide(h), hidden), &hh);
            step(tape, index * batch, Sums { x, h: &sums }, c);
            h.copy_from_slice(&tape.h[at]);
        }
    }
}

/// The way back through a pass: gradients by h in, by x out, rows in the order of the pass.
pub(super) fn pass_back(
    layout: &ParameterLayout,
    places: &TensorPlaces,
    values: &[f32],
    (done, batch): (&LayerTape, usize),
    d_h: &[f32],
    gradients: &mut [f32],
) -> Vec<f32> {
    let (sizes, layer) = (&layout.sizes, places.pass.layer);
    let (cell, hidden, input) = (sizes.cell, sizes.hidden[layer], sizes.input(layer));
    let hh = &values[places.hh.clone()];
    let dz = through_time((cell, done), hh, d_h, batch, hidden);
    let sums = sizes.gates() * hidden;
    let (of_x, of_h) = (of_x(cell, &dz, hidden), of_h(cell, &dz, hidden));
    let by_x = Matrix::of_columns(&of_x, sums);
    add_product(
        &mut gradients[places.ih.clone()],
        by_x.t(),
        &Matrix::of_columns(&done.x, input).pack(),
    );
    let before = Matrix::of_columns(&done.h_before, hidden).pack();
    add_product(
        &mut gradients[places.hh.clone()],
        Matrix::of_columns(&of_h, sums).t(),
        &before,
    );
    add_columns(&mut gradients[places.biases()], &dz);
    let mut d_x = vec![0.0; done.x.len()];
    let weights = Matrix::of_columns(&values[places.ih.clone()], input).pack();
    product(&mut d_x, by_x, &weights);
    d_x
}

/// Of gradients by all sums those that have a part of x, `[rows, GH]`.
fn of_x(cell: CellKind, dz: &[f32], hidden: usize) -> Cow<'_, [f32]> {
    match cell {
        CellKind::Lstm => Cow::Borrowed(dz),
        CellKind::Gru => {
            let rows = dz.chunks_exact(4 * hidden);
            Cow::Owned(rows.flat_map(|row| &row[..3 * hidden]).copied().collect())
        }
    }
}

/// The same of h.
fn of_h(cell: CellKind, dz: &[f32], hidden: usize) -> Cow<'_, [f32]> {
    match cell {
        CellKind::Lstm => Cow::Borrowed(dz),
        CellKind::Gru => {
            let rows = dz.chunks_exact(4 * hidden);
            let parts = rows.flat_map(|row| row[..2 * hidden].iter().chain(&row[3 * hidden..]));
            Cow::Owned(parts.copied().collect())
        }
    }
}

/// Gradients by the pre-activations of all sums `[rows, 4H]` from those by h.
fn through_time(
    (cell, tape): (CellKind, &LayerTape),
    hh: &[f32],
    d_h: &[f32],
    batch: usize,
    hidden: usize,
) -> Vec<f32> {
    let steps = d_h.len() / (batch * hidden);
    let mut dz = vec![0.0; steps * batch * 4 * hidden];
    let gates = hh.len() / (hidden * hidden);
    let hh = Matrix::of_columns(hh, hidden).pack();
    let mut carried = vec![0.0; batch * hidden];
    let mut dc = vec![0.0; batch * hidden];
    for step in (0..steps).rev() {
        for (carried, d) in carried.iter_mut().zip(&d_h[step * batch * hidden..]) {
            *carried += d;
        }
        let dz = &mut dz[step * batch * 4 * hidden..][..batch * 4 * hidden];
        let mut gradients = Backward {
            dh: &carried,
            dc: &mut dc,
            dz,
        };
        step_back(cell, tape, step * batch, hidden, &mut gradients);
        let by_h = of_h(cell, dz, hidden);
        product(&mut carried, Matrix::of_columns(&by_h, gates * hidden), &hh);
    }
    dz
}
