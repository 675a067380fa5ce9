//! Embedding, LSTM and decoder of one model.

use crate::diagnostic::Problem;
use crate::import::{EMBEDDING, FloatHead, FloatModel, Passengers};
use crate::quantize::{Dense, Emit, QuantizedModel};

/// The LSTM layers, and linear layers before them; head and passengers are taken out.
#[derive(Clone, Debug, PartialEq)]
pub enum Stack {
    /// Floating point.
    Float(FloatModel),
    /// The hardware's integers.
    Integer(QuantizedModel),
}

/// The linear layer that gives a value to every token.
#[derive(Clone, Debug, PartialEq)]
pub enum Decoder {
    /// Floating point.
    Float(FloatHead),
    /// Integers, exact on the codes of h.
    Integer(Dense),
}

/// A row for every token, `[V, E]`; E is the input size of the first layer, linear or recurrent.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenRows {
    /// Real numbers, which an integer stack takes the codes of.
    Float(Vec<f32>),
    /// Codes of x.
    Codes(Vec<i16>),
}

impl TokenRows {
    fn elements(&self) -> usize {
        match self {
            Self::Float(rows) => rows.len(),
            Self::Codes(rows) => rows.len(),
        }
    }
}

/// A language model of `V` tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct LanguageModel {
    /// The embedding.
    pub embedding: TokenRows,
    /// LSTM layers.
    pub stack: Stack,
    /// V outputs.
    pub decoder: Decoder,
    /// `true` if the file has one matrix for embedding and decoder.
    pub tied: bool,
}

fn refuse<T>(problem: impl std::fmt::Display, help: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::within("model", problem).help(help))
}

/// Names of a float decoder among a quantised model's passengers.
const DECODER: [&str; 2] = ["decoder.weight", "decoder.bias"];

impl LanguageModel {
    /// A float model with an embedding and a linear head; one of the two matrices may be missing
    /// where both are the same.
    ///
    /// # Errors
    /// Layers that are not forward, no embedding or decoder, and another count of tokens in one than in the other.
    pub fn from_float(model: &FloatModel) -> Result<Self, Problem> {
        if let Some((layer, kind)) = model.backward_layer() {
            return refuse(
                format!(
                    "layer {layer} is {}: it knows the token that is to be foretold",
                    kind.word()
                ),
                "evaluate a model of forward layers",
            );
        }
        let stack = FloatModel {
            front: model.front.clone(),
            layers: model.layers.clone(),
            ..FloatModel::default()
        };
        Self::assemble(
            Stack::Float(stack),
            model.head.clone().map(Decoder::Float),
            None,
            model.passengers.clone(),
        )
    }

    /// A quantised model whose file has the embedding, in codes or in floating point, and a decoder: one dense
    /// layer of integers, whose sums count whether it gives them or the index of the largest, or
    /// `decoder.weight` and `decoder.bias` in floating point.
    ///
    /// # Errors
    /// A backward layer, no embedding or decoder, dense layers that are no decoder, and another count of tokens in one than in the
    /// other.
    pub fn from_quantized(mut model: QuantizedModel) -> Result<Self, Problem> {
        if let Some(pass) = model.passes().find(|pass| pass.place.backward) {
            return refuse(
                format!(
                    "{} reads the text from its end, so that it knows the token that is to be foretold",
                    pass.place
                ),
                "evaluate a model of forward layers; `lprnn-hw run` gives the words of this one",
            );
        }
        let passengers = std::mem::take(&mut model.passengers);
        let decoder = match (model.head.pop(), &model.head[..]) {
            (None, _) => None,
            (Some(dense), []) if dense.when == Emit::Step && !dense.gives_codes() => {
                Some(Decoder::Integer(dense))
            }
            _ => {
                return refuse(
                    "has dense layers that are no decoder: perplexity needs one that gives its sums, or the \
                     index of the largest, at every step",
                    "quantise it with one linear head, without --head-kind code or --emit last",
                );
            }
        };
        let rows = model.embedding.take();
        let rows = rows.map(|embedding| TokenRows::Codes(embedding.codes));
        Self::assemble(Stack::Integer(model), decoder, rows, passengers)
    }

