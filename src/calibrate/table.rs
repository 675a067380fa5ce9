//! The table of measured designs: one line of CSV each, in the order of their seeds.

use super::design::Design;
use crate::synth::Synthesis;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Columns after those of the design.
const MEASURED: &str =
    "lut,lut_memory,srl,lut_total,ff,carry,bram,bram36,dsp,fmax_mhz,yosys,nextpnr,cells";

/// Number of columns of the design.
pub(super) const DESIGN_COLUMNS: usize = 14;

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
        for (number, line) in (2..).zip(lines) {
            let fields: Vec<&str> = line.split(',').collect();
            let columns = header.split(',').count();
            if fields.len() != columns {
                return Err(format!(
                    "line {number}: {} columns, not {columns}",
                    fields.len()
                ));
            }
            let design = Design::parse(&fields[..DESIGN_COLUMNS].join(","))
                .ok_or_else(|| format!("line {number}: is no design"))?;
            let counts = &fields[DESIGN_COLUMNS..DESIGN_COLUMNS + 9];
            if let Some(odd) = counts.iter().find(|count| count.parse::<u64>().is_err()) {
                return Err(format!("line {number}: `{odd}` is no count"));
            }
            if table.lines.insert(design.seed, line.to_string()).is_some() {
                return Err(format!(
                    "line {number}: seed {} is there twice",
                    design.seed
                ));
            }
        }
        Ok(table)
    }

    fn header() -> String {
        format!("{},{MEASURED}", Design::HEADER)
    }

    /// Whether the design has been measured, as it is now.
    #[must_use]
    pub fn has(&self, design: &Design) -> bool {
        self.lines
            .get(&design.seed)
            .is_some_and(|line| line.starts_with(&format!("{},", design.line())))
    }

    /// Notes what was measured of a design.
    pub fn add(&mut self, design: &Design, found: &Synthesis) {
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
