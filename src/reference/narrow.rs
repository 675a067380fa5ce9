//! The element-wise part of a layer in 32 bits, where that is proved to be enough.
//!
//! The same arithmetic as `LayerState`, which is the definition, in a shape that compilers turn
//! into vector instructions: no branch depends on a value, tables have a fixed size.

use super::packed::{CodePair, PackedRows, pairs};
use super::saturation::{Saturation, StageCount};
use crate::fixed::{Codes, QFormat};
use crate::quantize::{ActivationTables, Layer};

/// Entries of a table, one for every code of the widest z.
const ENTRIES: usize = 1 << 12;

/// `requantize` of values whose shifted and rounded forms fit 32 bits, without a branch.
///
/// The nearest odd integer is the same with other constants: nothing is added before bits are dropped,
/// and the last bit that stays is set. Of one bit, the sign, nothing counts as clamped.
#[derive(Clone, Copy, Debug)]
struct Requantize {
    up: u32,
    /// Addend before `down`: half of the last place less the lowest bit of the result; 0
    /// without a shift.
    half: i32,
    /// 1 where a tie goes to the even neighbour.
    even: i32,
    down: u32,
    /// Bits that are set in the end: 1 for odd levels.
    set: i32,
    least: i32,
    most: i32,
    /// 1 where clamped values count.
    counts: u32,
}

impl Requantize {
    /// For values of at most `largest` in magnitude; `None` where 32 bits are too few.
    fn new(shift: i32, codes: Codes, largest: i128) -> Option<Self> {
        let (up, down) = ((-shift).max(0) as u32, shift.max(0) as u32);
        if down > 30 || up > 30 || codes.bits > 31 {
            return None;
        }
        let rounds = down > 0 && !codes.is_odd();
        let half = if rounds { (1 << (down - 1)) - 1 } else { 0 };
        ((largest << up) + i128::from(half) + 1 < 1 << 31).then_some(Self {
            up,
            half,
            even: i32::from(rounds),
            down,
            set: i32::from(codes.is_odd()),
            least: codes.min_code() as i32,
            most: codes.max_code() as i32,
            counts: u32::from(codes.bits > 1),
        })
    }

    /// The code, and 1 where it was clamped.
    #[inline(always)]
    fn of(self, value: i32) -> (i32, u32) {
        let value = value << self.up;
        let rounded = (value + self.half + ((value >> self.down) & self.even)) >> self.down;
        let rounded = rounded | self.set;
        let code = rounded.max(self.least).min(self.most);
        (code, u32::from(code != rounded) & self.counts)
    }
}

/// A layer that computes in 32 bits.
#[derive(Clone, Debug)]
pub(super) struct NarrowLayer {
    pub(super) hidden_size: usize,
    pub(super) weight_ih: PackedRows,
    weight_hh: PackedRows,
    bias: Vec<i32>,
    /// Left shifts of both products, per gate.
    shift_x: [u32; 4],
    shift_h: [u32; 4],
    z: [Requantize; 4],
    /// Left shifts of f * c and i * g.
    shift_fc: u32,
    shift_ig: u32,
    c: Requantize,
    tanh_argument: Requantize,
    h: Requantize,
    sigmoid: Box<[i32; ENTRIES]>,
    tanh: Box<[i32; ENTRIES]>,
}

/// h and c of some streams.
#[derive(Clone, Debug)]
pub(super) struct NarrowState {
    /// `[streams, pairs]`.
    h: Vec<CodePair>,
    /// `[streams, units]`.
    c: Vec<i32>,
    pub(super) saturation: Saturation,
}

/// Largest magnitude of a row's sum with codes of `format`.
pub(super) fn largest_sums(
    weights: &[i16],
    columns: usize,
    format: QFormat,
) -> impl Iterator<Item = i128> {
    let code = i128::from(-format.min_code());
    weights
        .chunks_exact(columns)
        .map(move |row| row.iter().map(|&w| i128::from(w).abs()).sum::<i128>() * code)
}

/// Tables indexed by the twelve lowest bits of a z code.
fn spread(table: &[i32], z: QFormat) -> Box<[i32; ENTRIES]> {
    let mut all = Box::new([0; ENTRIES]);
    let codes = table.len() as i64;
    for code in z.min_code()..=z.max_code() {
        all[code as usize % ENTRIES] = table[code.rem_euclid(codes) as usize];
    }
    all
}

