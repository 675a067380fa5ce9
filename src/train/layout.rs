//! Every trained number in one vector, and which tensor lies where.

use crate::import::{EMBEDDING, FloatHead, FloatLayer, FloatModel, FloatRecurrence, Passengers};
use crate::quantize::SplitMix;
use std::ops::Range;

/// Sizes of a language model.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Sizes {
    /// Tokens, V.
    pub vocabulary: usize,
    /// Elements of an embedding, the first layer's x.
    pub embedding: usize,
    /// Units of every layer.
    pub hidden: Vec<usize>,
}

impl Sizes {
    /// Elements of a layer's x.
    #[must_use]
    pub fn input(&self, layer: usize) -> usize {
        if layer == 0 {
            self.embedding
        } else {
            self.hidden[layer - 1]
        }
    }

    /// Numbers of the whole model.
    #[must_use]
    pub fn parameters(&self) -> u64 {
        let wide = |size: usize| size as u64;
        let layers = (0..self.hidden.len()).map(|layer| {
            let hidden = wide(self.hidden[layer]);
            4 * hidden * (wide(self.input(layer)) + hidden + 1)
        });
        let around = wide(self.vocabulary) * (wide(self.embedding) + wide(self.last()) + 1);
        layers.sum::<u64>() + around
    }

    /// Units of the last layer.
    #[must_use]
    pub fn last(&self) -> usize {
        self.hidden[self.hidden.len() - 1]
    }
}

/// Places of one layer's tensors.
#[derive(Clone, Debug)]
pub struct LayerPlaces {
    /// `[4H, I]`.
    pub ih: Range<usize>,
    /// `[4H, H]`.
    pub hh: Range<usize>,
    /// `[4H]`.
    pub bias: Range<usize>,
}

/// Where every tensor lies in the vector of parameters, row-major.
#[derive(Clone, Debug)]
pub struct ParameterLayout {
    /// Sizes of the model.
    pub sizes: Sizes,
    /// `[V, E]`.
    pub embedding: Range<usize>,
    /// Per layer.
    pub layers: Vec<LayerPlaces>,
    /// `[V, H]`.
    pub decoder: Range<usize>,
    /// `[V]`.
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
        let embedding = take(sizes.vocabulary * sizes.embedding);
        let layers = (0..sizes.hidden.len())
            .map(|layer| {
                let hidden = sizes.hidden[layer];
                LayerPlaces {
                    ih: take(4 * hidden * sizes.input(layer)),
                    hh: take(4 * hidden * hidden),
                    bias: take(4 * hidden),
                }
            })
            .collect();
        let decoder = take(sizes.vocabulary * sizes.last());
        let decoder_bias = take(sizes.vocabulary);
        Self {
            sizes,
            embedding,
            layers,
            decoder,
            decoder_bias,
        }
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
    /// ±0.1, the forget gate's bias 1, other biases 0.
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
        for (layer, places) in self.layers.iter().enumerate() {
            let scale = 1.0 / (self.sizes.hidden[layer] as f32).sqrt();
            fill(places.ih.clone(), scale);
            fill(places.hh.clone(), scale);
        }
        fill(self.decoder.clone(), 0.1);
        for (layer, places) in self.layers.iter().enumerate() {
            let hidden = self.sizes.hidden[layer];
            values[places.bias.clone()][hidden..2 * hidden].fill(1.0);
        }
        values
    }

    /// The values of a float language model; `None` where its shapes are others.
    #[must_use]
    pub fn values_of(&self, model: &FloatModel) -> Option<Vec<f32>> {
        let mut values = Vec::with_capacity(self.len());
        let (_, embedding) = model.passengers.get(EMBEDDING)?;
        values.extend_from_slice(embedding);
        for layer in &model.layers {
            values.extend_from_slice(&layer.weight_ih);
            values.extend_from_slice(&layer.weight_hh);
            values.extend_from_slice(&layer.bias);
        }
        let head = model.head.as_ref()?;
        values.extend_from_slice(&head.weight);
        values.extend_from_slice(&head.bias);
        let shapes = model
            .layers
            .iter()
            .map(|layer| (layer.input_size, layer.hidden_size));
        let wanted = (0..self.sizes.hidden.len())
            .map(|layer| (self.sizes.input(layer), self.sizes.hidden[layer]));
        (values.len() == self.len() && shapes.eq(wanted)).then_some(values)
    }

    /// The float model of these values.
    #[must_use]
    pub fn float_model(&self, values: &[f32]) -> FloatModel {
        let sizes = &self.sizes;
        let layers = self
            .layers
            .iter()
            .enumerate()
            .map(|(layer, places)| FloatLayer {
                input_size: sizes.input(layer),
                hidden_size: sizes.hidden[layer],
                recurrence: FloatRecurrence::Lstm,
                weight_ih: values[places.ih.clone()].to_vec(),
                weight_hh: values[places.hh.clone()].to_vec(),
                bias: values[places.bias.clone()].to_vec(),
            });
        let mut passengers = Passengers::new();
        passengers.insert(
            EMBEDDING.into(),
            (
                vec![sizes.vocabulary, sizes.embedding],
                values[self.embedding.clone()].to_vec(),
            ),
        );
        FloatModel {
            layers: layers.collect(),
            head: Some(FloatHead {
                output_size: sizes.vocabulary,
                weight: values[self.decoder.clone()].to_vec(),
                bias: values[self.decoder_bias.clone()].to_vec(),
            }),
            passengers,
            ..FloatModel::default()
        }
    }
}

/// Uniform in `0..1`, 24 bits.
pub(super) fn uniform(noise: &mut SplitMix) -> f32 {
    (noise.next_u64() >> 40) as f32 / (1u32 << 24) as f32
}
