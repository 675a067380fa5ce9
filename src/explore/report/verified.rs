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
    fn roles(&self) -> String {
        let roles: Vec<&str> = self.entry.roles.iter().map(|role| role.name()).collect();
        roles.join(", ")
    }

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
        Some(format!("{}: not built: {first}", self.roles()))
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
            row.roles(),
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
            &row.roles(),
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
mod tests {
    use super::super::{Setting, Summary};
    use super::*;
    use crate::device::{Family, Part};
    use crate::explore::{Evaluator, Limits, NetworkShape, Spec, Sweep};
    use crate::spec::{FoldingGoal, MacStyle, Numerics, Settings};

    fn summary() -> Summary {
        let evaluator = Evaluator {
            target: Family::Ecp5,
            numerics: Numerics::resolve(Settings::default()).unwrap(),
        };
        let spec = |units| Spec {
            network: NetworkShape {
                weight_bits: 4,
                act_bits: 4,
                input_bits: 4,
                hidden: 32,
                input_size: 16,
                layers: 1,
            },
            mac: MacStyle::Lut,
            folding: FoldingGoal::Explicit { units, columns: 4 },
        };
        let limits = Limits {
            part: Some(Part::find("lfe5u-25f").unwrap()),
            fill: 0.85,
            max_cycles: None,
        };
        let sweep = Sweep::run(&evaluator, &[spec(1), spec(4)], limits, None, &|_| ()).unwrap();
        let setting = Setting {
            clock_mhz: 120.0,
            all: false,
        };
        Summary::new(&sweep, None, setting, Some(2))
    }

    /// Figures that no design has, so that each is found in its own place.
    fn measured(entry: &Entry) -> VerifiedRow<'_> {
        VerifiedRow {
            entry,
            equal_words: Some(2048),
            cycles_per_step: Some(entry.row.cycles_per_step),
            measured: Some(Figures {
                lut: 90_001,
                lut_total: 90_002,
                ff: 90_003,
                bram: 90_004,
                dsp: 90_005,
            }),
            fmax_mhz: Some(99.96),
            fits: Some(true),
            problem: None,
            tools: &[],
        }
    }

    #[test]
    fn figures_stand_beside_their_estimates() {
        let summary = summary();
        let tools = ["Yosys 9".to_string(), "Verilator 9 | odd".to_string()];
        let rows: Vec<VerifiedRow> = summary.recommended.iter().map(measured).collect();
        let rows: Vec<VerifiedRow> = rows
            .into_iter()
            .map(|row| VerifiedRow {
                tools: &tools,
                ..row
            })
            .collect();
        assert_eq!(rows.len(), 2);
        let (mut text, mut page) = (String::new(), String::new());
        markdown(&mut text, &rows, 120.0);
        html(&mut page, &rows, 120.0);
        let own = &rows[0].entry.row;
        let (cycles, mhz) = (own.cycles_per_step, own.fmax_mhz.unwrap());
        let figures = format!(
            "| all 2048 | yes | {cycles} | {cycles} | {} | 90002 | {} | 90003 | {} | 90004 | {} | 90005 | {mhz:.1} | \
             100.0 |\n",
            own.lut_total, own.ff, own.bram, own.dsp
        );
        assert!(text.contains(&figures), "{text}");
        assert!(text.contains("Yosys 9, Verilator 9 \\| odd. "), "{text}");
        // Of both forms every row has the columns of the head.
        let columns: Vec<usize> = text
            .lines()
            .filter(|line| line.starts_with('|'))
            .map(|line| line.matches('|').count())
            .collect();
        assert_eq!(columns, [18; 4], "{text}");
        for part in [
            "<td class=\"t\">all 2048</td><td class=\"t\">yes</td>".to_string(),
            format!("<td class=\"p\">{}</td><td>90002</td>", own.lut_total),
            format!("<td class=\"p\">{mhz:.1}</td><td>100.0</td>"),
            "Routed for 120 MHz.".to_string(),
        ] {
            assert!(page.contains(&part), "{part}: {page}");
        }
        assert_eq!(page.matches("<td").count(), 2 * 17);
        assert_eq!(page.matches("Yosys 9").count(), 1);
    }

    #[test]
    fn what_differs_does_not_fit_or_was_not_built_says_so() {
        let summary = summary();
        let entry = &summary.recommended[0];
        let wrong = VerifiedRow {
            equal_words: None,
            cycles_per_step: None,
            fmax_mhz: None,
            fits: Some(false),
            ..measured(entry)
        };
        let failed = VerifiedRow {
            measured: None,
            fmax_mhz: None,
            fits: None,
            problem: Some("Yosys failed: <abc>\n  in /tmp/x"),
            ..measured(entry)
        };
        let (mut text, mut page) = (String::new(), String::new());
        markdown(&mut text, &[wrong.clone(), failed.clone()], 120.0);
        html(&mut page, &[wrong, failed], 120.0);
        let cycles = entry.row.cycles_per_step;
        assert!(
            text.contains(&format!("| DIFFERENT | NO | {cycles} | - | ")),
            "{text}"
        );
        assert!(text.contains("| all 2048 | NOT BUILT | "), "{text}");
        assert!(text.contains("not built: Yosys failed: <abc>\n"), "{text}");
        assert!(
            page.contains("not built: Yosys failed: &lt;abc&gt;</p>"),
            "{page}"
        );
        for text in [&text, &page] {
            assert!(!text.contains("/tmp") && !text.contains("MHz"), "{text}");
        }
    }

    #[test]
    fn without_a_verified_point_there_is_no_section() {
        let mut text = String::new();
        markdown(&mut text, &[], 100.0);
        html(&mut text, &[], 100.0);
        assert_eq!(text, "");
    }
}
