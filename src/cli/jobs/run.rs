//! `explore run`: the points of a plan, several processes at once.

use super::super::Ended;
use super::super::output::{Console, Results};
use crate::diagnostic::Problems;
use crate::flow::{Jobs, MeasuredAll, Workers};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `explore run`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore run sweep -j 8
  lprnn-hw explore run sweep -j 64 --launcher 'srun -n1 -c2 --exclusive'

Measures every point of a plan that has no sound result yet, each by a process of its own. It can be
stopped at any moment, by Ctrl-C or worse, and run again, also twice at once and on several machines
that share the folder: a result is there as a whole or not at all.

Exit status: 0 every point has a result, 1 it has and some core differs from the reference model or
does not fit, 2 points failed (named, with what they said), 130 interrupted.")]
pub struct WorkerArgs {
    /// Folder of `explore plan`
    folder: PathBuf,
    /// Points measured at once [default: one for every core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Put before the command of every point, words between blanks
    #[arg(long, value_name = "PREFIX", default_value = "")]
    launcher: String,
    /// Further tries for a point that failed
    #[arg(long, value_name = "R", default_value_t = 1)]
    retries: u32,
}

impl Results for MeasuredAll {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Self {
            points,
            measured,
            different,
        } = self;
        writeln!(
            out,
            "{points} points have a result, {measured} of them new; {different} differ or do not fit"
        )
    }
}

/// Measures what has no result.
pub fn run(args: &WorkerArgs, console: Console) -> Result<Ended, Problems> {
    let workers = Workers {
        jobs: args.jobs,
        launcher: &args.launcher,
        retries: args.retries,
    };
    let found = Jobs::open(&args.folder)?.measure_all(workers, &console)?;
    console.print(&found)?;
    Ok(Ended::where_all(found.different == 0))
}
