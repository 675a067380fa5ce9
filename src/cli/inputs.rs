//! Options of every command that takes arrays of input vectors.

use crate::flow::{ArrayLayout, Layout};
use std::path::PathBuf;

/// How an array of inputs is laid out.
#[derive(clap::Args, Clone, Debug)]
pub struct LayoutArgs {
    /// Order of the sizes of an array of several sequences
    #[arg(long, value_enum, default_value = "batch-first")]
    layout: Layout,
    /// Steps of each sequence, .npy of integers, [batch]; what stands behind them is padding
    #[arg(long, value_name = "FILE")]
    lengths: Option<PathBuf>,
}

impl LayoutArgs {
    /// The layout that these options describe.
    pub fn get(&self) -> ArrayLayout<'_> {
        ArrayLayout {
            order: self.layout,
            lengths: self.lengths.as_deref(),
        }
    }
}
