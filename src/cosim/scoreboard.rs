//! Compares every output word of every step, and the exact cycle counts.

use super::CosimError;
use super::dut::{Capture, Drive, Dut, DutError, FLAG_CLEAR, FLAG_LAST, RunEnded};
use super::forecast::Forecast;
use super::outcome::{Agreement, Difference, Outcome};
use super::pattern::Pattern;
use super::stimulus::{Mask, Stimulus, beat_bytes, pack_step, signed_field};
use super::verilator::VerilatedModel;
use crate::codegen::Interface;
use crate::hardware::{Controls, LayerDesign};
use crate::tools::interrupted;

/// Cycles between two looks at Ctrl-C and two reports of progress.
const CYCLES_PER_CHUNK: u64 = 1 << 17;

/// Knowledge of the cycles in which beats leave while source and sink pause.
#[derive(Clone, Copy, Debug)]
pub(super) enum BeatTiming<'a> {
    /// Nothing.
    Unknown,
    /// All, by the schedule.
    Layers(&'a [LayerDesign]),
    /// The cycle of this beat of the run, if it is to leave.
    Beat(usize, Option<u64>),
}

/// Feeds `stimulus` to a core and compares every output word with `expected` `[steps, elements]`.
///
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
/// As `compare`, and [`CosimError::NoPressure`] when a [`Pattern::Following`] did not fill the output
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
    if let (Pattern::Following(_), Outcome::Equal(agreement), Some(last)) =
        (run.0, &outcome, layers.last())
        && stimulus.steps() >= Controls::steps_held(last)
        && let Some(pressure) = &agreement.pressure
        && pressure
            .layers
            .last()
            .is_none_or(|layer| layer.array_waited == 0)
    {
        let cycles = agreement.cycles;
        return Err(CosimError::NoPressure { cycles });
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
    let exact = pattern == Pattern::AlwaysReady && !stimulus.clear.contains(&true);
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
    let steps = stimulus.steps();
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

/// Why a run ends before its end.
enum Stop {
    Difference(Difference),
    Error(CosimError),
}

impl<E: Into<CosimError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

struct Run<'a> {
    interface: &'a Interface,
    stimulus: Stimulus<'a>,
    expected: &'a [i32],
    offer: Mask,
    take: Mask,
    data: Vec<u8>,
    flags: Vec<u8>,
    quiet_limit: u64,
    /// Input beats accepted so far.
    accepted: usize,
    first_accepted: Option<u64>,
    /// Cycle of the last beat of every step so far.
    finished: Vec<u64>,
    cycles: u64,
    /// Output beats compared so far.
    beats: usize,
    /// Says in which cycle the next of them leaves.
    forecast: Option<Forecast<'a>>,
    /// The cycle of one beat alone.
    stated: Option<(usize, Option<u64>)>,
}

impl<'a> Run<'a> {
    fn new(
        interface: &'a Interface,
        stimulus: Stimulus<'a>,
        expected: &'a [i32],
        (offer, take): (Mask, Mask),
    ) -> Result<Self, CosimError> {
        let (input, output) = (&interface.input, &interface.output);
        let steps = stimulus.steps();
        let unfit = |message: String| Err(CosimError::Stimulus { message });
        if steps == 0 || output.elements == 0 {
            return unfit("no steps: nothing would be compared".to_string());
        }
        for (what, found, wanted) in [
            ("input words", stimulus.inputs.len(), steps * input.elements),
            ("expected words", expected.len(), steps * output.elements),
            (
                "beats per input step",
                input.beats_per_step,
                input.elements.div_ceil(input.elements_per_beat.max(1)),
            ),
            (
                "beats per output step",
                output.beats_per_step,
                output.elements.div_ceil(output.elements_per_beat.max(1)),
            ),
        ] {
            if found != wanted {
                return unfit(format!(
                    "{found} {what}, should be {wanted} for {steps} steps"
                ));
            }
        }
        for port in [input, output] {
            if port.element_width == 0 || port.element_width > 64 || port.element_width % 8 != 0 {
                return unfit(format!(
                    "{}: elements of {} bits",
                    port.prefix, port.element_width
                ));
            }
        }
        if !stimulus.clear.is_empty() && stimulus.clear.len() != steps {
            return unfit(format!(
                "{} flags to clear for {steps} steps",
                stimulus.clear.len()
            ));
        }
        if stimulus.clear.contains(&true) && interface.state_clear.is_none() {
            return unfit("the core has no port to clear its state".to_string());
        }
        let mut data = Vec::with_capacity(steps * input.beats_per_step * beat_bytes(input));
        let mut flags = vec![0; steps * input.beats_per_step];
        for (step, codes) in stimulus.inputs.chunks_exact(input.elements).enumerate() {
            pack_step(codes, input, &mut data);
            let beats = &mut flags[step * input.beats_per_step..][..input.beats_per_step];
            if stimulus.clear.get(step) == Some(&true) {
                beats[0] |= FLAG_CLEAR;
            }
            if stimulus.last[step] {
                beats[input.beats_per_step - 1] |= FLAG_LAST;
            }
        }
        let timing = &interface.timing;
        Ok(Self {
            interface,
            stimulus,
            expected,
            offer,
            take,
            data,
            flags,
            // Far above what a working core needs, also under the heaviest stalls.
            quiet_limit: 10_000 + 16 * (timing.latency + timing.cycles_per_step),
            accepted: 0,
            first_accepted: None,
            finished: Vec::with_capacity(steps),
            cycles: 0,
            beats: 0,
            forecast: None,
            stated: None,
        })
    }

