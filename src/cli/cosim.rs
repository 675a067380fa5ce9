//! `lprnn-hw cosim`.

use super::Ended;
use super::design::DesignArgs;
use super::inputs::LayoutArgs;
use super::output::{Console, Results, grouped};
use crate::cosim::{Agreement, Outcome, Pattern, Pauses};
use crate::diagnostic::{Problem, Problems};
use crate::flow::{
    Checked, Checking, CoreInputs, FAILURES, LoadSource, Opened, build, bundle_files, check,
    check_different, check_file, open, pattern_words, plan, replay, write_words,
};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Arguments of `cosim`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw cosim lstm                               a folder written by gen
  lprnn-hw cosim --model lstm.safetensors --max-macs 256 --steps 1000
  lprnn-hw cosim lstm --input x.npy --vcd waves.vcd
  lprnn-hw cosim core --input test.npy --float-input --words y.npy
  lprnn-hw cosim lprnn-hw-fail/0123456789abcdef     a difference, once more

The core is compiled by Verilator and compared with the reference model: every word of every step,
TLAST, and the exact cycle counts. By default it runs twice: with a source that always offers and a
sink that always takes, where latency and cycles per step must equal interface.json; and with
pauses that follow the core: the sink stops until the output queue is full and the array waits, then
source and sink are slower than the core, pause at random, in bursts and for steps, and every beat
must leave in the cycle that the schedule states. On a difference the first step, layer, gate and
unit are named with both integers, and a folder below lprnn-hw-fail/ holds all that replays it.

Exit status: 0 equal, 1 different, 2 could not run.")]
pub struct CosimArgs {
    /// Folder written by `gen`, or by an earlier difference
    #[arg(value_name = "FOLDER")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    design: DesignArgs,
    #[command(flatten)]
    run: StimulusArgs,
}

/// Inputs and pauses.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Stimulus")]
pub struct StimulusArgs {
    /// Steps to compare, with random inputs [default: 64]; with --input, at most this many
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000_000))]
    steps: Option<u32>,
    /// Inputs: .npy of int32 codes, [steps, input_size] or [batch, steps, input_size]; TLAST ends
    /// each sequence
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// The inputs are float32 and are quantised to the format of x first
    #[arg(long, requires = "input")]
    float_input: bool,
    #[command(flatten)]
    layout: LayoutArgs,
    /// Pauses of source and sink
    #[arg(long, value_enum, default_value = "both")]
    stalls: Stalls,
    /// Seed of random inputs and pauses
    #[arg(long, value_name = "N", default_value_t = 1)]
    stimulus_seed: u64,
    /// Write waveforms of the last run to this file (about 2 kB per cycle for a small core)
    #[arg(long, value_name = "FILE")]
    vcd: Option<PathBuf>,
    /// Where to write the words that the Verilog gave to --input in the last run, .npy of int64, in the
    /// layout of what was read: of every step, or of every sequence where the core waits for its end
    #[arg(
        long,
        value_name = "FILE",
        requires = "input",
        conflicts_with = "steps"
    )]
    words: Option<PathBuf>,
}

/// Pauses of source and sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Stalls {
    /// One run with `none`, one with pauses of all kinds
    Both,
    /// Never: the cycle counts are checked
    None,
    /// At random, each cycle for itself, slower than the core
    Random,
    /// In runs of random length, up to stops of several steps
    Bursts,
}

impl Stalls {
    /// The patterns for this core, in the order of the runs.
    pub fn patterns(self, opened: &Opened) -> Vec<Pattern> {
        match self {
            Self::Both => opened.patterns(),
            Self::None => vec![Pattern::AlwaysReady],
            Self::Random => vec![opened.following(Pauses::Random)],
            Self::Bursts => vec![opened.following(Pauses::Bursts)],
        }
    }
}

