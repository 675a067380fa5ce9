//! Memory of the weights against accuracy.

use super::super::super::accuracy::{Accuracies, AccuracyRow};
use super::super::chart::{Axis, Chart, short};
use super::super::summary::Summary;
use crate::fixed::LevelRule;
use crate::spec::DirectionKind;
use std::collections::BTreeMap;

/// Bits of weights and of h, ternary or not; bits of x, levels, multipliers of rows, bits of z; layers and their direction: what the
/// rows of a line have in common.
type LineKey = (
    (Option<u32>, Option<u32>, bool),
    (Option<u32>, Option<LevelRule>, Option<u32>, Option<u32>),
    (usize, DirectionKind),
);

/// Classes of lines: float ones are alike, the others take five colours, then the same with dots.
fn line_classes(float: impl Iterator<Item = bool>) -> Vec<String> {
    let mut count = 0;
    float
        .map(|float| {
            if float {
                return "cf".to_string();
            }
            count += 1;
            let again = if count > 5 { " again" } else { "" };
            format!("c{}{again}", (count - 1) % 5)
        })
        .collect()
}

/// The rows of the file as they are drawn.
struct Drawing<'a> {
    summary: &'a Summary,
    known: &'a Accuracies,
    /// Elements of x of every network, where they are one number; else as many as units.
    input: Option<usize>,
}

impl Drawing<'_> {
    fn kbit(&self, row: &AccuracyRow) -> f64 {
        let bits = u64::from(row.weight_bits.unwrap_or(32));
        let first = self.input.unwrap_or(row.hidden);
        let passes = row.direction.passes();
        let upper = (row.layers - 1) * (passes + 1) * row.hidden;
        let weights = 4 * passes * row.hidden * (first + row.hidden + upper);
        (weights as u64 * bits) as f64 / 1000.0
    }

    fn place(&self, row: &AccuracyRow) -> (f64, f64) {
        (self.kbit(row), row.value)
    }

    /// `true` if another row is as small and as good, and better in one of the two.
    fn beaten(&self, row: &AccuracyRow) -> bool {
        self.known.rows.iter().any(|other| {
            self.kbit(other) <= self.kbit(row)
                && !self.known.better(row.value, other.value)
                && (self.kbit(other) < self.kbit(row) || self.known.better(other.value, row.value))
        })
    }

    /// `true` if a point of this network meets the limits.
    fn fits(&self, row: &AccuracyRow) -> bool {
        let networks = &self.summary.networks;
        networks.iter().any(|point| row.is_of(&point.shape()))
    }

    fn axes(&self) -> Chart {
        let rows = || self.known.rows.iter();
        let better = if self.known.larger_is_better {
            "more is better"
        } else {
            "less is better"
        };
        Chart::new(
            Axis::log(
                "weights of the network, kbit (log)",
                rows().map(|row| self.kbit(row)),
            ),
            Axis::linear(
                &format!("{} ({better})", self.known.metric),
                rows().map(|row| row.value),
            ),
        )
    }

    /// The rows by line, fewer to more units.
    fn lines(&self) -> BTreeMap<LineKey, Vec<&AccuracyRow>> {
        let mut lines: BTreeMap<LineKey, Vec<&AccuracyRow>> = BTreeMap::new();
        for row in &self.known.rows {
            let widths = (row.weight_bits, row.act_bits, row.ternary);
            let refined = (row.input_bits, row.levels, row.row_scale_bits, row.z_bits);
            let key = (widths, refined, (row.layers, row.direction));
            lines.entry(key).or_default().push(row);
        }
        for rows in lines.values_mut() {
            rows.sort_by_key(|row| row.hidden);
        }
        lines
    }

    fn mark(&self, chart: &mut Chart, row: &AccuracyRow, own: &str) {
        let (class, misses) = if self.fits(row) {
            (own.to_string(), "")
        } else {
            (format!("{own} no"), ", no point of the sweep that fits")
        };
        let text = format!(
            "{} {} units x {}: {} kbit, {} {}{misses}",
            row.widths(),
            row.hidden,
            row.layers,
            short(self.kbit(row)),
            self.known.metric,
            row.value,
        );
        chart.mark(self.place(row), "s0", &class, &text);
        if !self.beaten(row) {
            chart.mark(self.place(row), "ring", "ring", &text);
        }
    }
}

/// Memory of the weights against the measure, one line per width: the picture of the paper.
#[must_use]
pub fn memory_against_accuracy(
    summary: &Summary,
    known: &Accuracies,
    input: Option<usize>,
) -> String {
    let drawing = Drawing {
        summary,
        known,
        input,
    };
    let mut chart = drawing.axes();
    let lines = drawing.lines();
    let classes: Vec<String> = line_classes(lines.keys().map(|(widths, ..)| widths.0.is_none()));
    for (rows, class) in lines.values().zip(&classes) {
        let points: Vec<(f64, f64)> = rows.iter().map(|row| drawing.place(row)).collect();
        chart.line(&points, &format!("curve {class}"));
    }
    for (rows, own) in lines.values().zip(&classes) {
        for row in rows {
            drawing.mark(&mut chart, row, own);
        }
    }
    for (rows, class) in lines.values().zip(&classes) {
        if let Some(row) = rows.last() {
            let layers = match row.layers {
                1 => String::new(),
                layers => format!(" x{layers}"),
            };
            let name = format!("{}{layers}", row.widths());
            chart.label(drawing.place(row), &name, class);
        }
    }
    chart.svg(&format!("Memory of the weights against {}", known.metric))
}
