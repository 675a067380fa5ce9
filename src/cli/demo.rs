//! `lprnn-hw demo`: the main job from end to end, on a model that is compiled in.

use super::Ended;
use super::estimate::human_estimate;
use super::output::{Console, Format, Results};
use crate::diagnostic::Problems;
use crate::flow::{DemoReport, Stage, demo};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Example:
  lprnn-hw demo

A small LSTM (8 inputs, 32 units) that was trained to predict the next reading of eight sensors is
quantised to 4 bits, generated as Verilog, estimated, cosimulated on readings it has not seen, and
synthesised by Yosys for Xilinx 7 series. The folder stays, to look around in; running it again
replaces it.

Exit status: 0 all agreed, 1 the core differs from the model, 2 could not run.")]
pub struct DemoArgs {
    /// Folder to write
    #[arg(short, long, value_name = "FOLDER", default_value = "lprnn-hw-demo")]
    out: PathBuf,
}

impl Results for DemoReport {
    /// The stages were printed when they came.
    fn human(&self, _: &mut dyn Write) -> std::io::Result<()> {
        Ok(())
    }
}

/// Prints one stage of the text.
fn show(args: &DemoArgs, console: Console, stage: &Stage) -> Result<(), Problems> {
    if console.format == Format::Json {
        return Ok(());
    }
    let (number, title) = match stage {
        Stage::Quantized { .. } => (1, "quantised to 4 bits, scales by calibration".to_string()),
        Stage::Generated(_) => (2, format!("generated in {}", args.out.display())),
        Stage::Estimated(_) => (3, "estimated for Xilinx 7 series".into()),
        Stage::Cosimulated(_) => (4, "cosimulated on readings not seen in training".into()),
        Stage::Synthesised(_) => (5, "synthesised".into()),
    };
    Console::text(|out| {
        if number > 1 {
            writeln!(out)?;
        }
        writeln!(out, "{number}. {title}")?;
        match stage {
            Stage::Quantized { report, .. } => report.human(out),
            Stage::Generated(report) => report.human(out),
            Stage::Estimated(estimate) => human_estimate(out, estimate),
            Stage::Cosimulated(checked) => checked.human(out),
            Stage::Synthesised(measured) => measured.human(out),
        }
    })?;
    if let Stage::Quantized { error, steps, .. } = stage {
        console.say(format_args!(
            "  mean squared error of the next reading, on {steps} readings not seen in training: {error:.5}"
        ));
    }
    Ok(())
}

/// Runs all stages.
pub fn run(args: &DemoArgs, console: Console) -> Result<Ended, Problems> {
    let report = demo(&args.out, &console, &|stage| show(args, console, &stage))?;
    if console.format == Format::Json {
        console.print(&report)?;
    }
    Ok(Ended::where_all(report.cosim.equal))
}
