//! Tests of `verified.rs`.

use super::super::{ReportSetting, Summary};
use super::*;
use crate::device::{Family, Part};
use crate::explore::{Evaluator, Limits, NetworkShape, Spec, Sweep};
use crate::fixed::LevelRule;
use crate::spec::{CellKind, DirectionKind, FoldingGoal, MacStyle, Numerics};

fn summary() -> Summary {
    let evaluator = Evaluator::new(Family::Ecp5, Numerics::default());
    let spec = |units| Spec {
        network: NetworkShape {
            cell: CellKind::Lstm,
            direction: DirectionKind::Forward,
            weight_bits: 4,
            act_bits: 4,
            input_bits: 4,
            levels: LevelRule::Even,
            row_scale_bits: None,
            z_bits: 8,
            hidden: 32,
            input_size: 16,
            layers: 1,
        },
        mac: MacStyle::Lut,
        folding: FoldingGoal::Explicit { units, columns: 4 },
        contexts: 1,
        max_steps: None,
    };
    let limits = Limits {
        part: Some(Part::find("lfe5u-25f").unwrap()),
        fill: 0.85,
        deadline: None,
        least_accuracy: None,
    };
    let sweep = Sweep::run(&evaluator, &[spec(1), spec(4)], limits, None, &|_| ()).unwrap();
    let setting = ReportSetting {
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
    let (text, page) = (markdown(&rows, 120.0), html(&rows, 120.0));
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
    let rows = [wrong, failed];
    let (text, page) = (markdown(&rows, 120.0), html(&rows, 120.0));
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
    assert_eq!(markdown(&[], 100.0), "");
    assert_eq!(html(&[], 100.0), "");
}