    fn assemble(
        stack: Stack,
        decoder: Option<Decoder>,
        codes: Option<TokenRows>,
        mut passengers: Passengers,
    ) -> Result<Self, Problem> {
        let (width, hidden) = stack.sizes();
        let embedding = match codes {
            None => matrix(&mut passengers, EMBEDDING, width)?.map(TokenRows::Float),
            codes => codes,
        };
        let weight = match decoder {
            Some(_) => None,
            None => matrix(&mut passengers, DECODER[0], hidden)?,
        };
        let bias = passengers.remove(DECODER[1]).map(|(_, bias)| bias);
        let mut tied = false;
        let decoder = match (decoder, weight, &embedding) {
            (Some(decoder), _, _) => decoder,
            (None, Some(weight), _) => Decoder::Float(head(weight, bias, hidden)?),
            (None, None, Some(TokenRows::Float(embedding))) if width == hidden => {
                tied = true;
                Decoder::Float(head(embedding.clone(), bias, hidden)?)
            }
            _ => {
                return refuse(
                    "has no decoder: a language model has a linear layer such as decoder.weight, \
                     [tokens, units]",
                    "save it with the LSTM",
                );
            }
        };
        let embedding = match (embedding, &decoder) {
            (Some(embedding), _) => embedding,
            (None, Decoder::Float(head)) if width == hidden => {
                tied = true;
                TokenRows::Float(head.weight.clone())
            }
            _ => {
                return refuse(
                    "has no embedding: a language model has a tensor such as embedding.weight, \
                     [tokens, input size]",
                    "save it with the LSTM",
                );
            }
        };
        Self {
            embedding,
            stack,
            decoder,
            tied,
        }
        .checked()
    }

    /// The model, if embedding and decoder are of the same tokens.
    fn checked(self) -> Result<Self, Problem> {
        let (rows, outputs) = (self.tokens(), self.decoder.outputs());
        if rows == outputs {
            return Ok(self);
        }
        refuse(
            format!("the embedding has {rows} rows, the decoder {outputs} outputs"),
            "both must have one for every token",
        )
    }

    /// Tokens that the model knows.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.embedding.elements() / self.stack.sizes().0
    }
}

impl Stack {
    /// Input size of the first layer, linear or recurrent, and units of the last.
    ///
    /// # Panics
    /// For a model without recurrent layers.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        match self {
            Self::Float(model) => {
                let last = &model.layers[model.layers.len() - 1];
                (model.input_size(), last.hidden_size)
            }
            Self::Integer(model) => {
                let last = &model.layers[model.layers.len() - 1];
                (model.first_input().0, last.hidden_size)
            }
        }
    }
}

impl Decoder {
    /// Number of outputs.
    #[must_use]
    pub fn outputs(&self) -> usize {
        match self {
            Self::Float(head) => head.output_size,
            Self::Integer(head) => head.output_size,
        }
    }
}

/// Takes a matrix with `columns` columns out of the passengers.
fn matrix(from: &mut Passengers, name: &str, columns: usize) -> Result<Option<Vec<f32>>, Problem> {
    let Some((shape, values)) = from.remove(name) else {
        return Ok(None);
    };
    if shape.len() != 2 || shape[1] != columns || shape[0] == 0 {
        return refuse(
            format!("{name} has shape {shape:?}"),
            format!("[tokens, {columns}] fits the LSTM"),
        );
    }
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        return refuse(
            format!("{name}: element {at} is {}", values[at]),
            "the training diverged, train again",
        );
    }
    Ok(Some(values))
}

fn head(weight: Vec<f32>, bias: Option<Vec<f32>>, hidden: usize) -> Result<FloatHead, Problem> {
    let output_size = weight.len() / hidden;
    let bias = bias.unwrap_or_else(|| vec![0.0; output_size]);
    if bias.len() != output_size {
        return refuse(
            format!(
                "decoder.bias has {} elements, decoder.weight {output_size} rows",
                bias.len()
            ),
            "both must have one for every token",
        );
    }
    Ok(FloatHead {
        output_size,
        weight,
        bias,
    })
}
