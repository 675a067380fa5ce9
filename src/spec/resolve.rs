//! From settings to a design that can be built.

use super::config::{
    DEFAULT_BITS, DEFAULT_C, DEFAULT_CLOCK_NS, DEFAULT_GATE_FRAC, DEFAULT_MACS, DEFAULT_Z,
    DesignConfig, Network, Numerics, SeededNetwork,
};
use super::identifier::Identifier;
use super::implementation::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};
use super::settings::{SHAPE, Settings, Value};
use crate::device::Family;
use crate::diagnostic::{Location, Problem, Problems, Within};
use crate::fixed::QFormat;
use std::path::PathBuf;

/// Most weights that are made from a seed: half as many take up to 3 GB of memory, and no part holds them.
const MOST_WEIGHTS: usize = 1 << 28;

impl DesignConfig {
    /// Decides every setting, or says everything that is wrong.
    pub fn resolve(settings: Settings) -> Result<Self, Problems> {
        let mut resolver = Resolver::new(settings);
        let network = resolver.network();
        let implementation = resolver.implementation();
        let clock_ns = match resolver.settings.get("implementation.clock_ns") {
            Some(given) => match given.value {
                Value::Number(value) => value,
                _ => DEFAULT_CLOCK_NS,
            },
            None => DEFAULT_CLOCK_NS,
        };
        let origins = resolver.settings.origins();
        resolver.finish(Self {
            network,
            implementation,
            clock_ns,
            origins,
        })
    }
}

impl Numerics {
    /// Decides the number formats, or says everything that is wrong.
    pub fn resolve(settings: Settings) -> Result<Self, Problems> {
        let mut resolver = Resolver::new(settings);
        let numerics = resolver.numerics();
        resolver.finish(numerics)
    }
}

struct Resolver {
    settings: Settings,
    issues: Vec<Problem>,
}

impl Resolver {
    fn new(mut settings: Settings) -> Self {
        let issues = std::mem::take(&mut settings.issues);
        Self { settings, issues }
    }

    fn finish<T>(self, value: T) -> Result<T, Problems> {
        Problems::none_or(self.issues, value)
    }

    /// An issue at the place where `path` was given, or at the option to give it by.
    fn issue(&mut self, path: &str, problem: &str, remedy: &str) {
        let place = self.settings.place(path);
        self.issues.push(Problem::at(place, problem).help(remedy));
    }

    fn integer(&self, path: &str) -> Option<i64> {
        self.settings.integer(path)
    }

    fn given(&self, path: &str) -> bool {
        self.settings.get(path).is_some()
    }

    fn network(&mut self) -> Network {
        if let Some(given) = self.settings.get("network.model") {
            let Value::Text(path) = &given.value else {
                unreachable!("checked on insertion")
            };
            let path = match &given.folder {
                Some(folder) => folder.join(path),
                None => PathBuf::from(path),
            };
            for setting in SHAPE {
                if self.given(setting) {
                    self.issue(
                        setting,
                        "says again what the model file says",
                        "leave it away, or leave the model away for seeded weights",
                    );
                }
            }
            return Network::Model(path);
        }
        let hidden = self.integer("network.hidden");
        // An unreadable value has been complained about already.
        if hidden.is_none() && self.issues.is_empty() {
            self.issue(
                "network.hidden",
                "the design has neither a model nor a hidden size",
                "give --model FILE, or --hidden UNITS for seeded weights",
            );
        }
        let hidden = hidden.unwrap_or(1) as usize;
        let numerics = self.numerics();
        let input_size = self
            .integer("network.input_size")
            .map_or(hidden, |size| size as usize);
        let layers = self.integer("network.layers").unwrap_or(1) as usize;
        let weights = 4 * hidden * (input_size + hidden + (layers - 1) * 2 * hidden);
        if weights > MOST_WEIGHTS {
            self.issue(
                "network.hidden",
                &format!("makes {weights} weights; more than {MOST_WEIGHTS} are not generated"),
                "give fewer units, inputs or layers",
            );
        }
        Network::Seeded(SeededNetwork {
            hidden,
            input_size,
            layers,
            seed: self.integer("network.seed").unwrap_or(1) as u64,
            numerics,
        })
    }

