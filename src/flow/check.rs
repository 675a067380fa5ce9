//! Cosimulation of a bundle against the reference.

use super::open::Opened;
use super::watch::Watch;
use crate::cosim::{
    self, Core, Oracle, Outcome, Pattern, Pauses, Request, Toolchain, TracedLayer, Tracer, Verdict,
    Workload,
};
use crate::diagnostic::Problems;
use crate::tools::Search;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// One comparison.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// Absent for a replay, which repeats the recorded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<Pattern>,
    #[serde(flatten)]
    /// What came of it.
    pub outcome: Outcome,
    /// One line on the difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// Folder that replays it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replay: Option<PathBuf>,
}

/// A core held against its reference: all comparisons, in their order.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Number of this object's format.
    pub schema: u32,
    /// Top module, or the folder of a replay.
    pub top: String,
    /// Verilator and the compiler, with their versions.
    pub tools: [String; 2],
    /// Elements of real inputs beyond the codes of x, with --float-input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clamped_inputs: Option<u64>,
    /// Whether every word, beat and cycle agreed in every run.
    pub equal: bool,
    /// The runs, up to the first that differs.
    pub runs: Vec<Comparison>,
}

impl Checked {
    /// Words that were compared over all runs, and the cycles of a step where they were counted; none
    /// where something differs.
    #[must_use]
    pub fn agreed(&self) -> Option<(u64, Option<u64>)> {
        let mut words = 0;
        let mut cycles = None;
        for run in &self.runs {
            let Outcome::Equal(agreed) = &run.outcome else {
                return None;
            };
            words += agreed.words as u64;
            cycles = cycles.or(agreed.cycles_per_step);
        }
        Some((words, cycles))
    }
}

/// Folder in which commands pack a difference.
pub const FAILURES: &str = "lprnn-hw-fail";

/// What a core is fed, and when source and sink pause.
#[derive(Clone, Copy, Debug)]
pub struct Checking<'a> {
    /// Inputs.
    pub load: &'a Workload,
    /// One run with each of these.
    pub patterns: &'a [Pattern],
    /// Seed of the pauses.
    pub seed: u64,
    /// File for the waveforms of the last run.
    pub vcd: Option<&'a Path>,
    /// Folder in which a difference is packed for a replay.
    pub failures: Option<&'a Path>,
}

impl<'a> Checking<'a> {
    /// Inputs under these patterns, nothing kept.
    #[must_use]
    pub const fn new(load: &'a Workload, patterns: &'a [Pattern]) -> Self {
        Self {
            load,
            patterns,
            seed: 1,
            vcd: None,
            failures: None,
        }
    }
}

impl Opened {
    /// One run without pauses, in which the cycle counts are checked, and one with pauses of all kinds.
    #[must_use]
    pub fn patterns(&self) -> Vec<Pattern> {
        vec![Pattern::AlwaysReady, self.following(Pauses::Mixed)]
    }

    /// Pauses of a kind that follow this core.
    #[must_use]
    pub fn following(&self, pauses: Pauses) -> Pattern {
        Pattern::following(pauses, &self.interface, self.planned.design.layers())
    }

    fn traced(&self) -> Vec<TracedLayer> {
        let layers = self.planned.model.layers.iter();
        let layers = layers.zip(self.planned.design.layers());
        let traced = |(layer, folded): (&crate::quantize::Layer, &crate::hardware::LayerDesign)| {
            TracedLayer {
                hidden_size: layer.hidden_size,
                units: folded.folding().units,
                z_bits: layer.z.bits as usize,
            }
        };
        layers.map(traced).collect()
    }
}

