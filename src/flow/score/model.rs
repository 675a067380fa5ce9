//! A model that answers: in real numbers as import reads it, or in the hardware's integers.

use crate::diagnostic::{Problem, Problems};
use crate::flow::{Arrangement, ArrayLayout, LayerSaturation, Wants, Watch, compute};
use crate::import::{
    EMBEDDING, FloatHead, FloatLayer, FloatModel, ImportOptions, Passengers, read_bytes,
};
use crate::lm::is_quantized;
use crate::ptq::{Sequences, asked, float_h, float_outputs};
use crate::quantize::{Dense, DenseOutput, Emit, Layer, QuantizedModel};
use crate::reference::StageCount;
use crate::score::{Answers, Metric};
use std::borrow::Cow;
use std::path::Path;

/// A model that answers.
#[derive(Clone, Debug, PartialEq)]
pub enum AnsweringModel {
    /// In real numbers.
    Float(FloatModel),
    /// In integers, with a linear layer in real numbers behind them where its file has one.
    Integer(QuantizedModel, Option<FloatHead>),
}

/// Inputs of some sequences.
#[derive(Clone, Debug)]
pub struct ModelInputs {
    values: InputValues,
    lengths: Vec<usize>,
}

#[derive(Clone, Debug)]
enum InputValues {
    Real(Sequences),
    Tokens(Vec<i32>),
}

/// Answers, and what was clamped on their way.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answers.
    pub answers: Answers,
    /// Elements of x beyond its format, of an integer model on real inputs.
    pub x: Option<StageCount>,
    /// Clamped values of every layer of an integer model.
    pub saturation: Vec<LayerSaturation>,
}

impl ModelInputs {
    /// Real inputs.
    #[must_use]
    pub fn real(sequences: Sequences) -> Self {
        Self {
            lengths: sequences.lengths.clone(),
            values: InputValues::Real(sequences),
        }
    }
}

impl AnsweringModel {
    /// Reads a quantised model, known by its metadata, or a float model.
    ///
    /// # Errors
    /// A file that cannot be read, or is neither.
    pub fn read(path: &Path, import: &ImportOptions) -> Result<Self, Problems> {
        let bytes = crate::files::load(path)?;
        if is_quantized(&bytes) {
            import.refuse_for_quantized()?;
            let model = QuantizedModel::from_bytes(&bytes);
            return Ok(Self::integer(
                model.map_err(|problems| problems.in_file(path))?,
            ));
        }
        let float = read_bytes(&bytes, import).map_err(|problem| problem.in_file(path))?;
        Ok(Self::Float(float))
    }

    /// A quantised model, with the linear layer in real numbers that rides along where it has no other.
    #[must_use]
    pub fn integer(model: QuantizedModel) -> Self {
        let units = model.layers.last().map_or(0, Layer::output_size);
        let weight = model.passengers.get("decoder.weight");
        let head = weight.filter(|(shape, _)| {
            model.head.is_empty()
                && matches!(shape[..], [rows, columns] if columns == units && rows > 0)
        });
        let head = head.map(|(shape, weight)| {
            let bias = model.passengers.get("decoder.bias");
            let bias = bias.filter(|(bias, _)| bias[..] == shape[..1]);
            FloatHead {
                output_size: shape[0],
                weight: weight.clone(),
                bias: bias.map_or_else(|| vec![0.0; shape[0]], |(_, bias)| bias.clone()),
            }
        });
        Self::Integer(model, head)
    }

    /// The last dense layer of integers.
    fn dense(&self) -> Option<&Dense> {
        match self {
            Self::Float(_) => None,
            Self::Integer(model, _) => model.head.last(),
        }
    }

    /// The last linear layer in real numbers.
    fn float_head(&self) -> Option<&FloatHead> {
        match self {
            Self::Float(model) => model.dense.last().or(model.head.as_ref()),
            Self::Integer(_, head) => head.as_ref(),
        }
    }

    /// Elements of an input vector.
    fn input_size(&self) -> usize {
        match self {
            Self::Float(model) => model.input_size(),
            Self::Integer(model, _) => model.first_input().0,
        }
    }

