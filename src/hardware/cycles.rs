//! Exact cycle counts: the control of every layer, without its data, cycle by cycle.
//!
//! This is the timing contract of `lprnn_step_buffer`, `lprnn_sequencer`, `lprnn_h_writer`,
//! `lprnn_group_fifo` and `lprnn_serializer`, with a source that always offers and a sink that always takes. Every
//! cosimulation compares its counts with the simulated ones.

use super::control::Control;
use super::layer::LayerDesign;
use serde::Serialize;

/// Cycles of a whole core with a source that always offers and a sink that always takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CycleCounts {
    /// From the first input beat to the last output beat of the first step, both counted.
    pub latency: u64,
    /// Between the last output beats of consecutive steps, from the second step on, until the
    /// distances repeat.
    pub filling: Vec<u64>,
    /// The distances that repeat from then on; one number, unless a stream sets the pace.
    pub repeating: Vec<u64>,
    /// Mean of `repeating`, rounded up.
    pub per_step: u64,
}

/// Simulates the control of a stack of layers until its state comes back.
///
/// The control is finite and takes no input but itself, so that the distances between steps repeat
/// from the first state that is seen twice.
#[must_use]
pub fn count_cycles(layers: &[LayerDesign]) -> CycleCounts {
    let mut core = Controls::new(layers);
    let beats = layers[layers.len() - 1].folding().out_beats();
    let mut ends: Vec<u64> = Vec::new();
    let mut seen: Vec<Vec<Control>> = Vec::new();
    let mut sent = 0;
    let mut cycle = 0u64;
    let mut first_input = None;
    loop {
        // A step's end is known before its clock edge, and so is the state at its end.
        if core.offers() && (sent + 1) % beats == 0 {
            ends.push(cycle);
            if let Some(first) = seen.iter().position(|earlier| *earlier == core.layers) {
                let distances: Vec<u64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
                let (filling, repeating) = distances.split_at(first);
                return CycleCounts {
                    latency: ends[0] - first_input.unwrap_or(0) + 1,
                    per_step: repeating
                        .iter()
                        .sum::<u64>()
                        .div_ceil(repeating.len() as u64),
                    filling: filling.to_vec(),
                    repeating: repeating.to_vec(),
                };
            }
            seen.push(core.layers.clone());
        }
        let moved = core.clock(true, true);
        if moved.accepted {
            first_input.get_or_insert(cycle);
        }
        sent += usize::from(moved.sent);
        cycle += 1;
    }
}

/// Beats at the ports of a core in one cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The offered input beat is accepted.
    pub accepted: bool,
    /// An output beat is offered: TVALID.
    pub valid: bool,
    /// And it is taken.
    pub sent: bool,
}

/// How often a layer's output queue was its limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Waits {
    /// Cycles in which no further group's result would have fitted.
    pub queue_full: u64,
    /// Of these, cycles in which the array had all it needed to go on but room.
    pub array_waited: u64,
}

/// The control of a whole core, without its data, under any source and sink.
///
/// [`count_cycles`] is this with both always willing; `cosim` holds the hardware to it while they
/// pause.
#[derive(Clone, Debug)]
pub struct Controls<'a> {
    layers: Vec<Control<'a>>,
    waits: Vec<Waits>,
}

impl<'a> Controls<'a> {
    /// A core after reset.
    ///
    /// # Panics
    /// Later, when there are no layers.
    #[must_use]
    pub fn new(layers: &'a [LayerDesign]) -> Self {
        Self {
            layers: layers
                .iter()
                .map(|layer| Control::new(layer.folding()))
                .collect(),
            waits: vec![Waits::default(); layers.len()],
        }
    }

    /// An output beat is offered in this cycle.
    fn offers(&self) -> bool {
        self.layers[self.layers.len() - 1].offers()
    }

    /// One cycle in which an input beat is `offered` and the sink is `ready`.
    pub fn clock(&mut self, offered: bool, ready: bool) -> Moved {
        let count = self.layers.len();
        let takes = self.layers[0].takes();
        let valid = self.offers();
        for (layer, waits) in self.layers.iter().zip(&mut self.waits) {
            waits.queue_full += u64::from(layer.is_full());
            waits.array_waited += u64::from(layer.waits_for_room());
        }
        // Registered signals of this cycle are exchanged from the source on; a layer's own clock edge
        // comes after its neighbour has seen them.
        let mut input = offered && takes;
        for index in 0..count {
            let offers = self.layers[index].offers();
            let output = offers && self.layers.get(index + 1).map_or(ready, Control::takes);
            self.layers[index].clock(input, output);
            input = output;
        }
        Moved {
            accepted: offered && takes,
            valid,
            sent: valid && ready,
        }
    }

    /// Of every layer, since reset.
    #[must_use]
    pub fn waits(&self) -> &[Waits] {
        &self.waits
    }

    /// Steps of this layer's results that fit between the array and a sink that takes nothing, one
    /// more than begun counted as one.
    #[must_use]
    pub fn steps_held(layer: &LayerDesign) -> usize {
        let folding = layer.folding();
        // The queue, and the group that is being sent.
        ((1usize << folding.queue_log2) + 1).div_ceil(folding.groups) + 1
    }
}
