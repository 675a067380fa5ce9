//! The state of a float layer.

use crate::import::FloatLayer;

/// h and c of a layer in every stream, of which a GRU leaves c as it is,, `[streams, units]` each; zero at the start.
#[derive(Clone, Debug, PartialEq)]
pub struct FloatState {
    /// Hidden state.
    pub h: Vec<f32>,
    /// Cell state.
    pub c: Vec<f32>,
}

impl FloatState {
    /// The state before the first step.
    #[must_use]
    pub fn new(layer: &FloatLayer, streams: usize) -> Self {
        let zeros = vec![0.0; streams * layer.hidden_size];
        Self {
            h: zeros.clone(),
            c: zeros,
        }
    }
}
