//! From settings to a design that can be built.

use super::config::{
    CellKind, DesignConfig, DirectionKind, Network, Numerics, OutputOrder, SeededHead,
    SeededNetwork,
};
use super::identifier::Identifier;
use super::implementation::{FoldingGoal, Implementation, StatePolicy};
use super::kind::Value;
use super::settings::{Settings, is_shape};
use super::table::{DEFAULT_CLOCK_NS, SETTINGS};
use crate::diagnostic::{Location, Problem, Problems, Within};
use crate::fixed::{LevelRule, MOST_ODD_BITS, QFormat};
use serde::de::DeserializeOwned;
use serde::de::value::{Error, StringDeserializer};
use std::path::{Path, PathBuf};

/// Most weights that are made from a seed: half as many take up to 3 GB of memory, and no part holds them.
const MOST_WEIGHTS: usize = 1 << 28;

impl DesignConfig {
    /// Decides every setting, or says everything that is wrong.
    pub fn resolve(settings: Settings) -> Result<Self, Problems> {
        let mut resolver = Resolver::new(settings);
        let config = Self {
            network: resolver.network(),
            core: resolver.choice("network.core"),
            implementation: resolver.implementation(),
            clock_ns: match resolver.settings.value("implementation.clock_ns") {
                Some(Value::Number(period)) => period,
                _ => DEFAULT_CLOCK_NS,
            },
            origins: resolver.settings.origins(),
        };
        Problems::none_or(resolver.problems, config)
    }
}

impl Numerics {
    /// Decides the number formats, or says everything that is wrong.
    pub fn resolve(settings: Settings) -> Result<Self, Problems> {
        let mut resolver = Resolver::new(settings);
        let numerics = resolver.numerics();
        Problems::none_or(resolver.problems, numerics)
    }
}

impl Default for Numerics {
    fn default() -> Self {
        Resolver::new(Settings::default()).numerics()
    }
}

struct Resolver {
    settings: Settings,
    problems: Vec<Problem>,
}

impl Resolver {
    fn new(mut settings: Settings) -> Self {
        let problems = std::mem::take(&mut settings.problems);
        Self { settings, problems }
    }

    /// A problem at the place where `key` was given, or at the option to give it by.
    fn refuse(&mut self, key: &str, what: &str, help: &str) {
        let problem = Problem::at(self.settings.place(key), what).help(help);
        self.problems.push(problem);
    }

    /// The number of a setting: given, or the table's.
    fn integer(&self, key: &str) -> Option<i64> {
        self.settings.integer(key)
    }

    fn given(&self, key: &str) -> bool {
        self.settings.get(key).is_some()
    }

    /// The word of a setting: given, or the table's.
    fn text(&self, key: &str) -> String {
        self.settings.text(key).unwrap_or_default()
    }

    /// The choice that a word stands for.
    fn choice<T: DeserializeOwned>(&self, key: &str) -> T {
        let word = StringDeserializer::<Error>::new(self.text(key));
        T::deserialize(word).expect("the table has no other words")
    }

    fn network(&mut self) -> Network {
        if let Some(given) = self.settings.get("network.model") {
            let folder = given.folder.as_deref().unwrap_or(Path::new(""));
            let path: PathBuf = folder.join(self.text("network.model"));
            for setting in SETTINGS.iter().filter(|setting| is_shape(setting.key)) {
                if self.given(setting.key) {
                    self.refuse(
                        setting.key,
                        "the model file already says this",
                        "leave it out, or leave the model out for seeded weights",
                    );
                }
            }
            return Network::Model(path);
        }
        let hidden = self.integer("network.hidden");
        // An unreadable value has been complained about already.
        if hidden.is_none() && self.problems.is_empty() {
            self.refuse(
                "network.hidden",
                "the design has neither a model nor a hidden size",
                "give --model FILE, or --hidden UNITS for seeded weights",
            );
        }
        let hidden = hidden.unwrap_or(1) as usize;
        let network = SeededNetwork {
            hidden,
            input_size: self
                .integer("network.input_size")
                .map_or(hidden, |size| size as usize),
            layers: self.integer("network.layers").unwrap_or(1) as usize,
            direction: self.choice("network.direction"),
            output_order: self.output_order(),
            vocabulary: self.integer("network.vocabulary").map(|rows| rows as usize),
            head: self.head(),
            seed: self.integer("network.seed").unwrap_or(1) as u64,
            numerics: self.numerics(),
        };
        let output = hidden * network.direction.passes();
        let columns = network.input_size + hidden + (network.layers - 1) * (hidden + output);
        let dense = network.head.map_or(0, |head| head.outputs * output);
        let table = network.vocabulary.unwrap_or(0) * network.input_size;
        let weights = network.numerics.cell.gates().len() * output * columns + dense + table;
        if weights > MOST_WEIGHTS {
            self.refuse(
                "network.hidden",
                &format!("makes {weights} weights; more than {MOST_WEIGHTS} are not generated"),
                "give fewer units, inputs or layers",
            );
        }
        Network::Seeded(network)
    }