    /// Compares the cycles of beats too, as far as they are known.
    fn know(&mut self, timing: BeatTiming<'a>) {
        match timing {
            BeatTiming::Unknown => {}
            BeatTiming::Layers(layers) => self.forecast = Some(Forecast::new(layers)),
            BeatTiming::Beat(beat, cycle) => self.stated = Some((beat, cycle)),
        }
    }

    /// `true` if the next beat, which left in cycle `measured`, should have.
    fn check_cycle(&mut self, measured: u64) -> Result<(), Difference> {
        let (beat, step) = (self.beats, self.finished.len());
        self.beats += 1;
        let stated = match (&mut self.forecast, self.stated) {
            (Some(forecast), _) => {
                let masks = (&self.offer, &self.take);
                forecast.next_beat(&self.flags, masks, measured + self.quiet_limit)
            }
            (None, Some((at, cycle))) if at == beat => cycle,
            _ => return Ok(()),
        };
        if stated == Some(measured) {
            return Ok(());
        }
        Err(Difference::Beat {
            step,
            beat,
            measured,
            stated,
        })
    }

    /// All steps, in chunks.
    fn steps(&mut self, dut: &mut dyn Dut, progress: &mut dyn FnMut(usize)) -> Result<(), Stop> {
        let port = &self.interface.output;
        let chunk =
            (CYCLES_PER_CHUNK / self.interface.timing.cycles_per_step.max(1)).max(1) as usize;
        let steps = self.stimulus.steps();
        let mut capture = Capture::default();
        while self.finished.len() < steps {
            if interrupted() {
                return Err(CosimError::Interrupted.into());
            }
            let done = self.finished.len();
            let count = chunk.min(steps - done);
            let out_beats = count * port.beats_per_step;
            let ended = self.run(dut, out_beats, self.quiet_limit, &mut capture);
            // What came before an error is compared first: the earlier difference explains more.
            self.check_beats(&capture)?;
            if ended? != RunEnded::Complete {
                let received = done * port.beats_per_step + capture.last.len();
                return Err(Stop::Error(CosimError::Hang {
                    quiet: self.quiet_limit,
                    cycle: self.cycles,
                    accepted: self.accepted,
                    offered: self.flags.len(),
                    received,
                    expected: steps * port.beats_per_step,
                    step: received / port.beats_per_step,
                }));
            }
            progress(self.finished.len());
        }
        Ok(())
    }

    /// Runs on without input: nothing may come.
    fn nothing_more(&mut self, dut: &mut dyn Dut) -> Result<(), Stop> {
        let timing = &self.interface.timing;
        let quiet = 64 + timing.latency + 2 * timing.cycles_per_step;
        let mut capture = Capture::default();
        if self.run(dut, 1, quiet, &mut capture)? == RunEnded::Complete {
            return Err(Stop::Difference(Difference::Extra {
                cycle: capture.taken[0],
                steps: self.stimulus.steps(),
            }));
        }
        if self.accepted != self.flags.len() {
            let (accepted, offered) = (self.accepted, self.flags.len());
            let message = format!(
                "all outputs came though only {accepted} of {offered} input beats were taken"
            );
            return Err(Stop::Difference(Difference::Protocol {
                cycle: self.cycles,
                message,
            }));
        }
        Ok(())
    }

