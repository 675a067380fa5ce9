//! How good the estimate is: designs to synthesise, what synthesis counts of them, and the factors that
//! follow.
//!
//! [`SeriesDesign::series`] lists the designs; [`measure`] takes one through the generator, Yosys and, where
//! it names a device, nextpnr; [`fit()`] weighs the terms of [`crate::estimate`] by what was counted and
//! says how far off that is for designs it has not seen.

mod design;
mod document;
mod points;
mod solve;
mod table;

pub use design::{FABRICS, FAMILIES, SeriesDesign};
pub use document::document;
pub use points::{FIGURES, MeasuredCounts, MeasuredPoint};
pub use solve::{Statistics, clock_error, error, fit};
pub use table::Table;

use crate::codegen::Bundle;
use crate::device::PlacedPart;
use crate::hardware;
use crate::synth::{self, Options, RouteOptions, SynthError, Synthesis};
use crate::tools::Search;
use std::path::Path;
use std::time::Duration;

/// Most time for one run of a tool.
const LIMIT: Duration = Duration::from_secs(30 * 60);
/// Clock that the router aims at, MHz: above what any design of the series reaches.
const AIM_MHZ: f64 = 200.0;
/// Seed of the placer.
const PLACER_SEED: u64 = 1;

/// Why a design could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// The generator refuses it: a defect of the series.
    #[error("{design}: {problem}")]
    Design {
        /// Its line of the table.
        design: String,
        /// Error of the generator.
        problem: String,
    },
    /// A file of it cannot be written.
    #[error("{}: cannot write: {source}", path.display())]
    Write {
        /// The file.
        path: std::path::PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The tools failed on it.
    #[error("{design}: {source}")]
    Synth {
        /// Its line of the table.
        design: String,
        /// Error of the tools.
        source: SynthError,
    },
}

impl From<MeasureError> for crate::diagnostic::Problem {
    fn from(error: MeasureError) -> Self {
        let problem = Self::new(error.to_string());
        match error {
            MeasureError::Synth { source, .. } => Self {
                help: Self::from(source).help,
                ..problem
            },
            MeasureError::Design { .. } | MeasureError::Write { .. } => problem,
        }
    }
}

/// Generates a design into `folder`, which is there.
pub fn generate(
    design: &SeriesDesign,
    folder: &Path,
) -> Result<synth::NetlistSources, MeasureError> {
    let refused = |problem: String| MeasureError::Design {
        design: design.line(),
        problem,
    };
    let (model, implementation) = (design.model(), design.implementation());
    let hardware = hardware::Design::new(&model, &implementation)
        .map_err(|error| refused(error.to_string()))?;
    let bundle = Bundle::generate(&model, &hardware, &implementation, "0")
        .map_err(|error| refused(error.to_string()))?;
    for (name, bytes) in &bundle.files {
        let path = folder.join(name);
        let written = std::fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| std::fs::write(&path, bytes));
        written.map_err(|source| MeasureError::Write { path, source })?;
    }
    Ok(synth::NetlistSources {
        folder: folder.into(),
        top: bundle.interface.top,
        clock: bundle.interface.clock,
        sources: bundle.interface.sources,
    })
}

/// Synthesises a design, and places and routes it where it names a device.
pub fn measure(search: &Search, design: &SeriesDesign) -> Result<Synthesis, MeasureError> {
    let failed = |source| MeasureError::Synth {
        design: design.line(),
        source,
    };
    let scratch = crate::tools::Scratch::new().map_err(|source| MeasureError::Write {
        path: std::env::temp_dir(),
        source,
    })?;
    let source = generate(design, scratch.path())?;
    let route = match design.device {
        None => None,
        Some(device) => Some(RouteOptions {
            part: PlacedPart::new(design.target, Some(device), None)
                .map_err(|error| failed(error.into()))?,
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
    synth::run(search, &source, design.target, &options).map_err(failed)
}
