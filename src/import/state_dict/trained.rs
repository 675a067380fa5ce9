//! The widths that a `QuantLSTM` of `lprnn_quant` was trained with.

use super::StateDictReader;
use crate::diagnostic::Problem;
use crate::fixed::{LevelRule, QFormat};
use crate::import::error::refuse;
use crate::spec::{CellKind, Numerics};

impl StateDictReader<'_> {
    /// Reads the buffer `formats` beside the fractions; the first version had none.
    pub(super) fn formats(&mut self) -> Result<(), Problem> {
        let name = format!("{}formats", self.network.prefix);
        let Some(tensor) = self.tensors.get(&name) else {
            return Ok(());
        };
        let found = tensor.integers().unwrap_or_default();
        let (Some(widths), Some(_)) = (widths(&found), &self.model.fractions) else {
            return refuse(
                &name,
                format!(
                    "is not a buffer of a QuantLSTM: int64 of a version 1 or 2, bits of weights, h and \
                     x, bits and fraction of z, fraction of the gates, bits and fraction of c, in \
                     version 2 levels, are wanted beside its fractions, here it is {found:?}"
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

/// What the last number of version 2 says.
const LEVELS: [LevelRule; 3] = [LevelRule::Even, LevelRule::Odd, LevelRule::Auto];

/// The numbers as widths and formats; the ranges are those of `docs/numerics.md`. Version 2 has the levels
/// at its end, version 1 has even ones.
fn widths(found: &[i64]) -> Option<Numerics> {
    let (fields, levels) = match found {
        [1, fields @ ..] => (fields, LevelRule::Even),
        [2, fields @ .., levels] => (fields, *LEVELS.get(usize::try_from(*levels).ok()?)?),
        _ => return None,
    };
    let &[weight, act, input, z_bits, z_frac, a_frac, c_bits, c_frac] = fields else {
        return None;
    };
    let bits = |value: i64, least: u32, most: u32| {
        let value = u32::try_from(value).ok()?;
        (least..=most).contains(&value).then_some(value)
    };
    let format = |width: i64, frac: i64, least: u32, most: u32| {
        let frac = i32::try_from(frac).ok()?;
        let inside = (-32..=32).contains(&frac);
        inside.then_some(QFormat::new(bits(width, least, most)?, frac))
    };
    Some(Numerics {
        cell: CellKind::Lstm,
        weight_bits: bits(weight, 1, 16)?,
        act_bits: bits(act, 1, 16)?,
        input_bits: bits(input, 1, 16)?,
        levels,
        row_scale_bits: None,
        z: format(z_bits, z_frac, 2, 12)?,
        gate_frac: bits(a_frac, 1, 14)?,
        c: format(c_bits, c_frac, 2, 32)?,
    })
}

#[cfg(test)]
mod tests;
