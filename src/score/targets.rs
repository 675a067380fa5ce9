//! What a model is to answer.

use super::answers::Answers;
use crate::quantize::Emit;

/// The right answers to some sequences, sequence after sequence.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// One for every step, or one for the last of each sequence.
    pub when: Emit,
    /// The answers, in order.
    pub wanted: Answers,
}
