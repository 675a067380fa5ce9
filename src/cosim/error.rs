//! Why a cosimulation could not be run at all.

use super::dut::DutError;
use crate::diagnostic::Problem;
use crate::tools::{FindError, RunError};

/// A cosimulation could not be run; nothing is said about the core's words.
#[derive(Debug, thiserror::Error)]
pub enum CosimError {
    /// A tool is missing or unfit.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A tool failed on the core, or was interrupted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The simulated core stopped.
    #[error(transparent)]
    Dut(#[from] DutError),
    /// The core is not what its signature says.
    #[error("{message}")]
    Interface {
        /// The difference, with the field or port.
        message: String,
    },
    /// The core no longer moves though it owes outputs.
    #[error(
        "the core hangs: no transfer for {quiet} cycles up to cycle {cycle}; it has taken \
         {accepted} of {offered} input beats and given {received} of {expected} output beats \
         (step {step})"
    )]
    Hang {
        /// Cycles without a transfer.
        quiet: u64,
        /// Cycle since reset.
        cycle: u64,
        /// Input beats accepted.
        accepted: usize,
        /// Input beats on offer.
        offered: usize,
        /// Output beats received.
        received: usize,
        /// Output beats expected.
        expected: usize,
        /// Step of the first output beat that is missing.
        step: usize,
    },
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
    /// A file or folder that cannot be used, nothing to compare, no memory, or pauses that did not fill the
    /// output queue as they were to.
    #[error(transparent)]
    Problem(#[from] Problem),
}

/// Nothing to compare, or lengths that do not fit together.
pub(super) fn stimulus(message: impl std::fmt::Display) -> CosimError {
    Problem::new(format!("cosimulation: {message}")).into()
}

impl From<CosimError> for Problem {
    fn from(error: CosimError) -> Self {
        let problem = Self::new(error.to_string());
        match error {
            CosimError::Find(error) => error.into(),
            CosimError::Run(error) => error.into(),
            CosimError::Problem(problem) => problem,
            CosimError::Dut(DutError::Stopped { .. }) => problem
                .help("generate the core again, if one of its files is missing or was changed"),
            _ => problem,
        }
    }
}
