//! The core's signature, written beside the RTL as `interface.json`; cosimulation drives from it.

use crate::fixed::QFormat;
use crate::quantize::{Emit, InputOffset, LONGEST_SEQUENCE};
use crate::spec::{MOST_CONTEXTS, StatePolicy, is_one_context, one_context};
use serde::{Deserialize, Serialize};

/// Number of the file's format.
pub(super) const SCHEMA: u32 = 1;

/// One AXI4-Stream port: `{prefix}_tdata`, `_tvalid`, `_tready`, `_tlast`.
///
/// An element is its code, sign-extended to `element_width` bits; element `e` of a beat sits at
/// `tdata[e * element_width +: element_width]`. A step is `ceil(elements / elements_per_beat)`
/// beats; what is left of its last beat is ignored on input and zero on output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamPort {
    /// `s_axis` or `m_axis`.
    pub prefix: String,
    /// Elements of one step.
    pub elements: usize,
    /// Elements of one beat.
    pub elements_per_beat: usize,
    /// Bits of one element in TDATA, a multiple of 8.
    pub element_width: usize,
    /// Beats of one step.
    pub beats_per_step: usize,
    /// Number format of an element.
    pub format: QFormat,
    /// What an element is.
    #[serde(default, skip_serializing_if = "PortKind::is_codes")]
    pub kind: PortKind,
    /// The steps that have one; of an output.
    #[serde(default, skip_serializing_if = "is_step")]
    pub when: Emit,
}

/// What the elements of a stream are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortKind {
    /// Codes of x, of h, or of a dense layer.
    #[default]
    Codes,
    /// Exact sums of a dense layer.
    Sums,
    /// One of the numbers from 0 to one less than `count`.
    Index {
        /// How many there are.
        count: usize,
    },
}

impl PortKind {
    #[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
    const fn is_codes(&self) -> bool {
        matches!(self, Self::Codes)
    }
}

#[allow(clippy::trivially_copy_pass_by_ref)] // as serde calls it
fn is_step(when: &Emit) -> bool {
    *when == Emit::Step
}

/// Exact cycle counts with a source that always offers and a sink that always takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timing {
    /// Cycles between the last output beats of consecutive steps once the pipeline is full; their
    /// mean, rounded up, where the distances alternate.
    pub cycles_per_step: u64,
    /// Distances of the last output beats from the second step on, until they repeat.
    pub filling: Vec<u64>,
    /// The distances that repeat from then on.
    pub repeating: Vec<u64>,
    /// Cycles from the first accepted input beat after reset to the last output beat of that step,
    /// both counted (1 would be the same cycle).
    pub latency: u64,
    /// Multiply-accumulates done per step.
    pub macs_per_step: u64,
    /// Multiply-accumulates the arrays offer per cycle.
    pub macs_per_cycle: u64,
}

impl Timing {
    /// Cycles from the last output beat of step `step - 1` to that of `step`, which is 1 or more.
    ///
    /// # Panics
    /// For step 0, which has no predecessor.
    #[must_use]
    pub fn distance(&self, step: usize) -> u64 {
        let index = step - 1;
        match index.checked_sub(self.filling.len()) {
            None => self.filling[index],
            Some(late) => self.repeating[late % self.repeating.len()],
        }
    }
}

/// Everything a harness or an integrator needs to know about one generated core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interface {
    /// Number of this file's format.
    pub schema: u32,
    /// Name of the top module.
    pub top: String,
    /// Rising-edge clock.
    pub clock: String,
    /// Synchronous, active-low reset.
    pub reset_n: String,
    /// Port that clears the state, with the policy `host_pulse` only.
    pub state_clear: Option<String>,
    /// When the state is cleared.
    pub state: StatePolicy,
    /// Sequences whose steps come in turn: a step of each, from the first on. Absent where there is one.
    #[serde(default = "one_context", skip_serializing_if = "is_one_context")]
    pub contexts: usize,
    /// Input vectors x.
    pub input: StreamPort,
    /// Constants taken off real inputs before they become codes of x, where the model has such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input_offset: Option<InputOffset>,
    /// Output vectors h of the last layer, or what the dense layer at the end gives.
    pub output: StreamPort,
    /// Port that is high once an index beyond the embedding came, with an embedding only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_index: Option<String>,
    /// Steps of the longest sequence; a longer one is cut into several. Of a core that takes steps backward only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// Port that is high once a longer sequence came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_length: Option<String>,
    /// Exact cycle counts.
    pub timing: Timing,
    /// Verilog sources, relative to the bundle's directory, in compile order.
    pub sources: Vec<String>,
    /// Memory files, relative to the bundle's directory, with the FNV-1a digest the RTL checks.
    pub memories: Vec<String>,
}

