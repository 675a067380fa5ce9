//! Cells, memory and clock of a design, without synthesising it.
//!
//! [`Estimate::new`] takes a design and its model; [`Estimate::of_layers`] takes what follows from sizes
//! and formats alone. Block RAM, DSP blocks, memory bits and cycles are exact. LUTs, flip-flops and carry cells are
//! counts that follow from the Verilog ([`Terms`]), weighed by factors fitted to synthesised designs
//! (`data/points.csv`); how far off they are on designs outside the fit stands beside every figure
//! and in `docs/estimates.md`, which `lprnn-hw fit coefficients` writes.

mod array;
pub mod clock;
mod coefficients;
mod control;
mod directions;
mod ends;
mod lanes;
mod memory;
mod part;
mod price;
mod storage;
mod terms;

pub use coefficients::{ClockFactors, Coefficients, Error, FactorTable, FamilyFactors, SCHEMA};
pub use memory::Mapped;
pub use part::of_layer;
pub use terms::{CARRY_TERMS, DELAYS, Delays, FF_TERMS, LUT_TERMS, Terms};

use clock::Clock;

use crate::device::Family;
use crate::hardware::{Design, LayerDesign};
use crate::quantize::QuantizedModel;
use serde::Serialize;

/// A fitted number as a count.
fn count(value: f64) -> u64 {
    value.round().max(0.0) as u64
}

/// A fitted count and how far it was off on designs outside the fit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The count.
    pub value: u64,
    /// Median of the absolute error, percent.
    pub median_error_percent: f64,
    /// Worst absolute error, percent.
    pub worst_error_percent: f64,
}

impl Figure {
    fn new(value: f64, error: Error) -> Self {
        Self {
            value: count(value),
            median_error_percent: error.median,
            worst_error_percent: error.worst,
        }
    }
}

/// Share of a family's resources that a core takes, and its cycles.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// Family; without one, the figures are those of Xilinx 7 series.
    pub family: Family,
    /// LUTs of logic.
    pub lut: Figure,
    /// LUT sites that serve as memory.
    pub lut_as_memory: u64,
    /// LUTs that serve as shift registers.
    pub lut_as_shift_register: u64,
    /// All LUT sites, with two for each `CCU2C` on ECP5.
    pub lut_total: Figure,
    /// Flip-flops.
    pub ff: Figure,
    /// Carry cells.
    pub carry: Figure,
    /// Block RAM in the family's smallest blocks; a RAMB36 is two. Exact; from shapes alone, one over
    /// where columns of a memory happen to be constant.
    pub bram: u64,
    /// RAMB36 among them, as exact.
    pub ramb36: u64,
    /// DSP blocks, exact.
    pub dsp: u64,
    /// Bits of weights, biases, tables, states, vectors and queues, exact.
    pub memory_bits: u64,
    /// Cycles between results in the steady state, exact.
    pub cycles_per_step: u64,
    /// Cycles from the first input beat to the last output beat of the first step, both counted;
    /// exact. `None` from shapes alone.
    pub latency_cycles: Option<u64>,
    /// Multiply-accumulates of one step.
    pub macs_per_step: u64,
    /// Multiply-accumulates the arrays offer in a cycle.
    pub macs_per_cycle: u64,
    /// Clock after place and route, where the family has an open router: ECP5 of speed grade 6, iCE40
    /// HX and UP. `None` from shapes alone.
    pub clock: Option<Clock>,
}

impl Estimate {
    /// Estimates the hardware of `design`, which is that of `model`, on `family`.
    #[must_use]
    pub fn new(
        model: &QuantizedModel,
        design: &Design,
        family: Family,
        fitted: &FactorTable,
    ) -> Self {
        let mut terms = Terms::default();
        let mut delays = Delays::default();
        for (layer, roms) in design.layers().iter().zip(design.rom_columns(model)) {
            terms.add(&of_layer(family, layer, Some(roms)));
            delays = clock::longest(delays, clock::of_layer(family, layer));
        }
        let mut estimate = Self::of_terms(&terms, family, fitted, design.layers());
        let delays = clock::of_core(delays, &terms);
        estimate.clock =
            (family.facts().clock).and_then(|class| clock::clock(class, fitted, &delays));
        estimate.cycles_per_step = design.cycles().per_step;
        estimate.latency_cycles = Some(design.cycles().latency);
        estimate
    }

    /// Estimates layers made of sizes and formats alone ([`Design::layers_of`]), for searching among many
    /// foldings.
    ///
    /// Accumulators are sized for weights of ordinary size, which may be a bit more or less than the
    /// weights need. The cycles are those of the slowest layer with streams that keep up.
    #[must_use]
    pub fn of_layers(layers: &[LayerDesign], family: Family, fitted: &FactorTable) -> Self {
        let mut terms = Terms::default();
        for layer in layers {
            terms.add(&of_layer(family, layer, None));
        }
        Self::of_terms(&terms, family, fitted, layers)
    }

    /// The figures of a whole core's terms.
    pub(crate) fn of_terms(
        terms: &Terms,
        family: Family,
        fitted: &FactorTable,
        layers: &[LayerDesign],
    ) -> Self {
        let factors = fitted.factors(family);
        let errors = factors.errors;
        let weighed = factors.weigh(terms);
        let (mut cycles, mut macs, mut offered) = (0, 0, 0);
        for layer in layers.iter().map(LayerDesign::folding) {
            cycles = cycles.max(layer.free_running_cycles());
            macs += layer.macs_per_step();
            offered += layer.macs_per_cycle() as u64;
        }
        Self {
            family: family.sources(),
            lut: Figure::new(weighed.lut, errors[0]),
            lut_as_memory: terms.lut_memory as u64,
            lut_as_shift_register: terms.shift as u64,
            lut_total: Figure::new(weighed.lut_total, errors[1]),
            ff: Figure::new(weighed.ff, errors[2]),
            carry: Figure::new(weighed.carry, errors[3]),
            bram: terms.blocks as u64,
            ramb36: terms.double_blocks as u64,
            dsp: terms.dsp as u64,
            memory_bits: terms.memory_bits as u64,
            cycles_per_step: cycles,
            latency_cycles: None,
            macs_per_step: macs,
            macs_per_cycle: offered,
            clock: None,
        }
    }

    /// Steps a second at a clock of `hertz`.
    #[must_use]
    pub fn steps_per_second(&self, hertz: f64) -> f64 {
        hertz / self.cycles_per_step as f64
    }

    /// Multiply-accumulates done over multiply-accumulates offered.
    #[must_use]
    pub fn array_use(&self) -> f64 {
        self.macs_per_step as f64 / (self.macs_per_cycle * self.cycles_per_step) as f64
    }
}

/// Fitted counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighed {
    /// LUTs of logic.
    pub lut: f64,
    /// All LUT sites.
    pub lut_total: f64,
    /// Flip-flops.
    pub ff: f64,
    /// Carry cells.
    pub carry: f64,
}

impl FamilyFactors {
    /// Weighs the terms of a core.
    #[must_use]
    pub fn weigh(&self, terms: &Terms) -> Weighed {
        let dot = |terms: &[f64], weights: &[f64]| -> f64 {
            terms
                .iter()
                .zip(weights)
                .map(|(term, weight)| term * weight)
                .sum()
        };
        let lut = dot(&terms.lut, &self.lut);
        let carry = dot(&terms.carry, &self.carry);
        let others = (terms.lut_memory + terms.shift) as f64;
        Weighed {
            lut,
            lut_total: lut + others + f64::from(self.luts_of_carry) * carry,
            ff: dot(&terms.ff, &self.ff),
            carry,
        }
    }
}
