//! The order of the steps in a layer, and the layer beside it that takes them the other way.

use super::config::DirectionKind;

/// The order in which a recurrent layer takes the steps of a sequence; `L` is the layer, of integers or of real
/// numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LayerDirection<L> {
    /// As they come.
    #[default]
    Forward,
    /// From the last step of the sequence to the first.
    Backward,
    /// The layer takes them forward, and another one, of the same kind and sizes, backward: the output of step t is
    /// `[forward h(t) | backward h(t)]`.
    Bidirectional(Box<L>),
}

impl<L> LayerDirection<L> {
    /// It without the other layer.
    #[must_use]
    pub const fn kind(&self) -> DirectionKind {
        match self {
            Self::Forward => DirectionKind::Forward,
            Self::Backward => DirectionKind::Backward,
            Self::Bidirectional(_) => DirectionKind::Bidirectional,
        }
    }

    /// The layer that takes the steps backward beside one that takes them forward.
    #[must_use]
    pub fn other_half(&self) -> Option<&L> {
        match self {
            Self::Bidirectional(other) => Some(other),
            Self::Forward | Self::Backward => None,
        }
    }
}
