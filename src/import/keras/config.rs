//! The layers of a Keras model in their order, from its configuration.

use crate::diagnostic::Problem;
use crate::import::error::among;
use serde_json::Value;

/// A layer as the configuration has it.
pub struct KerasLayer {
    pub class: String,
    pub name: String,
    /// Name of the wrapper around it, under which files of before Keras 3 have its variables.
    pub wrapper: Option<String>,
    config: Value,
}

/// The layers, and whether each takes what the one before it gives.
pub struct Config {
    pub layers: Vec<KerasLayer>,
    pub in_line: bool,
}

/// Layers without effect on a trained model.
const WITHOUT_EFFECT: &str =
    "InputLayer Dropout SpatialDropout1D GaussianNoise GaussianDropout ActivityRegularization";

impl KerasLayer {
    fn of(value: &Value) -> Option<Self> {
        let class = value.get("class_name")?.as_str()?;
        let config = value.get("config")?;
        // A wrapper that does the same at every step; a cell with its loop around it.
        let inner = match class {
            "TimeDistributed" => config.get("layer"),
            _ => None,
        };
        if let Some(layer) = inner {
            let wrapper = config.get("name").and_then(Value::as_str);
            return Some(Self {
                wrapper: wrapper.map(str::to_owned),
                ..Self::of(layer)?
            });
        }
        let name = config.get("name")?.as_str()?.to_owned();
        let class = class.strip_prefix('Q').unwrap_or(class);
        if class == "RNN"
            && let Some(cell) = config.get("cell")
            && let Some(of_cell) = cell.get("class_name").and_then(Value::as_str)
            && let Some(mut inner) = cell.get("config").cloned()
        {
            for key in ["go_backwards", "stateful"] {
                inner[key] = config.get(key).cloned().unwrap_or(Value::Null);
            }
            return Some(Self {
                class: of_cell
                    .trim_end_matches("Cell")
                    .trim_start_matches('Q')
                    .into(),
                name,
                wrapper: None,
                config: inner,
            });
        }
        Some(Self {
            class: class.into(),
            name,
            wrapper: None,
            config: config.clone(),
        })
    }

    /// A text of the configuration; of an object its class.
    pub fn text(&self, key: &str) -> Option<&str> {
        let value = self.config.get(key)?;
        value
            .as_str()
            .or_else(|| value.get("class_name")?.as_str())
            .or_else(|| value.get("config")?.as_str())
    }

    fn is(&self, key: &str) -> bool {
        self.config.get(key).and_then(Value::as_bool) == Some(true)
    }

    /// The activation, `linear` where there is none.
    pub fn activation(&self) -> &str {
        self.text("activation").unwrap_or("linear")
    }

    /// `true` if it changes nothing in a trained model.
    pub fn without_effect(&self) -> bool {
        among(WITHOUT_EFFECT, &self.class)
            || self.class == "Activation" && self.activation() == "linear"
    }

    /// Why an LSTM or a GRU is not the contract's, whatever the order of its steps.
    pub fn objection(&self) -> Option<Problem> {
        let quantised = |name: &str| name.starts_with("quantized_");
        for (key, wanted) in [("activation", "tanh"), ("recurrent_activation", "sigmoid")] {
            let found = self.text(key).unwrap_or(wanted);
            if quantised(found) {
                return Some(
                    Problem::new(format!(
                        "has {key} {found}, which rounds in another way than the hardware"
                    ))
                    .help("give the float model from before it"),
                );
            }
            if found != wanted {
                return Some(
                    Problem::new(format!("has {key} {found}, the hardware has {wanted}"))
                        .help(format!("train with {key}='{wanted}'")),
                );
            }
        }
        self.is("time_major").then(|| {
            Problem::new("takes steps before sequences").help("save it with time_major=False")
        })
    }

    /// `true` if it takes the steps of what it gets from the last one, and gives its outputs in that order.
    pub fn goes_backwards(&self) -> bool {
        self.is("go_backwards")
    }

    /// `true` if it gives its output at every step, and not the last one alone.
    pub fn gives_every_step(&self) -> bool {
        self.is("return_sequences")
    }

    /// `true` if it turns the order of the steps round, `keras.ops.flip(h, axis=1)` of [batch, steps, units].
    pub fn turns_steps(&self) -> bool {
        let axis = self.config.get("axis").and_then(Value::as_i64);
        self.class == "Flip" && matches!(axis, Some(1 | -2))
    }

