//! `lprnn-hw quantize`.

use super::Ended;
use super::design::NumericsArgs;
use super::error::CliError;
use super::file::{check_file, write_file};
use super::import::{ImportArgs, read_float};
use super::model::check_shape;
use super::output::{Console, Results, grouped, table};
use super::progress::Progress;
use crate::files::npy;
use crate::import::FloatModel;
use crate::quantize::{CalibrationReport, HeadFormat, QuantizeOptions, TensorReport, calibrate};
use crate::spec::Numerics;
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `quantize`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw quantize --bits 4 --model lstm.safetensors --calibrate x.npy -o lstm_w4a4.safetensors
  lprnn-hw quantize --weight-bits 4 --act-bits 8 --input-bits 8 --model lstm.safetensors \\
      --calibrate x.npy -o lstm_w4a8.safetensors

Chooses a power-of-two scale for every tensor, weights per gate, with the least squared error on
the calibration inputs: float32 .npy, [steps, input_size], typical of what the core will see. Prints
for every tensor its format, how many values were clamped, and signal to quantisation noise.
An embedding rides along in the file, and a linear head, in floating point or as integers; the core
holds neither.
Below 8 bits accuracy falls; check it on data of your own (`run` computes what the core computes).

Exit status: 0 written, 2 could not: a tensor or number that is wrong is named.")]
pub struct Args {
    /// Float model, in a file that `import` reads
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    #[command(flatten)]
    import: ImportArgs,
    /// Inputs to calibrate with, .npy of float32, [steps, input_size]
    #[arg(long, value_name = "FILE")]
    calibrate: PathBuf,
    /// Where to write the quantised model
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Bits of the linear head's weights, 1 to 16, or `float` [default: float in a language model,
    /// one with an embedding; else 8, or as the weights if they have more]
    #[arg(long, value_name = "B", value_parser = head_format)]
    head_bits: Option<HeadFormat>,
    #[command(flatten)]
    numerics: NumericsArgs,
}

fn head_format(text: &str) -> Result<HeadFormat, String> {
    match text.parse() {
        Ok(bits) if (1..=16).contains(&bits) => Ok(HeadFormat::Integer(bits)),
        _ if text == "float" => Ok(HeadFormat::Float),
        _ => Err("give a width of 1 to 16, or `float`".into()),
    }
}

/// What becomes of the head where nothing is said. What is measured of a language model is what
/// the bits of its LSTM cost: its embedding stays in floating point, and so does its decoder.
pub fn default_head(model: &FloatModel, numerics: Numerics) -> HeadFormat {
    if model.passengers.is_empty() {
        HeadFormat::Integer(numerics.weight_bits.max(8))
    } else {
        HeadFormat::Float
    }
}

/// What calibration chose, as it is printed.
#[derive(Serialize)]
pub struct QuantizeReport {
    schema: u32,
    tensors: Vec<TensorReport>,
}

impl From<CalibrationReport> for QuantizeReport {
    fn from(report: CalibrationReport) -> Self {
        Self {
            schema: 1,
            tensors: report.tensors,
        }
    }
}

impl Results for QuantizeReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let heads = ["tensor", "format", "clamped", "of", "signal to noise"];
        let mut rows = vec![heads.map(String::from).to_vec()];
        for tensor in &self.tensors {
            let noise = if tensor.snr_db.is_finite() {
                format!("{:.1} dB", tensor.snr_db)
            } else {
                "exact".to_string()
            };
            rows.push(vec![
                tensor.tensor.clone(),
                tensor.format.to_string(),
                grouped(tensor.saturated),
                grouped(tensor.total),
                noise,
            ]);
        }
        table(out, &rows)
    }
}

/// The library's options for these number formats.
pub fn options(numerics: Numerics, head: HeadFormat) -> QuantizeOptions {
    QuantizeOptions {
        head,
        weight_bits: numerics.weight_bits,
        act_bits: numerics.act_bits,
        input_bits: numerics.input_bits,
        z: numerics.z,
        a_frac: numerics.gate_frac,
        c: numerics.c,
    }
}

/// The quantised file holds one linear layer behind the LSTM.
fn refuse_chain(float: &FloatModel) -> Result<(), CliError> {
    if float.dense.is_empty() {
        return Ok(());
    }
    let problem = format!(
        "the model has {} linear layers behind the LSTM; the quantised file holds one",
        1 + float.dense.len()
    );
    Err(CliError::new("head", problem).help(
        "take the first with --head NAME, or none with --only-lstm, and compute the rest outside",
    ))
}

/// Quantises a float model and writes it.
pub fn run(args: &Args, console: Console) -> Result<Ended, CliError> {
    let numerics = args.numerics.resolve()?;
    check_file(&args.output, [&args.model, &args.calibrate])?;
    let float = read_float(&args.model, &args.import)?;
    refuse_chain(&float)?;
    if args.head_bits.is_some() && float.head.is_none() {
        return Err(CliError::new("--head-bits", "the model has no linear head")
            .help("leave the option out, or save the head with the LSTM"));
    }
    let head = args
        .head_bits
        .unwrap_or_else(|| default_head(&float, numerics));
    let inputs = npy::read_f32(&args.calibrate)?;
    let size = float.layers[0].input_size;
    let (sequences, _) = check_shape(&args.calibrate, &inputs.shape, size)?;
    if sequences > 1 {
        let problem = format!("holds {sequences} sequences");
        return Err(CliError::new(args.calibrate.display(), problem)
            .help(format!("give one, of the shape [steps, {size}]")));
    }
    let progress = Progress::spinner(console, "calibrating");
    let (model, report) = calibrate(&float, &inputs.data, &options(numerics, head));
    let bytes = model.to_bytes().map_err(|error| {
        CliError::from(error).help(format!(
            "scale {} and {} to values between 0.001 and 1000",
            args.model.display(),
            args.calibrate.display()
        ))
    })?;
    drop(progress);
    if crate::tools::interrupted() {
        return Err(CliError::new("quantize", "interrupted"));
    }
    write_file(&args.output, &bytes)?;
    console.print(&QuantizeReport::from(report))?;
    console.say(format_args!("wrote {}", args.output.display()));
    Ok(Ended::Well)
}
