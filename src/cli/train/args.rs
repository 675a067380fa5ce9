//! Arguments of `train`.

use super::super::inputs::LayoutArgs;
use super::super::training::TrainingArgs;
use super::data::{Learnt, TaskArgs};
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
  lprnn-hw train --task classify --data x.npy --targets y.npy --float --hidden 32 -o digits
  lprnn-hw train --task classify --data x.npy --targets y.npy --bits 4 --hidden 32 \\
      --init digits/model.safetensors -o digits_w4
  lprnn-hw train --task classify --data x.npy --targets y.npy --bits 4 \\
      --direction bidirectional -o digits_both
  lprnn-hw train --task forecast --data series.npy --horizon 24 --cell gru --bits 8 -o load

Trains embedding, recurrent layers and decoder on a text in PTB form (one sentence a line), or with
--task recurrent layers and a linear layer on sequences whose right answers are known. The forward pass
is the hardware's arithmetic, the same formats, tables and rounding as `run`, `gen` and `cosim`; --float
trains in real numbers. Low widths gain from starting at a model trained in real numbers (--init).
Two bits are the weights -1, 0 and 1, with --levels odd -3, -1, 1 and 3; one bit is -1 and 1.

Data of a task are real inputs, .npy or .npz, [steps, elements] or [batch, steps, elements]; their
offset and scale are learnt from them and kept in the model. Targets are classes from 0 to classify,
numbers to regress: one a sequence, [batch] or [batch, outputs], answered at its last step, or one a
step, [batch, steps] or [batch, steps, outputs]. A forecast without targets is one of the data itself.

Writes into the folder, always whole, of a text: lm.safetensors (real numbers, as PyTorch names them),
lm_quantized.safetensors (for `gen`, with embedding and decoder), lm.vocab.json; of a task:
model.safetensors, model_quantized.safetensors (for `gen`, with its linear layer); and log.jsonl (a line
an epoch), checkpoint.safetensors. Models are those of the epoch with the best validation. Ctrl-C
ends with a checkpoint; --resume goes on from it, to the same bytes as if it had never stopped.

Exit status: 0 trained, 2 could not or diverged: the last good checkpoint stays, 130 interrupted.")]
pub struct TrainArgs {
    /// What is learnt
    #[arg(long, value_enum, default_value = "language")]
    pub(super) task: Learnt,
    /// Text to train on
    #[arg(long, value_name = "FILE")]
    pub(super) text: Option<PathBuf>,
    /// Text to validate on after every epoch
    #[arg(long, value_name = "FILE")]
    pub(super) valid: Option<PathBuf>,
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
    /// Streams of validation and test of a text, as in `eval`
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) streams: u32,
    /// Take the softmax of a text over about N tokens in training: those of the window, and of the others a
    /// random part, weighted [default: all tokens]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) softmax_samples: Option<u32>,
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
    pub(super) data: TaskArgs,
    #[command(flatten)]
    pub(super) layout: LayoutArgs,
    #[command(flatten)]
    pub(super) training: TrainingArgs,
}
