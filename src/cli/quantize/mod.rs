//! `lprnn-hw quantize`.

mod report;

pub use report::QuantizeReport;

use super::Ended;
use super::design::NumericsArgs;
use super::import::read_float;
use super::inputs::LayoutArgs;
use super::output::Console;
use super::progress::Progress;
use crate::diagnostic::{Problem, Problems};
use crate::flow::{check_file, write_file};
use crate::import::ImportOptions;
use crate::ptq::{FormatRequest, middle, quantize, quantize_offset, refuse_chain, repeated};
use crate::quantize::HeadFormat;
use crate::spec::Setting;
use std::path::PathBuf;

/// Arguments of `quantize`.
#[derive(clap::Args, Debug)]
#[command(mut_args(by_calibration))]
#[command(after_long_help = "\
Examples:
  lprnn-hw quantize --bits 4 --model lstm.safetensors --calibrate x.npy -o lstm_w4a4.safetensors
  lprnn-hw quantize --weight-bits 4 --act-bits 8 --input-bits 8 --model lstm.safetensors \\
      --calibrate x.npy -o lstm_w4a8.safetensors

Every format that no option gives is chosen by running the integer model on the calibration inputs,
float32 .npy typical of what the core will see: first the one whose h is nearest
to the float model's, then as few bits of z, gates and c as keep it there. Weights get the power-of-two
scale with the least squared error, by gate. The end of the report is what was measured: signal to
noise of h, and of the head's outputs, against the float model; what limits it, and the option that
would mend it. docs/quantize.md explains all of it.
An embedding rides along in the file, and a linear head, in floating point or as integers; the core
holds neither. A model trained with the hardware's arithmetic keeps the formats it was trained in.

Exit status: 0 written, 2 could not: a tensor or number that is wrong is named.")]
pub struct QuantizeArgs {
    /// Float model, in a file that `import` reads
    #[arg(long, value_name = "FILE")]
    model: PathBuf,
    #[command(flatten)]
    import: ImportOptions,
    /// Inputs to calibrate with, .npy of float32, [steps, input_size] or [batch, steps, input_size];
    /// every sequence starts from zero state
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
    layout: LayoutArgs,
    /// Constant taken off x before it is quantised, folded into the biases: `auto`, the middle of
    /// what each element spans, or numbers, one or as many as x has, separated by commas [default:
    /// none]
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true, value_parser = offset)]
    input_offset: Option<Offset>,
    /// Fraction bits of x [default: by calibration]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = fraction())]
    x_frac: Option<i32>,
    /// Fraction bits of h [default: by calibration]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = fraction())]
    h_frac: Option<i32>,
    #[command(flatten)]
    numerics: NumericsArgs,
}

/// The constant that is taken off x.
#[derive(Clone, Debug, PartialEq)]
enum Offset {
    /// The middle of what each element spans.
    Auto,
    /// These constants.
    Given(Vec<f64>),
}

fn offset(text: &str) -> Result<Offset, String> {
    if text == "auto" {
        return Ok(Offset::Auto);
    }
    let numbers: Option<Vec<f64>> = text
        .split(',')
        .map(|number| {
            number
                .trim()
                .parse()
                .ok()
                .filter(|value: &f64| value.abs() < 1e9)
        })
        .collect();
    numbers
        .map(Offset::Given)
        .ok_or_else(|| "give `auto`, or numbers below 1e9 separated by commas".into())
}

/// The formats that calibration chooses have no other default.
fn by_calibration(arg: clap::Arg) -> clap::Arg {
    let key = arg.get_id().as_str();
    let chosen = ["numerics.z.", "numerics.gate_frac", "numerics.c."];
    if !chosen.iter().any(|start| key.starts_with(start)) {
        return arg;
    }
    let help = Setting::of(key).with_default("by calibration");
    arg.help(help)
}

fn fraction() -> clap::builder::RangedI64ValueParser<i32> {
    clap::value_parser!(i32).range(-32..=32)
}

fn head_format(text: &str) -> Result<HeadFormat, String> {
    match text.parse() {
        Ok(bits) if (1..=16).contains(&bits) => Ok(HeadFormat::Integer(bits)),
        _ if text == "float" => Ok(HeadFormat::Float),
        _ => Err("give a width of 1 to 16, or `float`".into()),
    }
}

/// Quantises a float model and writes it.
pub fn run(args: &QuantizeArgs, console: Console) -> Result<Ended, Problems> {
    args.numerics.wanted(HeadFormat::Float)?; // what is wrong with it, before anything is read
    let read = [&args.model, &args.calibrate].into_iter();
    check_file(&args.output, read.chain(args.layout.files()))?;
    let float = read_float(&args.model, &args.import)?;
    refuse_chain(&float)?;
    if args.head_bits.is_some() && float.head.is_none() {
        return Err(Problem::flag("--head-bits", "the model has no linear head")
            .help("leave the option out, or save the head with the LSTM")
            .into());
    }
    let size = float.layers[0].input_size;
    let (inputs, _) = args
        .layout
        .get()
        .read_float(&args.calibrate, size, &console)?;
    let offset = match &args.input_offset {
        None => None,
        Some(Offset::Auto) => Some(middle(&inputs)),
        Some(Offset::Given(values)) => Some(repeated(values, size)?),
    };
    let mut wanted = args.numerics.wanted(HeadFormat::Float)?;
    (wanted.x_frac, wanted.h_frac) = (args.x_frac, args.h_frac);
    wanted.as_trained(&float, args.numerics.gives_width());
    wanted.head = args
        .head_bits
        .unwrap_or_else(|| FormatRequest::default_head(&float, wanted.weight_bits));
    let progress = Progress::spinner(console, "choosing formats");
    let quantized = match offset {
        Some(offset) => quantize_offset(&float, &inputs, offset, &wanted),
        None => quantize(&float, &inputs, &wanted),
    };
    let (model, report) = QuantizeReport::of(quantized);
    let bytes = model.to_bytes().map_err(|error| {
        error.help(format!(
            "scale {} and {} to values between 0.001 and 1000",
            args.model.display(),
            args.calibrate.display()
        ))
    })?;
    drop(progress);
    if crate::tools::interrupted() {
        return Err(Problem::interrupted("quantize").into());
    }
    write_file(&args.output, &bytes)?;
    console.print(&report)?;
    console.say(format_args!("wrote {}", args.output.display()));
    Ok(Ended::Well)
}
