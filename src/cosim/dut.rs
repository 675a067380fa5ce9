//! A core under test, as the scoreboard sees it: beats in, beats out, cycle numbers.

use super::stimulus::Mask;

/// Flag of an input beat: TLAST is set.
pub const FLAG_LAST: u8 = 1;
/// Flag of an input beat: pulse `state_clear` before offering it.
pub const FLAG_CLEAR: u8 = 2;

/// Inputs of a core in one [`Dut::run`].
#[derive(Clone, Copy, Debug)]
pub struct Drive<'a> {
    /// TDATA of the beats to offer, little-endian, each as many bytes as the port has.
    pub data: &'a [u8],
    /// One byte of flags per beat: [`FLAG_LAST`], [`FLAG_CLEAR`].
    pub flags: &'a [u8],
    /// Cycles in which a new beat may be offered.
    pub offer: &'a Mask,
    /// Cycles in which an output beat may be taken.
    pub take: &'a Mask,
    /// Output beats to wait for.
    pub out_beats: usize,
    /// Cycles without a transfer after which nothing more is expected.
    pub quiet_limit: u64,
    /// Cycles to run at most; 1 steps the core clock by clock.
    pub cycle_limit: u64,
}

/// Why a [`Dut::run`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnded {
    /// All awaited output beats are there.
    Complete,
    /// Nothing moved for [`Drive::quiet_limit`] cycles.
    Quiet,
    /// [`Drive::cycle_limit`] was reached.
    CycleLimit,
}

/// Outputs of a core in one [`Dut::run`]; vectors of earlier runs are replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capture {
    /// TDATA of the output beats, little-endian, each as many bytes as the port has.
    pub data: Vec<u8>,
    /// TLAST of the output beats, 0 or 1.
    pub last: Vec<u8>,
    /// Cycle in which each output beat was taken; cycle 0 is the first after reset.
    pub taken: Vec<u64>,
    /// Cycle in which each input beat was accepted; its length is their number.
    pub accepted: Vec<u64>,
    /// Cycles since reset.
    pub cycle: u64,
}

/// A core stopped instead of working.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DutError {
    /// The model stopped itself: `$fatal`, a failed assertion, a memory file missing or too short.
    #[error("the simulated core stopped itself: {message}")]
    Stopped {
        /// Its message.
        message: String,
    },
    /// The core broke a rule of AXI4-Stream.
    #[error("cycle {cycle}: {message}")]
    Protocol {
        /// Cycle since reset.
        cycle: u64,
        /// Which rule.
        message: String,
    },
    /// The core or the host cannot do what is asked.
    #[error("{message}")]
    Unsupported {
        /// The thing that it cannot.
        message: String,
    },
}

/// Pre-activations of one gate for one group of units, seen on the trace ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceRecord {
    /// Layer.
    pub layer: usize,
    /// Gate: 0 i, 1 f, 2 g, 3 o.
    pub gate: usize,
    /// Group of units.
    pub group: usize,
    /// The port's value, little-endian; unit `u` of the group at bit `u * z_bits`.
    pub z: Vec<u8>,
}

/// A core: the Verilog in a simulator, or something that pretends to be it.
pub trait Dut {
    /// Holds reset long enough and starts counting cycles at 0.
    fn reset(&mut self) -> Result<(), DutError>;

    /// Holds reset for exactly `cycles` clock edges, whatever the core is doing, and starts counting
    /// at 0; TVALID must be low in each of these cycles.
    ///
    /// # Errors
    /// [`DutError::Protocol`] when it is not.
    fn pulse_reset(&mut self, cycles: u64) -> Result<(), DutError>;

    /// Clocks the core until one of the limits of `drive`.
    ///
    /// A beat that was offered stays offered, in the next call too: its data must begin with it.
    fn run(&mut self, drive: &Drive<'_>, capture: &mut Capture) -> Result<RunEnded, DutError>;

    /// Records of the trace ports since reset or the last call, oldest first; empty without them.
    fn take_trace(&mut self) -> Vec<TraceRecord> {
        Vec::new()
    }
}
