//! Pauses of source and sink: patterns of their own, and one that follows the core.

use super::stimulus::Mask;
use crate::codegen::Interface;
use crate::hardware::{Controls, LayerDesign};
use crate::quantize::{Emit, SplitMix};
use serde::{Deserialize, Serialize};

/// Words of the longest mask, 16 MiB: beyond it the phases of a pattern that follows are cut short.
const LONGEST_MASK: u64 = 1 << 21;
/// Steps that a mask of a pattern that follows is long, at least.
const MASK_STEPS: u64 = 64;
/// Rate of a slow side, as a fraction of the core's.
const SLOW: (u64, u64) = (2, 3);
/// Largest number in a pattern that follows; beyond it chances and lengths stay as they are.
const LARGEST: u64 = 1 << 28;

/// How often the source idles and the sink stalls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "pattern", deny_unknown_fields)]
pub enum Pattern {
    /// Never: the exact cycle counts are checked.
    AlwaysReady,
    /// At random, each cycle for itself.
    Random {
        /// Chance in 100 that a beat is offered.
        offer: u8,
        /// Chance in 100 that a beat is taken.
        take: u8,
    },
    /// In runs of random length, each from 1 to a longest.
    Bursts {
        /// Longest run of cycles in which beats move.
        on: u16,
        /// Longest run of cycles in which none do.
        off: u16,
    },
    /// In phases whose rates and lengths are the core's own.
    Following(Following),
}

/// Pauses that this core feels: a stop of the sink until nothing fits any more, then phases in turn,
/// in which one side or both are slower than the core, pause at random, or stop for steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Following {
    /// Which phases there are.
    pub pauses: Pauses,
    /// Cycles of a step.
    pub cycles: u64,
    /// Input beats of a step.
    pub source: u64,
    /// Output beats of a step.
    pub sink: u64,
    /// Steps that the core holds when its sink stops, the one that waits counted.
    pub held: u64,
}

/// Kinds of pauses in a pattern that follows the core.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pauses {
    /// All of them.
    Mixed,
    /// Each cycle for itself.
    Random,
    /// In runs of random length.
    Bursts,
}

/// Behaviour of one side for some steps.
#[derive(Clone, Copy)]
enum Phase {
    Free,
    /// Each cycle for itself, at two thirds of the core's rate.
    Slow,
    /// Each cycle for itself, every second one.
    Half,
    /// Runs of up to a step's beats, stops of up to two steps.
    Bursts,
    /// Runs and stops of a few cycles.
    Stutter,
    Stop,
}

impl Pattern {
    /// Pauses for this core, whose last layer is the last of `layers`.
    ///
    /// # Panics
    /// When there are no layers.
    #[must_use]
    pub fn following(pauses: Pauses, interface: &Interface, layers: &[LayerDesign]) -> Self {
        Self::Following(Following {
            pauses,
            cycles: interface.timing.cycles_per_step,
            source: interface.input.beats_per_step as u64,
            sink: interface.output.beats_per_step as u64,
            held: Controls::steps_held(layers) as u64 * steps_an_answer(interface) as u64,
        })
    }

    /// Steps beyond a wrong one that a core may have begun by then, were its queue without an end.
    pub(super) fn steps_ahead(self) -> usize {
        match self {
            // The stop, and what a slow phase adds to it.
            Self::Following(following) => following.held.min(1 << 16) as usize + 32,
            _ => 0,
        }
    }

    /// The masks of source and sink. Same seed, same masks.
    #[must_use]
    pub fn masks(self, seed: u64) -> (Mask, Mask) {
        let (source, sink) = (seed.wrapping_mul(2), seed.wrapping_mul(2).wrapping_add(1));
        match self {
            Self::AlwaysReady => (Mask::always(), Mask::always()),
            Self::Random { offer, take } => (Mask::random(offer, source), Mask::random(take, sink)),
            Self::Bursts { on, off } => {
                (Mask::bursts(on, off, source), Mask::bursts(on, off, sink))
            }
            Self::Following(pace) => pace.masks(source, sink),
        }
    }
}

