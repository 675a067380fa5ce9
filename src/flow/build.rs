//! From a design to the files of its bundle.

use super::open::{DESIGN, Opened, open};
use super::place::Place;
use super::plan::{MODEL, Planned};
use crate::codegen::{Bundle, Comment, Package, Report, Vectors, header};
use crate::cosim::Workload;
use crate::diagnostic::Problems;
use crate::files::{self, sha256};
use crate::tools::Scratch;

/// A generated design.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its files.
    pub bundle: Bundle,
    /// Its report.
    pub report: Report,
}

/// Inputs of the emitted test bench.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BenchInputs {
    /// Steps.
    pub steps: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for BenchInputs {
    /// As many steps of one sequence as the bench's check of the cycle count needs, and some.
    fn default() -> Self {
        Self { steps: 12, seed: 1 }
    }
}

/// Generates all files.
///
/// # Errors
/// A model that the hardware has no place for.
pub fn build(planned: &Planned) -> Result<Built, Problems> {
    let one = BenchInputs::default();
    let bench = BenchInputs {
        steps: one.steps * planned.design.contexts(),
        ..one
    };
    build_with(planned, bench)
}

/// The same, with a test bench of these inputs.
///
/// # Errors
/// As [`build`].
pub fn build_with(planned: &Planned, bench: BenchInputs) -> Result<Built, Problems> {
    let Planned {
        config,
        model,
        design,
    } = planned;
    let implementation = &config.implementation;
    let file = model.to_bytes()?;
    let digest = sha256(&file);
    let mut bundle = Bundle::generate(model, design, implementation, &digest)?;
    let load = Workload::bench(&bundle.interface, bench.steps, bench.seed);
    let outputs = load.expected(model, bundle.interface.state, &mut |_| {});
    bundle.add_testbench(Vectors {
        inputs: &load.inputs,
        last: &load.last,
        clear: &load.clear,
        outputs: &outputs,
    })?;
    let settings = header(Comment::Hash) + &config.to_toml(MODEL);
    let beside = [
        (MODEL.to_owned(), file),
        (DESIGN.to_owned(), settings.into_bytes()),
    ];
    let report = bundle.add_package(Package {
        design,
        implementation,
        model_digest: &digest,
        beside: beside.into(),
        clock_ns: config.clock_ns,
    })?;
    Ok(Built { bundle, report })
}

impl Built {
    /// Writes the bundle into a temporary folder and opens it; the folder goes with the first value.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn open(&self) -> Result<(Scratch, Opened), Problems> {
        let scratch = Scratch::new()
            .map_err(|error| files::problem(&std::env::temp_dir(), "write", &error))?;
        let folder = scratch.path().join("bundle");
        Place::check(&folder, false)?.write(&self.bundle.files)?;
        Ok((scratch, open(&folder)?))
    }
}
