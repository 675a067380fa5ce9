//! One point as a flat record: a line of `points.csv`, an object of `points.json`.

use super::super::network::{NetworkShape, usual_z};
use super::super::sweep::{Judged, Sweep};
use crate::device::Family;
use crate::fixed::LevelRule;
use crate::spec::{CellKind, DirectionKind, FoldingGoal, MacStyle};
use serde::Serialize;
use std::fmt::Write;

/// A point with everything that is known of it.
#[allow(clippy::struct_excessive_bools)] // each is a column of its own
#[derive(Clone, Debug, Serialize)]
pub struct PointRow {
    /// Place in the sweep, from 0.
    pub index: usize,
    /// Cell of the layers; `lstm` goes without saying.
    #[serde(skip_serializing_if = "CellKind::is_lstm")]
    pub cell: CellKind,
    /// Bits of a weight.
    pub weight_bits: u32,
    /// Bits of h.
    pub act_bits: u32,
    /// Levels of weights, x and h: `even`, `odd`, or `auto`, odd up to 2 bits.
    pub levels: LevelRule,
    /// Bits of a multiplier of every row; none where rows have none.
    pub row_scale_bits: Option<u32>,
    /// Bits of z.
    pub z_bits: u32,
    /// Bits of x.
    pub input_bits: u32,
    /// Units of every layer.
    pub hidden: usize,
    /// Elements of x.
    pub input_size: usize,
    /// Layers.
    pub layers: usize,
    /// Order in which the layers take the steps of a sequence.
    pub direction: DirectionKind,
    /// `lut` or `dsp`: what the arrays are made of.
    pub mac: &'static str,
    /// Sequences whose steps come in turn; cycles are those between the steps of any of them.
    pub contexts: usize,
    /// Units by columns side by side; per layer, with slashes, where they differ.
    pub folding: String,
    /// LUTs of logic, estimated.
    pub lut: u64,
    /// All LUT sites, estimated.
    pub lut_total: u64,
    /// Flip-flops, estimated.
    pub ff: u64,
    /// Block RAM in the family's smallest blocks.
    pub bram: u64,
    /// DSP blocks.
    pub dsp: u64,
    /// Bits of all memories.
    pub memory_bits: u64,
    /// Bits of the network's weights.
    pub weight_memory_bits: u64,
    /// Weight bits read in one cycle.
    pub weight_port_bits: u64,
    /// Multiply-accumulates offered per cycle.
    pub macs_per_cycle: u64,
    /// Multiply-accumulates of a step.
    pub macs_per_step: u64,
    /// Cycles of a step.
    pub cycles_per_step: u64,
    /// Cycles from the first input beat to the last output beat.
    pub latency_cycles: u64,
    /// Clock after place and route, estimated, MHz; none where there is no open router.
    pub fmax_mhz: Option<f64>,
    /// Latency at the clock that was given, microseconds.
    pub latency_us: f64,
    /// Steps per second at that clock.
    pub steps_per_second: f64,
    /// Measure of the network, where known.
    pub accuracy: Option<f64>,
    /// The part asked for, or the smallest of the family that holds the point.
    pub part: Option<&'static str>,
    /// Share of the LUT sites that may be used, percent.
    pub lut_percent: Option<f64>,
    /// Share of the flip-flops that may be used, percent.
    pub ff_percent: Option<f64>,
    /// Share of the block RAM, percent.
    pub bram_percent: Option<f64>,
    /// Share of the DSP blocks, percent; none where the part has none and some are needed.
    pub dsp_percent: Option<f64>,
    /// The resource that runs out first.
    pub limited_by: Option<&'static str>,
    /// `true` if it fits the part.
    pub fits: bool,
    /// `true` if it keeps the limit of cycles.
    pub in_time: bool,
    /// `true` if no accuracy is asked for, or its network is known to reach it.
    pub accurate: bool,
    /// `true` if it is in the Pareto set.
    pub pareto: bool,
    /// Arguments of `lprnn-hw gen` that build it with seeded weights.
    pub gen_arguments: String,
}

