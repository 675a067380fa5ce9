//! The way back through the element-wise part.

use super::gru::gru_row_back;
use super::tape::LayerTape;
use crate::spec::CellKind;
use pulp::Arch;

/// Gradients of one step, going backwards, `[batch, H]` and `[batch, 4H]`: of a GRU by r, u and both parts of n.
pub struct Backward<'a> {
    /// By h after the step.
    pub dh: &'a [f32],
    /// By the state after the step, then by that before it.
    pub dc: &'a mut [f32],
    /// By the pre-activations.
    pub dz: &'a mut [f32],
}

/// One step back through the element-wise part; clamped values pass nothing on.
pub fn step_back(cell: CellKind, tape: &LayerTape, first: usize, hidden: usize, by: &mut Backward) {
    let sequences = by.dz.chunks_exact_mut(4 * hidden);
    let states = by
        .dh
        .chunks_exact(hidden)
        .zip(by.dc.chunks_exact_mut(hidden));
    for (sequence, (dz, (dh, dc))) in sequences.zip(states).enumerate() {
        let row = first + sequence;
        match cell {
            CellKind::Lstm => Arch::new().dispatch(|| row_back(tape, row, dh, dc, dz)),
            CellKind::Gru => Arch::new().dispatch(|| gru_row_back(tape, row, dh, dc, dz)),
        }
    }
}

#[inline(always)]
fn row_back(tape: &LayerTape, row: usize, dh: &[f32], dc: &mut [f32], dz: &mut [f32]) {
    let hidden = dh.len();
    let at = row * hidden..(row + 1) * hidden;
    let wide = 4 * at.start..4 * at.end;
    let (gates, slopes) = (&tape.gates[wide.clone()], &tape.slopes[wide]);
    let (i, rest) = gates.split_at(hidden);
    let (f, rest) = rest.split_at(hidden);
    let (g, o) = rest.split_at(hidden);
    let (si, rest) = slopes.split_at(hidden);
    let (sf, rest) = rest.split_at(hidden);
    let (sg, so) = rest.split_at(hidden);
    let (zi, rest) = dz.split_at_mut(hidden);
    let (zf, rest) = rest.split_at_mut(hidden);
    let (zg, zo) = rest.split_at_mut(hidden);
    let (o, so, zo) = (&o[..hidden], &so[..hidden], &mut zo[..hidden]);
    let (i, f, g) = (&i[..hidden], &f[..hidden], &g[..hidden]);
    let (si, sf, sg) = (&si[..hidden], &sf[..hidden], &sg[..hidden]);
    let (t, before) = (&tape.inner[at.clone()], &tape.c_before[at.clone()]);
    let (c_pass, h_pass) = (&tape.c_pass[at.clone()], &tape.h_pass[at]);
    let (zi, zf, zg, dc) = (
        &mut zi[..hidden],
        &mut zf[..hidden],
        &mut zg[..hidden],
        &mut dc[..hidden],
    );
    for unit in 0..hidden {
        let dh = dh[unit] * h_pass[unit];
        let d = (dc[unit] + dh * o[unit] * (1.0 - t[unit] * t[unit])) * c_pass[unit];
        zi[unit] = d * g[unit] * si[unit];
        zf[unit] = d * before[unit] * sf[unit];
        zg[unit] = d * i[unit] * sg[unit];
        zo[unit] = dh * t[unit] * so[unit];
        dc[unit] = d * f[unit];
    }
}
