//! Float models: recurrent layers in real numbers, with what stands behind and before them.

use crate::diagnostic::Problem;
use crate::fixed::QFormat;
use crate::spec::{CellKind, DirectionKind, LayerDirection, Numerics, OutputOrder};
use std::collections::BTreeMap;

/// The cell of a float layer, with the parameters that only it has.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum FloatRecurrence {
    /// The long short-term memory.
    #[default]
    Lstm,
    /// The gated recurrent unit whose reset gate acts behind the product with h.
    Gru {
        /// Bias of n's part of h, `[H]`: `b_hn` of `PyTorch`.
        bias_n_h: Vec<f32>,
    },
}

impl FloatRecurrence {
    /// The kind.
    #[must_use]
    pub const fn kind(&self) -> CellKind {
        match self {
            Self::Lstm => CellKind::Lstm,
            Self::Gru { .. } => CellKind::Gru,
        }
    }

    /// Bias of n's part of h of a GRU, `[H]`; empty of an LSTM.
    #[must_use]
    pub fn bias_n_h(&self) -> &[f32] {
        match self {
            Self::Lstm => &[],
            Self::Gru { bias_n_h } => bias_n_h,
        }
    }
}

/// The order in which a float layer takes the steps.
pub type FloatDirection = LayerDirection<FloatLayer>;

/// One recurrent layer in real numbers, of G gates; rows in the gate order of [`CellKind::gates`].
#[derive(Clone, Debug, PartialEq)]
pub struct FloatLayer {
    /// Order of the steps; the other half of a bidirectional layer.
    pub direction: FloatDirection,
    /// Elements of x.
    pub input_size: usize,
    /// Units.
    pub hidden_size: usize,
    /// The cell.
    pub recurrence: FloatRecurrence,
    /// `[GH, I]`.
    pub weight_ih: Vec<f32>,
    /// `[GH, H]`.
    pub weight_hh: Vec<f32>,
    /// `[GH]`, the sum of both biases; of n of a GRU that of the part of x alone.
    pub bias: Vec<f32>,
}

impl FloatLayer {
    /// Gates of a unit.
    #[must_use]
    pub const fn gates(&self) -> usize {
        self.recurrence.kind().gates().len()
    }

    /// The half of a bidirectional layer that takes the steps backward.
    #[must_use]
    pub fn other_half(&self) -> Option<&Self> {
        self.direction.other_half()
    }

    /// The layer, and behind it its half that takes the steps backward where it has one.
    pub fn passes(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(self.other_half())
    }

    /// The order of the outputs of what takes the steps backward.
    #[must_use]
    pub fn output_order(&self) -> OutputOrder {
        self.direction.output_order(|other| &other.direction)
    }

    /// Elements of the output of a step: units, of both directions where there are two.
    #[must_use]
    pub fn output_size(&self) -> usize {
        self.hidden_size * self.direction.kind().passes()
    }

    /// Parameters: weights and biases, of both directions where there are two.
    #[must_use]
    pub fn parameters(&self) -> usize {
        let biases = self.bias.len() + self.recurrence.bias_n_h().len();
        let other = self.other_half().map_or(0, Self::parameters);
        self.weight_ih.len() + self.weight_hh.len() + biases + other
    }
}

/// One unit of a GRU after a step in real numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FloatGruUnit {
    /// Values of the gates r, u, n.
    pub gates: [f32; 3],
    /// Argument of n's tanh.
    pub argument: f32,
    /// h.
    pub h: f32,
}

impl FloatGruUnit {
    /// The step of one unit from its pre-activations r and u, n's parts of x and of h, and h before it: that of
    /// `PyTorch`'s `nn.GRU`, with these elementary functions.
    #[inline(always)]
    #[must_use]
    pub fn step(
        [r, u, nx, nh]: [f32; 4],
        h: f32,
        sigmoid: impl Fn(f32) -> f32,
        tanh: impl Fn(f32) -> f32,
    ) -> Self {
        let (r, u) = (sigmoid(r), sigmoid(u));
        let argument = nx + r * nh;
        let n = tanh(argument);
        Self {
            gates: [r, u, n],
            argument,
            h: (1.0 - u) * n + u * h,
        }
    }
}

/// One unit of an LSTM after a step in real numbers.
pub struct FloatUnit {
    /// Values of the gates i, f, g, o.
    pub gates: [f32; 4],
    /// c.
    pub c: f32,
    /// tanh(c).
    pub tanh: f32,
    /// h.
    pub h: f32,
}

impl FloatUnit {
    /// The step of one unit from its pre-activations i, f, g, o and c before it: that of `PyTorch`'s
    /// `nn.LSTM`, with these elementary functions.
    #[inline(always)]
    #[must_use]
    pub fn step(
        [i, f, g, o]: [f32; 4],
        c: f32,
        sigmoid: impl Fn(f32) -> f32,
        tanh: impl Fn(f32) -> f32,
    ) -> Self {
        let (i, f, g, o) = (sigmoid(i), sigmoid(f), tanh(g), sigmoid(o));
        let c = f * c + i * g;
        let tanh = tanh(c);
        Self {
            gates: [i, f, g, o],
            c,
            tanh,
            h: o * tanh,
        }
    }
}

/// A linear layer behind the last recurrent layer, or before the first.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatHead {
    /// Rows.
    pub output_size: usize,
    /// `[O, columns]`; of the first one columns are the last layer's units.
    pub weight: Vec<f32>,
    /// `[O]`.
    pub bias: Vec<f32>,
}