/// One decimal, which is more than an estimate knows.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// So many significant digits.
fn digits(value: f64, count: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(count - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

impl PointRow {
    /// `W4A4 H64`, `W4A4 H64 x2`, `GRU W2A2 odd H64 /4`: widths, levels, units, layers, contexts; the direction before them,
    /// where it is not forward.
    #[must_use]
    pub fn network(&self) -> String {
        let layers = match self.layers {
            1 => String::new(),
            layers => format!(" x{layers}"),
        };
        format!(
            "{}{} H{}{layers}{}",
            self.prefix(),
            self.shape().widths(),
            self.hidden,
            self.turns()
        )
    }

    /// `W4A4 64`, `GRU W4A4 64`: cell, widths, units.
    #[must_use]
    pub fn widths_and_units(&self) -> String {
        let widths = self.shape().widths();
        format!("{}{widths} {}", self.prefix(), self.hidden)
    }

    /// ` /2` for two contexts; nothing for one.
    #[must_use]
    pub fn turns(&self) -> String {
        match self.contexts {
            1 => String::new(),
            contexts => format!(" /{contexts}"),
        }
    }

    /// The network.
    #[must_use]
    pub fn shape(&self) -> NetworkShape {
        NetworkShape {
            cell: self.cell,
            direction: self.direction,
            weight_bits: self.weight_bits,
            act_bits: self.act_bits,
            input_bits: self.input_bits,
            levels: self.levels,
            row_scale_bits: self.row_scale_bits,
            z_bits: self.z_bits,
            hidden: self.hidden,
            input_size: self.input_size,
            layers: self.layers,
        }
    }

    /// Direction and cell in names, where they do not go without saying.
    fn prefix(&self) -> String {
        let direction = match self.direction {
            DirectionKind::Forward => String::new(),
            direction => format!("{} ", direction.word()),
        };
        match self.cell {
            CellKind::Lstm => direction,
            CellKind::Gru => direction + "GRU ",
        }
    }

    /// The measure as tables show it; files have all of its digits.
    #[must_use]
    pub fn shown_accuracy(&self) -> Option<f64> {
        self.accuracy.map(|value| digits(value, 5))
    }

    /// The record of point `index`; `clock_mhz` turns cycles into time.
    #[must_use]
    pub fn new(index: usize, sweep: &Sweep, clock_mhz: f64) -> Self {
        let (judged, target) = (&sweep.judged[index], sweep.target());
        let point = &judged.point;
        let network = &point.network;
        let percent = |share: fn(&super::super::limits::Shares) -> f64| {
            let share = judged.shares.as_ref().map(share)?;
            share.is_finite().then(|| tenths(100.0 * share))
        };
        Self {
            index,
            cell: network.cell,
            direction: network.direction,
            weight_bits: network.weight_bits,
            act_bits: network.act_bits,
            levels: network.levels,
            row_scale_bits: network.row_scale_bits,
            z_bits: network.z_bits,
            input_bits: network.input_bits,
            hidden: network.hidden,
            input_size: network.input_size,
            layers: network.layers,
            contexts: point.contexts,
            mac: mac_name(point.mac),
            folding: point.folding_text(),
            lut: point.lut,
            lut_total: point.lut_total,
            ff: point.ff,
            bram: point.bram,
            dsp: point.dsp,
            memory_bits: point.memory_bits,
            weight_memory_bits: point.weight_bits_total,
            weight_port_bits: point.weight_port_bits,
            macs_per_cycle: point.macs_per_cycle,
            macs_per_step: point.macs_per_step,
            cycles_per_step: point.cycles_per_step,
            latency_cycles: point.latency_cycles,
            fmax_mhz: judged.clock(&sweep.evaluator.fitted).map(|clock| clock.mhz),
            latency_us: digits(point.latency_cycles as f64 / clock_mhz, 4),
            steps_per_second: digits(1e6 * clock_mhz / point.cycles_per_step as f64, 4),
            accuracy: judged.accuracy,
            part: judged.part.map(|part| part.name),
            lut_percent: percent(|shares| shares.lut),
            ff_percent: percent(|shares| shares.ff),
            bram_percent: percent(|shares| shares.bram),
            dsp_percent: percent(|shares| shares.dsp),
            limited_by: judged.limited_by.map(super::super::limits::Limit::name),
            fits: judged.fits,
            in_time: judged.in_time,
            accurate: judged.accurate,
            pareto: judged.pareto,
            gen_arguments: gen_arguments(judged, target),
        }
    }
}

/// `lut` or `dsp`.
const fn mac_name(mac: MacStyle) -> &'static str {
    match mac {
        MacStyle::Lut => "lut",
        MacStyle::Dsp => "dsp",
        MacStyle::Auto => "auto",
    }
}

fn gen_arguments(judged: &Judged, target: Family) -> String {
    let point = &judged.point;
    let network = &point.network;
    let mut text = format!("--hidden {}", network.hidden);
    let mut add = |option: &str, value: &dyn std::fmt::Display| {
        // Writing to a string cannot fail.
        let _ = write!(text, " {option} {value}");
    };
    if !network.cell.is_lstm() {
        add("--cell", &network.cell.word());
    }
    if let Some(steps) = point.max_steps {
        add("--direction", &network.direction.word());
        add("--max-steps", &steps);
    }
    if network.input_size != network.hidden {
        add("--input-size", &network.input_size);
    }
    if network.layers != 1 {
        add("--layers", &network.layers);
    }
    let (weight, act, input) = (network.weight_bits, network.act_bits, network.input_bits);
    add("--bits", &weight);
    if act != weight {
        add("--act-bits", &act);
    }
    if input != weight {
        add("--input-bits", &input);
    }
    if !network.levels.is_even() {
        add("--levels", &network.levels.word());
    }
    if let Some(bits) = network.row_scale_bits {
        add("--row-scale-bits", &bits);
    }
    if network.z_bits != usual_z() {
        add("--z-bits", &network.z_bits);
        add("--z-frac", &network.z_frac());
    }
    add("--target", &target.word());
    add("--mac", &mac_name(point.mac));
    if point.contexts != 1 {
        add("--contexts", &point.contexts);
    }
    match point.folding {
        FoldingGoal::Explicit { units, columns } => {
            add("--units", &units);
            add("--columns", &columns);
        }
        FoldingGoal::MaxMacs { macs } => add("--max-macs", &macs),
        FoldingGoal::TargetCycles { cycles } => add("--target-cycles", &cycles),
    }
    text
}
