//! The formats that a `QuantLSTM` or `QuantGRU` of `lprnn_quant` was trained with.

use super::StateDictReader;
use crate::diagnostic::Problem;
use crate::fixed::{LevelRule, QFormat};
use crate::import::error::refuse;
use crate::import::model::{FloatLayer, TrainedFractions};
use crate::import::tensors::Tensor;
use crate::spec::{CellKind, Numerics};

impl StateDictReader<'_> {
    /// Reads the buffer `fractions` of a `QuantLSTM` or `QuantGRU`.
    pub(super) fn fractions(&mut self) -> Result<(), Problem> {
        let name = format!("{}fractions", self.network.prefix);
        let Some(tensor) = self.tensors.get(&name) else {
            return Ok(());
        };
        let passes = self.model.layers.iter().flat_map(FloatLayer::passes);
        let cells: Vec<CellKind> = passes.map(|pass| pass.recurrence.kind()).collect();
        let found = tensor.integers().unwrap_or_default();
        let Some(fractions) = fractions(&found, &cells) else {
            let layers = self.model.layers.len();
            let (module, more) = match cells[0] {
                CellKind::Lstm => ("QuantLSTM", ""),
                CellKind::Gru => ("QuantGRU", ", the last two of each pass v of 2 to 24 bits,"),
            };
            return refuse(
                &name,
                format!(
                    "is not a buffer of a {module} of {layers} layers: {} int64 of -32 to 48{more} are wanted",
                    1 + OF_PASS * cells.len()
                ),
                "write it again by lprnn_quant",
            );
        };
        let more = if fractions.v.is_empty() {
            ""
        } else {
            ", and the format of v"
        };
        let meaning = format!(
            "fractions that the model was trained with: of x, then per layer and direction of both matrices{more}"
        );
        self.explain(&name, &meaning);
        self.model.fractions = Some(fractions);
        Ok(())
    }

    /// Reads the buffer `formats` beside the fractions; the first version, of an LSTM alone, had none.
    pub(super) fn formats(&mut self) -> Result<(), Problem> {
        let name = format!("{}formats", self.network.prefix);
        let is = |cell: CellKind| {
            let mut layers = self.model.layers.iter();
            layers.all(|layer| layer.recurrence.kind() == cell)
        };
        let trained = self.model.fractions.is_some();
        let found = match self.tensors.get(&name) {
            None if !trained || is(CellKind::Lstm) => return Ok(()),
            tensor => tensor.and_then(Tensor::integers).unwrap_or_default(),
        };
        let widths = widths(&found).filter(|widths| trained && is(widths.cell));
        let Some(widths) = widths else {
            let wanted = if is(CellKind::Gru) {
                "of a QuantGRU: int64 of version 3 or 5, bits of weights, h and x, bits and fraction of z, fraction \
                 of the gates, bits and fraction of s, levels, bits and fraction of v, in version 5 levels and \
                 fraction of h"
            } else {
                "of a QuantLSTM: int64 of a version 1, 2 or 4, bits of weights, h and x, bits and fraction of z, \
                 fraction of the gates, bits and fraction of c, from version 2 on levels, in version 4 levels and \
                 fraction of h"
            };
            return refuse(
                &name,
                format!(
                    "is not a buffer {wanted}, are wanted beside its fractions, here it is {found:?}"
                ),
                "write it again by lprnn_quant",
            );
        };
        self.explain(&name, "widths and formats that the model was trained with");
        if let Some(trained) = &mut self.model.fractions {
            trained.widths = Some(widths);
        }
        Ok(())
    }
}

/// Numbers of a pass in the buffer `fractions`.
const OF_PASS: usize = 8;