impl FloatHead {
    /// Elements that a row takes.
    #[must_use]
    pub fn input_size(&self) -> usize {
        self.weight.len() / self.output_size
    }
}

/// A linear layer before the first recurrent layer, computed at every step.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatFront {
    /// Weights and biases.
    pub linear: FloatHead,
    /// A `ReLU` stands behind it.
    pub relu: bool,
}

/// One line of the explanation: a tensor of the file and what it became.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Mapping {
    /// Name in the file.
    pub tensor: String,
    /// Shape in the file.
    pub shape: Vec<usize>,
    /// Its meaning here.
    pub meaning: String,
}

/// Ending of the names of a bidirectional layer's backward half, as `PyTorch` has it.
pub const REVERSE: &str = "_reverse";

/// Name of the embedding among the [`Passengers`].
pub const EMBEDDING: &str = "embedding.weight";

/// Float tensors that are kept as they are, by name: shape and values.
pub type Passengers = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// Fractions that a training with the hardware's arithmetic has settled on (`QuantLSTM` and `QuantGRU` of
/// `lprnn_quant`).
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct TrainedFractions {
    /// Widths and formats, where the file has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub widths: Option<Numerics>,
    /// Fraction of the first layer's x.
    pub x: i32,
    /// Per layer, of a bidirectional one forward and backward, those of `weight_ih` and of `weight_hh`, one a
    /// gate in the order of [`CellKind::gates`].
    pub passes: Vec<[Vec<i32>; 2]>,
    /// Of GRUs, for each of these passes, the format of n's parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub v: Vec<QFormat>,
}

/// A float model and how it was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FloatModel {
    /// Linear layers before the recurrent ones; the last gives x of the first recurrent layer.
    pub front: Vec<FloatFront>,
    /// At least one layer.
    pub layers: Vec<FloatLayer>,
    /// Linear head.
    pub head: Option<FloatHead>,
    /// Further linear layers behind the head, with a `ReLU` before each.
    pub dense: Vec<FloatHead>,
    /// Fractions that the model was trained with.
    pub fractions: Option<TrainedFractions>,
    /// Float tensors that are kept as they are: the embedding.
    pub passengers: Passengers,
    /// Every tensor of the file, by name.
    pub explanation: Vec<Mapping>,
    /// Names of the tensors that were left out.
    pub left_out: Vec<String>,
    /// Assumptions, where the file says nothing.
    pub assumptions: Vec<String>,
}

impl FloatModel {
    /// Elements of x of the first layer, linear or recurrent.
    ///
    /// # Panics
    /// For a model without layers.
    #[must_use]
    pub fn input_size(&self) -> usize {
        let front = self.front.first();
        front.map_or(self.layers[0].input_size, |front| front.linear.input_size())
    }

    /// The first layer that takes steps backward, alone or in one half, for what takes forward ones alone.
    #[must_use]
    pub fn backward_layer(&self) -> Option<(usize, DirectionKind)> {
        let kinds = self.layers.iter().map(|layer| layer.direction.kind());
        kinds.enumerate().find(|(_, kind)| !kind.is_forward())
    }
}

/// The parts of a file that are wanted; also the options of every command that reads one.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct ImportOptions {
    /// LSTM to read, if the file has several: its name, or a prefix that only it has; unknown
    /// tensors are left out
    #[arg(long, value_name = "NAME")]
    pub prefix: Option<String>,
    /// Linear layer to read as the head, or `FIRST,SECOND` with a ReLU between; unknown tensors are
    /// left out
    // It is the text of the option too.
    #[allow(clippy::doc_markdown)]
    #[arg(long, value_name = "NAME", conflicts_with = "only_lstm")]
    pub head: Option<String>,
    /// Linear layers to read as those before the LSTM, `FIRST,SECOND`; `NAME:relu` where a ReLU stands
    /// behind one
    #[allow(clippy::doc_markdown)]
    #[arg(long, value_name = "NAME", conflicts_with = "only_lstm")]
    pub front: Option<String>,
    /// Read only the LSTM
    #[arg(long)]
    pub only_lstm: bool,
    /// Of a state dict whose last layer is bidirectional: its output is the last state of each direction, as in
    /// `torch.cat([h_n[-2], h_n[-1]], 1)`; without it `output[:, -1]` is assumed
    #[allow(clippy::doc_markdown)]
    #[arg(long)]
    pub last_states: bool,
}

impl ImportOptions {
    /// Refuses what says how a float file is read, where a quantised model is read, whose file says all of it.
    ///
    /// # Errors
    /// The first option that was given.
    pub fn refuse_for_quantized(&self) -> Result<(), Problem> {
        let given = [
            ("--prefix", self.prefix.is_some()),
            ("--head", self.head.is_some()),
            ("--front", self.front.is_some()),
            ("--only-lstm", self.only_lstm),
            ("--last-states", self.last_states),
        ];
        match given.iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                let problem = "says how a float model is read, and this is a quantised one";
                Err(Problem::flag(*option, problem).help("leave it out"))
            }
            None => Ok(()),
        }
    }

    /// `true` if what is not understood is left out: the caller has said what is wanted.
    pub(super) fn leaves_out(&self) -> bool {
        self.prefix.is_some() || self.head.is_some() || self.only_lstm
    }
}
