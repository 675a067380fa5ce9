//! Points that were built: what was measured beside what was estimated.

use super::super::plan::Figures;
use super::summary::Entry;
use crate::files::fill;
use serde::Serialize;
use std::fmt::Write;

/// A recommended point that was built, simulated and synthesised.
#[derive(Clone, Debug)]
pub struct VerifiedRow<'a> {
    /// The point with its estimates.
    pub entry: &'a Entry,
    /// Words compared over all runs; none where a word or a cycle count differed.
    pub equal_words: Option<u64>,
    /// Cycles of a step, simulated.
    pub cycles_per_step: Option<u64>,
    /// Cells and blocks of the netlist; none where it could not be made.
    pub measured: Option<Figures>,
    /// Clock reached after place and route, MHz, where there is an open router.
    pub fmax_mhz: Option<f64>,
    /// `true` if the measured design fits the part.
    pub fits: Option<bool>,
    /// Error of the tool that could not build the point.
    pub problem: Option<&'a str>,
    /// Tools and versions.
    pub tools: &'a [String],
}

/// Estimated and measured of one kind; empty where there is nothing.
#[derive(Serialize)]
struct Pair {
    name: &'static str,
    /// Names of the two.
    kinds: [&'static str; 2],
    values: [String; 2],
}

const MEASURED: [&str; 2] = ["estimated", "measured"];

fn pair(
    name: &'static str,
    kinds: [&'static str; 2],
    estimated: Option<String>,
    measured: Option<String>,
) -> Pair {
    Pair {
        name,
        kinds,
        values: [estimated.unwrap_or_default(), measured.unwrap_or_default()],
    }
}

impl VerifiedRow<'_> {
    fn array(&self) -> String {
        format!("{} {}", self.entry.row.mac, self.entry.row.folding)
    }

    fn words(&self) -> String {
        self.equal_words
            .map_or("DIFFERENT".to_string(), |words| format!("all {words}"))
    }

    fn fit(&self) -> &'static str {
        match (self.problem, self.fits) {
            (Some(_), _) => "NOT BUILT",
            (None, Some(true)) => "yes",
            (None, Some(false)) => "NO",
            (None, None) => "",
        }
    }

    fn pairs(&self, clocks: bool) -> Vec<Pair> {
        let row = &self.entry.row;
        let figure = |name, estimated: u64, measured: fn(&Figures) -> u64| {
            let measured = self.measured.as_ref().map(measured);
            let (estimated, measured) = (estimated.to_string(), measured.map(|n| n.to_string()));
            pair(name, MEASURED, Some(estimated), measured)
        };
        let cycles = self.cycles_per_step.map(|cycles| cycles.to_string());
        let mut pairs = vec![
            pair(
                "cycles",
                MEASURED,
                Some(row.cycles_per_step.to_string()),
                cycles,
            ),
            figure("LUT", row.lut_total, |figures| figures.lut_total),
            figure("FF", row.ff, |figures| figures.ff),
            figure("BRAM", row.bram, |figures| figures.bram),
            figure("DSP", row.dsp, |figures| figures.dsp),
        ];
        if clocks {
            let shown = |mhz: Option<f64>| mhz.map(|mhz| format!("{mhz:.1}"));
            pairs.push(pair(
                "MHz",
                ["estimated", "reached"],
                shown(row.fmax_mhz),
                shown(self.fmax_mhz),
            ));
        }
        pairs
    }

    /// The first line: what follows may name folders of this run alone.
    fn said(&self) -> Option<String> {
        let first = self.problem?.lines().next()?;
        Some(format!("{}: not built: {first}", self.entry.role_names()))
    }
}

fn clocks(rows: &[VerifiedRow]) -> bool {
    rows.iter().any(|row| row.fmax_mhz.is_some())
}

/// The method: which tools measured, each once.
fn told(rows: &[VerifiedRow], aimed_mhz: f64) -> String {
    let mut tools: Vec<&str> = Vec::new();
    for tool in rows.iter().flat_map(|row| row.tools) {
        if !tools.contains(&tool.as_str()) {
            tools.push(tool);
        }
    }
    let mut text = format!(
        "Cores with seeded weights, measured by {}. Words are compared with the reference model.",
        tools.join(", ")
    );
    if clocks(rows) {
        let _ = write!(text, " Routed for {aimed_mhz} MHz.");
    }
    text
}

/// Context of the templates.
#[derive(Serialize)]
struct VerifiedSection {
    rows: Vec<VerifiedCells>,
    said: Vec<String>,
    told: String,
}

/// A row as text: role, network, array, words and fit, then the pairs.
#[derive(Serialize)]
struct VerifiedCells {
    cells: [String; 5],
    pairs: Vec<Pair>,
}

/// A section by its template; nothing where no point was built.
fn section(rows: &[VerifiedRow], aimed_mhz: f64, template: &str, html: bool) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let clocks = clocks(rows);
    let cells = |row: &VerifiedRow| VerifiedCells {
        cells: [
            row.entry.role_names(),
            row.entry.row.network(),
            row.array(),
            row.words(),
            row.fit().to_string(),
        ],
        pairs: row.pairs(clocks),
    };
    let section = VerifiedSection {
        rows: rows.iter().map(cells).collect(),
        said: rows.iter().filter_map(VerifiedRow::said).collect(),
        told: told(rows, aimed_mhz),
    };
    fill(template, &section, html)
}

/// A section of `summary.md`; nothing where no point was built.
pub(super) fn markdown(rows: &[VerifiedRow], aimed_mhz: f64) -> String {
    let template = include_str!("../../../templates/explore_verified.md.tera");
    section(rows, aimed_mhz, template, false)
}

/// A section of the page; nothing where no point was built.
pub(super) fn html(rows: &[VerifiedRow], aimed_mhz: f64) -> String {
    let template = include_str!("../../../templates/explore_verified.html.tera");
    section(rows, aimed_mhz, template, true)
}

#[cfg(test)]
mod tests;
