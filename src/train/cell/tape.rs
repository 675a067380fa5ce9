//! Values that the way back needs.

/// Values of one pass in a window; rows are `step * batch + sequence`, steps in the order of the pass.
#[derive(Clone, Debug, Default)]
pub struct LayerTape {
    /// Operands `[rows, I]`.
    pub x: Vec<f32>,
    /// h before every step `[rows, H]`, the state carried in first.
    pub h_before: Vec<f32>,
    /// The state before every step, c or s `[rows, H]`.
    pub c_before: Vec<f32>,
    /// Values of the gates i, f, g, o; of a GRU r, u, n, and n's part of h `[rows, 4, H]`.
    pub gates: Vec<f32>,
    /// Their derivatives by z, 0 where z was clamped; of n by the argument of its tanh, and of n's part of h 0
    /// where that was clamped, else 1 `[rows, 4, H]`.
    pub slopes: Vec<f32>,
    /// tanh(c); of a GRU 0 where n's part of x was clamped, else 1 `[rows, H]`.
    pub inner: Vec<f32>,
    /// 0 where the state or h was clamped, else 1 `[rows, H]`.
    pub c_pass: Vec<f32>,
    pub h_pass: Vec<f32>,
    /// h after every step `[rows, H]`.
    pub h: Vec<f32>,
}

impl LayerTape {
    /// Room for `rows` rows of `hidden` units behind the operands `x`.
    pub fn new(x: Vec<f32>, rows: usize, hidden: usize) -> Self {
        let room = || vec![0.0; rows * hidden];
        Self {
            x,
            h_before: room(),
            c_before: room(),
            gates: vec![0.0; 4 * rows * hidden],
            slopes: vec![0.0; 4 * rows * hidden],
            inner: vec![1.0; rows * hidden],
            c_pass: vec![1.0; rows * hidden],
            h_pass: vec![1.0; rows * hidden],
            h: room(),
        }
    }

    /// One row, to be filled.
    pub(super) fn row(&mut self, row: usize, hidden: usize) -> Row<'_> {
        let at = row * hidden..(row + 1) * hidden;
        let wide = 4 * at.start..4 * at.end;
        Row {
            gates: &mut self.gates[wide.clone()],
            slopes: &mut self.slopes[wide],
            c_before: &mut self.c_before[at.clone()],
            inner: &mut self.inner[at.clone()],
            c_pass: &mut self.c_pass[at.clone()],
            h_pass: &mut self.h_pass[at.clone()],
            h: &mut self.h[at],
        }
    }
}

/// One row of a tape.
pub(super) struct Row<'a> {
    pub(super) gates: &'a mut [f32],
    pub(super) slopes: &'a mut [f32],
    pub(super) c_before: &'a mut [f32],
    pub(super) inner: &'a mut [f32],
    pub(super) c_pass: &'a mut [f32],
    pub(super) h_pass: &'a mut [f32],
    pub(super) h: &'a mut [f32],
}

/// Pre-activations of a step without bias, as two sums that are exact each, `[batch, GH]`.
#[derive(Clone, Copy)]
pub struct Sums<'a, T> {
    /// `W_x x`.
    pub x: &'a [T],
    /// `W_h h`.
    pub h: &'a [T],
}