impl NarrowLayer {
    /// `None` for a layer that is no LSTM, wants more than 32 bits somewhere, or has row multipliers.
    pub(super) fn new(layer: &Layer) -> Option<Self> {
        if layer.row_scale.is_some() || !layer.recurrence.kind().is_lstm() {
            return None;
        }
        let (inputs, hidden) = (layer.input_size, layer.hidden_size);
        let align: [_; 4] = std::array::from_fn(|gate| layer.alignment(gate));
        let mut largest = [0i128; 4];
        let x = largest_sums(&layer.weight_ih, inputs, layer.x);
        let h = largest_sums(&layer.weight_hh, hidden, layer.h);
        for (row, (x, h)) in x.zip(h).enumerate() {
            let gate = row / hidden;
            let bias = i128::from(layer.bias[row]).abs();
            let sum = (x << align[gate].shift_x) + (h << align[gate].shift_h) + bias;
            largest[gate] = largest[gate].max(sum);
        }
        let a_frac = layer.a_frac as i32;
        let shift_fc = (a_frac - layer.state().frac).max(0);
        let shift_ig = (layer.state().frac - a_frac).max(0);
        let one = 1i128 << a_frac;
        let largest_c = i128::from(-layer.state().min_code());
        if shift_fc > 30 || shift_ig > 30 {
            return None;
        }
        let products = ((one * largest_c) << shift_fc) + ((one * one) << shift_ig);
        let mut z = [None; 4];
        for (gate, slot) in z.iter_mut().enumerate() {
            let shift = align[gate].frac - layer.z.frac;
            *slot = Some(Requantize::new(shift, layer.z.codes(), largest[gate])?);
        }
        let tables = ActivationTables::new(layer.z, layer.a_frac);
        let t_shift = layer.state().frac - layer.z.frac;
        let h_shift = 2 * a_frac - layer.h.frac;
        Some(Self {
            hidden_size: hidden,
            weight_ih: PackedRows::new(&layer.weight_ih, 4 * hidden, inputs),
            weight_hh: PackedRows::new(&layer.weight_hh, 4 * hidden, hidden),
            bias: layer.bias.clone(),
            shift_x: align.map(|align| align.shift_x),
            shift_h: align.map(|align| align.shift_h),
            z: [z[0]?, z[1]?, z[2]?, z[3]?],
            shift_fc: shift_fc as u32,
            shift_ig: shift_ig as u32,
            c: Requantize::new(a_frac + shift_fc, layer.state().codes(), products)?,
            tanh_argument: Requantize::new(t_shift, layer.z.codes(), largest_c)?,
            h: Requantize::new(h_shift, layer.h.codes(), one * one)?,
            sigmoid: spread(&tables.sigmoid, layer.z),
            tanh: spread(&tables.tanh, layer.z),
        })
    }

    /// The state before the first step.
    pub(super) fn state(&self, streams: usize) -> NarrowState {
        NarrowState {
            h: vec![[0; 2]; streams * pairs(self.hidden_size)],
            c: vec![0; streams * self.hidden_size],
            saturation: Saturation::default(),
        }
    }

    /// Steps of the first `streams` streams from the sums of the products with x, `[steps, streams]` vectors: h
    /// `[steps, streams, pairs]` out.
    pub(super) fn steps(
        &self,
        from_x: &[&[i32]],
        streams: usize,
        state: &mut NarrowState,
    ) -> Vec<CodePair> {
        let width = streams * pairs(self.hidden_size);
        let mut from_h = vec![0; streams * self.weight_hh.stride()];
        let mut out = Vec::with_capacity(from_x.len() * pairs(self.hidden_size));
        for from_x in from_x.chunks_exact(streams) {
            self.weight_hh.multiply(&state.h[..width], &mut from_h);
            let update = NarrowUpdate {
                layer: self,
                from_x,
                from_h: &from_h,
                streams,
                state,
            };
            pulp::Arch::new().dispatch(update);
            out.extend_from_slice(&state.h[..width]);
        }
        out
    }
}

struct NarrowUpdate<'a> {
    layer: &'a NarrowLayer,
    /// A vector for every stream.
    from_x: &'a [&'a [i32]],
    /// `[streams, stride]`.
    from_h: &'a [i32],
    streams: usize,
    state: &'a mut NarrowState,
}