    /// Float tensors that ride along.
    const fn passengers(&self) -> &Passengers {
        match self {
            Self::Float(model) => &model.passengers,
            Self::Integer(model, _) => &model.passengers,
        }
    }

    /// Elements of an answer: outputs of the linear layers, or units; classes where it gives an index.
    #[must_use]
    pub fn outputs(&self) -> usize {
        let dense = self.dense().map(|dense| dense.output_size);
        let float = self.float_head().map(|head| head.output_size);
        let units = match self {
            Self::Float(model) => model.layers.last().map(FloatLayer::output_size),
            Self::Integer(model, _) => model.layers.last().map(Layer::output_size),
        };
        dense.or(float).or(units).unwrap_or(0)
    }

    /// It gives the index of the largest sum.
    fn gives_index(&self) -> bool {
        let dense = self.dense();
        dense.is_some_and(|dense| dense.output == DenseOutput::Argmax)
    }

    /// It answers at the last step of a sequence only.
    #[must_use]
    pub fn waits_for_last(&self) -> bool {
        self.dense().is_some_and(|dense| dense.when == Emit::Last)
    }

    /// Arithmetic of the recurrent layers.
    #[must_use]
    pub const fn arithmetic(&self) -> &'static str {
        match self {
            Self::Float(_) => "float",
            Self::Integer(..) => "integer",
        }
    }

    /// What is behind the recurrent layers, in words.
    #[must_use]
    pub fn head(&self) -> &'static str {
        match (self.dense().map(|dense| dense.output), self.float_head()) {
            (Some(DenseOutput::Argmax), _) => "integer, the index of the largest sum",
            (Some(DenseOutput::Code { .. }), _) => "integer, codes",
            (Some(DenseOutput::Sum), _) => "integer, sums",
            (None, Some(_)) => "float",
            (None, None) => "none: h is the answer",
        }
    }

    /// Refuses a metric of another kind than the answers.
    ///
    /// # Errors
    /// Such a metric.
    pub fn check(&self, metric: Metric) -> Result<(), Problem> {
        if self.gives_index() && !metric.of_classes() {
            let problem = format!(
                "{} is one of real numbers, the model gives the index of the largest sum",
                metric.name()
            );
            return Err(Problem::flag("--metric", problem)
                .help("give accuracy or f1, or quantise with --head-kind sum"));
        }
        if metric.of_classes() && self.outputs() < 2 {
            let problem = format!(
                "{} is one of classes, the model has one output",
                metric.name()
            );
            return Err(Problem::flag("--metric", problem)
                .help("give mae or rmse, or a model with an output for every class"));
        }
        Ok(())
    }

    /// Rows of an embedding that the inputs are indices of.
    fn embedding(&self) -> Option<usize> {
        if let Self::Integer(model, _) = self
            && let Some(own) = &model.embedding
        {
            return Some(own.vocabulary);
        }
        match self.passengers().get(EMBEDDING)?.0[..] {
            [rows, columns] if columns == self.input_size() => Some(rows),
            _ => None,
        }
    }

    /// Reads inputs of this model, and says where they stood: real numbers, or indices of tokens where it has an embedding.
    ///
    /// # Errors
    /// A file of another shape, numbers that are not finite, and indices beyond the embedding.
    pub fn inputs(
        &self,
        layout: &ArrayLayout,
        path: &Path,
        watch: &dyn Watch,
    ) -> Result<(ModelInputs, Arrangement), Problems> {
        if let Some(vocabulary) = self.embedding() {
            let inputs = layout.read_tokens(path, vocabulary, false, watch)?;
            let data = ModelInputs {
                values: InputValues::Tokens(inputs.codes),
                lengths: inputs.arrangement.lengths.clone(),
            };
            return Ok((data, inputs.arrangement));
        }
        let (sequences, places) = layout.read_real(path, Some(self.input_size()), watch)?;
        Ok((ModelInputs::real(sequences), places))
    }

    /// Real inputs: those that are given, or the rows of an embedding in real numbers.
    fn real<'a>(&self, inputs: &'a ModelInputs) -> Cow<'a, Sequences> {
        let tokens = match &inputs.values {
            InputValues::Real(sequences) => return Cow::Borrowed(sequences),
            InputValues::Tokens(tokens) => tokens,
        };
        let (rows, width) = (&self.passengers()[EMBEDDING].1, self.input_size());
        let rows = tokens
            .iter()
            .flat_map(|&token| &rows[token as usize * width..][..width]);
        Cow::Owned(Sequences {
            data: rows.copied().collect(),
            width,
            lengths: inputs.lengths.clone(),
        })
    }

    /// Answers at every step, or at the last of each sequence; every sequence from zero state.
    ///
    /// # Errors
    /// An interruption.
    pub fn answers(
        &self,
        inputs: &ModelInputs,
        when: Emit,
        watch: &dyn Watch,
    ) -> Result<Answered, Problem> {
        match self {
            Self::Float(model) => Ok(float_answers(model, &self.real(inputs), when, watch)),
            Self::Integer(model, head) => {
                let mut x = None;
                let codes = if let (InputValues::Tokens(tokens), Some(_)) =
                    (&inputs.values, &model.embedding)
                {
                    tokens.clone()
                } else {
                    let real = self.real(inputs);
                    x = Some(StageCount {
                        saturated: model.clamped_inputs(&real.data),
                        total: real.data.len() as u64,
                    });
                    model.input_codes(&real.data)
                };
                let given = integer_answers(model, head.as_ref(), (&codes, inputs), when, watch)?;
                Ok(Answered { x, ..given })
            }
        }
    }
}

