//! `lprnn-hw gen`.

use super::Ended;
use super::design::DesignArgs;
use super::output::Console;
use super::part::PartArgs;
use super::progress::Progress;
use crate::diagnostic::Problems;
use crate::flow::Place;
use crate::flow::{build, with_model};
use std::path::PathBuf;

/// Arguments of `gen`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw gen --bits 4 --hidden 512                     seeded weights, 64 MACs per cycle
  lprnn-hw gen --model lstm.safetensors --units 2 --columns 18 --target ecp5
  lprnn-hw gen --config design.toml --max-macs 256 --out fast
  lprnn-hw gen --model lstm.safetensors --part xc7a35t --fastest
  lprnn-hw gen --model lstm.safetensors --part ice40up5k --smallest --target-cycles 5000

The folder holds Verilog-2005 sources (rtl/), weight memories, a self-checking test bench (tb/),
interface.json with ports, number formats and exact cycle counts, the model, the settings
(design.toml), a report, and scripts for the tools. It is written as a whole or not at all, and
the same input gives the same bytes.

With --part the folding is searched by estimates, as explore does it, and the part's family is the
target; a model that does not fit is refused with what is missing.

A design file has the tables [network], [numerics] and [implementation]; its keys are the long
options with underscores, z.bits, z.frac, c.bits and c.frac with a dot (docs/formats.md).

Exit status: 0 written, 2 could not: every setting that is wrong is named with its place.")]
pub struct GenArgs {
    #[command(flatten)]
    design: DesignArgs,
    #[command(flatten)]
    part: PartArgs,
    /// Folder to write [default: the name]
    #[arg(short, long, value_name = "FOLDER", help_heading = "Output")]
    out: Option<PathBuf>,
    /// Replace the folder if it holds an older design; what others put there stays
    #[arg(long, help_heading = "Output")]
    force: bool,
}

/// Generates a design and writes its folder.
pub fn run(args: &GenArgs, console: Console) -> Result<Ended, Problems> {
    let given = args.design.given()?;
    let config = args.design.resolve()?;
    let part = args.part.find(&config, &given)?;
    let (config, model) = with_model(config)?;
    let name = &config.implementation.name;
    let out = args.out.clone().unwrap_or_else(|| PathBuf::from(name));
    let place = Place::check(&out, args.force)?;
    let progress = Progress::spinner(console, &format!("generating {name}"));
    let built = build(&args.part.fold((config, model), part, console)?)?;
    place.write_watched(&built.bundle.files, &console)?;
    drop(progress);
    console.print(&built.report)?;
    console.say(format_args!(
        "wrote {} files to {}",
        built.bundle.files.len() + 1, // the list of them
        out.display()
    ));
    Ok(Ended::Well)
}
