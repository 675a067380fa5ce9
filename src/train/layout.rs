//! Every trained number in one vector, and which tensor lies where.

use crate::import::{
    EMBEDDING, FloatDirection, FloatHead, FloatLayer, FloatModel, FloatRecurrence, Passengers,
};
use crate::quantize::{PassPlace, SplitMix};
use crate::spec::{CellKind, DirectionKind, LayerDirection, OutputOrder};
use std::ops::Range;

/// Sizes of a network that is trained: an embedding or none, recurrent layers, a linear layer.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sizes {
    /// The cell of every layer.
    pub cell: CellKind,
    /// Tokens of an embedding, V; none where vectors are read.
    pub vocabulary: Option<usize>,
    /// Elements of the first layer's x: of an embedding, or of a vector that is read.
    pub input: usize,
    /// Units of every layer, of each direction where it has two.
    pub hidden: Vec<usize>,
    /// The order in which every layer takes the steps.
    pub direction: DirectionKind,
    /// The order in which the last layer's pass backward gives its outputs; those below give them in that of time.
    #[serde(default, skip_serializing_if = "OutputOrder::is_time")]
    pub output_order: OutputOrder,
    /// Outputs of the linear layer, O: tokens, classes or numbers.
    pub outputs: usize,
}

/// The forward direction goes without saying: checkpoints have it so from before there was another.
impl std::fmt::Debug for Sizes {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut sizes = out.debug_struct("Sizes");
        sizes.field("cell", &self.cell);
        sizes.field("vocabulary", &self.vocabulary);
        sizes.field("input", &self.input);
        sizes.field("hidden", &self.hidden);
        if !self.direction.is_forward() {
            sizes.field("direction", &self.direction);
        }
        if !self.output_order.is_time() {
            sizes.field("output_order", &self.output_order);
        }
        sizes.field("outputs", &self.outputs).finish()
    }
}

impl Sizes {
    /// A language model: as many outputs as tokens, forward layers.
    #[must_use]
    pub fn language(
        cell: CellKind,
        vocabulary: usize,
        embedding: usize,
        hidden: Vec<usize>,
    ) -> Self {
        Self {
            cell,
            vocabulary: Some(vocabulary),
            input: embedding,
            hidden,
            direction: DirectionKind::Forward,
            output_order: OutputOrder::Time,
            outputs: vocabulary,
        }
    }

    /// Elements of a layer's x.
    #[must_use]
    pub fn input(&self, layer: usize) -> usize {
        if layer == 0 {
            self.input
        } else {
            self.output(layer - 1)
        }
    }

    /// Elements of a layer's output: units, of both directions where there are two.
    #[must_use]
    pub fn output(&self, layer: usize) -> usize {
        self.hidden[layer] * self.direction.passes()
    }

    /// The passes of all layers over the steps; of a bidirectional layer the forward one before the backward one.
    pub fn passes(&self) -> impl Iterator<Item = PassPlace> + use<> {
        let (direction, order, layers) = (self.direction, self.output_order, self.hidden.len());
        (0..layers)
            .flat_map(move |layer| PassPlace::all(direction, order.of_layer(layer, layers), layer))
    }

    /// Numbers of the whole model.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let wide = |size: usize| size as u64;
        let passes = self.passes().map(|PassPlace { layer, .. }| {
            let hidden = wide(self.hidden[layer]);
            let weights = wide(self.gates()) * (wide(self.input(layer)) + hidden + 1);
            hidden * (weights + u64::from(self.cell.parted().is_some()))
        });
        let embedding = wide(self.vocabulary.unwrap_or(0)) * wide(self.input);
        passes.sum::<u64>() + embedding + wide(self.outputs) * (wide(self.last()) + 1)
    }

    /// Gates of a unit, G.
    #[must_use]
    pub fn gates(&self) -> usize {
        self.cell.gates().len()
    }

    /// Elements of the last layer's output, what the linear layer takes.
    #[must_use]
    pub fn last(&self) -> usize {
        self.output(self.hidden.len() - 1)
    }
}

