//! `lprnn-hw demo`: the main job from end to end, on a model that is compiled in; a core that writes.

use super::Ended;
use super::estimate::human_estimate;
use super::output::{Console, Format, Results};
use crate::diagnostic::Problems;
use crate::flow::{DemoReport, Stage, Writing, WritingModel, WritingReport, WritingRequest, demo};
use crate::lm::Level;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `demo`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw demo
  lprnn-hw demo --text
  lprnn-hw demo --text --prompt \"The array\" --tokens 500
  lprnn-hw demo --text --model lm/lm_quantized.safetensors --prompt \"Once upon\"

A small LSTM (8 inputs, 32 units) that was trained to predict the next reading of eight sensors is
quantised to 4 bits, generated as Verilog, estimated, cosimulated on readings it has not seen, and
synthesised by Yosys for Xilinx 7 series. The folder stays, to look around in; running it again
replaces it.

With --text a language model of characters writes: embedding, LSTM and dense layer are one core,
which takes the index of a character and gives that of the likeliest next one, which it is fed
next. It is simulated by Verilator; every index is compared with the reference model's, and at the
end all of them once more as one stream, with its cycles and with pauses. The text alone goes to
standard output. The model learned sentences of this program's documentation, 4 bit, 96 units. A
model of your own has embedding and decoder in integers (`train --head-bits`); one that gives its
sums is given the choice of the largest. What always takes the likeliest may come to repeat itself.

Exit status: 0 all agreed, 1 the core differs from the model, 2 could not run.")]
pub struct DemoArgs {
    /// Folder to write
    #[arg(short, long, value_name = "FOLDER", default_value = "lprnn-hw-demo")]
    out: PathBuf,
    /// Let the core of a language model write a text
    #[arg(long)]
    text: bool,
    /// Beginning of the text, of tokens that the model knows
    #[arg(long, value_name = "TEXT", default_value = "The ", requires = "text")]
    prompt: String,
    /// Tokens to write behind it
    #[arg(long, value_name = "N", default_value_t = 300, requires = "text",
          value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    tokens: u32,
    /// Quantised language model that writes instead of the one that is compiled in
    #[arg(long, value_name = "FILE", requires = "text")]
    model: Option<PathBuf>,
    /// Its tokens in index order, JSON [default: the file beside the model that is named like it]
    #[arg(long, value_name = "FILE", requires = "model")]
    vocab: Option<PathBuf>,
    /// What its tokens are
    #[arg(long, value_enum, default_value = "char", requires = "model")]
    level: Level,
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

impl Results for WritingReport {
    /// The text was printed when it came; this is what there is to say of it.
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let steps = self.taken.len();
        match &self.different {
            None => writeln!(
                out,
                "{steps} steps in {} cycles, every index as the reference chooses it",
                self.cycles
            )?,
            Some(different) => writeln!(
                out,
                "DIFFERENT at step {}: the core chose index {}, the reference {}",
                different.step, different.hardware, different.model
            )?,
        }
        self.cosim.human(out)
    }
}

/// Lets the core of a language model write.
fn write(args: &DemoArgs, console: Console) -> Result<Ended, Problems> {
    let model = match &args.model {
        Some(path) => WritingModel::read(path, args.vocab.as_deref(), args.level)?,
        None => WritingModel::built_in()?,
    };
    let request = WritingRequest {
        model: &model,
        prompt: &args.prompt,
        tokens: args.tokens as usize,
        folder: &args.out,
    };
    let say = |console: Console, results: &dyn Fn(&mut dyn Write) -> std::io::Result<()>| {
        let mut text = Vec::new();
        // Writing to memory does not fail.
        let _ = results(&mut text);
        console.say(String::from_utf8_lossy(&text).trim_end());
    };
    let report = request.run(&console, &|news| match news {
        Writing::Generated(report) => {
            say(console, &|out| {
                writeln!(out, "generated in {}", args.out.display())?;
                report.human(out)
            });
            Ok(())
        }
        Writing::Text(_) if console.format == Format::Json => Ok(()),
        Writing::Text(text) => Console::text(|out| write!(out, "{text}")),
    })?;
    if console.format == Format::Json {
        console.print(&report)?;
    } else {
        Console::text(|out| writeln!(out))?;
        // A difference is said to whoever wants no remarks, too.
        let quiet = console.quiet && report.equal();
        say(Console { quiet, ..console }, &|out| report.human(out));
    }
    Ok(Ended::where_all(report.equal()))
}

/// Runs all stages.
pub fn run(args: &DemoArgs, console: Console) -> Result<Ended, Problems> {
    if args.text {
        return write(args, console);
    }
    let report = demo(&args.out, &console, &|stage| show(args, console, &stage))?;
    if console.format == Format::Json {
        console.print(&report)?;
    }
    Ok(Ended::where_all(report.cosim.equal))
}
