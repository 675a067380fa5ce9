//! `lprnn-hw run`: the reference model alone.

use super::Ended;
use super::inputs::LayoutArgs;
use super::output::{Console, Results, grouped, table};
use crate::diagnostic::{Problem, Problems};
use crate::files::npy;
use crate::flow::{LayerSaturation, Rate, Wants, check_different, check_file, compute};
use crate::quantize::QuantizedModel;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `run`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw run --model lstm.safetensors --input x.npy -o h.npy
  lprnn-hw run --model lstm.safetensors --input x_float.npy --float-input -o h.npy --state c.npy
  lprnn-hw run --model lstm.safetensors --input x.npy -o h.npy --head-output y.npy

Input is .npy of int32 codes of x (or float32 with --float-input), [steps, input_size],
[batch, steps, input_size], or [steps, batch, input_size] with --layout steps-first; every sequence
starts from zero state. Output is .npy of int32 codes of the last layer's h, in the same layout; 0
where --lengths says that there is padding. A code q of format sN.F has the value q * 2^-F.
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
    /// Where to write the head's outputs in every step, .npy of int64: exact sums, their fraction is
    /// printed
    #[arg(long, value_name = "FILE")]
    head_output: Option<PathBuf>,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Where to write the state of the last layer in every step, c or, of a GRU, s, .npy of int32
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
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
        let mut row = vec![format!("layer {}", layer.layer), share(layer.z)];
        if gru {
            row.push(layer.v.map_or_else(String::new, share));
        }
        row.extend([layer.c, layer.tanh_argument, layer.h].map(share));
        rows.push(row);
    }
    table(out, &rows)
}

#[derive(Serialize)]
struct StepsReport {
    schema: u32,
    sequences: usize,
    /// Steps of each sequence, where all have as many.
    steps: Option<usize>,
    /// Steps of all sequences.
    total: usize,
    words: usize,
    /// Inputs that did not fit the format of x, with --float-input.
    saturated_inputs: u64,
    /// With --head-output.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<HeadOutput>,
    saturation: Vec<LayerSaturation>,
}

/// Size and format of the head's outputs.
#[derive(Serialize)]
struct HeadOutput {
    /// Outputs of a step.
    outputs: usize,
    /// An output q has the value `q * 2^-frac`.
    frac: i32,
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
            writeln!(
                out,
                "  {} outputs of the head with {} fraction bits",
                grouped(head.outputs as u64),
                head.frac
            )?;
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

/// Refuses outputs that are one file, or that are read.
fn check_outputs(args: &RunArgs) -> Result<(), Problems> {
    let read: Vec<&PathBuf> = [&args.model, &args.input]
        .into_iter()
        .chain(args.layout.files())
        .collect();
    let outputs = [
        ("--output", Some(&args.output)),
        ("--state", args.state.as_ref()),
        ("--head-output", args.head_output.as_ref()),
        ("--float-output", args.float_output.as_ref()),
    ];
    for (index, (option, path)) in outputs.iter().enumerate() {
        let Some(path) = path else { continue };
        check_file(path, read.iter().copied())?;
        for (other, before) in &outputs[..index] {
            if let Some(before) = before {
                check_different((option, path), (other, before))?;
            }
        }
    }
    Ok(())
}

/// Writes codes of h as real numbers.
fn write_real(
    path: &Path,
    shape: &[usize],
    h: &[i32],
    model: &QuantizedModel,
) -> Result<(), Problems> {
    let ulp = model.layers[model.layers.len() - 1].h.ulp();
    // At most 16 bits: exact in single precision.
    let values: Vec<f32> = h
        .iter()
        .map(|&code| (f64::from(code) * ulp) as f32)
        .collect();
    Ok(npy::write_f32(path, shape, &values)?)
}

/// Runs the reference model and writes its words.
pub fn run(args: &RunArgs, console: Console) -> Result<Ended, Problems> {
    check_outputs(args)?;
    let model = QuantizedModel::read(&args.model)?;
    if args.head_output.is_some() && model.head.is_none() {
        return Err(
            Problem::flag("--head-output", "the model has no head in integers")
                .help("leave the option out, or quantise with --head-bits B")
                .into(),
        );
    }
    let layout = args.layout.get();
    let inputs = layout.read(&args.input, &model, args.float_input, &console)?;
    let places = &inputs.arrangement;
    let wants = Wants {
        c: args.state.is_some(),
        head: args.head_output.is_some(),
    };
    let computed = compute(&model, &inputs.codes, &places.lengths, wants, &console)?;
    let units = computed.h.len() / places.total();
    let (shape, h) = places.scatter(&computed.h, units);
    npy::write_i32(&args.output, &shape, &h)?;
    if let Some(path) = &args.float_output {
        write_real(path, &shape, &h, &model)?;
    }
    if let Some(path) = &args.state {
        let (shape, c) = places.scatter(&computed.c, units);
        npy::write_i32(path, &shape, &c)?;
    }
    let mut head = None;
    if let (Some(path), Some(of)) = (&args.head_output, &model.head) {
        let (shape, y) = places.scatter(&computed.head, of.output_size);
        npy::write_i64(path, &shape, &y)?;
        head = Some(HeadOutput {
            outputs: of.output_size,
            frac: of.w_frac + model.layers[model.layers.len() - 1].h.frac,
        });
    }
    console.print(&StepsReport {
        schema: 1,
        sequences: places.lengths.len(),
        steps: places.even(),
        total: places.total(),
        words: computed.h.len(),
        saturated_inputs: inputs.clamped.iter().flatten().sum(),
        head,
        saturation: LayerSaturation::all(&computed.saturation),
    })?;
    Ok(Ended::Well)
}
