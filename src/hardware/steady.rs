//! Cycle counts of a core whose streams never hold it up, without simulating its control.
//!
//! [`count_cycles`](super::count_cycles) plays the control cycle by cycle, which takes milliseconds for
//! a large layer. Where no stream, buffer or queue can run empty or full, the same two numbers follow
//! from the folding alone; a search over thousands of foldings needs no more.

use super::folding::Folding;
use super::layer::LayerDesign;

/// Cycles of a core, source always offering, sink always taking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SteadyCycles {
    /// From the first input beat to the last output beat of the first step, both counted.
    pub latency: u64,
    /// Between results in the steady state.
    pub per_step: u64,
}

/// The cycle counts, or `None` where a stream or a buffer may set the pace and only
/// [`count_cycles`](super::count_cycles) knows.
///
/// In the first step nothing waits for h, so that a layer's groups follow one another without a gap;
/// the next layer starts when the last beat has come:
/// `latency = beats of x + sum over layers (groups * blocks + group latency + beats of the last group + 1)`.
/// In the steady state the slowest layer sets the pace. That the two buffers between layers suffice for
/// it is not proved; a test compares thousands of random cores with the simulated control.
#[must_use]
pub fn steady_cycles(layers: &[LayerDesign]) -> Option<SteadyCycles> {
    if layers.iter().any(|layer| layer.spec().pass.backward) {
        return None;
    }
    let layers = || layers.iter().map(LayerDesign::folding);
    let free: Vec<usize> = layers()
        .map(|layer| layer.free_running_cycles() as usize)
        .collect();
    let per_step = free.iter().copied().max()?;
    let shortest = layers().map(Folding::shortest_cycles).max()? as usize;
    let mut latency = layers().next()?.in_beats();
    let mut pace = 0;
    for (index, layer) in layers().enumerate() {
        let computing = layer.groups * layer.blocks;
        let writes = layer.h_writes();
        let input = layer.in_beats() + writes + layer.chain + 2;
        let group_beats = layer.units.div_ceil(layer.out_elements);
        if input > shortest || group_beats > layer.blocks || layer.out_beats() > shortest {
            return None;
        }
        // Fed late, a layer may not stall for h at all, and lose fewer cycles than on its own.
        let little_slower = pace + 1..=pace + 3 * layer.chain + 16;
        if index > 0 && little_slower.contains(&free[index]) {
            return None;
        }
        pace = pace.max(free[index]);
        latency +=
            computing + layer.group_latency() + layer.last_units().div_ceil(layer.out_elements) + 1;
    }
    Some(SteadyCycles {
        latency: latency as u64,
        per_step: per_step as u64,
    })
}

#[cfg(test)]
mod tests {
    use super::super::rated::Unpriced;
    use super::super::{Design, LSTM, LayerSpec, count_cycles};
    use super::*;
    use crate::device::Family;
    use crate::quantize::SplitMix;
    use crate::spec::{FoldingGoal, Implementation, MacStyle, MemoryInit, StatePolicy};

    fn implementation(noise: &mut SplitMix, hidden: usize, longest: usize) -> Implementation {
        let mut pick = |most: usize| noise.between(1, most as i64) as usize;
        let (units, columns) = (pick(hidden), pick(longest));
        let target = [Family::Xc7, Family::Xcup, Family::Ecp5, Family::Ice40][pick(4) - 1];
        Implementation {
            name: "lstm".into(),
            folding: FoldingGoal::Explicit { units, columns },
            mac: [MacStyle::Lut, MacStyle::Dsp][pick(2) - 1],
            target,
            state: StatePolicy::Tlast,
            memory_init: MemoryInit::Readmemh,
            contexts: [1, 1, 2, 3, 4, 7][pick(6) - 1],
            max_steps: None,
            stream_elements: None,
        }
    }

    /// Wherever an answer is given it is that of the simulated control; and it is given mostly.
    #[test]
    fn the_counts_are_those_of_the_simulated_control() {
        let mut noise = SplitMix(7);
        // Of cores of one context, and of several.
        let (mut known, mut all) = ([0; 2], [0; 2]);
        for round in 0..12_000 {
            let count = if round % 2 == 0 {
                1
            } else {
                noise.between(2, 4) as usize
            };
            let hidden = noise.between(1, if round % 5 == 0 { 160 } else { 40 }) as usize;
            let input = if round % 3 == 0 {
                noise.between(1, 200) as usize
            } else {
                hidden
            };
            let (w_bits, act_bits) = (noise.between(1, 8) as u32, noise.between(1, 8) as u32);
            let specs: Vec<LayerSpec> = (0..count)
                .map(|layer| {
                    let inputs = if layer == 0 { input } else { hidden };
                    LayerSpec::ordinary(&LSTM, (inputs, hidden), (w_bits, act_bits))
                })
                .collect();
            let built = implementation(&mut noise, hidden, hidden.max(input));
            let layers = Design::layers_of(&specs, &built, &Unpriced).unwrap();
            let kind = usize::from(built.contexts > 1);
            all[kind] += 1;
            let Some(steady) = steady_cycles(&layers) else {
                continue;
            };
            known[kind] += 1;
            let counted = count_cycles(&layers);
            assert_eq!(
                (steady.latency, steady.per_step),
                (counted.latency, counted.per_step),
                "round {round}: {:?} {:?}",
                built.folding,
                layers.iter().map(LayerDesign::folding).collect::<Vec<_>>()
            );
        }
        // Of small layers the streams set the pace more often with several contexts.
        assert!(known[0] * 10 > all[0] * 7, "{known:?} of {all:?}");
        assert!(
            (known[0] + known[1]) * 10 > (all[0] + all[1]) * 6,
            "{known:?} of {all:?}"
        );
    }
}
