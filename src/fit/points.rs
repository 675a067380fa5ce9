//! A measured design beside what the estimate counts of it.

use super::design::SeriesDesign;
use super::table::{DESIGN_COLUMNS, Table};
use crate::device::ClockClass;
use crate::estimate::{Delays, FactorTable, Terms, clock, of_layer};
use crate::hardware;

/// Figures that are fitted.
pub const FIGURES: [&str; 4] = [
    "LUTs of logic",
    "all LUT sites",
    "flip-flops",
    "carry cells",
];

/// Counts of the tools.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredCounts {
    /// In the order of [`FIGURES`].
    pub counts: [f64; 4],
    /// Block RAM, double blocks among them, DSP blocks.
    pub exact: [u64; 3],
    /// Clock after place and route, MHz.
    pub fmax_mhz: Option<f64>,
}

/// A measured design.
#[derive(Clone, Debug)]
pub struct MeasuredPoint {
    /// Its numbers.
    pub design: SeriesDesign,
    /// Counts of the tools.
    pub measured: MeasuredCounts,
    /// Terms of the estimate.
    pub terms: Terms,
    /// Terms of the period.
    pub delays: Delays,
    /// Versions of Yosys and nextpnr.
    pub tools: [String; 2],
}

impl MeasuredPoint {
    /// `true` if the fit sees it.
    #[must_use]
    pub fn fitted(&self) -> bool {
        self.design.fitted()
    }

    /// The class of the device it was routed on.
    #[must_use]
    pub fn clock_class(&self) -> Option<ClockClass> {
        let device = self.design.device?;
        ClockClass::of(self.design.target, Some(device))
    }

    /// Reads one line of a table.
    fn parse(line: &str) -> Option<Self> {
        let fields: Vec<&str> = line.split(',').collect();
        let (design, measured) = fields.split_at_checked(DESIGN_COLUMNS)?;
        let design = SeriesDesign::parse(&design.join(","))?;
        let numbers: Vec<u64> = measured
            .get(..9)?
            .iter()
            .map(|f| f.parse().ok())
            .collect::<Option<_>>()?;
        let [lut, _, _, lut_total, ff, carry, bram, bram36, dsp] = numbers[..] else {
            return None;
        };
        let fmax_mhz = match *measured.get(9)? {
            "" => None,
            text => Some(text.parse().ok()?),
        };
        let model = design.model();
        let hardware =
            hardware::Design::new(&model, &design.implementation(), &*FactorTable::built_in())
                .ok()?;
        let mut terms = Terms::default();
        let mut delays = Delays::default();
        let fabric = design.fabric();
        for (layer, roms) in hardware.layers().iter().zip(hardware.rom_columns(&model)) {
            terms.add(&of_layer(fabric, layer, Some(roms)));
            delays = clock::longest(delays, clock::of_layer(fabric, layer));
        }
        Some(Self {
            measured: MeasuredCounts {
                counts: [lut, lut_total, ff, carry].map(|n| n as f64),
                exact: [bram, bram36, dsp],
                fmax_mhz,
            },
            delays: clock::of_core(delays, &terms),
            terms,
            tools: [*measured.get(10)?, *measured.get(11)?].map(String::from),
            design,
        })
    }

    /// Every line of a table.
    ///
    /// # Errors
    /// The line that cannot be built any more.
    pub fn all(table: &Table) -> Result<Vec<Self>, String> {
        let read =
            |line: &str| Self::parse(line).ok_or_else(|| format!("cannot be folded: {line}"));
        table.lines().map(read).collect()
    }

    /// Block RAM, double blocks and DSP blocks as estimated.
    #[must_use]
    pub fn exact(&self) -> [u64; 3] {
        let terms = &self.terms;
        [terms.blocks, terms.double_blocks, terms.dsp].map(|count| count as u64)
    }
}