/// Largest number of elements, bits or cycles that any core of ours has.
const MOST: u64 = 1 << 40;

impl Interface {
    /// Reads an `interface.json` that anybody may have written.
    ///
    /// # Errors
    /// An entry that no core of this program has, with the key: see [`Interface::check`].
    pub fn from_json(text: &str) -> Result<Self, String> {
        let interface: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        interface.check()?;
        Ok(interface)
    }

    /// Checks that every entry is one that a core of this program can have.
    ///
    /// # Errors
    /// The first that is not, with its key.
    pub fn check(&self) -> Result<(), String> {
        if self.schema != SCHEMA {
            return Err(format!(
                "schema is {}, this program reads {SCHEMA}",
                self.schema
            ));
        }
        let named = [
            ("top", Some(&self.top)),
            ("clock", Some(&self.clock)),
            ("reset_n", Some(&self.reset_n)),
            ("state_clear", self.state_clear.as_ref()),
            ("status_index", self.status_index.as_ref()),
            ("status_length", self.status_length.as_ref()),
            ("input.prefix", Some(&self.input.prefix)),
            ("output.prefix", Some(&self.output.prefix)),
        ];
        for (key, name) in named {
            if let Some(name) = name.filter(|name| !is_name(name)) {
                return Err(format!(
                    "{key} is {name:?}, which is not a Verilog identifier"
                ));
            }
        }
        self.input.check("input")?;
        self.output.check("output")?;
        if self.state == (StatePolicy::FixedWindow { steps: 0 }) {
            return Err("state.steps is 0".into());
        }
        if self.contexts == 0 || self.contexts > MOST_CONTEXTS {
            return Err(format!("contexts is {}", self.contexts));
        }
        if let Some(steps) = self
            .max_steps
            .filter(|steps| !(1..=LONGEST_SEQUENCE).contains(steps))
        {
            return Err(format!("max_steps is {steps}"));
        }
        self.timing.check()?;
        if self.sources.is_empty() {
            return Err("sources is empty".into());
        }
        self.check_files()
    }