/// Places of the tensors of one pass.
#[derive(Clone, Debug)]
pub struct TensorPlaces {
    /// The pass: a layer, or half of a bidirectional one.
    pub pass: PassPlace,
    /// `[GH, I]`.
    pub ih: Range<usize>,
    /// `[GH, H]`.
    pub hh: Range<usize>,
    /// `[GH]`.
    pub bias: Range<usize>,
    /// Bias of n's part of h of a GRU, `[H]`; empty of an LSTM.
    pub bias_n_h: Range<usize>,
}

impl TensorPlaces {
    /// Both biases, one behind the other: a sum each of what the cell takes.
    #[must_use]
    pub const fn biases(&self) -> Range<usize> {
        self.bias.start..self.bias_n_h.end
    }
}

/// Where every tensor lies in the vector of parameters, row-major.
#[derive(Clone, Debug)]
pub struct ParameterLayout {
    /// Sizes of the model.
    pub sizes: Sizes,
    /// `[V, E]`; empty where vectors are read.
    pub embedding: Range<usize>,
    /// Per pass, as [`Sizes::passes`] has them.
    pub passes: Vec<TensorPlaces>,
    /// `[O, H]`; columns are the last layer's outputs.
    pub decoder: Range<usize>,
    /// `[O]`.
    pub decoder_bias: Range<usize>,
}

impl ParameterLayout {
    /// The tensors of a model of these sizes, one behind the other.
    #[must_use]
    pub fn new(sizes: Sizes) -> Self {
        let mut end = 0;
        let mut take = |count: usize| {
            end += count;
            end - count..end
        };
        let embedding = take(sizes.vocabulary.unwrap_or(0) * sizes.input);
        let passes = sizes
            .passes()
            .map(|pass| {
                let layer = pass.layer;
                let hidden = sizes.hidden[layer];
                TensorPlaces {
                    pass,
                    ih: take(sizes.gates() * hidden * sizes.input(layer)),
                    hh: take(sizes.gates() * hidden * hidden),
                    bias: take(sizes.gates() * hidden),
                    bias_n_h: take(if sizes.cell.parted().is_some() {
                        hidden
                    } else {
                        0
                    }),
                }
            })
            .collect();
        let decoder = take(sizes.outputs * sizes.last());
        let decoder_bias = take(sizes.outputs);
        Self {
            sizes,
            embedding,
            passes,
            decoder,
            decoder_bias,
        }
    }

    /// The passes of a layer, with their numbers among all.
    pub(super) fn of_layer(&self, layer: usize) -> impl Iterator<Item = (usize, &TensorPlaces)> {
        let passes = self.passes.iter().enumerate();
        passes.filter(move |(_, places)| places.pass.layer == layer)
    }

    /// Parameters of all tensors.
    #[must_use]
    pub fn len(&self) -> usize {
        self.decoder_bias.end
    }

    /// `true` if there is nothing to train, which no sizes give.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// First values: weights uniform in `±1/sqrt(H)` as `PyTorch` has them, embedding and decoder in
    /// ±0.1, the bias of an LSTM's forget gate 1, other biases 0.
    #[must_use]
    pub fn first_values(&self, seed: u64) -> Vec<f32> {
        let mut noise = SplitMix(seed);
        let mut values = vec![0.0; self.len()];
        let mut fill = |place: Range<usize>, scale: f32| {
            for value in &mut values[place] {
                *value = scale * (2.0 * uniform(&mut noise) - 1.0);
            }
        };
        fill(self.embedding.clone(), 0.1);
        for places in &self.passes {
            let scale = 1.0 / (self.sizes.hidden[places.pass.layer] as f32).sqrt();
            fill(places.ih.clone(), scale);
            fill(places.hh.clone(), scale);
        }
        fill(self.decoder.clone(), 0.1);
        if self.sizes.cell.is_lstm() {
            for places in &self.passes {
                let hidden = self.sizes.hidden[places.pass.layer];
                values[places.bias.clone()][hidden..2 * hidden].fill(1.0);
            }
        }
        values
    }

