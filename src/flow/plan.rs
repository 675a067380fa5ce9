//! From settings to a model and its design.

use crate::device::Family;
use crate::diagnostic::{Problem, Problems};
use crate::estimate::{Estimate, FactorTable};
use crate::files;
use crate::hardware::Design;
use crate::quantize::{QuantizedModel, seeded};
use crate::spec::{
    CorePart, DEFAULT_CLOCK_NS, DesignConfig, Implementation, MAX_BYTES, Network, Origins,
    Settings, read_settings,
};
use std::path::Path;

/// The quantised model inside a bundle.
pub const MODEL: &str = "model.safetensors";

/// Model and folding of a design, without any Verilog.
#[derive(Clone, Debug)]
pub struct Planned {
    /// All settings.
    pub config: DesignConfig,
    /// The model in integers.
    pub model: QuantizedModel,
    /// Its hardware in numbers.
    pub design: Design,
}

/// Reads or draws the model and folds it.
///
/// # Errors
/// A model that cannot be read, or a folding that cannot be built.
pub fn plan(config: DesignConfig) -> Result<Planned, Problems> {
    let (config, model) = with_model(config)?;
    plan_model(config, model)
}

/// Reads or draws the model that the settings name; its first recurrent layer's cell is the name of a core that has none.
///
/// # Errors
/// A model that cannot be read.
pub fn with_model(config: DesignConfig) -> Result<(DesignConfig, QuantizedModel), Problems> {
    let model = match &config.network {
        Network::Model(path) => QuantizedModel::read(path)?,
        Network::Seeded(network) => seeded(network),
    };
    let model = match config.core {
        CorePart::Network => model,
        CorePart::Recurrent => model.recurrent(),
    };
    Ok((config.named_after(model.layers[0].recurrence.kind()), model))
}

/// Folds a model that is there already.
///
/// # Errors
/// A folding that cannot be built.
pub fn plan_model(config: DesignConfig, model: QuantizedModel) -> Result<Planned, Problems> {
    let price = FactorTable::built_in();
    let design = Design::new(&model, &config.implementation, &*price)
        .map_err(|problem| config.locate(problem))?;
    Ok(Planned {
        config,
        model,
        design,
    })
}

/// Folds a model that comes from nowhere but the bundle itself, at the clock that is taken when none is given.
///
/// # Errors
/// A folding that cannot be built.
pub fn plan_core(
    model: QuantizedModel,
    implementation: Implementation,
) -> Result<Planned, Problems> {
    let config = DesignConfig {
        network: Network::Model(MODEL.into()),
        core: CorePart::Network,
        implementation,
        clock_ns: DEFAULT_CLOCK_NS,
        origins: Origins::default(),
    };
    plan_model(config, model)
}

impl Planned {
    /// Estimate of it on the family's usual devices.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.estimate_on(self.config.implementation.target)
    }

    /// Estimate of it on devices of this family.
    #[must_use]
    pub fn estimate_on(&self, family: Family) -> Estimate {
        self.estimate_with(family, &FactorTable::built_in())
    }

    /// The same with other factors than those that are compiled in.
    #[must_use]
    pub fn estimate_with(&self, family: Family, fitted: &FactorTable) -> Estimate {
        Estimate::new(&self.model, &self.design, family, fitted)
    }
}

/// Reads a design file; what is wrong in it is found when it is resolved.
///
/// # Errors
/// A file that cannot be read.
pub fn read_design(path: &Path) -> Result<Settings, Problems> {
    let bytes = files::read_within(path, MAX_BYTES)
        .map_err(|error| files::problem(path, "read", &error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Problem::file(path, format!("byte {at} is not UTF-8")).help("save it as UTF-8 text")
    })?;
    let shown = path.display().to_string();
    let folder = path.parent().unwrap_or(Path::new(""));
    Ok(read_settings(&text, &shown, folder))
}
