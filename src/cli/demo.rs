//! `lprnn-hw demo`: the main job from end to end, on a model that is compiled in.

use super::Ended;
use super::estimate::human_estimate;
use super::output::{Console, Format, Results};
use super::quantize::QuantizeReport;
use crate::codegen::Report;
use crate::cosim::Workload;
use crate::device::Family;
use crate::diagnostic::Problems;
use crate::estimate::Estimate;
use crate::files::npy;
use crate::flow::{
    Checked, Checking, FAILURES, Measurement, Opened, Place, build, check, measure, open, plan_core,
};
use crate::import::{ImportOptions, read_bytes};
use crate::ptq::{FormatRequest, Sequences, quantize};
use crate::quantize::QuantizedModel;
use crate::reference::Lstm;
use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use crate::synth::Options;
use serde::Serialize;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The trained model and two recordings; `models/demo/README.md` says how they were made.
const FLOAT_MODEL: &[u8] = include_bytes!("../../models/demo/demo.safetensors");
const CALIBRATION: &[u8] = include_bytes!("../../models/demo/calib.npy");
const TEST: &[u8] = include_bytes!("../../models/demo/test.npy");

/// Bits of weights, activations and inputs.
const BITS: u32 = 4;

/// Arguments of `demo`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Example:
  lprnn-hw demo

A small LSTM (8 inputs, 32 units) that was trained to predict the next reading of eight sensors is
quantised to 4 bits, generated as Verilog, cosimulated on readings it has not seen, estimated, and
synthesised by Yosys for Xilinx 7 series. The folder stays, to look around in; running it again
replaces it.

Exit status: 0 all agreed, 1 the core differs from the model, 2 could not run.")]
pub struct DemoArgs {
    /// Folder to write
    #[arg(short, long, value_name = "FOLDER", default_value = "lprnn-hw-demo")]
    out: PathBuf,
}

/// All stages, for `--format json`.
#[derive(Serialize)]
struct DemoReport {
    schema: u32,
    prediction_error: f64,
    quantize: QuantizeReport,
    design: Report,
    estimate: Estimate,
    cosim: Checked,
    synth: Measurement,
}

impl Results for DemoReport {
    /// The stages were printed when they came.
    fn human(&self, _: &mut dyn Write) -> std::io::Result<()> {
        Ok(())
    }
}

/// Prints one stage of the text.
fn show(
    console: Console,
    number: u32,
    title: &str,
    human: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), Problems> {
    if console.format == Format::Json {
        return Ok(());
    }
    Console::text(|out| {
        if number > 1 {
            writeln!(out)?;
        }
        writeln!(out, "{number}. {title}")?;
        human(out)
    })
}

/// Mean squared error of the integer model's prediction of the next reading.
fn prediction_error(model: &QuantizedModel, readings: &[f32], codes: &[i32]) -> f64 {
    let Some(head) = &model.head else {
        return f64::NAN;
    };
    let layer = &model.layers[model.layers.len() - 1];
    let ulp = f64::from(-(head.w_frac + layer.h.frac)).exp2();
    let mut lstm = Lstm::new(model);
    let size = lstm.input_size();
    let next = readings.chunks_exact(size).skip(1);
    let (mut sum, mut count) = (0.0, 0.0);
    for (x, next) in codes.chunks_exact(size).zip(next) {
        lstm.step(x);
        for (y, reading) in lstm.head().unwrap_or_default().iter().zip(next) {
            sum += (*y as f64 * ulp - f64::from(*reading)).powi(2);
            count += 1.0;
        }
    }
    sum / count
}

fn implementation() -> Implementation {
    Implementation {
        name: "demo".to_string(),
        folding: FoldingGoal::Explicit {
            units: 4,
            columns: 4,
        },
        mac: MacStyle::Auto,
        target: Family::Xc7,
        state: StatePolicy::Tlast,
        memory_init: MemoryInit::Readmemh,
        stream_elements: None,
    }
}

/// The demo's model in integers, and what became of its weights.
fn quantized() -> Result<(QuantizedModel, QuantizeReport), Problems> {
    let float = read_bytes(FLOAT_MODEL, &ImportOptions::default())?;
    let calibration = Sequences::one(
        npy::parse_f32(CALIBRATION)?.data,
        float.layers[0].input_size,
    );
    let wanted = FormatRequest::of(BITS, FormatRequest::default_head(&float, BITS));
    Ok(QuantizeReport::of(quantize(&float, &calibration, &wanted)))
}

/// Cosimulates the core on `steps` readings.
fn simulated(
    opened: &Opened,
    codes: Vec<i32>,
    steps: usize,
    console: Console,
) -> Result<Checked, Problems> {
    let load = Workload::sequences(&opened.interface, codes, &[steps]);
    let patterns = opened.patterns();
    let checking = Checking {
        failures: Some(Path::new(FAILURES)),
        ..Checking::new(&load, &patterns)
    };
    check(opened, &checking, &console)
}

/// Runs all stages.
pub fn run(args: &DemoArgs, console: Console) -> Result<Ended, Problems> {
    let place = Place::check(&args.out, true)?;

    let (model, quantize) = quantized()?;
    let readings = npy::parse_f32(TEST)?;
    let codes = model.input_codes(&readings.data);
    let steps = readings.shape[0];
    let prediction_error = prediction_error(&model, &readings.data, &codes);
    let title = "quantised to 4 bits, scales by calibration";
    show(console, 1, title, |out| quantize.human(out))?;
    if console.format == Format::Human {
        console.say(format_args!(
            "  mean squared error of the next reading, on {steps} readings not seen in training: {prediction_error:.5}"
        ));
    }

    let built = build(&plan_core(model, implementation())?)?;
    console.write(&place, &built.bundle.files)?;
    let design = built.report;
    let title = format!("generated in {}", args.out.display());
    show(console, 2, &title, |out| design.human(out))?;

    let opened = open(&args.out)?;
    let estimate = opened.planned.estimate();
    let title = "estimated for Xilinx 7 series";
    show(console, 3, title, |out| human_estimate(out, &estimate))?;

    let cosim = simulated(&opened, codes, steps, console)?;
    let title = "cosimulated on readings not seen in training";
    show(console, 4, title, |out| cosim.human(out))?;

    let synth = measure(&opened, Family::Xc7, &Options::default(), &console)?;
    show(console, 5, "synthesised", |out| synth.human(out))?;

    let ended = Ended::where_all(cosim.equal);
    let report = DemoReport {
        schema: 1,
        prediction_error,
        quantize,
        design,
        estimate,
        cosim,
        synth,
    };
    if console.format == Format::Json {
        console.print(&report)?;
    }
    Ok(ended)
}
