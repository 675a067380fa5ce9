//! A bundle against its model, from sources to verdict.

use super::CosimError;
use super::dut::Dut;
use super::failure::{self, FailurePackage};
use super::forecast::BeatTiming;
use super::locate::{Oracle, OriginSearch};
use super::outcome::{Difference, Outcome};
use super::pattern::Pattern;
use super::recorder::Recorder;
use super::scoreboard::{collect, compare_timed, judge};
use super::stimulus::Stimulus;
use super::toolchain::{Core, Probes, Toolchain};
use super::verilator::VerilatedModel;
use crate::files;
use crate::hardware::LayerDesign;
use crate::quantize::Emit;
use crate::tools::Scratch;
use std::path::{Path, PathBuf};

/// Cycles before the failing step that its waveforms show at most: about 100 MB.
const VCD_CYCLES: u64 = 50_000;
/// Steps after which the trace is looked at, so that it stays small.
const CHUNK: usize = 256;
/// The waveforms inside a package.
const WAVES: &str = "waves.vcd";

/// A core, its inputs and the words that it must give.
pub struct Request<'a> {
    /// The core.
    pub core: Core<'a>,
    /// Its inputs.
    pub stimulus: Stimulus<'a>,
    /// How it is folded, for the cycles of its beats while source and sink pause; empty: not compared.
    pub layers: &'a [LayerDesign],
    /// Words that it must give, `[steps, elements]`; of a core that waits for the end of a sequence
    /// `[sequences, elements]`.
    pub expected: &'a [i32],
    /// Pauses of source and sink.
    pub pattern: Pattern,
    /// Seed of the pattern and of uninitialised registers.
    pub seed: u64,
    /// Where to write waveforms of the whole run.
    pub vcd: Option<&'a Path>,
    /// The model's pre-activations, to find the first wrong one.
    pub oracle: Option<Oracle<'a>>,
    /// Folder in which the package of a failure is put, as `lprnn-hw-fail`.
    pub failures: Option<&'a Path>,
    /// Where to put the words that the core gives, right or wrong, in their order.
    pub words: Option<&'a mut Vec<i64>>,
    /// Called with the number of steps done so far.
    pub progress: &'a mut dyn FnMut(usize),
}

/// Outcome of a cosimulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Equal, or the first difference, as deep as it could be followed.
    pub outcome: Outcome,
    /// The folder that [`replay`] runs again, when something differs.
    pub package: Option<PathBuf>,
}

/// Simulates the core and compares every word; on a difference finds its origin and packs it up.
pub fn check(toolchain: &Toolchain, mut request: Request<'_>) -> Result<Verdict, CosimError> {
    let probes = Probes {
        vcd: request.vcd.is_some(),
        ..Probes::default()
    };
    let mut model = toolchain.model(request.core, probes, request.seed)?;
    if let Some(path) = request.vcd {
        model.write_vcd(path)?;
    }
    let mut model = Recorder::new(model);
    // A long run's beats are kept for whoever wants them alone.
    let dut: &mut dyn Dut = match request.words {
        Some(_) => &mut model,
        None => &mut model.core,
    };
    let outcome = compare_timed(
        dut,
        request.core.interface,
        request.layers,
        request.stimulus,
        request.expected,
        (request.pattern, request.seed),
        &mut *request.progress,
    )?;
    if let Some(words) = request.words.as_deref_mut() {
        *words = model.words(&request.core.interface.output);
    }
    drop(model);
    match outcome {
        Outcome::Different(difference) => explain(toolchain, request, difference),
        Outcome::Equal(_) => Ok(Verdict {
            outcome,
            package: None,
        }),
    }
}

/// Steps of a stimulus that are kept of it, `wanted` at least where it has them.
fn kept_steps(core: &Core<'_>, stimulus: &Stimulus<'_>, wanted: usize) -> usize {
    let kept = wanted.min(stimulus.steps());
    if core.interface.max_steps.is_none() {
        return kept;
    }
    // Nothing comes of a sequence without its end.
    let end = stimulus.last[kept - 1..].iter().position(|&last| last);
    kept + end.unwrap_or(0)
}