    /// The order of the outputs of what takes steps backward, where something does.
    fn output_order(&mut self) -> OutputOrder {
        let order: OutputOrder = self.choice("network.output_order");
        let direction: DirectionKind = self.choice("network.direction");
        if direction.is_forward() && !order.is_time() {
            self.refuse(
                "network.output_order",
                "no layer takes the steps backward: the order of processing is that of time",
                "give --direction bidirectional or backward, or leave it out",
            );
        }
        order
    }

    /// The dense layer behind a seeded network.
    fn head(&mut self) -> Option<SeededHead> {
        let Some(outputs) = self.integer("network.outputs") else {
            for key in ["network.output", "network.emit"] {
                if self.given(key) {
                    let help = "give --outputs N too, or leave it out";
                    self.refuse(key, "there is no dense layer", help);
                }
            }
            return None;
        };
        Some(SeededHead {
            outputs: outputs as usize,
            output: self.choice("network.output"),
            last_only: self.text("network.emit") == "last",
        })
    }

    fn numerics(&mut self) -> Numerics {
        let number = |key: &str| self.integer(key).unwrap_or_default();
        let width = |key: &str| self.integer(key).unwrap_or(number("numerics.bits")) as u32;
        let cell: CellKind = self.choice("network.cell");
        let c_frac = self.integer("numerics.c.frac");
        let numerics = Numerics {
            cell,
            weight_bits: width("numerics.weight_bits"),
            act_bits: width("numerics.act_bits"),
            input_bits: width("numerics.input_bits"),
            levels: self.choice("numerics.levels"),
            act_levels: (self.given("numerics.act_levels"))
                .then(|| self.choice("numerics.act_levels")),
            h_frac: self.integer("numerics.h_frac").map(|frac| frac as i32),
            row_scale_bits: self
                .integer("numerics.row_scale_bits")
                .map(|bits| bits as u32),
            z: QFormat::new(
                number("numerics.z.bits") as u32,
                number("numerics.z.frac") as i32,
            ),
            gate_frac: number("numerics.gate_frac") as u32,
            c: QFormat::new(
                number("numerics.c.bits") as u32,
                c_frac.map_or(cell.state_frac(), |frac| frac as i32),
            ),
        };
        let widths = [numerics.weight_bits, numerics.act_bits, numerics.input_bits];
        let any_odd = |bits: u32| numerics.levels.of(bits).is_odd();
        if numerics.levels == LevelRule::Odd && !widths.into_iter().any(any_odd) {
            self.refuse(
                "numerics.levels",
                &format!("odd levels have 1 to {MOST_ODD_BITS} bits, no width here is that small"),
                "leave it out, or give weights, h or x fewer bits",
            );
        }
        if numerics.act_levels == Some(LevelRule::Odd) && !numerics.h().is_odd() {
            self.refuse(
                "numerics.act_levels",
                &format!(
                    "odd levels have 1 to {MOST_ODD_BITS} bits, h has {}",
                    numerics.act_bits
                ),
                "leave it out, or give h fewer bits",
            );
        }
        if numerics.c.frac >= numerics.c.bits as i32 {
            let given = |key: &&str| self.given(key);
            let blamed = ["numerics.c.frac", "numerics.c.bits"]
                .into_iter()
                .find(given);
            self.refuse(
                blamed.unwrap_or("numerics.c.frac"),
                &format!("{} cannot hold a cell state of 1.0", numerics.c),
                "give c fewer fraction bits than bits",
            );
        }
        numerics
    }

