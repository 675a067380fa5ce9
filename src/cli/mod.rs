//! The command line: one file or folder per subcommand, one error type, one exit code.

// Comments on arguments are the texts of `--help`, where a backtick would be printed.
#![allow(clippy::doc_markdown)]

mod axes;

mod cosim;
mod demo;
mod design;
mod doctor;
mod ended;
mod estimate;
mod eval;
mod explore;
mod explore_text;
mod fit;
mod generate;
mod import;
mod inputs;
mod jobs;
mod output;
mod part;
mod progress;
mod quantize;
mod reference;
mod report;
mod score;
mod search;
mod synth;
mod train;
mod training;
mod values;
mod verify;

use crate::diagnostic::{Problem, Problems};
use clap::Parser;
pub use ended::Ended;
use output::{Console, Format};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

/// Low-precision LSTMs as plain Verilog, checked bit for bit against a reference model.
#[derive(Parser, Debug)]
#[command(name = "lprnn-hw", version, max_term_width = 100)]
#[command(after_help = "\
Exit status:
  0    done; every check agreed
  1    a check ran and found a difference
  2    could not run: bad usage or input, a tool missing or failing
  130  interrupted by Ctrl-C; nothing half-written is left

Results go to standard output, everything else to standard error.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Print results as text or as one JSON object
    #[arg(
        long,
        global = true,
        value_enum,
        default_value = "human",
        display_order = 1000
    )]
    format: Format,
    /// Print only results and errors
    #[arg(short, long, global = true, display_order = 1001)]
    quiet: bool,
}

#[derive(clap::Subcommand, Debug)]
enum Command {
    /// Inspect a PyTorch, Keras or ONNX LSTM checkpoint
    Import(import::ImportArgs),
    /// Quantise a float model; number formats are chosen by calibration
    Quantize(quantize::QuantizeArgs),
    /// Train a language model, or a network for another task, in the hardware's arithmetic
    Train(Box<train::TrainArgs>),
    /// Evaluate a language model on a text: perplexity, in floating point or the core's integers
    Eval(eval::EvalArgs),
    /// Score a model on data with known answers: accuracy, F1, or mean errors
    Score(score::ScoreArgs),
    /// Write a core as plain Verilog, with memories, test bench, scripts and report
    Gen(generate::GenArgs),
    /// Run the reference model alone: integers in, integers out
    Run(reference::RunArgs),
    /// Simulate a core with Verilator and compare every output word with the reference model
    Cosim(cosim::CosimArgs),
    /// Estimate a core without building it: cells, memory, cycles
    Estimate(estimate::EstimateArgs),
    /// Estimate many designs at once: what fits a part, what limits it, what is worth building
    Explore(Box<explore::ExploreArgs>),
    /// Search the smallest network that is good enough: train candidates, keep the promising, build the core
    Search(Box<search::SearchArgs>),
    /// Synthesise a generated core with Yosys; place and route it with nextpnr
    Synth(synth::SynthArgs),
    /// Fit the estimator to synthesis results and report its errors
    Fit(fit::FitArgs),
    /// Run the whole flow on a small trained model that is compiled in
    Demo(demo::DemoArgs),
    /// Check which external tools are installed, and how to get missing ones
    Doctor(doctor::DoctorArgs),
}

const COULD_NOT_RUN: u8 = 2;
const INTERRUPTED: u8 = 130;

/// Runs the command line and returns the documented exit code.
#[must_use]
pub fn run() -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or(String::new(), |at| {
            format!(" ({}:{})", at.file(), at.line())
        });
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let message = text.unwrap_or("no message");
        Problem::named(
            "lprnn-hw",
            format!("this is a bug of the program: {message}{place}"),
        )
        .help("please report the line above with the command that led to it")
        .print(std::io::stderr());
    }));
    let cli = Cli::parse();
    if let Err(error) = crate::tools::kill_on_interrupt() {
        Problem::named("Ctrl-C", format!("cannot be handled: {error}")).print(std::io::stderr());
        return ExitCode::from(COULD_NOT_RUN);
    }
    let console = Console {
        format: cli.format,
        quiet: cli.quiet,
    };
    let outcome = catch_unwind(AssertUnwindSafe(|| dispatch(&cli.command, console)));
    let interrupted = crate::tools::interrupted();
    match outcome {
        _ if interrupted => {
            console.say("interrupted");
            ExitCode::from(INTERRUPTED)
        }
        Ok(Ok(Ended::Well)) => ExitCode::SUCCESS,
        Ok(Ok(Ended::Different)) => ExitCode::FAILURE,
        Ok(Err(error)) => {
            error.print(std::io::stderr());
            ExitCode::from(COULD_NOT_RUN)
        }
        Err(_) => ExitCode::from(COULD_NOT_RUN),
    }
}

fn dispatch(command: &Command, console: Console) -> Result<Ended, Problems> {
    match command {
        Command::Import(args) => import::run(args, console),
        Command::Quantize(args) => quantize::run(args, console),
        Command::Gen(args) => generate::run(args, console),
        Command::Run(args) => reference::run(args, console),
        Command::Eval(args) => eval::run(args, console),
        Command::Score(args) => score::run(args, console),
        Command::Cosim(args) => cosim::run(args, console),
        Command::Estimate(args) => estimate::run(args, console),
        Command::Explore(args) => explore::run(args, console),
        Command::Search(args) => search::run(args, console),
        Command::Fit(args) => fit::run(args, console),
        Command::Synth(args) => synth::run(args, console),
        Command::Train(args) => train::run(args, console),
        Command::Demo(args) => demo::run(args, console),
        Command::Doctor(args) => doctor::run(args, console),
    }
}
