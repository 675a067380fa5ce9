//! The passes of recurrent layers over a sequence: one, or one in each direction.

use super::model::{Direction, Layer, QuantizedModel};
use crate::spec::{DirectionKind, OutputOrder};
use std::fmt::{Display, Formatter};

/// Most steps of a sequence that a core with a backward layer may hold.
pub const LONGEST_SEQUENCE: usize = 65_536;

/// One pass over the steps of a sequence: a layer of one direction, or one half of a bidirectional layer.
#[derive(Clone, Copy, Debug)]
pub struct Pass<'a> {
    /// Weights and formats of this pass.
    pub layer: &'a Layer,
    /// Where it belongs.
    pub place: PassPlace,
}

/// Which pass of which recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassPlace {
    /// Number of the recurrent layer, from 0.
    pub layer: usize,
    /// It takes the steps from the last to the first.
    pub backward: bool,
    /// It is half of a bidirectional layer.
    pub half: bool,
    /// The order in which the layer's pass backward gives its outputs; of one without, that of time.
    pub order: OutputOrder,
}

/// `layer 1`; `layer 1 backward`; `layer 1 forward` where there is a backward one beside it.
impl Display for PassPlace {
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "layer {}", numbered(self.layer, self.word()))
    }
}

/// A layer's number, and the direction of a pass where that does not go without saying ([`PassPlace::word`]): `1`,
/// `0 backward`.
#[must_use]
pub fn numbered(layer: usize, direction: Option<&str>) -> String {
    match direction {
        Some(word) => format!("{layer} {word}"),
        None => layer.to_string(),
    }
}

impl PassPlace {
    /// The passes of a layer of a direction, the forward half first.
    pub fn all(
        direction: DirectionKind,
        order: OutputOrder,
        layer: usize,
    ) -> impl Iterator<Item = Self> {
        let half = direction == DirectionKind::Bidirectional;
        let ways = match direction {
            DirectionKind::Forward => &[false][..],
            DirectionKind::Backward => &[true],
            DirectionKind::Bidirectional => &[false, true],
        };
        ways.iter().map(move |&backward| Self {
            layer,
            backward,
            half,
            order,
        })
    }

    /// It takes the steps backward, and its outputs are turned back into the order of time.
    #[must_use]
    pub const fn turns_back(&self) -> bool {
        self.backward && self.order.is_time()
    }

    /// The direction of the layer that it is of.
    #[must_use]
    pub const fn kind(&self) -> DirectionKind {
        match (self.half, self.backward) {
            (true, _) => DirectionKind::Bidirectional,
            (false, true) => DirectionKind::Backward,
            (false, false) => DirectionKind::Forward,
        }
    }

    /// It is the part of a bidirectional layer whose output comes first.
    #[must_use]
    pub const fn is_forward_half(&self) -> bool {
        self.half && !self.backward
    }

    /// It is the part of a bidirectional layer whose output comes second.
    #[must_use]
    pub const fn is_backward_half(&self) -> bool {
        self.half && self.backward
    }

    /// The direction, where it does not go without saying.
    #[must_use]
    pub const fn word(&self) -> Option<&'static str> {
        match (self.backward, self.half) {
            (true, _) => Some("backward"),
            (false, true) => Some("forward"),
            (false, false) => None,
        }
    }
}

impl Layer {
    /// The half of a bidirectional layer that takes the steps backward.
    #[must_use]
    pub fn other_half(&self) -> Option<&Self> {
        self.direction.other_half()
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
}

impl QuantizedModel {
    /// The passes of all recurrent layers; of a bidirectional one the forward half before the backward one.
    pub fn passes(&self) -> impl Iterator<Item = Pass<'_>> {
        let layers = self.layers.iter().enumerate();
        layers.flat_map(|(number, layer)| {
            let half = layer.other_half().is_some();
            let place = |backward| PassPlace {
                layer: number,
                backward,
                half,
                order: layer.output_order(),
            };
            let own = Pass {
                layer,
                place: place(matches!(layer.direction, Direction::Backward(_))),
            };
            let other = layer.other_half().map(|layer| Pass {
                layer,
                place: place(true),
            });
            std::iter::once(own).chain(other)
        })
    }

    /// Some layer takes steps backward, so that the first output needs the whole sequence.
    #[must_use]
    pub fn needs_whole_sequences(&self) -> bool {
        self.passes().any(|pass| pass.place.backward)
    }
}
