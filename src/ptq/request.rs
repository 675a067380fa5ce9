//! The formats that a calibration is asked for.

use crate::diagnostic::Problem;
use crate::fixed::{Codes, LevelRule};
use crate::import::FloatModel;
use crate::quantize::{Emit, HeadFormat, default_h};
use crate::spec::{Numerics, OutputKind};

/// Widths and formats that are asked for; a format that is left open is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FormatRequest {
    /// Bits of every weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Bits of the first layer's x.
    pub input_bits: u32,
    /// Levels of weights and x, and of h where it has none of its own.
    pub levels: LevelRule,
    /// Levels of h.
    pub act_levels: Option<LevelRule>,
    /// Bits of a multiplier for every row of the recurrent layers' weights; without, rows have none.
    pub row_scale_bits: Option<u32>,
    /// Fraction of the first layer's x.
    pub x_frac: Option<i32>,
    /// Fraction of h.
    pub h_frac: Option<i32>,
    /// Bits of z.
    pub z_bits: Option<u32>,
    /// Fraction of z.
    pub z_frac: Option<i32>,
    /// Fraction bits of the gate values.
    pub a_frac: Option<u32>,
    /// Bits of c.
    pub c_bits: Option<u32>,
    /// Fraction of c.
    pub c_frac: Option<i32>,
    /// Bits of the weights of linear layers before the recurrent ones, where the model has some.
    pub front_bits: u32,
    /// The linear head, where the model has one.
    pub head: HeadFormat,
    /// What a head of integers gives.
    pub gives: OutputKind,
    /// When.
    pub emit: Emit,
}

impl FormatRequest {
    /// The same width of weights, h and x; everything else is open.
    #[must_use]
    pub fn of(bits: u32, head: HeadFormat) -> Self {
        Self {
            weight_bits: bits,
            act_bits: bits,
            input_bits: bits,
            levels: LevelRule::default(),
            act_levels: None,
            row_scale_bits: None,
            x_frac: None,
            h_frac: None,
            z_bits: None,
            z_frac: None,
            a_frac: None,
            c_bits: None,
            c_frac: None,
            front_bits: Self::default_front(bits),
            head,
            gives: OutputKind::Sum,
            emit: Emit::Step,
        }
    }

    /// Codes of h, and of what dense layers give.
    #[must_use]
    pub fn acts(&self) -> Codes {
        self.act_levels.unwrap_or(self.levels).of(self.act_bits)
    }

    /// Codes of every weight.
    #[must_use]
    pub fn weights(&self) -> Codes {
        self.levels.of(self.weight_bits)
    }

    /// The formats that are still open as the training with the hardware's arithmetic had them that
    /// `float` comes from, if it does; its widths too unless `keep_widths`.
    pub fn as_trained(&mut self, float: &FloatModel, keep_widths: bool) {
        let Some(trained) = &float.fractions else {
            return;
        };
        let Numerics {
            z, gate_frac, c, ..
        } = trained.widths.unwrap_or_default();
        if let (Some(widths), false) = (&trained.widths, keep_widths) {
            self.weight_bits = widths.weight_bits;
            self.act_bits = widths.act_bits;
            self.input_bits = widths.input_bits;
            self.levels = widths.levels;
            self.act_levels = widths.act_levels;
        }
        self.x_frac = self.x_frac.or(Some(trained.x));
        let of_h = trained.widths.and_then(|widths| widths.h_frac);
        self.h_frac = self.h_frac.or(of_h).or(Some(default_h(self.acts()).frac));
        self.z_bits = self.z_bits.or(Some(z.bits));
        self.z_frac = self.z_frac.or(Some(z.frac));
        self.a_frac = self.a_frac.or(Some(gate_frac));
        self.c_bits = self.c_bits.or(Some(c.bits));
        self.c_frac = self.c_frac.or(Some(c.frac));
    }

    /// Bits of the weights of linear layers before the recurrent ones where nothing is said, beside those of these.
    #[must_use]
    pub fn default_front(weight_bits: u32) -> u32 {
        weight_bits.max(8)
    }

    /// The head where nothing is said. What is measured of a language model is what the bits of its
    /// LSTM cost: its embedding stays in floating point, and so does its decoder.
    #[must_use]
    pub fn default_head(float: &FloatModel, weight_bits: u32) -> HeadFormat {
        if float.passengers.is_empty() {
            HeadFormat::Integer(weight_bits.max(8))
        } else {
            HeadFormat::Float
        }
    }
}

/// Refuses a head in floating point that is asked for what only one of integers has: several linear layers, an
/// output that is no sum, or one at the end of a sequence.
///
/// # Errors
/// Such a request, with the option that mends it.
pub fn refuse_float_head(float: &FloatModel, wanted: &FormatRequest) -> Result<(), Problem> {
    if matches!(wanted.head, HeadFormat::Integer(_)) {
        return Ok(());
    }
    let integers = "give --head-bits 8, or another width: the head becomes integers, and the embedding where \
                    there is one";
    if !float.dense.is_empty() {
        let problem = format!(
            "the model has {} linear layers behind the recurrent ones; the file holds one in floating point",
            1 + float.dense.len()
        );
        return Err(Problem::named("head", problem).help(integers));
    }
    let option = match (wanted.gives, wanted.emit) {
        (OutputKind::Sum, Emit::Step) => return Ok(()),
        (OutputKind::Sum, Emit::Last) => "--emit",
        _ => "--head-kind",
    };
    let problem = if float.head.is_none() {
        "the model has no linear head"
    } else {
        "the head stays in floating point, outside of the core"
    };
    let help = if float.head.is_none() {
        "leave the option out, or save the head with the recurrent layers"
    } else {
        integers
    };
    Err(Problem::flag(option, problem).help(help))
}
