//! `lprnn-hw score`: what the answers of a model are worth.

use super::Ended;
use super::inputs::LayoutArgs;
use super::output::{Console, Results, grouped, table};
use super::reference::human_saturations;
use crate::diagnostic::Problems;
use crate::flow::{ScoreReport, ScoreRequest};
use crate::import::ImportOptions;
use crate::quantize::Emit;
use crate::score::Metric;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `score`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw score --model digits_w4.safetensors --data x.npy --targets y.npy --metric accuracy
  lprnn-hw score --model digits.pt --data test.npz --targets test.npz --metric f1
  lprnn-hw score --model load_w4.safetensors --data set.npz:x_test --targets set.npz:y_test --metric rmse

The model is a float model, in any format that `import` reads, or a quantised model file. A quantised
model is computed in the hardware's integers, word for word what the core computes, dense layers
included. Data are real inputs, .npy or .npz, [steps, elements] or [batch, steps, elements]; every
sequence starts from zero state. Of a model with an embedding they are indices of tokens.

Targets are classes from 0 for accuracy and f1, real numbers for mae and rmse: one a sequence, [batch]
or [batch, outputs], which the answer at its last step is compared with, or one a step, [batch, steps]
or [batch, steps, outputs]. f1 is the mean over all classes. Of an .npz the arrays x, y and lengths are
read, its only one, or the one that FILE.npz:NAME names.

Exit status: 0 counted, 2 could not: what is wrong is named with its place.")]
pub struct ScoreArgs {
    /// Float model or quantised model file
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Inputs, .npy or .npz
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// Right answers, .npy or .npz
    #[arg(long, value_name = "FILE")]
    targets: PathBuf,
    /// How answers are counted
    #[arg(long, value_enum)]
    metric: Metric,
    #[command(flatten)]
    layout: LayoutArgs,
    #[command(flatten)]
    import: ImportOptions,
}

/// A value with as many digits as help.
fn metric_text(metric: Metric, value: f64) -> String {
    if metric.of_classes() {
        format!("{value:.4}")
    } else {
        format!("{value:.6}")
    }
}

impl Results for ScoreReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let value = metric_text(self.metric, self.value);
        table(out, &[vec![self.metric.name().into(), value]])?;
        let when = match self.when {
            Emit::Step => "one a step",
            Emit::Last => "one a sequence, at its last step",
        };
        writeln!(
            out,
            "{} sequences, {} answers, {when}",
            grouped(self.sequences as u64),
            grouped(self.answers as u64)
        )?;
        writeln!(out, "recurrent layers: {}; head: {}", self.model, self.head)?;
        if let Some(x) = &self.x {
            writeln!(out, "x saturated in {:.4} %", 100.0 * x.share)?;
        }
        if self.saturation.is_empty() {
            return Ok(());
        }
        human_saturations(out, &self.saturation)
    }
}

/// Runs a model on data and prints what its answers are worth.
pub fn run(args: &ScoreArgs, console: Console) -> Result<Ended, Problems> {
    let request = ScoreRequest {
        model: &args.model,
        import: &args.import,
        data: &args.data,
        layout: args.layout.get(),
        targets: &args.targets,
        metric: args.metric,
    };
    console.print(&request.run(&console)?)?;
    Ok(Ended::Well)
}