    /// The values of a float model; `None` where its cells, directions or shapes are others. The order of its outputs may be
    /// another: a state dict does not say it.
    #[must_use]
    pub fn values_of(&self, model: &FloatModel) -> Option<Vec<f32>> {
        let mut values = Vec::with_capacity(self.len());
        if self.sizes.vocabulary.is_some() {
            let (_, embedding) = model.passengers.get(EMBEDDING)?;
            values.extend_from_slice(embedding);
        }
        for layer in model.layers.iter().flat_map(FloatLayer::passes) {
            values.extend_from_slice(&layer.weight_ih);
            values.extend_from_slice(&layer.weight_hh);
            values.extend_from_slice(&layer.bias);
            values.extend_from_slice(layer.recurrence.bias_n_h());
        }
        let head = model.head.as_ref().filter(|_| model.dense.is_empty())?;
        values.extend_from_slice(&head.weight);
        values.extend_from_slice(&head.bias);
        let sizes = &self.sizes;
        let is_one = |(layer, float): (usize, &FloatLayer)| {
            float.recurrence.kind() == sizes.cell
                && float.direction.kind() == sizes.direction
                && float.input_size == sizes.input(layer)
                && float.hidden_size == sizes.hidden[layer]
        };
        let fits = values.len() == self.len()
            && head.output_size == sizes.outputs
            && model.layers.len() == sizes.hidden.len();
        (fits && model.layers.iter().enumerate().all(is_one)).then_some(values)
    }

    /// The float model of these values.
    #[must_use]
    pub fn float_model(&self, values: &[f32]) -> FloatModel {
        let sizes = &self.sizes;
        let passes = self.passes.iter();
        let passes = passes.map(|places| (places.pass, self.float_pass(places, values)));
        let layers = joined(passes, |layer| &mut layer.direction);
        let mut passengers = Passengers::new();
        if let Some(vocabulary) = sizes.vocabulary {
            let rows = values[self.embedding.clone()].to_vec();
            passengers.insert(EMBEDDING.into(), (vec![vocabulary, sizes.input], rows));
        }
        FloatModel {
            layers,
            head: Some(FloatHead {
                output_size: sizes.outputs,
                weight: values[self.decoder.clone()].to_vec(),
                bias: values[self.decoder_bias.clone()].to_vec(),
            }),
            passengers,
            ..FloatModel::default()
        }
    }

    /// One pass of the float model, whatever its direction.
    fn float_pass(&self, places: &TensorPlaces, values: &[f32]) -> FloatLayer {
        let (sizes, layer) = (&self.sizes, places.pass.layer);
        FloatLayer {
            direction: FloatDirection::Forward,
            input_size: sizes.input(layer),
            hidden_size: sizes.hidden[layer],
            recurrence: match sizes.cell {
                CellKind::Lstm => FloatRecurrence::Lstm,
                CellKind::Gru => FloatRecurrence::Gru {
                    bias_n_h: values[places.bias_n_h.clone()].to_vec(),
                },
            },
            weight_ih: values[places.ih.clone()].to_vec(),
            weight_hh: values[places.hh.clone()].to_vec(),
            bias: values[places.bias.clone()].to_vec(),
        }
    }
}

/// The layers of passes in the order of [`Sizes::passes`]: a backward half goes into the layer before it.
pub(super) fn joined<L>(
    passes: impl Iterator<Item = (PassPlace, L)>,
    direction: impl Fn(&mut L) -> &mut LayerDirection<L>,
) -> Vec<L> {
    let mut layers: Vec<L> = Vec::new();
    for (place, mut pass) in passes {
        if place.backward {
            *direction(&mut pass) = LayerDirection::Backward(place.order);
        }
        match layers.last_mut() {
            Some(forward) if place.is_backward_half() => {
                *direction(forward) = LayerDirection::Bidirectional(Box::new(pass));
            }
            _ => layers.push(pass),
        }
    }
    layers
}

/// Uniform in `0..1`, 24 bits.
pub(super) fn uniform(noise: &mut SplitMix) -> f32 {
    (noise.next_u64() >> 40) as f32 / (1u32 << 24) as f32
}