/// The buffer `fractions` of passes of these cells: that of x, then of each pass those of both matrices and, of a
/// GRU, bits and fraction of v.
fn fractions(found: &[i64], cells: &[CellKind]) -> Option<TrainedFractions> {
    let all = |from: &[i64]| -> Option<Vec<i32>> {
        let inside = |&value: &i64| (-32..=48).contains(&value).then_some(value as i32);
        from.iter().map(inside).collect()
    };
    let (x, passes) = found.split_at_checked(1)?;
    let mut fractions = TrainedFractions {
        x: all(x)?[0],
        ..TrainedFractions::default()
    };
    if passes.len() != OF_PASS * cells.len() {
        return None;
    }
    for (pass, cell) in passes.chunks_exact(OF_PASS).zip(cells) {
        let (ih, rest) = pass.split_at(cell.gates().len());
        let (hh, v) = rest.split_at(ih.len());
        fractions.passes.push([all(ih)?, all(hh)?]);
        if let &[bits, frac] = v {
            fractions.v.push(format(bits, frac, 2, 24)?);
        }
    }
    Some(fractions)
}

/// What the number of the levels says.
const LEVELS: [LevelRule; 3] = [LevelRule::Even, LevelRule::Odd, LevelRule::Auto];

/// The numbers as widths and formats; the ranges are those of `docs/numerics.md`. Version 2 has the levels
/// at its end, version 1 has even ones. Version 3 is of a GRU: levels, and v, or zeros where each pass has the one of its
/// fractions. Versions 4 and 5 are 2 and 3 with levels and fraction of h behind.
fn widths(found: &[i64]) -> Option<Numerics> {
    let (version, found, of_h) = match found {
        [4 | 5, rest @ .., levels, frac] => (found[0] - 2, rest, Some((*levels, *frac))),
        [version, rest @ ..] => (*version, rest, None),
        [] => return None,
    };
    let found = [&[version], found].concat();
    let plain = plain_widths(&found)?;
    let Some((levels, frac)) = of_h else {
        return Some(plain);
    };
    let numerics = Numerics {
        act_levels: Some(levels_of(levels)?),
        h_frac: Some(i32::try_from(frac).ok()?),
        ..plain
    };
    (-32..=32).contains(&frac).then_some(numerics)
}

fn levels_of(number: i64) -> Option<LevelRule> {
    LEVELS.get(usize::try_from(number).ok()?).copied()
}

/// Those of the first three versions.
fn plain_widths(found: &[i64]) -> Option<Numerics> {
    let (cell, fields, levels) = match found {
        [1, fields @ ..] => (CellKind::Lstm, fields, 0),
        [2, fields @ .., levels] => (CellKind::Lstm, fields, *levels),
        [3, fields @ .., levels, 0, 0] => (CellKind::Gru, fields, *levels),
        [3, fields @ .., levels, v_bits, v_frac] => {
            format(*v_bits, *v_frac, 2, 24)?;
            (CellKind::Gru, fields, *levels)
        }
        _ => return None,
    };
    let levels = levels_of(levels)?;
    let &[weight, act, input, z_bits, z_frac, a_frac, c_bits, c_frac] = fields else {
        return None;
    };
    Some(Numerics {
        cell,
        weight_bits: bits(weight, 1, 16)?,
        act_bits: bits(act, 1, 16)?,
        input_bits: bits(input, 1, 16)?,
        levels,
        act_levels: None,
        h_frac: None,
        row_scale_bits: None,
        z: format(z_bits, z_frac, 2, 12)?,
        gate_frac: bits(a_frac, 1, 14)?,
        c: format(c_bits, c_frac, 2, 32)?,
    })
}

fn bits(value: i64, least: u32, most: u32) -> Option<u32> {
    let value = u32::try_from(value).ok()?;
    (least..=most).contains(&value).then_some(value)
}

fn format(width: i64, frac: i64, least: u32, most: u32) -> Option<QFormat> {
    let frac = i32::try_from(frac).ok()?;
    let inside = (-32..=32).contains(&frac);
    inside.then_some(QFormat::new(bits(width, least, most)?, frac))
}

#[cfg(test)]
mod tests;
