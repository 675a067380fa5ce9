//! The order of the steps in a layer, and the layer beside it that takes them the other way.

use super::config::{DirectionKind, OutputOrder};

/// The order in which a recurrent layer takes the steps of a sequence; `L` is the layer, of integers or of real
/// numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LayerDirection<L> {
    /// As they come.
    #[default]
    Forward,
    /// From the last step of the sequence to the first; the outputs in one order or the other.
    Backward(OutputOrder),
    /// The layer takes them forward, and another one, of the same kind and sizes, backward: the output of step t is
    /// `[forward h(t) | backward h(t)]`, or what the other one gives as its output t in the order of processing.
    Bidirectional(Box<L>),
}

impl<L> LayerDirection<L> {
    /// It without the other layer.
    #[must_use]
    pub const fn kind(&self) -> DirectionKind {
        match self {
            Self::Forward => DirectionKind::Forward,
            Self::Backward(_) => DirectionKind::Backward,
            Self::Bidirectional(_) => DirectionKind::Bidirectional,
        }
    }

    /// The order of the outputs of what takes the steps backward; `direction` is that of the layer beside it.
    #[must_use]
    pub fn output_order(&self, direction: fn(&L) -> &Self) -> OutputOrder {
        match self {
            Self::Forward => OutputOrder::Time,
            Self::Backward(order) => *order,
            Self::Bidirectional(other) => direction(other).output_order(direction),
        }
    }

    /// The layer that takes the steps backward beside one that takes them forward.
    #[must_use]
    pub fn other_half(&self) -> Option<&L> {
        match self {
            Self::Bidirectional(other) => Some(other),
            Self::Forward | Self::Backward(_) => None,
        }
    }
}