impl pulp::WithSimd for NarrowUpdate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let hidden = self.layer.hidden_size;
        let stride = self.layer.weight_ih.stride();
        for stream in 0..self.streams {
            let h = self.state.h[stream * pairs(hidden)..][..pairs(hidden)].as_flattened_mut();
            let counts = update(
                self.layer,
                self.from_x[stream],
                &self.from_h[stream * stride..][..stride],
                &mut self.state.c[stream * hidden..][..hidden],
                &mut h[..hidden],
            );
            let saturation = &mut self.state.saturation;
            let stages = [
                (&mut saturation.z, 4),
                (&mut saturation.c, 1),
                (&mut saturation.tanh_argument, 1),
                (&mut saturation.h, 1),
            ];
            for ((stage, values), clamped) in stages.into_iter().zip(counts) {
                stage.add(StageCount {
                    saturated: clamped.into(),
                    total: (values * hidden) as u64,
                });
            }
        }
    }
}

/// Units that go through the stages together: what is between them stays in the nearest cache.
const UNITS: usize = 64;

/// One step of one stream; clamped values of z, c, the argument of tanh, and h.
#[inline(always)]
fn update(
    layer: &NarrowLayer,
    from_x: &[i32],
    from_h: &[i32],
    c: &mut [i32],
    h: &mut [i16],
) -> [u32; 4] {
    let hidden = c.len();
    let mut clamped = [0u32; 4];
    for first in (0..hidden).step_by(UNITS) {
        let units = first..hidden.min(first + UNITS);
        let rows = |gate: usize| gate * hidden + units.start..gate * hidden + units.end;
        let mut gates = [[0; UNITS]; 4];
        for (k, gate) in gates.iter_mut().enumerate() {
            let sums = (&from_x[rows(k)], &from_h[rows(k)], &layer.bias[rows(k)]);
            clamped[0] += z_codes(layer, k, sums, gate);
            let table = if k == 2 { &layer.tanh } else { &layer.sigmoid };
            look_up(table, gate);
        }
        let counts = cells(layer, &gates, &mut c[units.clone()], &mut h[units]);
        clamped
            .iter_mut()
            .skip(1)
            .zip(counts)
            .for_each(|(sum, count)| *sum += count);
    }
    clamped
}

/// Stages are loops of their own: those without tables become vector instructions.
#[inline(always)]
fn z_codes(
    layer: &NarrowLayer,
    gate: usize,
    (from_x, from_h, bias): (&[i32], &[i32], &[i32]),
    codes: &mut [i32; UNITS],
) -> u32 {
    let (shift_x, shift_h, z) = (layer.shift_x[gate], layer.shift_h[gate], layer.z[gate]);
    let mut clamped = 0;
    let sums = from_x.iter().zip(from_h).zip(bias);
    for (code, ((x, h), bias)) in codes.iter_mut().zip(sums) {
        let over;
        (*code, over) = z.of((x << shift_x) + (h << shift_h) + bias);
        clamped += over;
    }
    clamped
}

/// Codes become values of a table.
#[inline(always)]
fn look_up(table: &[i32; ENTRIES], codes: &mut [i32; UNITS]) {
    for code in codes {
        *code = table[*code as usize % ENTRIES];
    }
}

/// c and h of at most [`UNITS`] units from the values of their gates; clamped values of c, the
/// argument of tanh, and h.
#[inline(always)]
fn cells(layer: &NarrowLayer, gates: &[[i32; UNITS]; 4], c: &mut [i32], h: &mut [i16]) -> [u32; 3] {
    let [i, f, g, o] = gates;
    let (to_c, to_argument, to_h) = (layer.c, layer.tanh_argument, layer.h);
    let (shift_fc, shift_ig) = (layer.shift_fc, layer.shift_ig);
    let mut clamped = [0; 3];
    let mut tanh = [0; UNITS];
    for (((c, tanh), (i, f)), g) in c.iter_mut().zip(&mut tanh).zip(i.iter().zip(f)).zip(g) {
        let (cell, over) = to_c.of(((f * *c) << shift_fc) + ((i * g) << shift_ig));
        clamped[0] += over;
        let over;
        (*tanh, over) = to_argument.of(cell);
        clamped[1] += over;
        *c = cell;
    }
    look_up(&layer.tanh, &mut tanh);
    for ((h, o), tanh) in h.iter_mut().zip(o).zip(&tanh) {
        let (hidden, over) = to_h.of(o * tanh);
        clamped[2] += over;
        *h = hidden as i16;
    }
    clamped
}
