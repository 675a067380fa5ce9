//! Many streams of one model side by side, as fast as the machine allows.

use super::narrow::{NarrowLayer, NarrowState};
use super::packed::{CodePair, PackedRows, pairs};
use super::saturation::Saturation;
use super::stack::Lstm;
use super::summed::{SummedLayer, SummedState};
use crate::quantize::{Layer, QuantizedModel};
use rayon::prelude::*;

/// A model prepared for many streams in lockstep; every word is that of [`Lstm::run`].
///
/// Sums that fit 32 bits, proved from the weights, are formed in vector instructions for all streams at once, and an
/// LSTM without row multipliers whose other values fit too does all of its step in them. A model with larger sums
/// is computed by [`Lstm`], stream by stream.
#[derive(Clone, Debug)]
pub struct Streams {
    kind: StreamsKind,
    input_size: usize,
    hidden_size: usize,
}

#[derive(Clone, Debug)]
enum StreamsKind {
    Packed(Vec<StreamLayer>),
    Wide(Box<Lstm>),
}

/// A layer whose products are formed in 32 bits.
#[derive(Clone, Debug)]
enum StreamLayer {
    /// And so is the rest.
    Narrow(Box<NarrowLayer>),
    Summed(SummedLayer),
}

/// Streams of a layer.
#[derive(Clone, Debug)]
enum StreamLayerState {
    Narrow(NarrowState),
    Summed(SummedState),
}

impl StreamLayer {
    fn new(layer: &Layer) -> Option<Self> {
        let narrow = NarrowLayer::new(layer).map(|layer| Self::Narrow(Box::new(layer)));
        narrow.or_else(|| SummedLayer::new(layer).map(Self::Summed))
    }

    fn state(&self, streams: usize) -> StreamLayerState {
        match self {
            Self::Narrow(layer) => StreamLayerState::Narrow(layer.state(streams)),
            Self::Summed(layer) => StreamLayerState::Summed(layer.state(streams)),
        }
    }

    fn weight_ih(&self) -> &PackedRows {
        match self {
            Self::Narrow(layer) => &layer.weight_ih,
            Self::Summed(layer) => &layer.weight_ih,
        }
    }

    fn steps(
        &self,
        from_x: &[&[i32]],
        streams: usize,
        state: &mut StreamLayerState,
    ) -> Vec<CodePair> {
        match (self, state) {
            (Self::Narrow(layer), StreamLayerState::Narrow(state)) => {
                layer.steps(from_x, streams, state)
            }
            (Self::Summed(layer), StreamLayerState::Summed(state)) => {
                layer.steps(from_x, streams, state)
            }
            _ => panic!("a state of another model"),
        }
    }

    /// Steps of the first `streams` streams: x `[steps, streams, pairs]` in, h in the same form out.
    fn run(&self, x: &[CodePair], streams: usize, state: &mut StreamLayerState) -> Vec<CodePair> {
        let rows = self.weight_ih();
        let sums = rows.products(x);
        let from_x: Vec<&[i32]> = sums.chunks_exact(rows.stride()).collect();
        self.steps(&from_x, streams, state)
    }
}

impl StreamLayerState {
    fn saturation(&self) -> Saturation {
        match self {
            Self::Narrow(state) => state.saturation,
            Self::Summed(state) => state.saturation(),
        }
    }
}

/// Sums that are kept for prepared vectors: 1 GiB at most.
const MOST_SUMS: usize = 1 << 28;
/// Vectors that one task prepares.
const VECTORS: usize = 64;

/// Vectors x prepared by [`Streams::inputs`].
#[derive(Clone, Debug)]
pub struct StreamInputs {
    kind: InputKind,
}

#[derive(Clone, Debug)]
enum InputKind {
    /// `[V, stride]`.
    Sums(Vec<i32>, usize),
    /// `[V, input_size]`.
    Codes(Vec<i16>),
}

/// State of some streams, and what they clamped.
#[derive(Clone, Debug)]
pub struct StreamsState {
    kind: StateKind,
}

#[derive(Clone, Debug)]
enum StateKind {
    Packed(Vec<StreamLayerState>),
    Wide(Vec<Lstm>),
}

impl Streams {
    /// Prepares a valid model.
    ///
    /// # Panics
    /// For a model with a backward layer, which needs whole sequences.
    #[must_use]
    pub fn new(model: &QuantizedModel) -> Self {
        assert!(
            !model.needs_whole_sequences(),
            "a backward layer takes whole sequences, not streams"
        );
        let packed: Option<Vec<StreamLayer>> = model.layers.iter().map(StreamLayer::new).collect();
        let lstm = Lstm::new(model);
        Self {
            input_size: lstm.input_size(),
            hidden_size: lstm.hidden_size(),
            kind: packed.map_or_else(|| StreamsKind::Wide(Box::new(lstm)), StreamsKind::Packed),
        }
    }

