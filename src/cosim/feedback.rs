//! A core that is fed step by step, so that what it gives can be what it takes next.

use super::CosimError;
use super::dut::{Capture, Drive, Dut, RunEnded};
use super::pattern::quiet_limit;
use super::recorder::words_of;
use super::stimulus::{Mask, pack_step};
use crate::codegen::Interface;

/// A core and what it has given, one step at a time; source and sink do not pause.
///
/// It is for one stream of a core that gives something at every step.
pub struct Feedback<'a> {
    dut: &'a mut dyn Dut,
    interface: &'a Interface,
    capture: Capture,
    steps: usize,
}

impl<'a> Feedback<'a> {
    /// Resets the core.
    ///
    /// # Errors
    /// A core that stops itself.
    pub fn new(dut: &'a mut dyn Dut, interface: &'a Interface) -> Result<Self, CosimError> {
        dut.reset()?;
        Ok(Self {
            dut,
            interface,
            capture: Capture::default(),
            steps: 0,
        })
    }

    /// One step: `input elements` codes or the index of a token in, `output elements` words out. TLAST stays low.
    ///
    /// # Errors
    /// A core that stops itself, breaks a rule of its streams, or gives no output for this step.
    pub fn step(&mut self, codes: &[i32]) -> Result<Vec<i64>, CosimError> {
        let (input, output) = (&self.interface.input, &self.interface.output);
        let mut data = Vec::new();
        pack_step(codes, input, &mut data);
        let flags = vec![0; input.beats_per_step];
        let always = Mask::always();
        let drive = Drive {
            data: &data,
            flags: &flags,
            offer: &always,
            take: &always,
            out_beats: output.beats_per_step,
            quiet_limit: quiet_limit(self.interface),
            cycle_limit: u64::MAX,
        };
        let ended = self.dut.run(&drive, &mut self.capture)?;
        if ended != RunEnded::Complete {
            return Err(CosimError::Hang {
                quiet: drive.quiet_limit,
                cycle: self.capture.cycle,
                accepted: self.steps * input.beats_per_step + self.capture.accepted.len(),
                offered: (self.steps + 1) * input.beats_per_step,
                received: self.steps * output.beats_per_step + self.capture.last.len(),
                expected: (self.steps + 1) * output.beats_per_step,
                step: self.steps,
            });
        }
        self.steps += 1;
        Ok(words_of(output, &self.capture.data))
    }

    /// Cycles since reset.
    #[must_use]
    pub const fn cycles(&self) -> u64 {
        self.capture.cycle
    }
}
