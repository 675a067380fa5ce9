//! In which order of time the steps of a Keras model's values come.
//!
//! A layer with `go_backwards=True` takes the steps that it gets from the last one, and gives its outputs in that order.
//! So two of them, one behind the other, are a backward and a forward layer. Where the order of time is not come back to,
//! the last layer that is backward gives its outputs in the order of processing.

use super::config::KerasLayer;
use crate::diagnostic::Problem;

/// What has turned steps round.
enum TurnedBy {
    /// This layer: the network that it is of, and its number there.
    Layer(String, usize),
    /// A layer that does nothing else.
    Flip(String),
}

/// The order of the values at one place of a model whose layers stand in line.
#[derive(Default)]
pub struct StepOrder {
    /// What has turned them round, where they come from the last step to the first.
    turned_by: Option<TurnedBy>,
    /// Only the output of the step that was taken last is left.
    last_alone: bool,
}

impl StepOrder {
    /// Goes through a layer of one direction, number `index` of the network `title`: `true` if it takes the steps of the
    /// input from the last one.
    pub fn pass(&mut self, layer: &KerasLayer, (title, index): (&str, usize)) -> bool {
        let backward = self.turned_by.is_some() != layer.goes_backwards();
        self.turned_by = backward.then(|| TurnedBy::Layer(title.to_owned(), index));
        self.last_alone = !layer.gives_every_step();
        backward
    }

    /// Goes through a layer of both directions, before which the order has been settled; it gives last states, or all.
    pub fn pass_both(&mut self, last_states: bool) {
        *self = Self {
            turned_by: None,
            last_alone: last_states,
        };
    }

    /// Goes through a layer that may turn all steps round: `true` if it does.
    pub fn flip(&mut self, layer: &KerasLayer) -> bool {
        let turns = layer.turns_steps() && !self.last_alone;
        if turns {
            self.turned_by = match self.turned_by {
                Some(_) => None,
                None => Some(TurnedBy::Flip(layer.name.clone())),
            };
        }
        turns
    }

    /// The layer of the network `title` that leaves its outputs in the order of processing, where they come from the last
    /// step to the first.
    ///
    /// # Errors
    /// What else has turned them round, and why nothing in a core does.
    pub fn settled(&self, title: &str) -> Result<Option<usize>, Box<(&str, Problem)>> {
        let (name, problem) = match &self.turned_by {
            None => return Ok(None),
            Some(TurnedBy::Layer(of, index)) if of == title => return Ok(Some(*index)),
            Some(TurnedBy::Layer(of, _)) => (
                of,
                "gives its outputs from the last step to the first (go_backwards), to \
                                                  another network",
            ),
            Some(TurnedBy::Flip(name)) => (
                name,
                "turns steps round that come in the order of time, the core takes and \
                                                  gives them in it",
            ),
        };
        let help = "leave it out, or train with go_backwards=True in the recurrent layer";
        Err(Box::new((name, Problem::new(problem).help(help))))
    }
}
