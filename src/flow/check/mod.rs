//! Cosimulation of a bundle against the reference.

mod checked;
mod load;
mod words;

pub use checked::{Checked, Comparison, pattern_words};
pub use load::{CoreInputs, LoadSource};
pub use words::write_words;

use super::open::Opened;
use super::watch::Watch;
use crate::cosim::{
    self, Core, Oracle, Outcome, Pattern, Pauses, Request, Toolchain, TracedLayer, Tracer, Verdict,
    Workload,
};
use crate::diagnostic::Problems;
use crate::tools::Search;
use std::path::Path;

/// Folder in which commands pack a difference.
pub const FAILURES: &str = "lprnn-hw-fail";

/// Inputs of a core, and pauses of source and sink.
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
    /// Keeps the words that the core gives in the last run.
    pub words: bool,
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
            words: false,
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
        let layers = self.planned.design.layers().iter();
        layers.map(TracedLayer::from).collect()
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
    let mut words = Vec::new();
    for (index, &pattern) in patterns.iter().enumerate() {
        let last = index + 1 == patterns.len();
        let run = Checking {
            vcd: checking.vcd.filter(|_| last),
            words: checking.words && last,
            ..*checking
        };
        let Verdict { outcome, package } = one_run(
            opened,
            &toolchain,
            &run,
            (pattern, &expected, &mut words),
            watch,
        )?;
        let equal = matches!(outcome, Outcome::Equal(_));
        runs.push(Comparison {
            replay: package,
            ..Comparison::new(Some(pattern), outcome, |step| load.place(step))
        });
        if !equal {
            break;
        }
    }
    Ok(Checked {
        words,
        ..Checked::new(opened.interface.top.clone(), &toolchain, runs)
    })
}

fn one_run(
    opened: &Opened,
    toolchain: &Toolchain,
    run: &Checking<'_>,
    (pattern, expected, words): (Pattern, &[i32], &mut Vec<i64>),
    watch: &dyn Watch,
) -> Result<Verdict, Problems> {
    let Opened {
        folder, interface, ..
    } = opened;
    let (load, layers) = (run.load, opened.traced());
    let what = format!("cosimulating {}", pattern_words(Some(pattern)));
    let progress = watch.begin(&what, Some(load.last.len()));
    let mut tracer = Tracer::new(&opened.planned.model, load, interface.state);
    let order = interface.max_steps.map(|_| load.order());
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
            order: order.as_ref(),
        }),
        failures: run.failures,
        words: run.words.then_some(words),
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
    let runs = vec![Comparison::new(None, outcome, |_| None)];
    Ok(Checked::new(folder.display().to_string(), &toolchain, runs))
}