    /// Checks that the names of sources and memories are plain paths below the bundle's folder: they go
    /// to tools as arguments, and are copied.
    ///
    /// # Errors
    /// The first that is not, with its key.
    pub fn check_files(&self) -> Result<(), String> {
        let sources = self.sources.iter().map(|name| ("sources", "v", name));
        let memories = self.memories.iter().map(|name| ("memories", "mem", name));
        let mut seen = std::collections::BTreeSet::new();
        for (key, ending, name) in sources.chain(memories) {
            let letter = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            let plain = |part: &str| {
                part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                    && part.chars().all(letter)
            };
            let file = std::path::Path::new(name);
            if !name.split('/').all(plain) || file.extension().is_none_or(|found| found != ending) {
                return Err(format!(
                    "{key} has {name:?}, which is no .{ending} file in the folder"
                ));
            }
            if !seen.insert(name) {
                return Err(format!("{key} has {name:?} twice"));
            }
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

impl StreamPort {
    /// What an output's elements are, in a word.
    pub(super) const fn title(&self) -> &'static str {
        match self.kind {
            PortKind::Codes => "h",
            PortKind::Sums => "sums",
            PortKind::Index { .. } => "index",
        }
    }

    fn check(&self, key: &str) -> Result<(), String> {
        let fail = |name: &str, value: usize| Err(format!("{key}.{name} is {value}"));
        for (name, value, most) in [
            ("elements", self.elements, 1 << 20),
            ("elements_per_beat", self.elements_per_beat, 1 << 20),
            ("element_width", self.element_width, 64),
        ] {
            if value == 0 || value > most {
                return fail(name, value);
            }
        }
        if !self.element_width.is_multiple_of(8) {
            return fail("element_width", self.element_width);
        }
        if self.format.bits == 0 || self.format.bits as usize > self.element_width {
            return fail("format.bits", self.format.bits as usize);
        }
        if self.beats_per_step != self.elements.div_ceil(self.elements_per_beat) {
            return fail("beats_per_step", self.beats_per_step);
        }
        Ok(())
    }
}

impl Timing {
    fn check(&self) -> Result<(), String> {
        let numbers = [
            ("cycles_per_step", self.cycles_per_step),
            ("latency", self.latency),
            ("macs_per_step", self.macs_per_step),
            ("macs_per_cycle", self.macs_per_cycle),
        ];
        let filling = self.filling.iter().map(|&value| ("filling", value));
        let repeating = self.repeating.iter().map(|&value| ("repeating", value));
        for (name, value) in numbers.into_iter().chain(filling).chain(repeating) {
            if value == 0 || value > MOST {
                return Err(format!("timing.{name} is {value}"));
            }
        }
        if self.repeating.is_empty() {
            return Err("timing.repeating is empty".into());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> serde_json::Value {
        let text = include_str!("../../tests/golden/odd/interface.json");
        serde_json::from_str(text).unwrap()
    }

    fn refused(pointer: &str, value: &serde_json::Value) -> String {
        let mut json = good();
        *json.pointer_mut(pointer).expect("there is such a key") = value.clone();
        Interface::from_json(&json.to_string()).expect_err(pointer)
    }

    #[test]
    fn what_a_core_cannot_have_is_named_by_its_key() {
        use serde_json::json;
        Interface::from_json(&good().to_string()).unwrap();
        for (pointer, value, key) in [
            ("/schema", json!(2), "schema"),
            ("/top", json!("x;y"), "top"),
            ("/clock", json!("a b"), "clock"),
            ("/input/elements", json!(0), "input.elements"),
            ("/input/elements", json!(u32::MAX), "input.elements"),
            ("/input/beats_per_step", json!(99), "input.beats_per_step"),
            ("/output/element_width", json!(12), "output.element_width"),
            ("/output/format/bits", json!(60), "output.format.bits"),
            (
                "/timing/cycles_per_step",
                json!(0),
                "timing.cycles_per_step",
            ),
            ("/timing/latency", json!(u64::MAX), "timing.latency"),
            ("/timing/repeating", json!([]), "timing.repeating"),
            ("/sources", json!([]), "sources"),
            (
                "/state",
                json!({"policy": "fixed_window", "steps": 0}),
                "state.steps",
            ),
        ] {
            let error = refused(pointer, &value);
            assert!(error.starts_with(key), "{error}");
        }
    }

    /// Names that mean something to a tool, or lead out of the folder.
    #[test]
    fn files_are_plain_paths_in_the_folder() {
        for name in [
            "--build",
            "-MAKEFLAGS",
            "../x.v",
            "/etc/x.v",
            "rtl/../../x.v",
            "rtl//x.v",
            "x",
            "",
            "rtl/x y.v",
            "$(x).v",
            "rtl/x.v\n",
            "./x.v",
            ".x.v",
            "rtl/-x.v",
            "x.mem",
        ] {
            let error = refused("/sources/0", &name.into());
            assert!(error.starts_with("sources has"), "{name}: {error}");
        }
        let error = refused("/memories/0", &"../../x.mem".into());
        assert!(error.starts_with("memories has"), "{error}");
        let twice = good()["sources"][1].clone();
        assert!(refused("/sources/0", &twice).ends_with("twice"));
    }
}
