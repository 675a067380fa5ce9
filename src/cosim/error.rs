//! Why a cosimulation could not be run at all.

use super::cache::CacheError;
use super::dut::DutError;
use crate::tools::{FindError, RunError};
use std::path::PathBuf;

/// A cosimulation could not be run; nothing is said about the core's words.
#[derive(Debug, thiserror::Error)]
pub enum CosimError {
    /// A tool is missing or unfit.
    #[error(transparent)]
    Find(#[from] FindError),
    /// A tool failed on the core, or was interrupted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The folder of compiled models cannot be used.
    #[error(transparent)]
    Cache(#[from] CacheError),
    /// The simulated core stopped.
    #[error(transparent)]
    Dut(#[from] DutError),
    /// There is no folder for compiled models.
    #[error("no folder for compiled models is known")]
    NoCache,
    /// The core is not what its signature says.
    #[error("{message}")]
    Interface {
        /// The difference, with the field or port.
        message: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// A compiled model cannot be loaded.
    #[error("cannot load the compiled model of {}: {source}", path.display())]
    Load {
        /// The library or the core's folder.
        path: PathBuf,
        /// Why not.
        source: libloading::Error,
    },
    /// The host has no memory left for a model.
    #[error("no memory left for the simulated core")]
    OutOfMemory,
    /// Nothing to compare, or lengths that do not fit together.
    #[error("cosimulation: {message}")]
    Stimulus {
        /// The mismatch.
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
    /// Pauses that were to fill the output queue did not.
    #[error(
        "the pauses never filled the core's output queue in {cycles} cycles, so that nothing was said \
         about them; give another --stimulus-seed"
    )]
    NoPressure {
        /// Cycles simulated.
        cycles: u64,
    },
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl From<CosimError> for crate::diagnostic::Problem {
    fn from(error: CosimError) -> Self {
        let problem = Self::new(error.to_string());
        match error {
            CosimError::Find(error) => error.into(),
            CosimError::Run(error) => error.into(),
            CosimError::Cache(error) => error.into(),
            CosimError::NoCache => problem.help("set LPRNN_CACHE or HOME"),
            CosimError::Dut(DutError::Stopped { .. }) => problem
                .help("generate the core again, if one of its files is missing or was changed"),
            _ => problem,
        }
    }
}
