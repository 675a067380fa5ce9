//! A core that is a closure, right or wrong on purpose: what the scoreboard is tested with.

use super::dut::{Capture, Drive, Dut, DutError, FLAG_CLEAR, FLAG_LAST, RunEnded};
use super::stimulus::{beat_bytes, pack_step, signed_field};
use crate::codegen::Interface;
use std::collections::VecDeque;

/// Fault of a [`MockDut`], once, at the output beat of the given number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MockFault {
    /// Nothing.
    None,
    /// Flips the given bit of TDATA.
    FlipBit(usize, usize),
    /// Loses the beat.
    Drop(usize),
    /// Gives the beat twice.
    Repeat(usize),
    /// Inverts TLAST.
    Last(usize),
    /// Gives nothing from this beat on.
    Hang(usize),
    /// Takes one cycle more for every step from the one with this beat.
    Slow(usize),
}

/// Computes one step: the codes of x and whether the state is cleared before; the codes of h.
pub type Compute<'a> = Box<dyn FnMut(&[i64], bool) -> Vec<i32> + 'a>;

/// Takes a step's beats, is busy for a while, gives the step's beats; holds one step at a time.
pub struct MockDut<'a> {
    interface: Interface,
    compute: Compute<'a>,
    fault: MockFault,
    busy: u64,
    cycle: u64,
    offering: bool,
    collected: Vec<i64>,
    clear: bool,
    ready_at: u64,
    queue: VecDeque<(Vec<u8>, u8)>,
    made: usize,
}

impl<'a> MockDut<'a> {
    /// A core with the ports of `interface`, busy for `busy` cycles between a step's last input
    /// beat and its first output beat.
    #[must_use]
    pub fn new(interface: &Interface, busy: u64, fault: MockFault, compute: Compute<'a>) -> Self {
        Self {
            interface: interface.clone(),
            compute,
            fault,
            busy,
            cycle: 0,
            offering: false,
            collected: Vec::new(),
            clear: true,
            ready_at: 0,
            queue: VecDeque::new(),
            made: 0,
        }
    }

    fn accept(&mut self, beat: &[u8], flags: u8) {
        let port = &self.interface.input;
        self.clear |= flags & FLAG_CLEAR != 0;
        let left = port.elements - self.collected.len();
        let fields = 0..port.elements_per_beat.min(left);
        self.collected
            .extend(fields.map(|field| signed_field(beat, field, port.element_width)));
        if self.collected.len() < port.elements {
            return;
        }
        let outputs = (self.compute)(&self.collected, self.clear);
        self.collected.clear();
        self.clear = flags & FLAG_LAST != 0;
        let port = self.interface.output.clone();
        let mut data = Vec::new();
        pack_step(&outputs, &port, &mut data);
        let mut slow = 0;
        for (beat, data) in data.chunks(beat_bytes(&port)).enumerate() {
            let number = self.made;
            self.made += 1;
            let mut data = data.to_vec();
            let mut last = u8::from(beat + 1 == port.beats_per_step) & flags;
            match self.fault {
                MockFault::Drop(at) if at == number => continue,
                MockFault::Hang(at) if at <= number => continue,
                MockFault::Repeat(at) if at == number => self.queue.push_back((data.clone(), last)),
                MockFault::Last(at) if at == number => last ^= 1,
                MockFault::FlipBit(at, bit) if at == number => data[bit / 8] ^= 1 << (bit % 8),
                MockFault::Slow(at) if at <= number => slow = 1,
                _ => {}
            }
            self.queue.push_back((data, last));
        }
        self.ready_at = self.cycle + self.busy + slow;
    }
}

impl Dut for MockDut<'_> {
    fn reset(&mut self) -> Result<(), DutError> {
        self.queue.clear();
        self.collected.clear();
        (self.cycle, self.made, self.clear, self.offering) = (0, 0, true, false);
        Ok(())
    }

    fn pulse_reset(&mut self, _cycles: u64) -> Result<(), DutError> {
        self.reset()
    }

    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError> {
        *capture = Capture::default();
        let bytes = beat_bytes(&self.interface.input);
        let (mut quiet, mut ran) = (0, 0);
        while capture.last.len() < drive.out_beats {
            capture.cycle = self.cycle;
            if quiet >= drive.quiet_limit {
                return Ok(RunEnded::Quiet);
            }
            if ran >= drive.cycle_limit {
                return Ok(RunEnded::CycleLimit);
            }
            quiet += 1;
            ran += 1;
            let beat = capture.accepted.len();
            self.offering |= beat < drive.flags.len() && drive.offer.at(self.cycle);
            let valid = !self.queue.is_empty() && self.cycle >= self.ready_at;
            if self.offering && self.queue.is_empty() {
                self.accept(&drive.data[beat * bytes..][..bytes], drive.flags[beat]);
                capture.accepted.push(self.cycle);
                self.offering = false;
                quiet = 0;
            } else if valid
                && drive.take.at(self.cycle)
                && let Some((data, last)) = self.queue.pop_front()
            {
                capture.data.extend(data);
                capture.last.push(last);
                capture.taken.push(self.cycle);
                quiet = 0;
            }
            self.cycle += 1;
        }
        capture.cycle = self.cycle;
        Ok(RunEnded::Complete)
    }
}