    fn implementation(&mut self) -> Implementation {
        // The cell of a model is known when it has been read.
        let given = self.settings.text("implementation.name");
        let name = given.unwrap_or_else(|| self.text("network.cell"));
        if let Err(error) = Identifier::try_from(name.as_str()) {
            self.refuse(
                "implementation.name",
                &error.to_string(),
                "give letters, digits and single underscores, such as `lstm_4x4`",
            );
        }
        let integer = |key: &str| self.integer(key).map(|value| value as usize);
        let max_steps = integer("implementation.max_steps");
        let stream_elements = integer("implementation.stream_elements");
        Implementation {
            name,
            folding: self.folding(),
            mac: self.choice("implementation.mac"),
            target: self.choice("implementation.target"),
            state: self.state(),
            memory_init: self.choice("implementation.memory_init"),
            contexts: self.integer("implementation.contexts").unwrap_or(1) as usize,
            max_steps,
            stream_elements,
        }
    }

    fn folding(&mut self) -> FoldingGoal {
        let units = self.integer("implementation.units");
        let columns = self.integer("implementation.columns");
        let cycles = self.integer("implementation.target_cycles");
        let macs = self.given("implementation.max_macs");
        let ways = [units.or(columns).is_some(), cycles.is_some(), macs];
        if ways.into_iter().filter(|&given| given).count() > 1 {
            let key = if macs {
                "implementation.max_macs"
            } else {
                "implementation.target_cycles"
            };
            self.refuse(
                key,
                "the folding is given in more than one way",
                "give units and columns, or target cycles, or most MACs",
            );
        }
        match (units, columns, cycles) {
            (Some(units), Some(columns), _) => {
                return FoldingGoal::Explicit {
                    units: units as usize,
                    columns: columns as usize,
                };
            }
            (Some(_), None, _) => self.half_a_folding("units", "columns"),
            (None, Some(_), _) => self.half_a_folding("columns", "units"),
            (None, None, Some(cycles)) => {
                return FoldingGoal::TargetCycles {
                    cycles: cycles as u64,
                };
            }
            (None, None, None) => {}
        }
        FoldingGoal::MaxMacs {
            macs: self.integer("implementation.max_macs").unwrap_or_default() as usize,
        }
    }

    /// Refuses units without columns, or columns without units.
    fn half_a_folding(&mut self, there: &str, missing: &str) {
        let key = format!("implementation.{missing}");
        // It may have been given, out of range, and been complained about already.
        let complained = self.problems.iter().any(|problem| match &problem.place {
            Location::Flag(flag) => flag.strip_prefix("--") == Some(missing),
            Location::File(_, Some(Within::Key(_, at))) => **at == *key,
            _ => false,
        });
        if !complained {
            self.refuse(
                &format!("implementation.{there}"),
                &format!("{there} without {missing}"),
                &format!("give {missing} too, or a goal instead: target cycles or most MACs"),
            );
        }
    }

    fn state(&mut self) -> StatePolicy {
        let window = self.integer("implementation.window");
        let policy = match &*self.text("implementation.state_policy") {
            "never" => StatePolicy::Never,
            "host_pulse" => StatePolicy::HostPulse,
            "fixed_window" => StatePolicy::FixedWindow {
                steps: window.unwrap_or(1) as u32,
            },
            _ => StatePolicy::Tlast,
        };
        match (policy, window) {
            (StatePolicy::FixedWindow { .. }, None) => self.refuse(
                "implementation.state_policy",
                "fixed_window without a window",
                "give the steps of a window by --window, or `window` in the file",
            ),
            (StatePolicy::FixedWindow { .. }, _) | (_, None) => {}
            (_, Some(_)) => self.refuse(
                "implementation.window",
                "a window without the state policy fixed_window",
                "give --state-policy fixed_window too, or leave the window out",
            ),
        }
        policy
    }
}
