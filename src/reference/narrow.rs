//! The element-wise part of a layer in 32 bits, where that is proved to be enough.
//!
//! The same arithmetic as `LayerState`, which is the definition, in a shape that compilers turn
//! into vector instructions: no branch depends on a value, tables have a fixed size.

use super::packed::{Packed, Pair, pairs};
use super::saturation::{Saturation, StageCount};
use crate::fixed::QFormat;
use crate::quantize::{ActivationTables, Layer};

/// Entries of a table, one for every code of the widest z.
const ENTRIES: usize = 1 << 12;

/// `requantize` of values whose shifted and rounded forms fit 32 bits.
#[derive(Clone, Copy, Debug)]
struct Requantize {
    up: u32,
    down: u32,
    /// What is added before `down`, less the lowest bit of the result; 0 without a shift.
    half: i32,
    odd: i32,
    least: i32,
    most: i32,
    /// One bit: the sign of the value itself.
    sign: bool,
}

impl Requantize {
    /// For values of at most `largest` in magnitude; `None` where 32 bits are too few.
    fn new(shift: i32, bits: u32, largest: i128) -> Option<Self> {
        let format = QFormat::new(bits, 0);
        let (up, down) = ((-shift).max(0) as u32, shift.max(0) as u32);
        if down > 30 || up > 30 || bits > 31 {
            return None;
        }
        let half = if down == 0 { 0 } else { (1 << (down - 1)) - 1 };
        ((largest << up) + i128::from(half) + 1 < 1 << 31).then_some(Self {
            up,
            down,
            half,
            odd: i32::from(down > 0),
            least: format.min_code() as i32,
            most: format.max_code() as i32,
            sign: bits == 1,
        })
    }

    /// The code, and 1 where it was clamped.
    #[inline(always)]
    fn of(self, value: i32) -> (i32, u32) {
        if self.sign {
            return (if value >= 0 { 1 } else { -1 }, 0);
        }
        let value = value << self.up;
        let rounded = (value + self.half + ((value >> self.down) & self.odd)) >> self.down;
        let code = rounded.clamp(self.least, self.most);
        (code, u32::from(code != rounded))
    }
}

/// A layer that computes in 32 bits.
#[derive(Clone, Debug)]
pub(super) struct NarrowLayer {
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    weight_ih: Packed,
    weight_hh: Packed,
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
    h: Vec<Pair>,
    /// `[streams, units]`.
    c: Vec<i32>,
    pub(super) saturation: Saturation,
}

/// Largest magnitude of a row's sum with codes of `format`.
fn largest_sums(weights: &[i16], columns: usize, format: QFormat) -> impl Iterator<Item = i128> {
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
    /// `None` for a layer that wants more than 32 bits somewhere, or has row multipliers.
    pub(super) fn new(layer: &Layer) -> Option<Self> {
        if layer.row_scale.is_some() {
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
        let shift_fc = (a_frac - layer.c.frac).max(0);
        let shift_ig = (layer.c.frac - a_frac).max(0);
        let one = 1i128 << a_frac;
        let largest_c = i128::from(-layer.c.min_code());
        if shift_fc > 30 || shift_ig > 30 {
            return None;
        }
        let products = ((one * largest_c) << shift_fc) + ((one * one) << shift_ig);
        let mut z = [None; 4];
        for (gate, slot) in z.iter_mut().enumerate() {
            let shift = align[gate].frac - layer.z.frac;
            *slot = Some(Requantize::new(shift, layer.z.bits, largest[gate])?);
        }
        let tables = ActivationTables::new(layer.z, layer.a_frac);
        let t_shift = layer.c.frac - layer.z.frac;
        let h_shift = 2 * a_frac - layer.h.frac;
        Some(Self {
            input_size: inputs,
            hidden_size: hidden,
            weight_ih: Packed::new(&layer.weight_ih, 4 * hidden, inputs),
            weight_hh: Packed::new(&layer.weight_hh, 4 * hidden, hidden),
            bias: layer.bias.clone(),
            shift_x: align.map(|align| align.shift_x),
            shift_h: align.map(|align| align.shift_h),
            z: [z[0]?, z[1]?, z[2]?, z[3]?],
            shift_fc: shift_fc as u32,
            shift_ig: shift_ig as u32,
            c: Requantize::new(a_frac + shift_fc, layer.c.bits, products)?,
            tanh_argument: Requantize::new(t_shift, layer.z.bits, largest_c)?,
            h: Requantize::new(h_shift, layer.h.bits, one * one)?,
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

    /// Steps of the first `streams` streams: x `[steps, streams, pairs]` in, h in the same form out.
    pub(super) fn run(&self, x: &[Pair], streams: usize, state: &mut NarrowState) -> Vec<Pair> {
        let rows = x.len() / pairs(self.input_size);
        let stride = self.weight_ih.stride();
        let mut from_x = vec![0; rows * stride];
        self.weight_ih.multiply(x, &mut from_x);
        let width = streams * pairs(self.hidden_size);
        let mut from_h = vec![0; streams * stride];
        let mut out = Vec::with_capacity(rows * pairs(self.hidden_size));
        for from_x in from_x.chunks_exact(streams * stride) {
            self.weight_hh.multiply(&state.h[..width], &mut from_h);
            let update = Update {
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

struct Update<'a> {
    layer: &'a NarrowLayer,
    from_x: &'a [i32],
    from_h: &'a [i32],
    streams: usize,
    state: &'a mut NarrowState,
}

impl pulp::WithSimd for Update<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let hidden = self.layer.hidden_size;
        let stride = self.layer.weight_ih.stride();
        for stream in 0..self.streams {
            let h = self.state.h[stream * pairs(hidden)..][..pairs(hidden)].as_flattened_mut();
            let counts = update(
                self.layer,
                &self.from_x[stream * stride..][..stride],
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
    let gate = |gate: usize| {
        let rows = gate * hidden..(gate + 1) * hidden;
        (
            &from_x[rows.clone()],
            &from_h[rows.clone()],
            &layer.bias[rows],
        )
    };
    let gates = [gate(0), gate(1), gate(2), gate(3)];
    let h = &mut h[..hidden];
    let mut clamped = [0u32; 4];
    for unit in 0..hidden {
        let mut codes = [0usize; 4];
        for k in 0..4 {
            let (from_x, from_h, bias) = gates[k];
            let sum = (from_x[unit] << layer.shift_x[k])
                + (from_h[unit] << layer.shift_h[k])
                + bias[unit];
            let (z, over) = layer.z[k].of(sum);
            clamped[0] += over;
            codes[k] = z as usize % ENTRIES;
        }
        let [i, f, g, o] = codes;
        let products = ((layer.sigmoid[f] * c[unit]) << layer.shift_fc)
            + ((layer.sigmoid[i] * layer.tanh[g]) << layer.shift_ig);
        let (cell, over) = layer.c.of(products);
        clamped[1] += over;
        let (argument, over) = layer.tanh_argument.of(cell);
        clamped[2] += over;
        let (hidden, over) = layer
            .h
            .of(layer.sigmoid[o] * layer.tanh[argument as usize % ENTRIES]);
        clamped[3] += over;
        c[unit] = cell;
        h[unit] = hidden as i16;
    }
    clamped
}
