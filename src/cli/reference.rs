//! `lprnn-hw run`: the reference model alone.

use super::Ended;
use super::error::CliError;
use super::file::{check_different, check_file};
use super::model;
use super::output::{Console, Results, grouped, table};
use super::progress::Progress;
use crate::files::npy;
use crate::quantize::QuantizedModel;
use crate::reference::{Lstm, Saturation, StageCount};
use rayon::prelude::*;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Arguments of `run`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw run --model lstm.safetensors --input x.npy -o h.npy
  lprnn-hw run --model lstm.safetensors --input x_float.npy --float-input -o h.npy --state c.npy

Input is .npy of int32 codes of x (or float32 with --float-input), [steps, input_size] or
[batch, steps, input_size]; every sequence starts from zero state. Output is .npy of int32 codes of
the last layer's h, with the same leading sizes. A code q of format sN.F has the value q * 2^-F.
Prints how often each stage saturated.

Exit status: 0 written, 2 could not run.")]
pub struct Args {
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
    /// Where to write the c of the last layer in every step, .npy of int32
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

/// How often the stages of one layer saturated.
#[derive(Serialize)]
pub struct LayerSaturation {
    layer: usize,
    z: Rate,
    c: Rate,
    tanh_argument: Rate,
    h: Rate,
}

/// How often one stage saturated.
#[derive(Serialize)]
pub struct Rate {
    saturated: u64,
    total: u64,
    /// Clamped values per value.
    pub share: f64,
}

impl From<StageCount> for Rate {
    fn from(count: StageCount) -> Self {
        Self {
            saturated: count.saturated,
            total: count.total,
            share: count.rate(),
        }
    }
}

/// Saturation of every layer, as it is printed.
pub fn saturations(counts: &[Saturation]) -> Vec<LayerSaturation> {
    let layers = counts.iter().enumerate();
    layers
        .map(|(layer, count)| LayerSaturation {
            layer,
            z: count.z.into(),
            c: count.c.into(),
            tanh_argument: count.tanh_argument.into(),
            h: count.h.into(),
        })
        .collect()
}

/// The saturation of every layer as a table.
pub fn human_saturations(out: &mut dyn Write, layers: &[LayerSaturation]) -> std::io::Result<()> {
    let heads = ["saturated in", "z", "c", "tanh's argument", "h"];
    let mut rows = vec![heads.map(String::from).to_vec()];
    for layer in layers {
        let mut row = vec![format!("layer {}", layer.layer)];
        for stage in [&layer.z, &layer.c, &layer.tanh_argument, &layer.h] {
            row.push(format!("{:.4} %", 100.0 * stage.share));
        }
        rows.push(row);
    }
    table(out, &rows)
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    sequences: usize,
    steps: usize,
    words: usize,
    /// Inputs that did not fit the format of x, with --float-input.
    saturated_inputs: u64,
    saturation: Vec<LayerSaturation>,
}

impl Results for Report {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} sequences of {} steps: {} words of h",
            grouped(self.sequences as u64),
            grouped(self.steps as u64),
            grouped(self.words as u64)
        )?;
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

/// What one run of the model gives.
pub struct Computed {
    /// h of the last layer, `[sequences, steps, units]`.
    pub h: Vec<i32>,
    /// c of the last layer, likewise; empty unless asked for.
    pub c: Vec<i32>,
    /// Counts of every layer, all sequences together.
    pub saturation: Vec<Saturation>,
}

/// Runs every sequence of `steps` steps from zero state, in parallel.
pub fn compute(
    model: &QuantizedModel,
    codes: &[i32],
    steps: usize,
    with_c: bool,
    progress: &Progress,
) -> Result<Computed, CliError> {
    let prepared = Lstm::new(model);
    let size = prepared.input_size();
    let done = AtomicUsize::new(0);
    let run = |sequence: &[i32]| {
        let mut lstm = prepared.clone();
        let mut h = Vec::with_capacity(steps * lstm.hidden_size());
        let mut c = Vec::new();
        for x in sequence.chunks_exact(size) {
            if crate::tools::interrupted() {
                return None;
            }
            h.extend_from_slice(lstm.step(x));
            if with_c {
                c.extend(lstm.state().pop().map(|state| state.c).unwrap_or_default());
            }
            progress.at(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
        Some((h, c, lstm.saturation()))
    };
    let parts: Option<Vec<_>> = codes.par_chunks_exact(steps * size).map(run).collect();
    let parts = parts.ok_or_else(|| CliError::new("run", "interrupted"))?;
    let mut all = Computed {
        h: Vec::new(),
        c: Vec::new(),
        saturation: prepared.saturation(),
    };
    for (h, c, saturation) in parts {
        all.h.extend(h);
        all.c.extend(c);
        for (sum, count) in all.saturation.iter_mut().zip(&saturation) {
            sum.add(count);
        }
    }
    Ok(all)
}

/// Runs the reference model and writes its words.
pub fn run(args: &Args, console: Console) -> Result<Ended, CliError> {
    let inputs = [&args.model, &args.input];
    check_file(&args.output, inputs)?;
    if let Some(path) = &args.state {
        check_file(path, inputs)?;
        check_different(("--state", path), ("--output", &args.output))?;
    }
    let model = model::load(&args.model)?;
    let inputs = model::read_inputs(&args.input, &model, args.float_input)?;
    let total = inputs.sequences * inputs.steps;
    let progress = Progress::bar(console, "reference model", total);
    let computed = compute(
        &model,
        &inputs.codes,
        inputs.steps,
        args.state.is_some(),
        &progress,
    )?;
    drop(progress);
    let units = computed.h.len() / total;
    let mut shape = inputs.leading.clone();
    shape.push(units);
    npy::write_i32(&args.output, &shape, &computed.h)?;
    if let Some(path) = &args.state {
        npy::write_i32(path, &shape, &computed.c)?;
    }
    console.print(&Report {
        schema: 1,
        sequences: inputs.sequences,
        steps: inputs.steps,
        words: computed.h.len(),
        saturated_inputs: inputs.saturated,
        saturation: saturations(&computed.saturation),
    })?;
    Ok(Ended::Well)
}
