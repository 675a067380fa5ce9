//! A core at work on its stimulus, in chunks of steps.

use super::super::CosimError;
use super::super::dut::{Capture, Drive, Dut, DutError, RunEnded};
use super::super::error;
use super::super::forecast::{BeatTiming, Forecast};
use super::super::outcome::Difference;
use super::super::pattern::quiet_limit;
use super::super::recorder::words_of;
use super::super::stimulus::{Mask, Stimulus, beat_bytes};
use super::stimulus::{check, packed};
use crate::codegen::Interface;
use crate::tools::interrupted;

/// Cycles between two looks at Ctrl-C and two reports of progress.
const CYCLES_PER_CHUNK: u64 = 1 << 17;

/// Why a run ends before its end.
pub(super) enum Stop {
    Difference(Difference),
    Error(CosimError),
}

impl<E: Into<CosimError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// A core under its stimulus, and how far it has come.
pub(super) struct Run<'a> {
    pub(super) interface: &'a Interface,
    pub(super) stimulus: Stimulus<'a>,
    pub(super) expected: &'a [i32],
    pub(super) offer: Mask,
    pub(super) take: Mask,
    pub(super) data: Vec<u8>,
    pub(super) flags: Vec<u8>,
    pub(super) quiet_limit: u64,
    /// Input beats accepted so far.
    pub(super) accepted: usize,
    pub(super) first_accepted: Option<u64>,
    /// The steps that the core gives something at.
    pub(super) answers: Vec<usize>,
    /// Cycle of the last beat of every answer so far.
    pub(super) finished: Vec<u64>,
    pub(super) cycles: u64,
    /// Output beats compared so far.
    pub(super) beats: usize,
    /// Says in which cycle the next of them leaves.
    pub(super) forecast: Option<Forecast<'a>>,
    /// The cycle of one beat alone.
    pub(super) stated: Option<(usize, Option<u64>)>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        interface: &'a Interface,
        stimulus: Stimulus<'a>,
        expected: &'a [i32],
        (offer, take): (Mask, Mask),
    ) -> Result<Self, CosimError> {
        check(interface, &stimulus, expected).map_err(error::stimulus)?;
        let (data, flags) = packed(&interface.input, &stimulus);
        Ok(Self {
            interface,
            stimulus,
            expected,
            offer,
            take,
            data,
            flags,
            quiet_limit: quiet_limit(interface),
            accepted: 0,
            first_accepted: None,
            answers: stimulus.answers(interface.output.when),
            finished: Vec::with_capacity(stimulus.steps()),
            cycles: 0,
            beats: 0,
            forecast: None,
            stated: None,
        })
    }

    /// Compares the cycles of beats too, as far as they are known.
    pub(super) fn know(&mut self, timing: BeatTiming<'a>) {
        match timing {
            BeatTiming::Unknown => {}
            BeatTiming::Layers(layers) => self.forecast = Some(Forecast::new(layers)),
            BeatTiming::Beat(beat, cycle) => self.stated = Some((beat, cycle)),
        }
    }

    /// The step of answer `answer`, or the last one.
    pub(super) fn step_of(&self, answer: usize) -> usize {
        let step = self.answers.get(answer).or(self.answers.last());
        step.copied().unwrap_or(0)
    }

    /// All steps, in chunks.
    pub(super) fn steps(
        &mut self,
        dut: &mut dyn Dut,
        progress: &mut dyn FnMut(usize),
    ) -> Result<(), Stop> {
        let port = &self.interface.output;
        let chunk =
            (CYCLES_PER_CHUNK / self.interface.timing.cycles_per_step.max(1)).max(1) as usize;
        let answers = self.answers.len();
        let mut capture = Capture::default();
        while self.finished.len() < answers {
            if interrupted() {
                return Err(CosimError::Interrupted.into());
            }
            let done = self.finished.len();
            let count = chunk.min(answers - done);
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
                    expected: answers * port.beats_per_step,
                    step: self.step_of(received / port.beats_per_step),
                }));
            }
            progress(self.step_of(self.finished.len() - 1) + 1);
        }
        Ok(())
    }

    /// Runs on without input: nothing may come.
    pub(super) fn nothing_more(&mut self, dut: &mut dyn Dut) -> Result<(), Stop> {
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

    pub(super) fn run(
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

    /// Runs `steps` more steps and appends their words to `words`, right or wrong; `true` if
    /// all came.
    pub(super) fn collect(
        &mut self,
        dut: &mut dyn Dut,
        steps: usize,
        words: &mut Vec<i64>,
    ) -> bool {
        let port = &self.interface.output;
        let mut capture = Capture::default();
        let beats = steps * port.beats_per_step;
        // An error is what the caller is looking into already; the words before it count.
        let ended = self.run(dut, beats, self.quiet_limit, &mut capture);
        words.extend(words_of(port, &capture.data));
        ended.is_ok_and(|ended| ended == RunEnded::Complete)
    }
}