/// Steps that a core takes for one output, at least: four times as many as random sequences have on the average.
pub(super) fn steps_an_answer(interface: &Interface) -> usize {
    match interface.output.when {
        Emit::Step => 1,
        Emit::Last => 32,
    }
}

/// Cycles without a beat after which a core hangs: far above what a working one needs, also under the heaviest
/// stalls and where an answer waits for whole sequences.
pub(super) fn quiet_limit(interface: &Interface) -> u64 {
    let sequences = 4 * interface.max_steps.unwrap_or(0);
    let steps = steps_an_answer(interface) + sequences;
    let timing = &interface.timing;
    10_000 + 16 * steps as u64 * (timing.latency + timing.cycles_per_step)
}

impl Following {
    fn masks(mut self, source: u64, sink: u64) -> (Mask, Mask) {
        // A package of a failure may hold any number.
        for number in [&mut self.cycles, &mut self.source, &mut self.sink] {
            *number = (*number).clamp(1, LARGEST);
        }
        self.held = self.held.min(LARGEST);
        // The sink stops until nothing fits, and is then slow, while the source still does not pause.
        let full = self.held.saturating_add(1);
        (
            self.mask(source, self.source, (Phase::Free, full + 4)),
            self.mask(sink, self.sink, (Phase::Stop, full)),
        )
    }

    /// Words of the masks: a power of two.
    fn words(self) -> u64 {
        let steps = MASK_STEPS + 4 * self.held;
        let words = self.cycles.saturating_mul(steps).div_ceil(64);
        words.clamp(1024, LONGEST_MASK).next_power_of_two()
    }

    /// Cycles of `steps` steps, at most a quarter of the mask.
    fn cycles_of(self, steps: u64) -> u64 {
        let quarter = self.words() * 16;
        self.cycles.saturating_mul(steps).clamp(1, quarter)
    }

    /// The first phase for so many steps, then all kinds in turn with free phases between them, so that
    /// each side is often alone in being slow.
    fn mask(self, seed: u64, beats: u64, first: (Phase, u64)) -> Mask {
        let kinds: &[Phase] = match self.pauses {
            Pauses::Mixed => &[
                Phase::Slow,
                Phase::Bursts,
                Phase::Half,
                Phase::Stop,
                Phase::Stutter,
            ],
            Pauses::Random => &[Phase::Slow, Phase::Half],
            Pauses::Bursts => &[Phase::Bursts, Phase::Stop, Phase::Stutter],
        };
        let mut random = SplitMix(seed);
        let (mut phase, mut left) = (first.0, self.cycles_of(first.1));
        let mut number = 0;
        // Of the phase: whether the run is open, and what is left of it.
        let (mut open, mut run) = (false, 0);
        Mask::from_bits(self.words() as usize, || {
            if left == 0 {
                number += 1;
                phase = match number % 2 {
                    0 => Phase::Free,
                    _ => kinds[number / 2 % kinds.len()],
                };
                left = match phase {
                    Phase::Stop => self.cycles_of(1) + random.below(self.cycles_of(3)),
                    // Long enough that groups end at every distance from one another.
                    Phase::Slow => self.cycles_of(8) + random.below(self.cycles_of(8)),
                    _ => self.cycles_of(2) + random.below(self.cycles_of(4)),
                };
                run = 0;
            }
            left -= 1;
            let (longest_open, longest_shut) = match phase {
                Phase::Free => return true,
                Phase::Stop => return false,
                Phase::Half => return random.below(2) == 0,
                Phase::Slow => return random.below(self.cycles * SLOW.1) < beats * SLOW.0,
                Phase::Bursts => (beats, self.cycles_of(2)),
                Phase::Stutter => (4, 8),
            };
            if run == 0 {
                open = !open;
                run = 1 + random.below(if open { longest_open } else { longest_shut });
            }
            run -= 1;
            open
        })
    }
}

#[cfg(test)]
mod tests;