/// Answers of single precision.
fn widened(data: &[f32], width: usize) -> Answers {
    Answers::Values {
        data: data.iter().copied().map(f64::from).collect(),
        width,
    }
}

fn float_answers(
    model: &FloatModel,
    inputs: &Sequences,
    when: Emit,
    watch: &dyn Watch,
) -> Answered {
    let _progress = watch.begin("float model", None);
    let h = float_h(model, inputs);
    let units = h.len() / inputs.steps();
    let h = asked(&h, units, &inputs.lengths, when);
    let count = h.len() / units;
    // Without linear layers they are h.
    let given = float_outputs(model, &h);
    let width = given.len() / count;
    Answered {
        answers: widened(&given, width),
        x: None,
        saturation: Vec::new(),
    }
}

fn integer_answers(
    model: &QuantizedModel,
    head: Option<&FloatHead>,
    (codes, inputs): (&[i32], &ModelInputs),
    when: Emit,
    watch: &dyn Watch,
) -> Result<Answered, Problem> {
    let lengths = &inputs.lengths;
    let wants = Wants {
        c: false,
        head: true,
    };
    let computed = compute(model, codes, lengths, wants, watch)?;
    let (dense, recurrent) = (model.head.last(), &model.layers[model.layers.len() - 1]);
    let (width, format) = match dense {
        Some(dense) => (dense.outputs(), dense.output_format()),
        None => (recurrent.output_size(), recurrent.h),
    };
    let given = if dense.is_some_and(|dense| dense.when == Emit::Last) {
        computed.head
    } else {
        asked(&computed.head, width, lengths, when)
    };
    let ulp = format.ulp();
    let real = given.iter().map(|&value| value as f64 * ulp);
    let answers = match (dense.map(|dense| dense.output), head) {
        (Some(DenseOutput::Argmax), _) => {
            Answers::Classes(given.iter().map(|&index| index as u32).collect())
        }
        (None, Some(head)) => {
            let behind = FloatModel {
                head: Some(head.clone()),
                ..FloatModel::default()
            };
            let h: Vec<f32> = real.map(|value| value as f32).collect();
            widened(&float_outputs(&behind, &h), head.output_size)
        }
        _ => Answers::Values {
            data: real.collect(),
            width,
        },
    };
    Ok(Answered {
        answers,
        x: None,
        saturation: LayerSaturation::all(model, &computed.saturation),
    })
}
