//! One line of an accuracy file.

use super::super::network::Z_BITS;
use super::columns::Columns;
use super::table::AccuracyRow;
use crate::diagnostic::Problem;
use crate::fixed::LevelRule;
use crate::spec::DirectionKind;

/// A line with its header.
pub(super) struct Line<'a> {
    pub(super) header: &'a [String],
    pub(super) record: &'a csv::StringRecord,
    /// Its number, from 1.
    pub(super) number: usize,
}

impl Line<'_> {
    pub(super) fn cell(&self, column: usize) -> &str {
        self.record.get(column).unwrap_or("")
    }

    fn fault(&self, column: usize, problem: &str, remedy: &str) -> Problem {
        Problem::key(
            self.number,
            &self.header[column],
            format!("`{}` {problem}", self.cell(column)),
        )
        .help(remedy)
    }

    fn size(&self, column: usize) -> Result<usize, Problem> {
        match self.cell(column).parse::<usize>() {
            Ok(size) if (1..=4096).contains(&size) => Ok(size),
            _ => Err(self.fault(
                column,
                "is not a size",
                "give a whole number from 1 to 4096",
            )),
        }
    }

    /// Bits, none for float; and `true` for ternary weights.
    fn bits(&self, column: usize) -> Result<(Option<u32>, bool), Problem> {
        match self.cell(column).to_ascii_lowercase().as_str() {
            "float" | "f32" | "32" => Ok((None, false)),
            "ternary" => Ok((Some(2), true)),
            "binary" => Ok((Some(1), false)),
            text => match text.parse::<u32>() {
                Ok(bits) if (1..=8).contains(&bits) || bits == 16 => Ok((Some(bits), false)),
                _ => {
                    let remedy = "give 1 to 8, 16, float, or ternary";
                    Err(self.fault(column, "is not a width", remedy))
                }
            },
        }
    }

    fn flag(&self, column: usize) -> Result<bool, Problem> {
        match self.cell(column).to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" => Ok(true),
            "" | "0" | "false" | "no" => Ok(false),
            _ => Err(self.fault(column, "is not true or false", "give true or false")),
        }
    }

    /// The rule of levels of this name.
    fn levels(&self, column: usize) -> Result<LevelRule, Problem> {
        let named = self.cell(column).to_ascii_lowercase();
        let rule = LevelRule::ALL.into_iter().find(|rule| rule.word() == named);
        rule.ok_or_else(|| self.fault(column, "is no kind of levels", "give even, odd or auto"))
    }

    /// The direction of this name; nothing is forward.
    fn direction(&self, column: usize) -> Result<DirectionKind, Problem> {
        let named = self.cell(column).to_ascii_lowercase();
        let all = DirectionKind::ALL.into_iter();
        let found = all
            .filter(|kind| kind.word() == named || named.is_empty())
            .min();
        found.ok_or_else(|| {
            let remedy = "give forward, backward or bidirectional";
            self.fault(column, "is no direction", remedy)
        })
    }

    fn z_bits(&self, column: usize) -> Result<u32, Problem> {
        let bits = self.cell(column).parse().ok();
        bits.filter(|bits| Z_BITS.contains(bits))
            .ok_or_else(|| self.fault(column, "is no width of z", "give 5 to 12"))
    }

    /// Bits of the multipliers of rows; 0 or nothing: there are none.
    fn row_scale_bits(&self, column: usize) -> Result<u32, Problem> {
        match self.cell(column) {
            "" => Ok(0),
            text => (text.parse().ok())
                .filter(|bits| *bits == 0 || (2..=12).contains(bits))
                .ok_or_else(|| self.fault(column, "is not a width", "give 2 to 12, or 0 for none")),
        }
    }

    /// The row, or the cell that is wrong.
    pub(super) fn row(&self, columns: &Columns) -> Result<AccuracyRow, Problem> {
        let (weight_bits, mut ternary) = self.bits(columns.weight)?;
        let (act_bits, _) = self.bits(columns.act)?;
        let input = columns.input.map(|column| self.bits(column)).transpose()?;
        if let Some(column) = columns.ternary {
            ternary |= self.flag(column)?;
        }
        let value = self.cell(columns.value).parse::<f64>();
        let value = value.ok().filter(|value| value.is_finite());
        let value = value.ok_or_else(|| {
            self.fault(
                columns.value,
                "is not a finite number",
                "give the measured value",
            )
        })?;
        Ok(AccuracyRow {
            weight_bits: if ternary {
                weight_bits.map(|bits| bits.max(2))
            } else {
                weight_bits
            },
            act_bits,
            input_bits: input.and_then(|(bits, _)| bits),
            levels: columns
                .levels
                .map(|column| self.levels(column))
                .transpose()?,
            row_scale_bits: columns
                .row_scale_bits
                .map(|column| self.row_scale_bits(column))
                .transpose()?,
            z_bits: (columns.z_bits.map(|column| self.z_bits(column))).transpose()?,
            ternary,
            direction: (columns.direction)
                .map_or(Ok(DirectionKind::Forward), |column| self.direction(column))?,
            hidden: self.size(columns.hidden)?,
            layers: columns.layers.map_or(Ok(1), |column| self.size(column))?,
            value,
            line: self.number,
        })
    }
}