    fn numerics(&mut self) -> Numerics {
        let bits = self
            .integer("numerics.bits")
            .map_or(DEFAULT_BITS, |bits| bits as u32);
        let width = |path: &str| self.integer(path).map_or(bits, |bits| bits as u32);
        let format = |name: &str, default: QFormat| {
            let bits = self.integer(&format!("numerics.{name}.bits"));
            let frac = self.integer(&format!("numerics.{name}.frac"));
            QFormat::new(
                bits.map_or(default.bits, |bits| bits as u32),
                frac.map_or(default.frac, |frac| frac as i32),
            )
        };
        let numerics = Numerics {
            weight_bits: width("numerics.weight_bits"),
            act_bits: width("numerics.act_bits"),
            input_bits: width("numerics.input_bits"),
            z: format("z", DEFAULT_Z),
            gate_frac: self
                .integer("numerics.gate_frac")
                .map_or(DEFAULT_GATE_FRAC, |frac| frac as u32),
            c: format("c", DEFAULT_C),
        };
        if numerics.c.frac >= numerics.c.bits as i32 {
            self.issue(
                "numerics.c.frac",
                &format!("{} holds no cell state of 1.0", numerics.c),
                "give c fewer fraction bits than bits",
            );
        }
        numerics
    }

    fn implementation(&mut self) -> Implementation {
        let name = self
            .settings
            .text("implementation.name")
            .unwrap_or("lstm")
            .to_string();
        if let Err(error) = Identifier::try_from(name.as_str()) {
            self.issue(
                "implementation.name",
                &error.to_string(),
                "give letters, digits and single underscores, such as `lstm_4x4`",
            );
        }
        let folding = self.folding();
        let state = self.state();
        let target = self.settings.text("implementation.target");
        let target = target.and_then(Family::of_word).unwrap_or(Family::Xc7);
        let mac = match self.settings.text("implementation.mac") {
            Some("lut") => MacStyle::Lut,
            Some("dsp") => MacStyle::Dsp,
            _ => MacStyle::Auto,
        };
        let memory_init = match self.settings.text("implementation.memory_init") {
            Some("inline") => MemoryInit::Inline,
            _ => MemoryInit::Readmemh,
        };
        Implementation {
            name,
            folding,
            mac,
            target,
            state,
            memory_init,
            stream_elements: self
                .integer("implementation.stream_elements")
                .map(|elements| elements as usize),
        }
    }

    fn folding(&mut self) -> FoldingGoal {
        let units = self.integer("implementation.units");
        let columns = self.integer("implementation.columns");
        let cycles = self.integer("implementation.target_cycles");
        let macs = self.integer("implementation.max_macs");
        let ways = usize::from(units.is_some() || columns.is_some())
            + usize::from(cycles.is_some())
            + usize::from(macs.is_some());
        if ways > 1 {
            let path = if macs.is_some() {
                "implementation.max_macs"
            } else {
                "implementation.target_cycles"
            };
            self.issue(
                path,
                "the folding is given in more than one way",
                "give units and columns, or target cycles, or most MACs",
            );
        }
        match (units, columns, cycles, macs) {
            (Some(units), Some(columns), ..) => FoldingGoal::Explicit {
                units: units as usize,
                columns: columns as usize,
            },
            (Some(_), None, ..) | (None, Some(_), ..) => {
                let (there, missing) = if units.is_some() {
                    ("units", "columns")
                } else {
                    ("columns", "units")
                };
                let setting = format!("implementation.{missing}");
                // It may have been given, out of range, and been complained about already.
                let complained = self.issues.iter().any(|issue| match &issue.place {
                    Location::Flag(flag) => flag.strip_prefix("--") == Some(missing),
                    Location::File(_, Some(Within::Key(_, key))) => **key == *setting,
                    _ => false,
                });
                if !complained {
                    self.issue(
                        &format!("implementation.{there}"),
                        &format!("{there} without {missing}"),
                        &format!(
                            "give {missing} too, or a goal instead: target cycles or most MACs"
                        ),
                    );
                }
                FoldingGoal::MaxMacs { macs: DEFAULT_MACS }
            }
            (None, None, Some(cycles), _) => FoldingGoal::TargetCycles {
                cycles: cycles as u64,
            },
            (None, None, None, macs) => FoldingGoal::MaxMacs {
                macs: macs.map_or(DEFAULT_MACS, |macs| macs as usize),
            },
        }
    }

    fn state(&mut self) -> StatePolicy {
        let window = self.integer("implementation.window");
        let policy = match self.settings.text("implementation.state_policy") {
            Some("never") => StatePolicy::Never,
            Some("host_pulse") => StatePolicy::HostPulse,
            _ => StatePolicy::Tlast,
        };
        let fixed = self.settings.text("implementation.state_policy") == Some("fixed_window");
        match (fixed, window) {
            (true, Some(steps)) => {
                return StatePolicy::FixedWindow {
                    steps: steps as u32,
                };
            }
            (true, None) => self.issue(
                "implementation.state_policy",
                "fixed_window without a window",
                "give the steps of a window by --window, or `window` in the file",
            ),
            (false, Some(_)) => {
                self.issue(
                    "implementation.window",
                    "a window without the state policy fixed_window",
                    "give --state-policy fixed_window too, or leave the window away",
                );
            }
            (false, None) => {}
        }
        policy
    }
}
