//! `lprnn-hw fit`: what the estimate is fitted to, and how good it is.

use super::Ended;
use super::output::{Console, Results};
use crate::diagnostic::Problems;
use crate::estimate::Coefficients;
use crate::fit::{Collected, Collecting, collect, designs, document, fit_folder};
use serde::Serialize;
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `fit`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit collect my-fit -j 8
  lprnn-hw fit coefficients my-fit > errors.md
  lprnn-hw estimate --bits 4 --hidden 512 --coefficients my-fit/coefficients.json

The estimates that are compiled in were made this way, from src/estimate/data. With tools of other
versions, make your own.

Exit status: 0 done, 2 could not, 130 interrupted.")]
pub struct FitArgs {
    #[command(subcommand)]
    command: Step,
}

#[derive(clap::Subcommand, Debug)]
enum Step {
    /// Synthesise the designs that the table does not have yet
    Collect(FitCollectArgs),
    /// Fit the estimator's coefficients to the table and print their errors
    Coefficients(CoefficientsArgs),
}

#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit collect my-fit -j 8
  lprnn-hw fit collect my-fit --family ecp5

Takes the designs of a fixed series through the generator, Yosys and, where the series names a device,
nextpnr, several at once, and writes FOLDER/points.csv after every one of them: it can be stopped at any
moment and run again. Hours for the whole series.

Exit status: 0 every design of the series is in the table, 2 some could not be measured (named, with
what the tool said; the others are kept), 130 interrupted.")]
struct FitCollectArgs {
    /// Folder of the table; made when it is not there
    folder: PathBuf,
    /// Designs measured at once [default: one for every core]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    jobs: Option<u32>,
    /// Designs of this family alone
    #[arg(long, value_parser = super::values::synthesised(), value_name = "FAMILY")]
    family: Option<crate::device::Family>,
    /// At most this many designs that are not there yet
    #[arg(long, value_name = "N")]
    count: Option<usize>,
}

#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw fit coefficients my-fit > errors.md
  lprnn-hw fit coefficients my-fit --designs > designs.csv
  lprnn-hw estimate --bits 4 --hidden 512 --coefficients my-fit/coefficients.json

Reads FOLDER/points.csv, fits the factors of every family to two of five designs, writes
FOLDER/coefficients.json, and prints the errors on the others as Markdown.

Exit status: 0 fitted, 2 could not: no table, a damaged one, or too few designs of a family.")]
struct CoefficientsArgs {
    /// Folder of the table
    folder: PathBuf,
    /// Print every design with its errors instead, as CSV
    #[arg(long)]
    designs: bool,
}

/// The factors and the errors that remain.
#[derive(Serialize)]
struct Fitted {
    coefficients: Coefficients,
    #[serde(skip)]
    text: String,
}

impl Results for Fitted {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        out.write_all(self.text.as_bytes())
    }
}

impl Results for Collected {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        writeln!(
            out,
            "{} designs are in the table, {} of them new; {} of the series are missing",
            self.designs, self.measured, self.missing
        )
    }
}

/// Collects or fits.
pub fn run(args: &FitArgs, console: Console) -> Result<Ended, Problems> {
    match &args.command {
        Step::Collect(args) => {
            let wanted = Collecting {
                family: args.family,
                count: args.count,
                jobs: args.jobs,
            };
            console.print(&collect(&args.folder, wanted, &console)?)?;
        }
        Step::Coefficients(args) => {
            let (points, coefficients) = fit_folder(&args.folder)?;
            let text = if args.designs {
                designs(&points, &coefficients)
            } else {
                document(&points, &coefficients)
            };
            console.print(&Fitted { coefficients, text })?;
        }
    }
    Ok(Ended::Well)
}