    fn run(
        &mut self,
        dut: &mut dyn Dut,
        out_beats: usize,
        quiet_limit: u64,
        capture: &mut Capture,
    ) -> Result<RunEnded, DutError> {
        let drive = Drive {
            data: &self.data[self.accepted * beat_bytes(&self.interface.input)..],
            flags: &self.flags[self.accepted..],
            offer: &self.offer,
            take: &self.take,
            out_beats,
            quiet_limit,
            cycle_limit: u64::MAX,
        };
        let ended = dut.run(&drive, capture);
        self.accepted += capture.accepted.len();
        self.first_accepted = self.first_accepted.or(capture.accepted.first().copied());
        self.cycles = capture.cycle;
        ended
    }

    /// Compares the beats of a capture that begins with a step's first beat.
    fn check_beats(&mut self, capture: &Capture) -> Result<(), Stop> {
        let port = &self.interface.output;
        let bytes = beat_bytes(port);
        for (index, beat) in capture.data.chunks_exact(bytes).enumerate() {
            let step = self.finished.len();
            let place = index % port.beats_per_step;
            let first = place * port.elements_per_beat;
            let used = port.elements_per_beat.min(port.elements - first);
            let model = &self.expected[step * port.elements + first..][..used];
            for (element, &model) in model.iter().enumerate() {
                let hardware = signed_field(beat, element, port.element_width);
                let model = i64::from(model);
                if hardware != model {
                    let element = first + element;
                    return Err(Stop::Difference(Difference::Word {
                        step,
                        element,
                        hardware,
                        model,
                    }));
                }
            }
            if beat[used * port.element_width / 8..]
                .iter()
                .any(|&byte| byte != 0)
            {
                return Err(Stop::Difference(Difference::Padding { step }));
            }
            self.check_cycle(capture.taken[index])
                .map_err(Stop::Difference)?;
            let end = place + 1 == port.beats_per_step;
            let (hardware, model) = (capture.last[index] != 0, end && self.stimulus.last[step]);
            if hardware != model {
                let beat = place;
                return Err(Stop::Difference(Difference::Last {
                    step,
                    beat,
                    hardware,
                    model,
                }));
            }
            if end {
                self.finished.push(capture.taken[index]);
            }
        }
        Ok(())
    }

    /// Runs `steps` more steps and appends their words to `words`, right or wrong; whether all
    /// came.
    fn collect(&mut self, dut: &mut dyn Dut, steps: usize, words: &mut Vec<i64>) -> bool {
        let port = &self.interface.output;
        let mut capture = Capture::default();
        let beats = steps * port.beats_per_step;
        // An error is what the caller is looking into already; the words before it count.
        let ended = self.run(dut, beats, self.quiet_limit, &mut capture);
        for (index, beat) in capture.data.chunks_exact(beat_bytes(port)).enumerate() {
            let first = index % port.beats_per_step * port.elements_per_beat;
            let used = port.elements_per_beat.min(port.elements - first);
            words.extend((0..used).map(|element| signed_field(beat, element, port.element_width)));
        }
        ended.is_ok_and(|ended| ended == RunEnded::Complete)
    }

    /// Compares the measured cycles with the stated ones and notes them.
    fn timing(&self, agreement: &mut Agreement) -> Result<(), Difference> {
        let timing = &self.interface.timing;
        if let (Some(start), Some(end)) = (self.first_accepted, self.finished.first()) {
            let measured = end - start + 1;
            if measured != timing.latency {
                return Err(Difference::Latency {
                    measured,
                    stated: timing.latency,
                });
            }
            agreement.latency = Some(measured);
        }
        for step in 1..self.finished.len() {
            let measured = self.finished[step] - self.finished[step - 1];
            let stated = timing.distance(step);
            if measured != stated {
                return Err(Difference::CyclesPerStep {
                    step,
                    measured,
                    stated,
                });
            }
            agreement.cycles_per_step = Some(timing.cycles_per_step);
        }
        Ok(())
    }
}
