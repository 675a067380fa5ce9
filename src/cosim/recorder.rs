//! A core whose output beats are kept, whatever else is made of them.

use super::dut::{Capture, Drive, Dut, DutError, RunEnded, TraceRecord};
use super::stimulus::{beat_bytes, signed_field};
use crate::codegen::StreamPort;

/// The words of output beats, whole steps after one another; what a step's last beat has beyond them is left out.
#[must_use]
pub fn words_of(port: &StreamPort, beats: &[u8]) -> Vec<i64> {
    let beats = beats.chunks_exact(beat_bytes(port)).enumerate();
    let words = beats.flat_map(|(index, beat)| {
        let first = index % port.beats_per_step * port.elements_per_beat;
        let used = port.elements_per_beat.min(port.elements - first);
        (0..used).map(move |element| signed_field(beat, element, port.element_width))
    });
    words.collect()
}

/// A core, and every output beat that it gave since its last reset.
#[derive(Debug)]
pub struct Recorder<D> {
    /// The core.
    pub core: D,
    beats: Vec<u8>,
}

impl<D: Dut> Recorder<D> {
    /// Nothing is recorded yet.
    #[must_use]
    pub const fn new(core: D) -> Self {
        Self {
            core,
            beats: Vec::new(),
        }
    }

    /// The words that it gave, `[steps, elements]`.
    #[must_use]
    pub fn words(&self, port: &StreamPort) -> Vec<i64> {
        words_of(port, &self.beats)
    }
}

impl<D: Dut> Dut for Recorder<D> {
    fn reset(&mut self) -> Result<(), DutError> {
        self.beats.clear();
        self.core.reset()
    }

    fn pulse_reset(&mut self, cycles: u64) -> Result<(), DutError> {
        self.beats.clear();
        self.core.pulse_reset(cycles)
    }

    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError> {
        let ended = self.core.run(drive, capture);
        self.beats.extend_from_slice(&capture.data);
        ended
    }

    fn take_trace(&mut self) -> Vec<TraceRecord> {
        self.core.take_trace()
    }
}
