//! In which order of time the steps of a Keras model's values come.
//!
//! A layer with `go_backwards=True` takes the steps that it gets from the last one, and gives its outputs in that order.
//! So two of them, one behind the other, are a backward and a forward layer; a core gives outputs in the order of time.

use super::config::KerasLayer;
use crate::diagnostic::Problem;

/// The order of the values at one place of a model whose layers stand in line.
#[derive(Default)]
pub struct StepOrder {
    /// What has turned them round, where they come from the last step to the first.
    turned_by: Option<String>,
    /// Only the output of the step that was taken last is left.
    last_alone: bool,
}

impl StepOrder {
    /// Goes through a layer of one direction: `true` if it takes the steps of the input from the last one.
    pub fn pass(&mut self, layer: &KerasLayer) -> bool {
        let backward = self.turned_by.is_some() != layer.goes_backwards();
        self.turned_by = backward.then(|| layer.name.clone());
        self.last_alone = !layer.gives_every_step();
        backward
    }

    /// Goes through a layer that may turn all steps round: `true` if it does.
    pub fn flip(&mut self, layer: &KerasLayer) -> bool {
        let turns = layer.turns_steps() && !self.last_alone;
        if turns {
            self.turned_by = match self.turned_by {
                Some(_) => None,
                None => Some(layer.name.clone()),
            };
        }
        turns
    }

    /// The layer after which values come from the last step to the first, and why nothing that needs them in the order of
    /// time, such as a core, can be behind it.
    pub fn objection(&self) -> Option<(&str, Problem)> {
        let name = self.turned_by.as_deref()?;
        let (problem, help) = if self.last_alone {
            (
                "reads its input from the end and gives its last state, which is that of the first step; the core gives \
                 outputs of one step",
                "train it with go_backwards=False, or with return_sequences=True and keras.ops.flip(h, axis=1) behind it",
            )
        } else {
            (
                "gives its outputs from the last step to the first (go_backwards), the core gives them in the order of time",
                "put keras.ops.flip(h, axis=1) behind it, or train with go_backwards=False",
            )
        };
        Some((name, Problem::new(problem).help(help)))
    }
}
