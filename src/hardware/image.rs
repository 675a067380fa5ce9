//! The contents of a memory, bit by bit.

use bitvec::field::BitField;
use bitvec::prelude::{BitVec, Lsb0, bitvec};

/// A memory's contents: rows of equal width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Bits of a row.
    pub width: usize,
    /// Rows, lowest bit first.
    pub rows: Vec<BitVec<u32, Lsb0>>,
}

impl Image {
    pub(super) fn zeros(width: usize, rows: usize) -> Self {
        Self {
            width,
            rows: vec![bitvec![u32, Lsb0; 0; width]; rows],
        }
    }

    /// The rows as hexadecimal numbers, highest digit first, no prefix.
    pub fn hex_rows(&self) -> impl Iterator<Item = String> + '_ {
        self.rows.iter().map(|row| {
            row.chunks(4)
                .rev()
                .map(|digit| char::from_digit(digit.load_le::<u32>(), 16).unwrap_or('0'))
                .collect()
        })
    }

    /// Columns that are not the same in every row.
    #[must_use]
    pub fn varying_columns(&self) -> usize {
        let Some(first) = self.rows.first() else {
            return 0;
        };
        let mut varying = bitvec![u32, Lsb0; 0; self.width];
        for row in &self.rows {
            varying |= row.clone() ^ first;
        }
        varying.count_ones()
    }

    /// The digest that `lprnn_rom` checks in simulation: FNV-1a over the 32-bit words of all rows.
    #[must_use]
    pub fn digest(&self) -> u32 {
        self.rows
            .iter()
            .flat_map(|row| row.chunks(32))
            .fold(0x811c_9dc5, |hash: u32, word| {
                (hash ^ word.load_le::<u32>()).wrapping_mul(0x0100_0193)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_vary_when_two_rows_differ_in_them() {
        let mut image = Image::zeros(40, 3);
        assert_eq!(image.varying_columns(), 0);
        image.rows[1].set(3, true);
        image.rows[2].set(39, true);
        for row in &mut image.rows {
            row.set(7, true);
        }
        assert_eq!(image.varying_columns(), 2);
        assert_eq!(Image::zeros(4, 0).varying_columns(), 0);
    }
}
