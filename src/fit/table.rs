//! The table of measured designs: one line of CSV each, in the order of their seeds.

use super::design::SeriesDesign;
use crate::synth::Synthesis;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns after those of the design.
const MEASURED: &str =
    "lut,lut_memory,srl,lut_total,ff,carry,bram,bram36,dsp,fmax_mhz,yosys,nextpnr,cells";

/// Number of columns of the design.
pub(super) const DESIGN_COLUMNS: usize = 14;

/// Most designs of a table: the fit's time grows with the square of them.
const MOST_LINES: usize = 2000;
/// Most weights of all its designs.
const MOST_WEIGHTS: usize = 1 << 28;
/// More cells than any device has.
const MOST_CELLS: u64 = 1 << 32;
/// Of the counts, those that every core has, since the fit divides by them: logic, all LUT sites,
/// flip-flops, carry cells.
const NEVER_ZERO: [usize; 4] = [0, 3, 4, 5];

/// Checks the measured columns of a line.
fn check_measured(fields: &[&str]) -> Result<(), String> {
    for (index, count) in fields.iter().take(9).enumerate() {
        let fits = count.parse().is_ok_and(|number: u64| {
            number <= MOST_CELLS && (number > 0 || !NEVER_ZERO.contains(&index))
        });
        if !fits {
            return Err(format!("`{count}` is not a count"));
        }
    }
    match fields.get(9) {
        Some(&"") => Ok(()),
        Some(mhz)
            if mhz
                .parse()
                .is_ok_and(|mhz: f64| (1.0..=10_000.0).contains(&mhz)) =>
        {
            Ok(())
        }
        mhz => Err(format!("`{}` is not a clock in MHz", mhz.unwrap_or(&""))),
    }
}

/// Measured designs by seed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    lines: BTreeMap<u64, String>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// The number of the first line that is none, and why.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !text.ends_with('\n') {
            return Err(format!("line {}: is cut off", text.lines().count()));
        }
        let mut lines = text.lines();
        let header = Self::header();
        if lines.next() != Some(&header) {
            return Err(format!("line 1: is not the columns {header}"));
        }
        let mut table = Self::default();
        let mut weights = 0;
        for (number, line) in (2..).zip(lines) {
            let fields: Vec<&str> = line.split(',').collect();
            let columns = header.split(',').count();
            if fields.len() != columns {
                return Err(format!(
                    "line {number}: {} columns, not {columns}",
                    fields.len()
                ));
            }
            let design = SeriesDesign::parse(&fields[..DESIGN_COLUMNS].join(","))
                .ok_or_else(|| format!("line {number}: is not a design"))?;
            weights += design.weights();
            if weights > MOST_WEIGHTS {
                return Err(format!(
                    "line {number}: the designs up to here have more than {MOST_WEIGHTS} weights"
                ));
            }
            check_measured(&fields[DESIGN_COLUMNS..])
                .map_err(|problem| format!("line {number}: {problem}"))?;
            if table.lines.insert(design.seed, line.to_string()).is_some() {
                return Err(format!(
                    "line {number}: seed {} is there twice",
                    design.seed
                ));
            }
        }
        if table.lines.len() > MOST_LINES {
            let lines = table.lines.len();
            return Err(format!("has {lines} designs, more than {MOST_LINES}"));
        }
        Ok(table)
    }

    fn header() -> String {
        format!("{},{MEASURED}", SeriesDesign::HEADER)
    }

    /// `true` if the design has been measured, as it is now.
    #[must_use]
    pub fn has(&self, design: &SeriesDesign) -> bool {
        self.lines
            .get(&design.seed)
            .is_some_and(|line| line.starts_with(&format!("{},", design.line())))
    }

    /// Notes what was measured of a design.
    pub fn add(&mut self, design: &SeriesDesign, found: &Synthesis) {
        let used = &found.utilization;
        let first = |version: &str| version.split(' ').next().unwrap_or("").to_owned();
        let (fmax, router) = found.routed.as_ref().map_or(Default::default(), |routed| {
            (
                format!("{:.2}", routed.fmax_mhz),
                first(&routed.source.version),
            )
        });
        let cells: Vec<String> = used
            .cells
            .iter()
            .map(|(cell, count)| format!("{cell}:{count}"))
            .collect();
        let line = format!(
            "{},{},{},{},{},{},{},{},{},{},{fmax},{},{router},{}",
            design.line(),
            used.lut,
            used.lut_as_memory,
            used.lut_as_shift_register,
            used.lut_total,
            used.ff,
            used.carry,
            used.bram,
            used.ramb36,
            used.dsp,
            first(&used.source.version),
            cells.join(" "),
        );
        self.lines.insert(design.seed, line);
    }

    /// The lines, by seed.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.values().map(String::as_str)
    }

    /// The table as it is stored.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut text = Self::header() + "\n";
        for line in self.lines.values() {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{line}");
        }
        text
    }
}
