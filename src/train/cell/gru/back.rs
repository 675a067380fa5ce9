//! The way back.

use super::super::tape::LayerTape;

/// One row back: clamped values pass nothing on.
#[inline(always)]
pub fn gru_row_back(tape: &LayerTape, row: usize, dh: &[f32], ds: &mut [f32], dz: &mut [f32]) {
    let hidden = dh.len();
    let at = row * hidden..(row + 1) * hidden;
    let wide = 4 * at.start..4 * at.end;
    let (gates, slopes) = (&tape.gates[wide.clone()], &tape.slopes[wide]);
    let (r, rest) = gates.split_at(hidden);
    let (u, rest) = rest.split_at(hidden);
    let (n, part) = rest.split_at(hidden);
    let (slope_r, rest) = slopes.split_at(hidden);
    let (slope_u, rest) = rest.split_at(hidden);
    let (slope_n, part_pass) = rest.split_at(hidden);
    let (z_r, rest) = dz.split_at_mut(hidden);
    let (z_u, rest) = rest.split_at_mut(hidden);
    let (x_n, h_n) = rest.split_at_mut(hidden);
    let (part, part_pass, h_n) = (&part[..hidden], &part_pass[..hidden], &mut h_n[..hidden]);
    let (x_pass, before) = (&tape.inner[at.clone()], &tape.c_before[at.clone()]);
    let (s_pass, h_pass) = (&tape.c_pass[at.clone()], &tape.h_pass[at]);
    let ds = &mut ds[..hidden];
    for unit in 0..hidden {
        let d = (ds[unit] + dh[unit] * h_pass[unit]) * s_pass[unit];
        let argument = d * (1.0 - u[unit]) * slope_n[unit];
        z_r[unit] = argument * part[unit] * slope_r[unit];
        z_u[unit] = d * (before[unit] - n[unit]) * slope_u[unit];
        x_n[unit] = argument * x_pass[unit];
        h_n[unit] = argument * r[unit] * part_pass[unit];
        ds[unit] = d * u[unit];
    }
}
