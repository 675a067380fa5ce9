//! A design from its settings to its files, and back from its folder.

use super::error::CliError;
use super::model;
use crate::codegen::{Bundle, Interface, Package, Vectors, rom_columns};
use crate::cosim::Workload;
use crate::estimate::Estimate;
use crate::quantize::QuantizedModel;
use crate::schedule::Schedule;
use crate::spec::{DesignConfig, Fabric, Network};
use std::path::{Path, PathBuf};

/// The quantised model inside a bundle.
pub const MODEL: &str = "model.safetensors";
/// The settings inside a bundle.
pub const DESIGN: &str = "design.toml";

/// Steps of the emitted test bench: as many as its check of the cycle count needs, and some.
const BENCH_STEPS: usize = 12;
/// Seed of its inputs.
const BENCH_SEED: u64 = 1;

/// A generated design.
pub struct Built {
    /// All settings.
    pub config: DesignConfig,
    /// What it computes.
    pub model: QuantizedModel,
    /// SHA-256 of the model file.
    pub model_digest: String,
    /// How it is folded.
    pub schedule: Schedule,
    /// Its files.
    pub bundle: Bundle,
}

/// Model and folding of a design, without any Verilog.
pub struct Planned {
    /// All settings.
    pub config: DesignConfig,
    /// What it computes.
    pub model: QuantizedModel,
    /// How it is folded.
    pub schedule: Schedule,
}

/// Reads or draws the model and folds it.
pub fn plan(config: DesignConfig) -> Result<Planned, CliError> {
    let model = match &config.network {
        Network::Model(path) => model::load(path)?,
        Network::Seeded(network) => model::seeded(network),
    };
    plan_model(config, model)
}

/// Folds a model that is there already.
pub fn plan_model(config: DesignConfig, model: QuantizedModel) -> Result<Planned, CliError> {
    let schedule = Schedule::new(&model, &config.implementation)?;
    Ok(Planned {
        config,
        model,
        schedule,
    })
}

impl Planned {
    /// What it will take on the family's usual devices.
    pub fn estimate(&self) -> Estimate {
        self.estimate_on(self.config.implementation.target.into())
    }

    /// What it will take on devices of the family with this fabric.
    pub fn estimate_on(&self, fabric: Fabric) -> Estimate {
        let roms = rom_columns(&self.model, &self.schedule, fabric.target());
        Estimate::new(&self.model, &self.schedule, &roms, fabric)
    }
}

/// Generates all files.
pub fn build(planned: Planned) -> Result<Built, CliError> {
    let Planned {
        config,
        model,
        schedule,
    } = planned;
    let model_bytes = model.to_bytes()?;
    let model_digest = model::digest(&model_bytes);
    let built = &config.implementation;
    let mut bundle = Bundle::generate(&model, &schedule, built, &model_digest)?;
    let mut load = Workload::random(&bundle.interface, BENCH_STEPS, BENCH_SEED);
    // The test bench plays one sequence and leaves the pulse alone.
    load.last.fill(false);
    load.clear.clear();
    let outputs = load.expected(&model, bundle.interface.state, &mut |_| {});
    bundle.add_testbench(Vectors {
        inputs: &load.inputs,
        outputs: &outputs,
    })?;
    bundle.add_package(Package {
        model: &model,
        schedule: &schedule,
        implementation: &config.implementation,
        model_digest: &model_digest,
        model_file: Some(&model_bytes),
        clock_ns: config.clock_ns,
    })?;
    let settings = config.to_toml(MODEL).into_bytes();
    bundle.files.insert(DESIGN.to_string(), settings);
    Ok(Built {
        config,
        model,
        model_digest,
        schedule,
        bundle,
    })
}

/// The files of a folder that is read, as far as it lists them.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let listed = super::folder::listed(folder).unwrap_or_default();
    let known = [super::folder::MARK, MODEL, DESIGN, "failure.json"].map(PathBuf::from);
    let names = listed.into_iter().chain(known);
    names.map(|name| folder.join(name)).collect()
}

/// A folder written by `gen`.
pub struct Opened {
    /// Where it is.
    pub folder: PathBuf,
    /// Signature of the core in it.
    pub interface: Interface,
    /// What the core should compute, and how it is folded.
    pub planned: Planned,
}

/// Opens a folder written by `gen`.
pub fn open(folder: &Path) -> Result<Opened, CliError> {
    let path = folder.join(super::folder::MARK);
    let text =
        std::fs::read_to_string(&path).map_err(|error| CliError::io(&path, "read", &error))?;
    let interface: Interface = serde_json::from_str(&text).map_err(|error| {
        CliError::new(path.display(), error).help("generate the design anew with `lprnn-hw gen`")
    })?;
    let config = super::design::read_config(&folder.join(DESIGN))?;
    let planned = plan(DesignConfig::resolve(config)?)?;
    let layers = &planned.model.layers;
    let fits = layers.first().map(|layer| layer.input_size) == Some(interface.input.elements)
        && layers.last().map(|layer| layer.hidden_size) == Some(interface.output.elements);
    if !fits {
        return Err(CliError::new(
            folder.join(MODEL).display(),
            format!("does not fit the core: {} says other sizes", path.display()),
        )
        .help("generate the design anew with `lprnn-hw gen`"));
    }
    Ok(Opened {
        folder: folder.to_path_buf(),
        interface,
        planned,
    })
}
