//! Everything that is wrong with a request, collected so that it can be mended in one go.

use crate::remedy::Remedy;

/// One thing that is wrong, where, and what mends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    /// `--units`, or `design.toml:4: implementation.units`.
    pub place: String,
    /// What is wrong.
    pub problem: String,
    /// What mends it.
    pub remedy: String,
}

impl Issue {
    /// An error that knows its remedy, and where it belongs.
    pub fn at(place: impl Into<String>, error: &impl Remedy) -> Self {
        Self::new(place, error.to_string(), error.help().unwrap_or_default())
    }

    /// An issue from its three parts.
    pub fn new(
        place: impl Into<String>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            place: place.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl std::fmt::Display for Issue {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}: {}; {}", self.place, self.problem, self.remedy)
    }
}

/// All issues of one request, in the order of the settings; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecErrors(pub Vec<Issue>);

impl std::fmt::Display for SpecErrors {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, issue) in self.0.iter().enumerate() {
            if index > 0 {
                out.write_str("\n")?;
            }
            write!(out, "{issue}")?;
        }
        Ok(())
    }
}

impl std::error::Error for SpecErrors {}
