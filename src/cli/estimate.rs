//! `lprnn-hw estimate`.

use super::Ended;
use super::design::DesignArgs;
use super::output::{Console, Results, grouped, table};
use super::part::other_family;
use super::progress::Progress;
use super::report::{human_layers, human_timing};
use crate::device::Part;
use crate::diagnostic::Problems;
use crate::estimate::{Estimate, Figure};
use crate::flow::{EstimateReport, plan};
use std::io::Write;
use std::path::PathBuf;

/// Arguments of `estimate`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  lprnn-hw estimate --bits 4 --hidden 512
  lprnn-hw estimate --model lstm.safetensors --target ecp5 --target-cycles 2000
  lprnn-hw estimate --config design.toml --max-macs 256 --format json
  lprnn-hw estimate --bits 4 --hidden 32 --part ice40up5k

Takes the arguments of gen, and prints what the core will take, without building it: block RAM, DSP
blocks, memory bits and cycles exactly; LUTs, flip-flops and carry cells by a model fitted to Yosys,
and the clock on ECP5 and iCE40 by one fitted to nextpnr, with their errors on designs outside the
fit. Seeded weights are drawn for it: of their sums follows the width of the accumulators.

Exit status: 0 done, 2 could not: every setting that is wrong is named with its place.")]
pub struct EstimateArgs {
    #[command(flatten)]
    design: DesignArgs,
    /// Estimate for this part: its family is the target, and on iCE40 UltraPlus multipliers are DSP blocks
    #[arg(long, value_name = "PART", help_heading = "Hardware")]
    part: Option<String>,
    /// Coefficients of the estimator, written by `fit coefficients` [default: built in]
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    coefficients: Option<PathBuf>,
}

/// A fitted figure with its error.
fn figure(name: &str, figure: Figure) -> Vec<String> {
    vec![
        name.to_string(),
        grouped(figure.value),
        format!(
            "off by {:.1} % at the median, {:.1} % at worst",
            figure.median_error_percent, figure.worst_error_percent
        ),
    ]
}

fn exact(name: &str, value: u64) -> Vec<String> {
    vec![name.to_string(), grouped(value), "exact".to_string()]
}

/// The table of an estimate.
pub fn human_estimate(out: &mut dyn Write, estimate: &Estimate) -> std::io::Result<()> {
    let blocks = estimate.family.facts().block_name;
    let mut rows = vec![
        figure("LUT (logic)", estimate.lut),
        figure("LUT sites in all", estimate.lut_total),
        figure("flip-flops", estimate.ff),
        figure("carry cells", estimate.carry),
        exact(blocks, estimate.bram),
    ];
    if estimate.ramb36 > 0 {
        rows.push(exact("RAMB36 among them", estimate.ramb36));
    }
    rows.push(exact("DSP blocks", estimate.dsp));
    rows.push(exact("memory bits", estimate.memory_bits));
    if let Some(clock) = estimate.clock {
        rows.push(vec![
            "clock, MHz".to_string(),
            format!("{:.1}", clock.mhz),
            format!(
                "{} after place and route; off by {:.1} % at the median, {:.1} % at worst",
                clock.class.name(),
                clock.median_error_percent,
                clock.worst_error_percent
            ),
        ]);
    }
    table(out, &rows)
}

impl Results for EstimateReport {
    fn human(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let family = self.estimate.family.word();
        let device = self.part.map_or(family, |part| part.name);
        writeln!(out, "{}: estimated for {device}", self.implementation.name)?;
        human_layers(out, &self.layers)?;
        human_timing(out, &self.timing)?;
        human_estimate(out, &self.estimate)
    }
}

/// Estimates a design.
pub fn run(args: &EstimateArgs, console: Console) -> Result<Ended, Problems> {
    let fitted = crate::fit::factors(args.coefficients.as_deref())?;
    let mut config = args.design.resolve()?;
    let part = match &args.part {
        Some(name) => Some(Part::find(name).map_err(|unknown| unknown.by_flag("--part"))?),
        None => None,
    };
    if let Some(part) = part {
        if let Some(issue) = other_family(&config, &args.design.given()?, part) {
            return Err(issue.into());
        }
        config.implementation.target = part.family.sources();
    }
    let progress = Progress::spinner(console, "estimating");
    let report = EstimateReport::of(&plan(config)?, part, &fitted);
    drop(progress);
    console.print(&report)?;
    Ok(Ended::Well)
}
