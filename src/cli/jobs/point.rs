//! `explore point`: one task, measured.

use super::super::Ended;
use super::super::output::Console;
use crate::diagnostic::Problems;
use crate::flow::Jobs;
use std::path::PathBuf;

/// Arguments of `explore point`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw explore point sweep 0f3a66c1d20b9e47

The unit of work that engines call: measures one point of a plan and moves its result.json into place
at once. A point whose result is there already is done: nothing happens. Two workers at the same point
write the same bytes.

Exit status: 0 there is a result, 1 there is one and the core differs from the reference model or does
not fit, 2 could not.")]
pub struct PointArgs {
    /// Folder of `explore plan`
    folder: PathBuf,
    /// The point, a line of points.txt
    id: String,
}

/// Measures one point.
pub fn point(args: &PointArgs, console: Console) -> Result<Ended, Problems> {
    let found = Jobs::open(&args.folder)?.measure(&args.id, &console)?;
    Ok(Ended::where_all(found.holds()))
}