    /// `true` if the whole model is computed in 32 bits.
    #[must_use]
    pub fn is_narrow(&self) -> bool {
        let narrow = |layer: &StreamLayer| matches!(layer, StreamLayer::Narrow(_));
        matches!(&self.kind, StreamsKind::Packed(layers) if layers.iter().all(narrow))
    }

    /// `true` if all its products are formed for all streams at once.
    #[must_use]
    pub fn is_packed(&self) -> bool {
        matches!(self.kind, StreamsKind::Packed(_))
    }

    /// `streams` streams before their first step.
    #[must_use]
    pub fn state(&self, streams: usize) -> StreamsState {
        let kind = match &self.kind {
            StreamsKind::Packed(layers) => {
                StateKind::Packed(layers.iter().map(|layer| layer.state(streams)).collect())
            }
            StreamsKind::Wide(lstm) => StateKind::Wide(vec![(**lstm).clone(); streams]),
        };
        StreamsState { kind }
    }

    /// Prepares vectors x that come again and again, such as embeddings: codes `[V, input_size]`.
    /// Their products with the first layer's weights are computed here, once for each.
    ///
    /// # Panics
    /// When `codes` are no whole vectors.
    #[must_use]
    pub fn inputs(&self, codes: &[i16]) -> StreamInputs {
        assert!(
            codes.len().is_multiple_of(self.input_size),
            "no whole vectors"
        );
        let vectors = codes.len() / self.input_size;
        let kind = match &self.kind {
            StreamsKind::Packed(layers)
                if vectors * layers[0].weight_ih().stride() <= MOST_SUMS =>
            {
                let sums = codes
                    .par_chunks(VECTORS * self.input_size)
                    .flat_map_iter(|codes| {
                        layers[0]
                            .weight_ih()
                            .products(&pack(codes, self.input_size))
                    });
                InputKind::Sums(sums.collect(), layers[0].weight_ih().stride())
            }
            _ => InputKind::Codes(codes.to_vec()),
        };
        StreamInputs { kind }
    }

    /// [`Streams::run`] on prepared vectors: their indices `[steps, streams]` in.
    ///
    /// # Panics
    /// When `state` has fewer streams or is another model's, or an index has no vector.
    pub fn run_inputs(
        &self,
        inputs: &StreamInputs,
        indices: &[u32],
        streams: usize,
        state: &mut StreamsState,
    ) -> Vec<i16> {
        let indices = indices.iter().map(|&index| index as usize);
        match (&self.kind, &mut state.kind, &inputs.kind) {
            (
                StreamsKind::Packed(layers),
                StateKind::Packed(states),
                InputKind::Sums(sums, stride),
            ) => {
                let from_x: Vec<&[i32]> = indices
                    .map(|index| &sums[index * stride..][..*stride])
                    .collect();
                let mut signal = layers[0].steps(&from_x, streams, &mut states[0]);
                for (layer, state) in layers.iter().zip(states).skip(1) {
                    signal = layer.run(&signal, streams, state);
                }
                unpack(&signal, self.hidden_size)
            }
            (_, _, InputKind::Codes(codes)) => {
                let size = self.input_size;
                let x = indices.flat_map(|index| &codes[index * size..][..size]);
                self.run(&x.copied().collect::<Vec<_>>(), streams, state)
            }
            _ => panic!("a state or inputs of another model"),
        }
    }

    /// Steps of the first `streams` streams of `state`: codes of x `[steps, streams, input_size]`
    /// in, codes of the last layer's h `[steps, streams, hidden_size]` out.
    ///
    /// # Panics
    /// When `state` has fewer streams or is another model's.
    pub fn run(&self, x: &[i16], streams: usize, state: &mut StreamsState) -> Vec<i16> {
        match (&self.kind, &mut state.kind) {
            (StreamsKind::Packed(layers), StateKind::Packed(states)) => {
                let mut signal = pack(x, self.input_size);
                for (layer, state) in layers.iter().zip(states) {
                    signal = layer.run(&signal, streams, state);
                }
                unpack(&signal, self.hidden_size)
            }
            (StreamsKind::Wide(_), StateKind::Wide(lstms)) => {
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
            StateKind::Packed(states) => states.iter().map(StreamLayerState::saturation).collect(),
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

fn pack(codes: &[i16], size: usize) -> Vec<CodePair> {
    let mut packed = vec![[0; 2]; codes.len() / size * pairs(size)];
    for (packed, codes) in packed
        .chunks_exact_mut(pairs(size))
        .zip(codes.chunks_exact(size))
    {
        packed.as_flattened_mut()[..size].copy_from_slice(codes);
    }
    packed
}

fn unpack(packed: &[CodePair], size: usize) -> Vec<i16> {
    packed
        .chunks_exact(pairs(size))
        .flat_map(|packed| &packed.as_flattened()[..size])
        .copied()
        .collect()
}