/// An agreement on one line.
fn write_agreement(out: &mut dyn Write, when: &str, agreed: &Agreement) -> std::io::Result<()> {
    write!(
        out,
        "  equal {when}: {} words of {} steps in {} cycles",
        grouped(agreed.words as u64),
        grouped(agreed.steps as u64),
        grouped(agreed.cycles)
    )?;
    if let Some(latency) = agreed.latency {
        write!(out, "; latency {} as stated", grouped(latency))?;
    }
    if let Some(cycles) = agreed.cycles_per_step {
        write!(out, "; {} cycles per step as stated", grouped(cycles))?;
    }
    if let Some(pressure) = &agreed.pressure
        && let Some(last) = pressure.layers.last()
    {
        write!(
            out,
            ", each beat in its cycle; source idle {}, sink stalled {}, queue full {}, array waited {}",
            grouped(pressure.source_idle),
            grouped(pressure.sink_stalled),
            grouped(last.queue_full),
            grouped(last.array_waited)
        )?;
    }
    writeln!(out)
}

impl Results for Checked {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(out, "{}: {}", self.top, self.tools.join(", "))?;
        if let Some(clamped) = self.clamped_inputs {
            let clamped = grouped(clamped);
            writeln!(out, "  {clamped} inputs were clamped to the format of x")?;
        }
        for run in &self.runs {
            let when = pattern_words(run.pattern);
            match &run.outcome {
                Outcome::Equal(agreed) => write_agreement(out, when, agreed)?,
                Outcome::Different(_) => {
                    let difference = run.difference.as_deref().unwrap_or_default();
                    writeln!(out, "  DIFFERENT {when}: {difference}")?;
                    if let Some(folder) = &run.replay {
                        writeln!(out, "  replay: lprnn-hw cosim {}", folder.display())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Compares a core with its model.
pub fn run(args: &CosimArgs, console: Console) -> Result<Ended, Problems> {
    for path in args.run.vcd.iter().chain(&args.run.words) {
        let of_folder = args.folder.as_deref().map(bundle_files);
        let inputs = of_folder.into_iter().flatten();
        let inputs: Vec<PathBuf> = inputs
            .chain(args.run.input.clone())
            .chain(args.design.files())
            .collect();
        check_file(path, &inputs)?;
    }
    if let (Some(vcd), Some(words)) = (&args.run.vcd, &args.run.words) {
        check_different(("--words", words), ("--vcd", vcd))?;
    }
    let report = match &args.folder {
        Some(_) if args.design.is_given() => {
            return Err(Problem::named(
                "cosim",
                "a folder and options of a design are given: which one is meant?",
            )
            .help("name a folder written by gen, or describe a design, not both")
            .into());
        }
        Some(folder) if folder.join("failure.json").is_file() => replay(folder, &console)?,
        Some(folder) => compare_as(&open(folder)?, &args.run, console)?,
        None => {
            let (_scratch, opened) = build(&plan(args.design.resolve()?)?)?.open()?;
            compare_as(&opened, &args.run, console)?
        }
    };
    console.print(&report)?;
    Ok(Ended::where_all(report.equal))
}

/// Steps compared when nothing is said.
const DEFAULT_STEPS: usize = 64;

/// Cosimulates an opened bundle as the options say.
fn compare_as(opened: &Opened, args: &StimulusArgs, console: Console) -> Result<Checked, Problems> {
    let steps = args.steps.map(|steps| steps as usize);
    let source = match &args.input {
        Some(path) => LoadSource::File {
            path,
            layout: args.layout.get(),
            float_input: args.float_input,
            most: steps,
        },
        None => LoadSource::Random {
            steps: steps.unwrap_or(DEFAULT_STEPS),
            seed: args.stimulus_seed,
        },
    };
    let CoreInputs {
        load,
        clamped,
        arrangement,
    } = source.read(opened, &console)?;
    let patterns = args.stalls.patterns(opened);
    let checking = Checking {
        seed: args.stimulus_seed,
        vcd: args.vcd.as_deref(),
        failures: Some(Path::new(FAILURES)),
        words: args.words.is_some(),
        ..Checking::new(&load, &patterns)
    };
    let mut report = check(opened, &checking, &console)?;
    report.clamped_inputs = clamped;
    if let (Some(path), Some(arrangement)) = (&args.words, &arrangement) {
        let port = &opened.interface.output;
        // Where the core differs there may be no words of all steps: that it does is what there is to say.
        if report.equal {
            write_words(path, &report.words, (&load, arrangement), port)?;
        }
    }
    Ok(report)
}