/// Follows a difference to its origin, and packs it up where a folder is given for that.
fn explain(
    toolchain: &Toolchain,
    request: Request<'_>,
    difference: Difference,
) -> Result<Verdict, CosimError> {
    let Request {
        core,
        stimulus,
        pattern,
        seed,
        ..
    } = request;
    let step = difference.step().unwrap_or(stimulus.steps() - 1);
    // Later steps may have spoilt this one, in a queue that overflows.
    let kept = kept_steps(&core, &stimulus, step + 1 + pattern.steps_ahead());
    let stimulus = Stimulus {
        inputs: &stimulus.inputs[..kept * core.interface.input.elements],
        last: &stimulus.last[..kept],
        clear: stimulus.clear.get(..kept).unwrap_or_default(),
        cut: stimulus.cut.get(..kept).unwrap_or_default(),
    };
    let when = core.interface.output.when;
    let answers = stimulus.answers(when);
    let ends = (when == Emit::Last).then(|| answers.clone());
    let scratch =
        Scratch::new().map_err(|error| files::problem(&std::env::temp_dir(), "write", &error))?;
    let waves = scratch.path().join(WAVES);
    let search = request
        .oracle
        .map(|oracle| OriginSearch::new(oracle, step, ends));
    let run = (pattern, seed);
    let (got, located) = examine(toolchain, core, stimulus, run, search, &difference, &waves)?;
    let difference = located.unwrap_or(difference);
    let package = request.failures.map(|root| {
        let package = FailurePackage {
            core,
            stimulus,
            expected: &request.expected[..answers.len() * core.interface.output.elements],
            got: &got,
            pattern,
            seed,
            difference: &difference,
            tools: toolchain.versions(),
            waves: &waves,
        };
        failure::write(root, &package)
    });
    Ok(Verdict {
        outcome: Outcome::Different(difference),
        package: package.transpose()?,
    })
}

/// Runs a failing stimulus once more with all probes: the words, where it begins, the waveforms.
fn examine(
    toolchain: &Toolchain,
    core: Core<'_>,
    stimulus: Stimulus<'_>,
    run: (Pattern, u64),
    mut search: Option<OriginSearch<'_>>,
    word: &Difference,
    waves: &Path,
) -> Result<(Vec<i64>, Option<Difference>), CosimError> {
    let trace_layers = search.as_ref().map_or(0, OriginSearch::layers);
    let model = toolchain.model(
        core,
        Probes {
            trace_layers,
            vcd: true,
        },
        run.1,
    );
    let mut model = match model {
        // A netlist, say, has no trace ports.
        Err(CosimError::Interface { .. } | CosimError::Run(_)) if trace_layers > 0 => toolchain
            .model(
                core,
                Probes {
                    trace_layers: 0,
                    vcd: true,
                },
                run.1,
            )?,
        other => other?,
    };
    let shown = (VCD_CYCLES / core.interface.timing.cycles_per_step.max(1)).max(2) as usize;
    let from = stimulus.steps().saturating_sub(shown);
    let mut at = |model: &mut VerilatedModel, step: usize| {
        if let Some(search) = &mut search {
            search.look(&model.take_trace());
        }
        if step == from {
            model.write_vcd(waves)?;
        }
        Ok(if step < from {
            CHUNK.min(from - step)
        } else {
            CHUNK
        })
    };
    let words = collect(&mut model, core.interface, stimulus, run, &mut at)?;
    Ok((words, search.and_then(|search| search.finish(word))))
}

/// Runs the package in `folder` again: same core, same stimulus, same pattern and seed.
pub fn replay(toolchain: &Toolchain, folder: &Path) -> Result<Outcome, CosimError> {
    let failure = failure::read(folder)?;
    let core = Core {
        folder: &failure.bundle,
        interface: &failure.interface,
    };
    let mut model = toolchain.model(core, Probes::default(), failure.seed)?;
    let stimulus = Stimulus {
        inputs: &failure.inputs,
        last: &failure.last,
        clear: &failure.clear,
        cut: &failure.cut,
    };
    let run = (failure.pattern, failure.seed);
    let timing = failure.stated.map_or(BeatTiming::Unknown, |(beat, cycle)| {
        BeatTiming::Beat(beat, cycle)
    });
    judge(
        &mut model,
        core.interface,
        stimulus,
        &failure.expected,
        run,
        timing,
        &mut |_| {},
    )
}
