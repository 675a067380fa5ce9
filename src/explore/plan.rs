//! A sweep as work to be done anywhere: tasks that are known by their contents, and their results.

use super::network::{NetworkShape, Z_BITS};
use super::point::{Point, Spec};
use super::sweep::Sweep;
use crate::device::{Family, Part};
use crate::quantize::LONGEST_SEQUENCE;
use crate::spec::{FoldingGoal, MOST_CONTEXTS, MacStyle, is_one_context, one_context};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Number of the format of plans and results.
const SCHEMA: u32 = 1;

/// Most weights of a network, as everywhere.
const MOST_WEIGHTS: u64 = 1 << 28;

/// How much is done for a point; each includes what comes before it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Estimate it, nothing more
    Estimate,
    /// Generate it, and compare it with the reference model
    Cosim,
    /// That, synthesis, and place and route for ECP5 and iCE40
    Synth,
}

/// Everything that decides the result of one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Version of the program, whose estimates and Verilog are meant.
    pub program: String,
    /// The network.
    pub network: NetworkShape,
    /// LUT or DSP arrays.
    pub mac: MacStyle,
    /// How every layer is folded.
    pub folding: FoldingGoal,
    /// Sequences whose steps come in turn; one goes without saying.
    #[serde(default = "one_context", skip_serializing_if = "is_one_context")]
    pub contexts: usize,
    /// Steps of the longest sequence, where layers take steps backward.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_steps: Option<usize>,
    /// FPGA family.
    pub target: Family,
    /// Part that it must fit, by its name.
    pub part: Option<String>,
    /// Clock to aim at, MHz.
    pub clock_mhz: f64,
    /// The work on it.
    pub work: Work,
}

impl Task {
    /// Sixteen hexadecimal digits that follow from the contents: the name of its folder.
    #[must_use]
    pub fn id(&self) -> String {
        digest(&to_text(self))
    }

    /// `true` if every number is one that a sweep can have.
    ///
    /// # Errors
    /// The first key that is not, and its value.
    pub fn check(&self) -> Result<(), String> {
        let network = &self.network;
        let width = |bits: u32| (1..=8).contains(&bits) || bits == 16;
        let size = |length: usize| (1..=4096).contains(&length);
        let count = |value: usize| (1..=1 << 20).contains(&value);
        let mut checks = vec![
            ("network.weight_bits", width(network.weight_bits)),
            ("network.act_bits", width(network.act_bits)),
            ("network.input_bits", width(network.input_bits)),
            ("network.hidden", size(network.hidden)),
            ("network.input_size", size(network.input_size)),
            ("network.layers", (1..=64).contains(&network.layers)),
            ("contexts", (1..=MOST_CONTEXTS).contains(&self.contexts)),
            ("network.z_bits", Z_BITS.contains(&network.z_bits)),
            (
                "network.row_scale_bits",
                (network.row_scale_bits).is_none_or(|bits| (2..=12).contains(&bits)),
            ),
            ("max_steps", self.holds_sequences_as_it_must()),
            ("clock_mhz", self.clock_mhz > 0.0 && self.clock_mhz <= 1e6),
        ];
        checks.push(match self.folding {
            FoldingGoal::Explicit { units, columns } => ("folding", count(units) && count(columns)),
            FoldingGoal::TargetCycles { cycles } => ("folding", cycles > 0),
            FoldingGoal::MaxMacs { macs } => ("folding", count(macs)),
        });
        if let Some(name) = &self.part {
            let found = Part::find(name);
            let fits =
                found.is_ok_and(|part| part.name == name && part.family.sources() == self.target);
            checks.push(("part", fits));
        }
        match checks.into_iter().find(|(_, fits)| !fits) {
            Some((key, _)) => Err(format!("{key} is none that a sweep can have")),
            None if network.weights() > MOST_WEIGHTS => {
                Err(format!("network has more than {MOST_WEIGHTS} weights"))
            }
            None => Ok(()),
        }
    }

    /// `true` if it says the steps of the longest sequence where layers take steps backward, in one context, and only there.
    fn holds_sequences_as_it_must(&self) -> bool {
        if self.network.direction.is_forward() {
            return self.max_steps.is_none();
        }
        let fits = |steps| (1..=LONGEST_SEQUENCE).contains(&steps);
        self.contexts == 1 && self.max_steps.is_some_and(fits)
    }

    /// The design.
    #[must_use]
    pub fn spec(&self) -> Spec {
        Spec {
            network: self.network,
            mac: self.mac,
            folding: self.folding,
            contexts: self.contexts,
            max_steps: self.max_steps,
        }
    }
}

/// Tasks in their order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    schema: u32,
    /// No task twice.
    pub tasks: Vec<Task>,
}

