//! `explore export`: a plan for an engine that people run already.

use super::super::Ended;
use super::{Folder, POINTS, RESULT};
use crate::diagnostic::{Problem, Problems};
use std::io::Write;
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

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Engine {
    /// A Makefile
    Make,
    /// A job array for sbatch
    Slurm,
    /// A Snakefile with one rule
    Snakemake,
}

/// An id as `grep -E` knows it: nothing else of the file reaches a shell.
const ID: &str = "[0-9a-f]{16}";

/// Prints the script of an engine.
pub fn export(args: &ExportArgs) -> Result<Ended, Problems> {
    let folder = Folder::open(&args.folder)?;
    let shown = args.folder.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if shown.is_empty() || !shown.chars().all(plain) || shown.starts_with('-') {
        return Err(
            Problem::file(shown, "is not a path that every engine accepts")
                .help("give a path of letters, digits, / . _ - and +")
                .into(),
        );
    }
    let points = folder.plan.tasks.len();
    let text = match args.engine {
        Engine::Make => format!(
            "# {points} points of {shown}: make -j N\n\
             POINTS := $(shell grep -xE '{ID}' {shown}/{POINTS})\n\
             .PHONY: all\n\
             .DELETE_ON_ERROR:\n\
             all: $(POINTS:%={shown}/points/%/{RESULT})\n\
             {shown}/points/%/{RESULT}:\n\
             \tlprnn-hw -q explore point '{shown}' '$*'\n"
        ),
        Engine::Slurm => {
            let jobs = points.div_ceil(args.chunk as usize);
            format!(
                "#!/bin/sh\n\
                 #SBATCH --job-name=lprnn-hw\n\
                 #SBATCH --array=0-{last}%{limit}\n\
                 # {points} points of {shown}, {chunk} a job: sbatch FILE\n\
                 set -u\n\
                 first=$((SLURM_ARRAY_TASK_ID * {chunk} + 1))\n\
                 failed=0\n\
                 ids=$(sed -n \"$first,$((first + {chunk} - 1))p\" '{shown}/{POINTS}' | grep -xE '{ID}') || exit 2\n\
                 for id in $ids; do\n\
                 \tlprnn-hw -q explore point '{shown}' \"$id\" || failed=1\n\
                 done\n\
                 exit $failed\n",
                last = jobs.saturating_sub(1),
                limit = args.limit,
                chunk = args.chunk,
            )
        }
        Engine::Snakemake => format!(
            "# {points} points of {shown}: snakemake --cores N\n\
             POINTS = open(\"{shown}/{POINTS}\").read().split()\n\
             HEX = set(\"0123456789abcdef\")\n\
             POINTS = [id for id in POINTS if len(id) == 16 and set(id) <= HEX]\n\n\
             rule all:\n    \
                 input: expand(\"{shown}/points/{{id}}/{RESULT}\", id=POINTS)\n\n\
             rule point:\n    \
                 output: \"{shown}/points/{{id}}/{RESULT}\"\n    \
                 shell: \"lprnn-hw -q explore point '{shown}' {{wildcards.id:q}}\"\n"
        ),
    };
    std::io::stdout()
        .write_all(text.as_bytes())
        .map_err(|error| Problem::named("standard output", error))?;
    Ok(Ended::Well)
}
