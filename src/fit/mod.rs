//! How good the estimate is: designs to synthesise, what synthesis counts of them, and the factors that
//! follow.
//!
//! [`SeriesDesign::series`] lists the designs; [`measure`] takes one through the generator, Yosys and, where
//! it names a device, nextpnr; [`fit()`] weighs the terms of [`crate::estimate`] by what was counted and
//! says how far off that is for designs it has not seen.

mod design;
mod document;
mod folder;
mod points;
mod solve;
mod table;

pub use design::{FABRICS, FAMILIES, Gives, SeriesDense, SeriesDesign};
pub use document::{designs, document};
pub use folder::{Collected, Collecting, collect, factors, fit_folder};
pub use points::{FIGURES, MeasuredCounts, MeasuredPoint};
pub use solve::{Statistics, clock_error, error, fit};
pub use table::Table;

use crate::device::PlacedPart;
use crate::diagnostic::{Location, Problem, Problems};
use crate::flow::{build, plan_core};
use crate::synth::{self, Options, RouteOptions, Synthesis};
use crate::tools::Search;
use std::time::Duration;

/// Most time for one run of a tool.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Clock that the router aims at, MHz: above what any design of the series reaches.
const AIM_MHZ: f64 = 200.0;
/// Seed of the placer.
const PLACER_SEED: u64 = 1;

/// Synthesises a design, and places and routes it where it names a device.
///
/// # Errors
/// The tools fail on it, or it cannot be generated: each problem with the line of the design.
pub fn measure(search: &Search, design: &SeriesDesign) -> Result<Synthesis, Problems> {
    let of_design = |problem: Problem| Problem {
        what: problem.to_string(),
        place: Location::Named(design.line().into()),
        notes: Vec::new(),
        ..problem
    };
    synthesise(search, design).map_err(|problems| problems.each(of_design))
}

fn synthesise(search: &Search, design: &SeriesDesign) -> Result<Synthesis, Problems> {
    let built = build(&plan_core(design.model(), design.implementation())?)?;
    let (_scratch, opened) = built.open()?;
    let route = match design.device {
        None => None,
        Some(device) => Some(RouteOptions {
            part: PlacedPart::new(design.target, Some(device), None)?,
            target_mhz: AIM_MHZ,
            seed: PLACER_SEED,
            seeds: 1,
        }),
    };
    let options = Options {
        route,
        netlist: None,
        limit: LIMIT,
    };
    let source = synth::NetlistSources::of(&opened.folder, &opened.interface);
    Ok(synth::run(search, &source, design.target, &options)?)
}
