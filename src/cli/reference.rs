//! `lprnn-hw run`: the reference model alone.

use super::Ended;
use super::inputs::LayoutArgs;
use super::output::{Console, Results, grouped, table};
use crate::diagnostic::Problems;
use crate::flow::{LayerSaturation, Rate, RunRequest, StepsReport};
use crate::quantize::{LONGEST_SEQUENCE, numbered};
use crate::spec::OutputKind;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `run`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw run --model lstm.safetensors --input x.npy -o h.npy
  lprnn-hw run --model lstm.safetensors --input x_float.npy --float-input -o h.npy --state c.npy
  lprnn-hw run --model lstm.safetensors --input x.npy -o h.npy --head-output y.npy
  lprnn-hw run --model lm.safetensors --input tokens.npy -o h.npy --head-output y.npy

Input is .npy of int32 codes of x (or float32 with --float-input), [steps, input_size],
[batch, steps, input_size], or [steps, batch, input_size] with --layout steps-first; every sequence
starts from zero state. Output is .npy of int32 codes of the last layer's h, in the same layout; 0
where --lengths says that there is padding. A code q of format sN.F has the value q * 2^-F.
A model with an embedding takes indices of tokens, int32, [steps] or [batch, steps]. Dense layers
that wait for the end of a sequence give one output a sequence, [batch, outputs].
A bidirectional layer gives the forward h of a step, then its backward h; its state is in this order too.
Prints how often each stage saturated.

Exit status: 0 written, 2 could not run.")]
pub struct RunArgs {
    /// Quantised model file (from `quantize`)
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    /// Inputs, .npy
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// The inputs are float32 and are quantised to the format of x first
    #[arg(long)]
    float_input: bool,
    /// Where to write the h of every step, .npy of int32
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Where to write the same h as real numbers, .npy of float32
    #[arg(long, value_name = "FILE")]
    float_output: Option<PathBuf>,
    /// Where to write what the dense layers give, .npy of int64: exact sums or codes, whose fraction is
    /// printed, or the index of the largest sum
    #[arg(long, value_name = "FILE")]
    head_output: Option<PathBuf>,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Where to write the state of the last layer in every step, c or, of a GRU, s, .npy of int32
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Steps of the longest sequence that the core will hold; longer ones are refused where a layer is backward or
    /// bidirectional
    #[arg(long, value_name = "N", default_value_t = LONGEST_SEQUENCE as u32,
        value_parser = clap::value_parser!(u32).range(1..=LONGEST_SEQUENCE as i64))]
    max_steps: u32,
}

/// The saturation of every layer as a table.
pub fn human_saturations(out: &mut dyn Write, layers: &[LayerSaturation]) -> std::io::Result<()> {
    let gru = layers.iter().any(|layer| layer.v.is_some());
    let heads: &[&str] = if gru {
        &[
            "saturated in",
            "z",
            "v of a GRU",
            "c or s",
            "tanh's argument",
            "h",
        ]
    } else {
        &["saturated in", "z", "c", "tanh's argument", "h"]
    };
    let mut rows = vec![heads.iter().map(ToString::to_string).collect::<Vec<_>>()];
    let share = |stage: Rate| format!("{:.4} %", 100.0 * stage.share);
    for layer in layers {
        let title = numbered(layer.layer, layer.direction);
        let mut row = vec![format!("layer {title}"), share(layer.z)];
        if gru {
            row.push(layer.v.map_or_else(String::new, share));
        }
        row.extend([layer.c, layer.tanh_argument, layer.h].map(share));
        rows.push(row);
    }
    table(out, &rows)
}

impl Results for StepsReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let sequences = grouped(self.sequences as u64);
        match self.steps {
            Some(steps) => write!(
                out,
                "{sequences} sequences of {} steps",
                grouped(steps as u64)
            )?,
            None => write!(
                out,
                "{sequences} sequences, {} steps",
                grouped(self.total as u64)
            )?,
        }
        writeln!(out, ": {} words of h", grouped(self.words as u64))?;
        if let Some(head) = &self.head {
            let what = match head.kind {
                OutputKind::Argmax => "the head's index of the largest sum".to_string(),
                OutputKind::Sum | OutputKind::Code => format!(
                    "{} outputs of the head with {} fraction bits",
                    grouped(head.outputs as u64),
                    head.frac
                ),
            };
            let when = if head.only_last {
                ", at the last step of each sequence"
            } else {
                ""
            };
            writeln!(out, "  {what}{when}")?;
        }
        if self.saturated_inputs > 0 {
            writeln!(
                out,
                "  {} inputs were clamped to the format of x",
                grouped(self.saturated_inputs)
            )?;
        }
        human_saturations(out, &self.saturation)
    }
}

/// Runs the reference model and writes its words.
pub fn run(args: &RunArgs, console: Console) -> Result<Ended, Problems> {
    let request = RunRequest {
        model: &args.model,
        input: &args.input,
        float_input: args.float_input,
        layout: args.layout.get(),
        output: &args.output,
        float_output: args.float_output.as_deref(),
        head_output: args.head_output.as_deref(),
        state: args.state.as_deref(),
        max_steps: args.max_steps as usize,
    };
    console.print(&request.run(&console)?)?;
    Ok(Ended::Well)
}
