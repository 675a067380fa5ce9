//! Figures measured of a point.

use super::super::measure::Compared;
use crate::device::{Family, Part};
use crate::explore::{Figures, Point};
use crate::synth::{Provenance, Synthesis, Utilization};
use serde::Serialize;

/// Measurements of a point.
#[derive(Debug, Default, Serialize)]
pub struct Measured {
    /// Network and folding.
    pub design: String,
    /// True where every word and the cycle counts agreed in cosimulation.
    pub cosim_equal: bool,
    /// Words that were compared, where all are equal.
    pub words: Option<u64>,
    /// Cycles of a step, simulated.
    pub cycles_per_step: Option<u64>,
    /// Tools and versions.
    pub tools: Vec<String>,
    /// Figures of synthesis beside the sweep's.
    pub compared: Vec<Compared>,
    /// The same, as synthesis has them.
    #[serde(skip)]
    pub figures: Option<Figures>,
    /// Clock reached after place and route, MHz, where there is an open router.
    pub fmax_mhz: Option<f64>,
    /// The sweep's estimate of it, MHz.
    pub estimated_fmax_mhz: Option<f64>,
    /// Clock that was aimed at, MHz.
    pub clock_mhz: f64,
    /// `true` where the measured design fits the part.
    pub fits: Option<bool>,
    /// Words of a tool that could not build the point.
    pub problem: Option<String>,
}

impl Measured {
    /// Adds what synthesis found of a point for a part.
    pub(super) fn add(
        &mut self,
        synthesis: &Synthesis,
        (point, part): (&Point, Option<&Part>),
        family: Family,
    ) {
        let tool = |source: &Provenance| format!("{} {}", source.tool, source.version);
        let used = &synthesis.utilization;
        self.tools.push(tool(&used.source));
        self.compared = figures(point, used, family);
        self.figures = Some(Figures {
            lut: used.lut,
            lut_total: used.lut_total,
            ff: used.ff,
            bram: used.bram,
            dsp: used.dsp,
        });
        self.fits = part.map(|part| {
            used.lut_total <= part.lut
                && used.ff <= part.ff
                && used.bram <= part.bram
                && used.dsp <= part.dsp
        });
        if let Some(routed) = &synthesis.routed {
            self.tools.push(tool(&routed.source));
            self.fmax_mhz = Some(routed.fmax_mhz);
            // Placed and routed is the last word.
            self.fits = Some(true);
        }
    }
}

/// Every figure of synthesis that a sweep estimates.
fn figures(estimated: &Point, used: &Utilization, target: Family) -> Vec<Compared> {
    [
        ("LUT (logic)", estimated.lut, used.lut),
        ("LUT sites in all", estimated.lut_total, used.lut_total),
        ("flip-flops", estimated.ff, used.ff),
        (target.facts().block_name, estimated.bram, used.bram),
        ("DSP blocks", estimated.dsp, used.dsp),
    ]
    .map(|(what, estimated, synthesised)| Compared {
        what,
        estimated,
        synthesised,
    })
    .to_vec()
}
