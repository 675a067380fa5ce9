//! Errors that know what helps, apart from what is wrong.

/// An error whose remedy is a value of its own, never a part of its message.
pub trait Remedy: std::error::Error {
    /// What the reader should do, in the imperative; `None` where nothing general helps.
    fn help(&self) -> Option<String>;
}

/// What is wrong, and what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct Fault {
    problem: String,
    help: String,
}

impl Fault {
    /// The problem without its place, and the remedy.
    #[must_use]
    pub fn new(problem: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            help: help.into(),
        }
    }
}

impl Remedy for Fault {
    fn help(&self) -> Option<String> {
        Some(self.help.clone())
    }
}
