//! Why a float model cannot be read.

use std::path::PathBuf;

/// Why a float model cannot be read. Of every message, what follows the last `; ` of its first line
/// is the remedy; further lines are a list.
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
    Container(String),
    /// A tensor that this program does not take.
    #[error("{tensor}: {problem}")]
    Tensor {
        /// Its name in the file.
        tensor: String,
        /// What is wrong and what helps.
        problem: String,
    },
    /// A layer or network whose mathematics is not that of the contract.
    #[error("{network}: {problem}")]
    Network {
        /// Its name in the file.
        network: String,
        /// What it is and what helps.
        problem: String,
    },
    /// No LSTM in the file.
    #[error("no LSTM found: {0}")]
    NoLstm(String),
    /// More than one recurrent network.
    #[error("several recurrent networks; choose one with --prefix NAME\n{}", list(.0))]
    Several(Vec<String>),
    /// Several linear layers, each of which could be the head.
    #[error(
        "several linear layers may be the head; choose with --head NAME (a chain with ReLU between: \
         --head FIRST,SECOND), or leave them out with --only-lstm\n{}",
        list(.0)
    )]
    Heads(Vec<String>),
    /// Tensors that are neither LSTM, nor head, nor embedding.
    #[error(
        "{} no part of an LSTM, head or embedding; if the core's inputs and outputs are those of the \
         LSTM, leave them out with {remedy}\n{}",
        count(tensors.len()),
        list(tensors)
    )]
    Unknown {
        /// Name and shape of each.
        tensors: Vec<String>,
        /// The options that leave them out.
        remedy: String,
    },
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
pub(super) fn refuse<T>(tensor: &str, problem: impl Into<String>) -> Result<T, ImportError> {
    Err(ImportError::Tensor {
        tensor: tensor.into(),
        problem: problem.into(),
    })
}

/// An error about a layer or a network.
pub(super) fn refuse_network<T>(
    network: &str,
    problem: impl Into<String>,
) -> Result<T, ImportError> {
    Err(ImportError::Network {
        network: network.into(),
        problem: problem.into(),
    })
}