/// Cosimulates an opened bundle, once with every pattern, up to the first difference.
///
/// # Errors
/// Verilator or the compiler missing or failing; a difference is no error but an outcome.
pub fn check(
    opened: &Opened,
    checking: &Checking<'_>,
    watch: &dyn Watch,
) -> Result<Checked, Problems> {
    let Checking { load, patterns, .. } = *checking;
    let toolchain = Toolchain::find(&Search::from_env(), None)?;
    let (model, state) = (&opened.planned.model, opened.interface.state);
    let progress = watch.begin("reference model", Some(load.last.len()));
    let expected = load.expected(model, state, &mut |step| progress.at(step));
    drop(progress);
    let mut runs = Vec::new();
    for (index, &pattern) in patterns.iter().enumerate() {
        let last = index + 1 == patterns.len();
        let run = Checking {
            vcd: checking.vcd.filter(|_| last),
            ..*checking
        };
        let Verdict { outcome, package } =
            one_run(opened, &toolchain, &run, (pattern, &expected), watch)?;
        let equal = matches!(outcome, Outcome::Equal(_));
        runs.push(comparison(Some(pattern), outcome, package));
        if !equal {
            break;
        }
    }
    Ok(checked(opened.interface.top.clone(), &toolchain, runs))
}

fn one_run(
    opened: &Opened,
    toolchain: &Toolchain,
    run: &Checking<'_>,
    (pattern, expected): (Pattern, &[i32]),
    watch: &dyn Watch,
) -> Result<Verdict, Problems> {
    let Opened {
        folder, interface, ..
    } = opened;
    let (load, layers) = (run.load, opened.traced());
    let what = format!("cosimulating {}", pattern_words(Some(pattern)));
    let progress = watch.begin(&what, Some(load.last.len()));
    let mut tracer = Tracer::new(&opened.planned.model, load, interface.state);
    let mut z = |step, layer, gate, unit| tracer.z(step, layer, gate, unit);
    let request = Request {
        core: Core { folder, interface },
        layers: opened.planned.design.layers(),
        stimulus: load.stimulus(),
        expected,
        pattern,
        seed: run.seed,
        vcd: run.vcd,
        oracle: Some(Oracle {
            layers: &layers,
            z: &mut z,
        }),
        failures: run.failures,
        progress: &mut |step| progress.at(step),
    };
    Ok(cosim::check(toolchain, request)?)
}

/// Repeats the run that the folder of a failure has kept.
///
/// # Errors
/// As [`check`], or a folder that was changed.
pub fn replay(folder: &Path, watch: &dyn Watch) -> Result<Checked, Problems> {
    let toolchain = Toolchain::find(&Search::from_env(), None)?;
    let progress = watch.begin("replaying", None);
    let outcome = cosim::replay(&toolchain, folder)?;
    drop(progress);
    let runs = vec![comparison(None, outcome, None)];
    Ok(checked(folder.display().to_string(), &toolchain, runs))
}

fn checked(top: String, toolchain: &Toolchain, runs: Vec<Comparison>) -> Checked {
    let equal = |run: &Comparison| matches!(run.outcome, Outcome::Equal(_));
    Checked {
        schema: 1,
        top,
        tools: toolchain.versions(),
        clamped_inputs: None,
        equal: runs.iter().all(equal),
        runs,
    }
}

fn comparison(pattern: Option<Pattern>, outcome: Outcome, replay: Option<PathBuf>) -> Comparison {
    let difference = match &outcome {
        Outcome::Different(difference) => Some(difference.to_string()),
        Outcome::Equal(_) => None,
    };
    Comparison {
        pattern,
        outcome,
        difference,
        replay,
    }
}

/// Pauses of source and sink, in words.
#[must_use]
pub fn pattern_words(pattern: Option<Pattern>) -> &'static str {
    match pattern {
        None => "as recorded",
        Some(Pattern::AlwaysReady) => "without pauses",
        Some(Pattern::Random { .. }) => "with random pauses",
        Some(Pattern::Bursts { .. }) => "with bursts and pauses",
        Some(Pattern::Following(following)) => match following.pauses {
            Pauses::Mixed => "with pauses",
            Pauses::Random => "with random pauses",
            Pauses::Bursts => "with bursts and pauses",
        },
    }
}
