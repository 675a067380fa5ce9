//! Many streams of one model side by side, as fast as the machine allows.

use super::lstm::Lstm;
use super::narrow::{NarrowLayer, NarrowState};
use super::packed::{Pair, pairs};
use super::saturation::Saturation;
use crate::quantize::QuantizedModel;

/// A model prepared for many streams in lockstep; every word is that of [`Lstm::run`].
///
/// Models whose sums fit 32 bits, proved from their weights, take vector instructions; others are
/// computed by [`Lstm`], stream by stream.
#[derive(Clone, Debug)]
pub struct Streams {
    kind: Kind,
    input_size: usize,
    hidden_size: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Narrow(Vec<NarrowLayer>),
    Wide(Box<Lstm>),
}

/// State of some streams, and what they clamped.
#[derive(Clone, Debug)]
pub struct StreamsState {
    kind: StateKind,
}

#[derive(Clone, Debug)]
enum StateKind {
    Narrow(Vec<NarrowState>),
    Wide(Vec<Lstm>),
}

impl Streams {
    /// Prepares a valid model.
    #[must_use]
    pub fn new(model: &QuantizedModel) -> Self {
        let narrow: Option<Vec<NarrowLayer>> = model.layers.iter().map(NarrowLayer::new).collect();
        let lstm = Lstm::new(model);
        Self {
            input_size: lstm.input_size(),
            hidden_size: lstm.hidden_size(),
            kind: narrow.map_or_else(|| Kind::Wide(Box::new(lstm)), Kind::Narrow),
        }
    }

    /// Whether the model is computed in 32 bits.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        matches!(self.kind, Kind::Narrow(_))
    }

    /// `streams` streams before their first step.
    #[must_use]
    pub fn state(&self, streams: usize) -> StreamsState {
        let kind = match &self.kind {
            Kind::Narrow(layers) => {
                StateKind::Narrow(layers.iter().map(|layer| layer.state(streams)).collect())
            }
            Kind::Wide(lstm) => StateKind::Wide(vec![(**lstm).clone(); streams]),
        };
        StreamsState { kind }
    }

    /// Steps of the first `streams` streams of `state`: codes of x `[steps, streams, input_size]`
    /// in, codes of the last layer's h `[steps, streams, hidden_size]` out.
    ///
    /// # Panics
    /// When `state` has fewer streams or is another model's.
    pub fn run(&self, x: &[i16], streams: usize, state: &mut StreamsState) -> Vec<i16> {
        match (&self.kind, &mut state.kind) {
            (Kind::Narrow(layers), StateKind::Narrow(states)) => {
                let mut signal = pack(x, self.input_size);
                for (layer, state) in layers.iter().zip(states) {
                    signal = layer.run(&signal, streams, state);
                }
                unpack(&signal, self.hidden_size)
            }
            (Kind::Wide(_), StateKind::Wide(lstms)) => {
                let mut out = Vec::with_capacity(x.len() / self.input_size * self.hidden_size);
                let mut codes = vec![0; self.input_size];
                for step in x.chunks_exact(streams * self.input_size) {
                    for (x, lstm) in step.chunks_exact(self.input_size).zip(&mut *lstms) {
                        codes
                            .iter_mut()
                            .zip(x)
                            .for_each(|(slot, &code)| *slot = code.into());
                        out.extend(lstm.step(&codes).iter().map(|&code| code as i16));
                    }
                }
                out
            }
            _ => panic!("a state of another model"),
        }
    }
}

impl StreamsState {
    /// Clamped values of every layer, all streams together.
    #[must_use]
    pub fn saturation(&self) -> Vec<Saturation> {
        match &self.kind {
            StateKind::Narrow(states) => states.iter().map(|state| state.saturation).collect(),
            StateKind::Wide(lstms) => {
                let mut sum: Vec<Saturation> = Vec::new();
                for lstm in lstms {
                    let counts = lstm.saturation();
                    sum.resize(counts.len(), Saturation::default());
                    sum.iter_mut()
                        .zip(&counts)
                        .for_each(|(sum, count)| sum.add(count));
                }
                sum
            }
        }
    }
}

fn pack(codes: &[i16], size: usize) -> Vec<Pair> {
    let mut packed = vec![[0; 2]; codes.len() / size * pairs(size)];
    for (packed, codes) in packed
        .chunks_exact_mut(pairs(size))
        .zip(codes.chunks_exact(size))
    {
        packed.as_flattened_mut()[..size].copy_from_slice(codes);
    }
    packed
}

fn unpack(packed: &[Pair], size: usize) -> Vec<i16> {
    packed
        .chunks_exact(pairs(size))
        .flat_map(|packed| &packed.as_flattened()[..size])
        .copied()
        .collect()
}
