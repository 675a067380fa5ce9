//! Compares every output word of every step, and the exact cycle counts.

mod beats;
mod run;
mod stimulus;

use super::CosimError;
use super::dut::{Dut, DutError};
use super::forecast::{BeatTiming, Forecast};
use super::outcome::{Agreement, Difference, Outcome};
use super::pattern::{Pattern, steps_an_answer};
use super::stimulus::Stimulus;
use super::verilator::VerilatedModel;
use crate::codegen::Interface;
use crate::diagnostic::Problem;
use crate::hardware::{Controls, LayerDesign};
use crate::quantize::Emit;
use crate::tools::interrupted;
use run::{Run, Stop};

/// Feeds `stimulus` to a core and compares every output word with `expected` `[steps, elements]`.
///
/// A core that gives something at the last steps of sequences only has `expected` of these alone.
/// TLAST of an output must be that of the input of its step, on the step's last beat. After the
/// last step nothing more may come. With [`Pattern::AlwaysReady`] and no `clear`, latency and
/// cycles per step must be those of the interface. `progress` is called with the number of steps
/// done so far.
pub fn compare(
    dut: &mut dyn Dut,
    interface: &Interface,
    stimulus: Stimulus<'_>,
    expected: &[i32],
    run: (Pattern, u64),
    progress: &mut dyn FnMut(usize),
) -> Result<Outcome, CosimError> {
    judge(
        dut,
        interface,
        stimulus,
        expected,
        run,
        BeatTiming::Unknown,
        progress,
    )
}

/// [`compare`], and every beat in the cycle that the schedule of `layers` states, also with pauses;
/// without layers cycles are not compared.
///
/// # Errors
/// As `compare`, and one when a [`Pattern::Following`] did not fill the output
/// queue although there were enough steps.
pub fn compare_timed(
    dut: &mut dyn Dut,
    interface: &Interface,
    layers: &[LayerDesign],
    stimulus: Stimulus<'_>,
    expected: &[i32],
    run: (Pattern, u64),
    progress: &mut dyn FnMut(usize),
) -> Result<Outcome, CosimError> {
    let timing = if layers.is_empty() {
        BeatTiming::Unknown
    } else {
        BeatTiming::Layers(layers)
    };
    let outcome = judge(dut, interface, stimulus, expected, run, timing, progress)?;
    if let (Pattern::Following(_), Outcome::Equal(agreement)) = (run.0, &outcome)
        && !layers.is_empty()
        && stimulus.steps() >= Controls::steps_held(layers) * steps_an_answer(interface)
        && let Some(pressure) = &agreement.pressure
        && pressure
            .layers
            .last()
            .is_none_or(|layer| layer.array_waited == 0)
    {
        let cycles = agreement.cycles;
        let problem = format!(
            "the pauses never filled the core's output queue in {cycles} cycles, so that nothing was said \
             about them"
        );
        return Err(Problem::new(problem)
            .help("give another --stimulus-seed")
            .into());
    }
    Ok(outcome)
}

/// The comparison itself.
pub(super) fn judge(
    dut: &mut dyn Dut,
    interface: &Interface,
    stimulus: Stimulus<'_>,
    expected: &[i32],
    (pattern, seed): (Pattern, u64),
    timing: BeatTiming<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Outcome, CosimError> {
    let mut run = Run::new(interface, stimulus, expected, pattern.masks(seed))?;
    // What is stated of a core that waits for the end of a sequence, or for whole ones, is the pace within one.
    let exact = pattern == Pattern::AlwaysReady
        && !stimulus.clear.contains(&true)
        && interface.output.when == Emit::Step
        && interface.max_steps.is_none();
    if !exact {
        run.know(timing);
    }
    dut.reset()?;
    match run
        .steps(dut, progress)
        .and_then(|()| run.nothing_more(dut))
    {
        Ok(()) => {}
        Err(Stop::Error(CosimError::Dut(DutError::Protocol { cycle, message }))) => {
            return Ok(Outcome::Different(Difference::Protocol { cycle, message }));
        }
        Err(Stop::Error(error)) => return Err(error),
        Err(Stop::Difference(difference)) => return Ok(Outcome::Different(difference)),
    }
    let steps = stimulus.steps();
    let mut agreement = Agreement {
        steps,
        words: expected.len(),
        cycles: run.cycles,
        latency: None,
        cycles_per_step: None,
        pressure: run.forecast.as_ref().map(Forecast::pressure),
    };
    if exact && let Err(difference) = run.timing(&mut agreement) {
        return Ok(Outcome::Different(difference));
    }
    Ok(Outcome::Equal(agreement))
}

/// Runs a core without judging: the words it gives, as many as come.
///
/// `at` is called before every run of steps with the number of its first step; what it returns is
/// the number of steps to run before the next call.
pub(super) fn collect(
    dut: &mut VerilatedModel,
    interface: &Interface,
    stimulus: Stimulus<'_>,
    (pattern, seed): (Pattern, u64),
    at: &mut dyn FnMut(&mut VerilatedModel, usize) -> Result<usize, CosimError>,
) -> Result<Vec<i64>, CosimError> {
    let steps = stimulus.answers(interface.output.when).len();
    let expected = vec![0; steps * interface.output.elements];
    let mut run = Run::new(interface, stimulus, &expected, pattern.masks(seed))?;
    dut.reset()?;
    let mut words = Vec::with_capacity(expected.len());
    let mut step = 0;
    while step < steps {
        if interrupted() {
            return Err(CosimError::Interrupted);
        }
        let count = at(dut, step)?.clamp(1, steps - step);
        step += count;
        if !run.collect(dut, count, &mut words) {
            break;
        }
    }
    at(dut, steps)?;
    Ok(words)
}
