//! `explore export`: a plan for an engine that people run already.

use super::super::Ended;
use super::super::output::Console;
use crate::diagnostic::Problems;
use crate::flow::{Engine, Export, Jobs};
use std::path::PathBuf;

/// Arguments of `explore export`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore export make sweep > Makefile && make -j 8
  lprnn-hw explore export slurm sweep --chunk 20 --limit 50 > sweep.sh && sbatch sweep.sh
  lprnn-hw explore export snakemake sweep > Snakefile && snakemake --cores 8

Prints what hands a plan to an engine that people run already. It calls `lprnn-hw explore point`, which
must be on the PATH of the workers; the folder must be one that all of them see.

Exit status: 0 printed, 2 could not.")]
pub struct ExportArgs {
    /// The engine
    #[arg(value_enum)]
    engine: Engine,
    /// Folder of `explore plan`
    folder: PathBuf,
    /// Points of one job of an array (slurm)
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,
    /// Jobs of an array that run at once (slurm)
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// Prints the script of an engine.
pub fn export(args: &ExportArgs) -> Result<Ended, Problems> {
    let script = Jobs::open(&args.folder)?.script(Export {
        engine: args.engine,
        chunk: args.chunk,
        limit: args.limit,
    })?;
    Console::text(|out| out.write_all(script.as_bytes()))?;
    Ok(Ended::Well)
}