    /// The forward layer of a `Bidirectional`, or the backward one where that was given by itself.
    fn halves(&self) -> impl Iterator<Item = (bool, Self)> {
        let half =
            |(backward, key): (bool, &str)| Some((backward, Self::of(self.config.get(key)?)?));
        [(false, "layer"), (true, "backward_layer")]
            .into_iter()
            .filter_map(half)
    }

    /// `true` if a `Bidirectional` gives the last state of each direction, and not its outputs at every step.
    pub fn gives_last_states(&self) -> bool {
        let mut halves = self.halves();
        halves.any(|(_, half)| !half.gives_every_step())
    }

    /// Why a `Bidirectional` is not the contract's: forward h beside backward h.
    pub fn of_both(&self) -> Option<Problem> {
        let merged = self.config.get("merge_mode");
        let merged = merged.map_or(Some("concat"), Value::as_str);
        if merged != Some("concat") {
            let mode = merged.unwrap_or("None");
            let problem =
                format!("merges its directions by {mode}, the core gives one beside the other");
            return Some(Problem::new(problem).help("train it with merge_mode='concat'"));
        }
        for (backward, half) in self.halves() {
            if !matches!(&*half.class, "LSTM" | "GRU") {
                continue; // known by its shape
            }
            if let Some(fault) = half.objection() {
                return Some(fault);
            }
            if half.goes_backwards() && !backward {
                let problem = "reads its input from the end";
                return Some(Problem::new(problem).help("train with go_backwards=False"));
            }
        }
        None
    }

    /// Whether the reset gate of a `Bidirectional`'s GRU acts behind the product with h, where that is said.
    pub fn halves_reset_after(&self) -> Option<bool> {
        self.halves().find_map(|(_, half)| half.reset_after())
    }

    /// Whether the reset gate of a GRU acts behind the product with h, where the configuration says so.
    pub fn reset_after(&self) -> Option<bool> {
        self.config.get("reset_after").and_then(Value::as_bool)
    }

    /// `true` if its state is carried from one batch to the next.
    pub fn stateful(&self) -> bool {
        self.is("stateful")
    }
}

impl Config {
    /// The layers of a Sequential or Functional model; a Sequential inside one is opened.
    pub fn read(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let mut config = Self {
            layers: Vec::new(),
            in_line: true,
        };
        config.model(&value, 0)?;
        Ok(config)
    }

    fn model(&mut self, model: &Value, depth: usize) -> Result<(), String> {
        let layers = model.get("config").and_then(|config| {
            // Before Keras 2.2 the configuration of a Sequential was the list itself.
            config.get("layers").unwrap_or(config).as_array()
        });
        let Some(layers) = layers else {
            let class = model
                .get("class_name")
                .and_then(Value::as_str)
                .unwrap_or("unknown");
            return Err(format!(
                "a model of class {class}, whose layers its configuration does not list"
            ));
        };
        let mut before: Option<String> = None;
        for value in layers {
            let nested = matches!(
                value.get("class_name").and_then(Value::as_str),
                Some("Sequential")
            );
            if nested && depth < 4 {
                self.model(value, depth + 1)?;
            } else if let Some(layer) = KerasLayer::of(value) {
                self.layers.push(layer);
            } else {
                return Err("a layer without class, name and configuration".into());
            }
            let mut sources = Vec::new();
            if let Some(nodes) = value.get("inbound_nodes") {
                histories(nodes, &mut sources);
                let expected: Vec<&str> = before.iter().map(String::as_str).collect();
                self.in_line &= sources == expected;
            }
            let name = value.get("config").and_then(|config| config.get("name"));
            before = name.and_then(Value::as_str).map(str::to_owned);
        }
        Ok(())
    }
}

/// The layers whose outputs a layer takes: `["lstm", 0, 0]` anywhere inside.
fn histories<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Array(items) => {
            if let [Value::String(name), Value::Number(_), Value::Number(_), ..] = &items[..] {
                found.push(name);
            } else {
                for item in items {
                    histories(item, found);
                }
            }
        }
        Value::Object(items) => {
            for item in items.values() {
                histories(item, found);
            }
        }
        _ => {}
    }
}