impl Plan {
    /// The plan of these tasks, each once.
    #[must_use]
    pub fn new(tasks: impl IntoIterator<Item = Task>) -> Self {
        let mut seen = std::collections::BTreeSet::new();
        let once = tasks.into_iter().filter(|task| seen.insert(task.id()));
        Self {
            schema: SCHEMA,
            tasks: once.collect(),
        }
    }

    /// The points of a sweep that are worth measuring at a clock of so many MHz: the Pareto set of what fits, or
    /// everything that fits with `all`.
    #[must_use]
    pub fn of(sweep: &Sweep, all: bool, work: Work, clock_mhz: f64) -> Self {
        let judged = sweep.judged.iter();
        let chosen = judged.filter(|judged| judged.kept() && (judged.pareto || all));
        Self::new(chosen.map(|judged| Task {
            program: env!("CARGO_PKG_VERSION").into(),
            network: judged.point.network,
            mac: judged.point.mac,
            folding: judged.point.explicit_folding(),
            contexts: judged.point.contexts,
            max_steps: judged.point.max_steps,
            target: sweep.evaluator.target,
            part: judged.part.map(|part| part.name.to_string()),
            clock_mhz,
            work,
        }))
    }

    /// The plan as a file.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads [`Plan::to_json`].
    ///
    /// # Errors
    /// A damaged file, or one of another schema. It is to be made anew.
    pub fn from_json(text: &str) -> Result<Self, String> {
        let plan: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if plan.schema != SCHEMA {
            let found = plan.schema;
            return Err(format!(
                "has the schema {found}, this program reads {SCHEMA}"
            ));
        }
        let mut ids = std::collections::BTreeSet::new();
        for (index, task) in plan.tasks.iter().enumerate() {
            task.check()
                .map_err(|problem| format!("tasks.{index}.{problem}"))?;
            if !ids.insert(task.id()) {
                return Err(format!("tasks.{index} is there twice"));
            }
        }
        Ok(plan)
    }

    /// The task of this id.
    #[must_use]
    pub fn task(&self, id: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id() == id)
    }
}

/// Cells and blocks of a design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// LUTs of logic.
    pub lut: u64,
    /// All LUT sites.
    pub lut_total: u64,
    /// Flip-flops.
    pub ff: u64,
    /// Block RAM in the family's smallest blocks.
    pub bram: u64,
    /// DSP blocks.
    pub dsp: u64,
}

impl From<&Point> for Figures {
    fn from(point: &Point) -> Self {
        Self {
            lut: point.lut,
            lut_total: point.lut_total,
            ff: point.ff,
            bram: point.bram,
            dsp: point.dsp,
        }
    }
}

/// The findings of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    /// Before synthesis.
    pub estimated: Figures,
    /// Cycles between results.
    pub cycles_per_step: u64,
    /// Cycles from the first input beat to the last output beat of the first step.
    pub latency_cycles: u64,
    /// Bits of all memories, padding included.
    pub memory_bits: u64,
    /// `true` if every word and the cycle counts agreed in cosimulation.
    pub cosim_equal: Option<bool>,
    /// After synthesis.
    pub measured: Option<Figures>,
    /// `true` if the measured design fits the part.
    pub fits: Option<bool>,
    /// Clock reached after place and route, MHz.
    pub fmax_mhz: Option<f64>,
    /// Tools and versions.
    pub tools: Vec<String>,
}

impl Found {
    /// `true` where nothing speaks against the point: equal in cosimulation, and fitting.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.cosim_equal != Some(false) && self.fits != Some(false)
    }
}

/// A result as it lies in its folder: with the task it is of, and a digest against half a file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    schema: u32,
    task: Task,
    found: Found,
    digest: String,
}

/// The file of a result: the same task and the same tools give the same bytes.
#[must_use]
pub fn record(task: &Task, found: &Found) -> String {
    let record = Record {
        schema: SCHEMA,
        task: task.clone(),
        found: found.clone(),
        digest: digest(&to_text(&(task, found))),
    };
    let mut text = serde_json::to_string_pretty(&record).unwrap_or_default();
    text.push('\n');
    text
}

/// The findings in the file of a result of `task`.
///
/// # Errors
/// Why it is none: damaged, cut, or of another task.
pub fn read_record(text: &str, task: &Task) -> Result<Found, String> {
    let record: Record = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if record.schema != SCHEMA || record.task != *task {
        return Err("is the result of another task".into());
    }
    if record.digest != digest(&to_text(&(task, &record.found))) {
        return Err("its digest is not that of its contents".into());
    }
    Ok(record.found)
}

/// `true` if `text` is what [`Task::id`] gives: sixteen hexadecimal digits, small letters.
#[must_use]
pub fn is_id(text: &str) -> bool {
    text.len() == 16
        && text
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Plain data has a text.
pub(super) fn to_text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn digest(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let start = hash[..8]
        .iter()
        .fold(0u64, |all, &byte| all << 8 | u64::from(byte));
    format!("{start:016x}")
}
