//! Why a float model cannot be read.

use crate::files::Refused;
use crate::remedy::{Fault, Remedy};
use std::path::PathBuf;

/// Why a float model cannot be read. A message says what is wrong; lines after its first are a list.
/// What helps is no part of it: [`Remedy::help`].
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A file of no kind that is read here, or a damaged one.
    #[error("{0}")]
    Container(Fault),
    /// A tensor that this program does not take.
    #[error("{tensor}: {fault}")]
    Tensor {
        /// Its name in the file.
        tensor: String,
        /// What is wrong, and what helps.
        fault: Fault,
    },
    /// A layer or network whose mathematics is not that of the contract.
    #[error("{network}: {fault}")]
    Network {
        /// Its name in the file.
        network: String,
        /// What it is, and what helps.
        fault: Fault,
    },
    /// No LSTM in the file.
    #[error("no LSTM found: {0}")]
    NoLstm(Fault),
    /// More than one recurrent network.
    #[error("several recurrent networks\n{}", list(.0))]
    Several(Vec<String>),
    /// Several linear layers, each of which could be the head.
    #[error("several linear layers may be the head\n{}", list(.0))]
    Heads(Vec<String>),
    /// Tensors that are neither LSTM, nor head, nor embedding.
    #[error(
        "{} no part of an LSTM, head or embedding\n{}",
        count(tensors.len()),
        list(tensors)
    )]
    Unknown {
        /// Name and shape of each.
        tensors: Vec<String>,
        /// The options that leave them out.
        options: String,
    },
}

impl Remedy for ImportError {
    fn help(&self) -> Option<String> {
        match self {
            Self::Io { source, .. } => {
                let refused = Refused::of(source).map(Refused::help);
                Some(refused.unwrap_or("check the path").into())
            }
            Self::Container(fault)
            | Self::Tensor { fault, .. }
            | Self::Network { fault, .. }
            | Self::NoLstm(fault) => fault.help(),
            Self::Several(_) => Some("choose one with --prefix NAME".into()),
            Self::Heads(_) => Some(
                "choose with --head NAME (a chain with ReLU between: --head FIRST,SECOND), or leave \
                 them out with --only-lstm"
                    .into(),
            ),
            Self::Unknown { options, .. } => Some(format!(
                "if the core's inputs and outputs are those of the LSTM, leave them out with {options}"
            )),
        }
    }
}

fn count(tensors: usize) -> String {
    if tensors == 1 {
        "1 tensor is".into()
    } else {
        format!("{tensors} tensors are")
    }
}

/// Lines of a message, at most fifty.
fn list(lines: &[String]) -> String {
    const MOST: usize = 50;
    let mut shown: Vec<String> = lines
        .iter()
        .take(MOST)
        .map(|line| format!("    {line}"))
        .collect();
    if lines.len() > MOST {
        shown.push(format!("    and {} more", lines.len() - MOST));
    }
    shown.join("\n")
}

/// An error about one tensor.
pub(super) fn refuse<T>(
    tensor: &str,
    problem: impl Into<String>,
    help: impl Into<String>,
) -> Result<T, ImportError> {
    refuse_tensor(tensor, Fault::new(problem, help))
}

/// The same, of a fault that was found elsewhere.
pub(super) fn refuse_tensor<T>(tensor: &str, fault: Fault) -> Result<T, ImportError> {
    Err(ImportError::Tensor {
        tensor: tensor.into(),
        fault,
    })
}

/// An error about a layer or a network.
pub(super) fn refuse_network<T>(network: &str, fault: Fault) -> Result<T, ImportError> {
    Err(ImportError::Network {
        network: network.into(),
        fault,
    })
}
