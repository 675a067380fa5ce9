//! Arguments of `train`.

use super::super::training::TrainingArgs;
use crate::lm::Level;
use std::path::PathBuf;

/// Arguments of `train`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw train --text train.txt --valid valid.txt --float --hidden 300 -o lm300
  lprnn-hw train --text train.txt --valid valid.txt --bits 4 --hidden 400 -o lm400_w4
  lprnn-hw train --text train.txt --valid valid.txt --level char --bits 2 --hidden 256 \\
      --init lm256/lm.safetensors --rule adam --rate 0.002 -o chars256_w2
  lprnn-hw train ... -o lm400_w4 --resume --epochs 20

Trains embedding, LSTM and decoder on a text in PTB form (one sentence a line). The forward pass is
the hardware's arithmetic, the same formats, tables and rounding as `run`, `gen` and `cosim`; --float
trains in real numbers. Low widths gain from starting at a model trained in real numbers (--init).
Two bits are the weights -1, 0 and 1, with --levels odd -3, -1, 1 and 3; one bit is -1 and 1.

Writes into the folder, always whole: lm.safetensors (real numbers, as PyTorch names them),
lm_quantized.safetensors (for `gen`, with embedding and decoder), lm.vocab.json, log.jsonl (a line
an epoch), checkpoint.safetensors. Models are those of the epoch with the best validation. Ctrl-C
ends with a checkpoint; --resume goes on from it, to the same bytes as if it had never stopped.

Exit status: 0 trained, 2 could not or diverged: the last good checkpoint stays, 130 interrupted.")]
pub struct TrainArgs {
    /// Text to train on
    #[arg(long, value_name = "FILE")]
    pub(super) text: PathBuf,
    /// Text to validate on after every epoch
    #[arg(long, value_name = "FILE")]
    pub(super) valid: PathBuf,
    /// Text to evaluate the best model on at the end
    #[arg(long, value_name = "FILE")]
    pub(super) test: Option<PathBuf>,
    /// Split the text into words or characters
    #[arg(long, value_enum, default_value = "word")]
    pub(super) level: Level,
    /// Tokens in index order, JSON; without it those of the text
    #[arg(long, value_name = "FILE")]
    pub(super) vocab: Option<PathBuf>,
    /// Folder for everything that is written
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: PathBuf,
    /// Resume from the checkpoint in the folder
    #[arg(long, conflicts_with = "force")]
    pub(super) resume: bool,
    /// Start again, replacing the training in the folder
    #[arg(long)]
    pub(super) force: bool,
    /// Float model to start from, of the same sizes
    #[arg(long, value_name = "FILE")]
    pub(super) init: Option<PathBuf>,
    /// Maximum number of epochs
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) epochs: u64,
    /// Stop after this many epochs without a better validation loss
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(super) patience: u64,
    /// Streams of validation and test, as in `eval`
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) streams: u32,
    /// Threads; the result does not depend on them [default: all]
    #[arg(long, value_name = "N")]
    pub(super) threads: Option<usize>,
    /// Also write a checkpoint every N windows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) checkpoint_windows: Option<u32>,
    /// Draw losses by epoch as plot.svg
    #[arg(long)]
    pub(super) plot: bool,
    #[command(flatten)]
    pub(super) training: TrainingArgs,
}
