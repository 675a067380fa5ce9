//! Points that were built: what was measured beside what was estimated.

use super::super::plan::Figures;
use super::chart::escape;
use super::summary::Entry;
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

/// A section of `summary.md`; nothing where no point was built.
pub(super) fn markdown(text: &mut String, rows: &[VerifiedRow], aimed_mhz: f64) {
    let Some(first) = rows.first() else { return };
    let clocks = clocks(rows);
    let safe = |text: &str| text.replace('|', "\\|");
    text.push_str("\n## Verified\n\n| | network | array | words equal | fits |");
    for Pair { name, kinds, .. } in first.pairs(clocks) {
        let _ = write!(text, " {name} {} | {name} {} |", kinds[0], kinds[1]);
    }
    text.push_str("\n|---|---|---|---|---|");
    text.push_str(&"---|---|".repeat(first.pairs(clocks).len()));
    text.push('\n');
    let shown = |cell: &str| if cell.is_empty() { "-" } else { cell }.to_string();
    for row in rows {
        let _ = write!(
            text,
            "| {} | {} | {} | {} | {} |",
            row.entry.role_names(),
            row.entry.row.network(),
            row.array(),
            row.words(),
            shown(row.fit())
        );
        for Pair { values, .. } in row.pairs(clocks) {
            let _ = write!(text, " {} | {} |", shown(&values[0]), shown(&values[1]));
        }
        text.push('\n');
    }
    for said in rows.iter().filter_map(VerifiedRow::said) {
        let _ = writeln!(text, "\n{}", safe(&said));
    }
    let _ = writeln!(text, "\n{}", safe(&told(rows, aimed_mhz)));
}

/// A section of the page; nothing where no point was built.
pub(super) fn html(text: &mut String, rows: &[VerifiedRow], aimed_mhz: f64) {
    let Some(first) = rows.first() else { return };
    let clocks = clocks(rows);
    text.push_str("<h2>Verified</h2>\n<div class=\"scroll\"><table class=\"pairs\"><thead><tr>");
    for name in ["role", "network", "array", "words equal", "fits"] {
        let _ = write!(
            text,
            "<th scope=\"col\" rowspan=\"2\" class=\"t\">{name}</th>"
        );
    }
    for Pair { name, .. } in first.pairs(clocks) {
        let _ = write!(
            text,
            "<th scope=\"colgroup\" colspan=\"2\" class=\"p\">{name}</th>"
        );
    }
    text.push_str("</tr><tr>");
    // Six pairs of columns must fit beside one another.
    let short = |kind| match kind {
        "estimated" => "est.",
        "measured" => "meas.",
        other => other,
    };
    for Pair { kinds, .. } in first.pairs(clocks) {
        let [before, after] = kinds.map(short);
        let _ = write!(
            text,
            "<th scope=\"col\" class=\"p\">{before}</th><th scope=\"col\">{after}</th>"
        );
    }
    text.push_str("</tr></thead><tbody>\n");
    for row in rows {
        text.push_str("<tr>");
        let network = row.entry.row.network();
        for cell in [
            &row.entry.role_names(),
            &network,
            &row.array(),
            &row.words(),
            row.fit(),
        ] {
            let _ = write!(text, "<td class=\"t\">{}</td>", escape(cell));
        }
        for Pair { values, .. } in row.pairs(clocks) {
            let _ = write!(
                text,
                "<td class=\"p\">{}</td><td>{}</td>",
                values[0], values[1]
            );
        }
        text.push_str("</tr>\n");
    }
    text.push_str("</tbody></table></div>\n");
    for said in rows.iter().filter_map(VerifiedRow::said) {
        let _ = writeln!(text, "<p>{}</p>", escape(&said));
    }
    let told = escape(&told(rows, aimed_mhz));
    let _ = writeln!(text, "<p class=\"soft\">{told}</p>");
}

#[cfg(test)]
mod tests;
