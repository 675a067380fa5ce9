//! Why a design could not be synthesised.

use crate::diagnostic::Problem;
use crate::tools::{FindError, RunError};

/// A synthesis gave no figures.
#[derive(Debug, thiserror::Error)]
pub enum SynthError {
    /// A tool is missing or unfit.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A tool failed on the design, or was interrupted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A tool refused the design and said why.
    #[error("{design}: {tool}: {message}")]
    Refused {
        /// Top module.
        design: String,
        /// Which tool.
        tool: &'static str,
        /// Its error, one line.
        message: String,
    },
    /// A report of a tool is not what it should be.
    #[error("{report}: {problem}")]
    Report {
        /// Which report of which tool.
        report: String,
        /// The part that is missing.
        problem: String,
    },
    /// Something that a tool only warns of, but that would be wrong hardware.
    #[error("{design}: {} of {tool} that must not be: {}", count(warnings), warnings.join("\n    "))]
    Warnings {
        /// Top module.
        design: String,
        /// Who warned.
        tool: String,
        /// Its lines, each once.
        warnings: Vec<String>,
    },
    /// Cells that the family does not have are left in the netlist.
    #[error("{design}: not mapped to {family}: {cells}")]
    Unmapped {
        /// Top module.
        design: String,
        /// The family.
        family: &'static str,
        /// Cell types and counts.
        cells: String,
    },
    /// A file that cannot be read or written, a bundle that cannot be understood, no such device, or a family
    /// without cells or without an open place and route.
    #[error(transparent)]
    Problem(#[from] Problem),
}

impl SynthError {
    /// Of a tool that failed: its own error where it printed one, instead of its last lines.
    pub(super) fn of_run(design: &str, error: RunError) -> Self {
        if let RunError::Failed { tool, tail, .. } = &error
            && let Some((_, message)) = tail.lines().find_map(|line| line.split_once("ERROR:"))
        {
            return Self::Refused {
                design: design.to_string(),
                tool,
                message: message.trim().to_string(),
            };
        }
        error.into()
    }
}

fn count(warnings: &[String]) -> String {
    match warnings.len() {
        1 => "a warning".to_string(),
        number => format!("{number} warnings"),
    }
}

impl From<SynthError> for Problem {
    fn from(error: SynthError) -> Self {
        let problem = Self::new(error.to_string());
        match error {
            SynthError::Find(error) => error.into(),
            SynthError::Run(error) => error.into(),
            SynthError::Report { .. } => {
                problem.help("is it a working one? `lprnn-hw doctor` says which was taken")
            }
            SynthError::Problem(problem) => problem,
            _ => problem,
        }
    }
}
