//! Synthesis of a bundle, beside its estimate.

use super::open::Opened;
use super::watch::Watch;
use crate::device::Family;
use crate::estimate::Estimate;
use crate::synth::{self, NetlistSources, Options, SynthError, Synthesis, Utilization};
use crate::tools::Search;
use serde::Serialize;

/// One figure of synthesis beside its estimate.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Name of the figure.
    pub what: &'static str,
    /// By the model.
    pub estimated: u64,
    /// By Yosys.
    pub synthesised: u64,
}

/// Every figure of synthesis that has an estimate.
pub fn compared(estimate: &Estimate, used: &Utilization) -> Vec<Compared> {
    let blocks = estimate.family.facts().block_name;
    [
        ("LUT (logic)", estimate.lut.value, used.lut),
        ("LUT as memory", estimate.lut_as_memory, used.lut_as_memory),
        (
            "LUT as shift register",
            estimate.lut_as_shift_register,
            used.lut_as_shift_register,
        ),
        ("LUT sites in all", estimate.lut_total.value, used.lut_total),
        ("flip-flops", estimate.ff.value, used.ff),
        ("carry cells", estimate.carry.value, used.carry),
        (blocks, estimate.bram, used.bram),
        ("DSP blocks", estimate.dsp, used.dsp),
    ]
    .into_iter()
    .map(|(what, estimated, synthesised)| Compared {
        what,
        estimated,
        synthesised,
    })
    .collect()
}

/// Figures of synthesis beside the estimated ones.
#[derive(Clone, Debug, Serialize)]
pub struct Measurement {
    /// Number of this object's format.
    pub schema: u32,
    /// Top module.
    pub top: String,
    /// Counts, and the clock where it was routed.
    #[serde(flatten)]
    pub synthesis: Synthesis,
    /// Beside the estimate, where the design was generated for this family.
    pub compared: Vec<Compared>,
}

/// Synthesises an opened bundle for `family`, and places and routes it where `options` say so.
///
/// # Errors
/// [`SynthError`]: a tool missing or failing, or a design that is no sound hardware.
pub fn measure(
    opened: &Opened,
    family: Family,
    options: &Options,
    watch: &dyn Watch,
) -> Result<Measurement, SynthError> {
    let sources = NetlistSources::of(&opened.folder, &opened.interface);
    let what = format!("synthesising {} for {}", sources.top, family.word());
    let progress = watch.begin(&what, None);
    let synthesis = synth::run(&Search::from_env(), &sources, family, options)?;
    drop(progress);
    let planned = &opened.planned;
    let compared = if planned.config.implementation.target == family.sources() {
        compared(&planned.estimate_on(family), &synthesis.utilization)
    } else {
        Vec::new()
    };
    Ok(Measurement {
        schema: 1,
        top: sources.top,
        synthesis,
        compared,
    })
}
