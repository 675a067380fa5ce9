//! An LSTM layer's step.

use super::dot::Dot;
use super::saturation::{Saturation, counted};
use crate::quantize::{ActivationTables, Alignment, Layer};
use std::sync::Arc;

/// An LSTM layer made ready to compute, with its state.
#[derive(Clone, Debug)]
pub(super) struct LstmLayer {
    layer: Layer,
    tables: Arc<ActivationTables>,
    align: [Alignment; 4],
    dot_x: Dot,
    dot_h: Dot,
    /// Operand of the step, as 16-bit codes.
    x: Vec<i16>,
    h: Vec<i16>,
    c: Vec<i64>,
    z: Vec<i64>,
    pub(super) saturation: Saturation,
}

impl LstmLayer {
    /// `tables` are those of the layer's formats.
    pub(super) fn new(layer: &Layer, tables: Arc<ActivationTables>) -> Self {
        Self {
            tables,
            align: std::array::from_fn(|gate| layer.alignment(gate)),
            dot_x: Dot::new(layer.weights(), layer.x.codes()),
            dot_h: Dot::new(layer.weights(), layer.h.codes()),
            x: vec![0; layer.input_size],
            h: vec![0; layer.hidden_size],
            c: vec![0; layer.hidden_size],
            z: vec![0; 4 * layer.hidden_size],
            saturation: Saturation::default(),
            layer: layer.clone(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.h.fill(0);
        self.c.fill(0);
    }

    pub(super) fn h(&self) -> &[i16] {
        &self.h
    }

    pub(super) fn c(&self) -> &[i64] {
        &self.c
    }

    pub(super) fn z(&self) -> &[i64] {
        &self.z
    }

    /// One step on codes of the layer's x format.
    pub(super) fn step(&mut self, x: impl Iterator<Item = i32>) {
        for (slot, code) in self.x.iter_mut().zip(x) {
            *slot = code as i16;
        }
        self.pre_activations(Self::products);
        self.update();
    }

    /// One step from the sums of x and of h of every row, without bias.
    pub(super) fn step_of(&mut self, x: &[i32], h: &[i32]) {
        self.pre_activations(|_, row| (x[row].into(), h[row].into()));
        self.update();
    }

    /// The sum of x and that of h of a row, both without bias.
    fn products(&self, row: usize) -> (i64, i64) {
        let (inputs, hidden) = (self.layer.input_size, self.layer.hidden_size);
        (
            (self.dot_x).of(&self.layer.weight_ih[row * inputs..][..inputs], &self.x),
            (self.dot_h).of(&self.layer.weight_hh[row * hidden..][..hidden], &self.h),
        )
    }

    /// Accumulators of all rows, requantised to z. `h` is that of the step before throughout.
    fn pre_activations(&mut self, products: impl Fn(&Self, usize) -> (i64, i64)) {
        let hidden = self.layer.hidden_size;
        for (gate, align) in self.align.into_iter().enumerate() {
            for unit in 0..hidden {
                let row = gate * hidden + unit;
                let (sum_x, sum_h) = products(self, row);
                let layer = &self.layer;
                let mut acc = (sum_x << align.shift_x)
                    + (sum_h << align.shift_h)
                    + i64::from(layer.bias[row]);
                let mut frac = align.frac;
                if let Some(scale) = &layer.row_scale {
                    acc *= i64::from(scale.multiplier[row]);
                    frac += scale.frac;
                }
                self.z[row] = counted(
                    acc,
                    frac - layer.z.frac,
                    layer.z.codes(),
                    &mut self.saturation.z,
                );
            }
        }
    }

    /// Gate values, cell state and hidden state of every unit.
    fn update(&mut self) {
        let layer = &self.layer;
        let hidden = layer.hidden_size;
        let index = |code: i64| code as usize & ((1 << layer.z.bits) - 1);
        let a_frac = layer.a_frac as i32;
        let shift_fc = (a_frac - layer.state().frac).max(0);
        let shift_ig = (layer.state().frac - a_frac).max(0);
        let sigmoid = |code: i64| i64::from(self.tables.sigmoid[index(code)]);
        let tanh = |code: i64| i64::from(self.tables.tanh[index(code)]);
        let saturation = &mut self.saturation;
        for unit in 0..hidden {
            let [i, f, g, o] = std::array::from_fn(|gate| self.z[gate * hidden + unit]);
            let products =
                ((sigmoid(f) * self.c[unit]) << shift_fc) + ((sigmoid(i) * tanh(g)) << shift_ig);
            let c = counted(
                products,
                a_frac + shift_fc,
                layer.state().codes(),
                &mut saturation.c,
            );
            let argument = counted(
                c,
                layer.state().frac - layer.z.frac,
                layer.z.codes(),
                &mut saturation.tanh_argument,
            );
            let product = sigmoid(o) * tanh(argument);
            let h = counted(
                product,
                2 * a_frac - layer.h.frac,
                layer.h.codes(),
                &mut saturation.h,
            );
            self.c[unit] = c;
            self.h[unit] = h as i16;
        }
    }
}
