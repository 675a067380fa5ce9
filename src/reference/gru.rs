//! A GRU layer's step.

use super::dot::Dot;
use super::saturation::{Saturation, counted};
use crate::fixed::QFormat;
use crate::quantize::{ActivationTables, Layer, Recurrence};
use std::sync::Arc;

/// A GRU layer made ready to compute, with its state.
#[derive(Clone, Debug)]
pub(super) struct GruLayer {
    layer: Layer,
    tables: Arc<ActivationTables>,
    v: QFormat,
    s_format: QFormat,
    bias_n_h: Vec<i32>,
    dot_x: Dot,
    dot_h: Dot,
    /// Operand of the step, as 16-bit codes.
    x: Vec<i16>,
    h: Vec<i16>,
    s: Vec<i64>,
    /// Requantised sums: z of r and u, v of n's parts of x and of h, `[4H]`.
    codes: Vec<i64>,
    pub(super) saturation: Saturation,
}

impl GruLayer {
    /// `tables` are those of the layer's formats.
    ///
    /// # Panics
    /// When the layer is no GRU.
    pub(super) fn new(layer: &Layer, tables: Arc<ActivationTables>) -> Self {
        let Recurrence::Gru { v, s, bias_n_h } = &layer.recurrence else {
            panic!("not a GRU");
        };
        Self {
            tables,
            v: *v,
            s_format: *s,
            bias_n_h: bias_n_h.clone(),
            dot_x: Dot::new(layer.weights(), layer.x.codes()),
            dot_h: Dot::new(layer.weights(), layer.h.codes()),
            x: vec![0; layer.input_size],
            h: vec![0; layer.hidden_size],
            s: vec![0; layer.hidden_size],
            codes: vec![0; layer.scaled_sums()],
            saturation: Saturation::default(),
            layer: layer.clone(),
        }
    }

    pub(super) fn reset(&mut self) {
        self.h.fill(0);
        self.s.fill(0);
    }

    pub(super) fn h(&self) -> &[i16] {
        &self.h
    }

    pub(super) fn s(&self) -> &[i64] {
        &self.s
    }

    pub(super) fn codes(&self) -> &[i64] {
        &self.codes
    }

    /// One step on codes of the layer's x format.
    pub(super) fn step(&mut self, x: impl Iterator<Item = i32>) {
        for (slot, code) in self.x.iter_mut().zip(x) {
            *slot = code as i16;
        }
        self.sums(Self::products);
        self.update();
    }

    /// One step from the sums of x and of h of every row, without bias.
    pub(super) fn step_of(&mut self, x: &[i32], h: &[i32]) {
        self.sums(|_, row| (x[row].into(), h[row].into()));
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

    /// Accumulators of all rows, requantised. `h` is that of the step before throughout.
    fn sums(&mut self, products: impl Fn(&Self, usize) -> (i64, i64)) {
        let hidden = self.layer.hidden_size;
        for gate in 0..2 {
            let align = self.layer.alignment(gate);
            for unit in 0..hidden {
                let row = gate * hidden + unit;
                let (x, h) = products(self, row);
                let acc = (x << align.shift_x) + (h << align.shift_h);
                let acc = acc + i64::from(self.layer.bias[row]);
                self.requantise(row, acc, align.frac, self.layer.z);
            }
        }
        let (x_frac, h_frac) = self.layer.product_fracs(2);
        for unit in 0..hidden {
            let row = 2 * hidden + unit;
            let (x, h) = products(self, row);
            let (bias_x, bias_h) = (self.layer.bias[row], self.bias_n_h[unit]);
            self.requantise(row, x + i64::from(bias_x), x_frac, self.v);
            self.requantise(row + hidden, h + i64::from(bias_h), h_frac, self.v);
        }
    }

    /// Keeps the code of a sum, which has its number, its fraction and its format.
    fn requantise(&mut self, sum: usize, mut acc: i64, mut frac: i32, format: QFormat) {
        if let Some(scale) = &self.layer.row_scale {
            acc *= i64::from(scale.multiplier[sum]);
            frac += scale.frac;
        }
        let count = if sum >= 2 * self.layer.hidden_size {
            &mut self.saturation.v
        } else {
            &mut self.saturation.z
        };
        self.codes[sum] = counted(acc, frac - format.frac, format.codes(), count);
    }

    /// Gate values, state and h of every unit.
    fn update(&mut self) {
        let layer = &self.layer;
        let (hidden, z) = (layer.hidden_size, layer.z);
        let index = |code: i64| code as usize & ((1 << z.bits) - 1);
        let (a_frac, s_frac) = (layer.a_frac as i32, self.s_format.frac);
        let one = 1i64 << a_frac;
        let shift_us = (a_frac - s_frac).max(0);
        let shift_un = (s_frac - a_frac).max(0);
        let saturation = &mut self.saturation;
        for unit in 0..hidden {
            let [z_r, z_u, vx, vh] = std::array::from_fn(|sum| self.codes[sum * hidden + unit]);
            let r = i64::from(self.tables.sigmoid[index(z_r)]);
            let u = i64::from(self.tables.sigmoid[index(z_u)]);
            let argument = counted(
                (vx << a_frac) + r * vh,
                a_frac + self.v.frac - z.frac,
                z.codes(),
                &mut saturation.tanh_argument,
            );
            let n = i64::from(self.tables.tanh[index(argument)]);
            let s = counted(
                ((u * self.s[unit]) << shift_us) + (((one - u) * n) << shift_un),
                a_frac + shift_us,
                self.s_format.codes(),
                &mut saturation.c,
            );
            let h = counted(s, s_frac - layer.h.frac, layer.h.codes(), &mut saturation.h);
            self.s[unit] = s;
            self.h[unit] = h as i16;
        }
    }
}
