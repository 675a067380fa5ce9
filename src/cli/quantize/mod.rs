//! `lprnn-hw quantize`.

mod report;

use super::Ended;
use super::design::NumericsArgs;
use super::inputs::LayoutArgs;
use super::output::Console;
use crate::diagnostic::Problems;
use crate::flow::{OffsetRequest, QuantizeRequest};
use crate::import::ImportOptions;
use crate::ptq::FormatRequest;
use crate::quantize::{Emit, HeadFormat};
use crate::spec::{OutputKind, Setting};
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
A linear head, or several with a ReLU between, becomes integers: dense layers behind the recurrent
ones, of which --head-kind and --emit say what they give and when. So do linear layers before them,
which give codes of as many bits as h. An embedding becomes a table of codes beside a head of integers; where the head stays in floating point, both ride along in the file. A model trained
with the hardware's arithmetic keeps the formats it was trained in.

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
    /// Bits of the weights of linear layers before the recurrent ones, 1 to 16 [default: 8, or as the
    /// weights if they have more]
    #[arg(long, value_name = "B", value_parser = clap::value_parser!(u32).range(1..=16))]
    front_bits: Option<u32>,
    /// What a head of integers gives of its sums
    #[arg(long, value_enum, value_name = "KIND", default_value = "sum")]
    head_kind: OutputKind,
    /// When a head of integers gives it: at every step, or at the last one of a sequence
    #[arg(long, value_enum, value_name = "WHEN", default_value = "step")]
    emit: Emit,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Constant taken off x before it is quantised, folded into the biases: `auto`, the middle of
    /// what each element spans, or numbers, one or as many as x has, separated by commas [default:
    /// none]
    #[arg(long, value_name = "OFFSET", allow_hyphen_values = true, value_parser = offset)]
    input_offset: Option<OffsetRequest>,
    /// Fraction bits of x [default: by calibration]
    #[arg(long, value_name = "F", allow_negative_numbers = true, value_parser = fraction())]
    x_frac: Option<i32>,
    #[command(flatten)]
    numerics: NumericsArgs,
}

fn offset(text: &str) -> Result<OffsetRequest, String> {
    if text == "auto" {
        return Ok(OffsetRequest::Auto);
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
        .map(OffsetRequest::Given)
        .ok_or_else(|| "give `auto`, or numbers below 1e9 separated by commas".into())
}

/// The formats that calibration chooses have no other default.
fn by_calibration(arg: clap::Arg) -> clap::Arg {
    let key = arg.get_id().as_str();
    let chosen = [
        "numerics.h_frac",
        "numerics.z.",
        "numerics.gate_frac",
        "numerics.c.",
    ];
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
    let formats = FormatRequest {
        x_frac: args.x_frac,
        gives: args.head_kind,
        emit: args.emit,
        ..args.numerics.wanted(HeadFormat::Float)?
    };
    let request = QuantizeRequest {
        model: &args.model,
        import: &args.import,
        calibration: &args.calibrate,
        layout: args.layout.get(),
        formats,
        keep_widths: args.numerics.gives_width(),
        head: args.head_bits,
        front_bits: args.front_bits,
        offset: args.input_offset.clone(),
    };
    let report = request.write(&args.output, &console)?;
    console.print(&report)?;
    console.say(format_args!("wrote {}", args.output.display()));
    Ok(Ended::Well)
}
