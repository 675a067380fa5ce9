//! A plan for an engine that people run already.

use super::{Jobs, POINTS, RESULT};
use crate::diagnostic::Problem;

/// Programs that run many jobs.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Engine {
    /// A Makefile
    Make,
    /// A job array for sbatch
    Slurm,
    /// A Snakefile with one rule
    Snakemake,
}

/// How an engine takes a plan.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// The engine.
    pub engine: Engine,
    /// Points of one job of an array (Slurm).
    pub chunk: u32,
    /// Jobs of an array that run at once (Slurm).
    pub limit: u32,
}

/// An id as `grep -E` knows it: nothing else of the file reaches a shell.
const ID: &str = "[0-9a-f]{16}";

impl Jobs {
    /// The script with which an engine measures every point.
    ///
    /// # Errors
    /// A path that some engine would not take as it is.
    pub fn script(&self, export: Export) -> Result<String, Problem> {
        let shown = self.path.display().to_string();
        let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
        if shown.is_empty() || !shown.chars().all(plain) || shown.starts_with('-') {
            return Err(
                Problem::file(shown, "is not a path that every engine accepts")
                    .help("give a path of letters, digits, / . _ - and +"),
            );
        }
        let points = self.plan.tasks.len();
        Ok(match export.engine {
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
                let jobs = points.div_ceil(export.chunk as usize);
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
                    limit = export.limit,
                    chunk = export.chunk,
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
        })
    }
}
