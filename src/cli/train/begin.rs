//! Where a training is written to, and when it ends.

use super::args::TrainArgs;
use crate::flow::{Begin, Training};
use std::path::PathBuf;

/// Where it is written to, and when it ends.
pub(super) fn training<'a>(
    args: &'a TrainArgs,
    read: impl Iterator<Item = &'a PathBuf>,
) -> Training<'a> {
    Training {
        folder: &args.output,
        begin: match (args.resume, args.force) {
            (true, _) => Begin::Resume,
            (false, true) => Begin::Again,
            (false, false) => Begin::New,
        },
        read: read.cloned().collect(),
        epochs: args.epochs,
        patience: args.patience,
        threads: args.threads,
        checkpoint_windows: args.checkpoint_windows.map(|count| count as usize),
        plot: args.plot,
    }
}
