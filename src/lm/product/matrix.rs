//! Row-major matrices, and the order in which a product reads them.

use super::kernel::{Element, width};
use rayon::prelude::*;

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

/// Rows of a transposed matrix that are packed in one go, while the panel's lines are near.
const NEAR: usize = 16;

impl<'a, T> Matrix<'a, T> {
    /// `data` as `[rows, columns]`.
    ///
    /// # Panics
    /// When `data` has another length.
    #[must_use]
    pub fn new(data: &'a [T], rows: usize, columns: usize) -> Self {
        assert_eq!(data.len(), rows * columns, "a matrix [{rows}, {columns}]");
        Self {
            data,
            rows,
            columns,
            transposed: false,
        }
    }

    /// `data` as rows of `columns` elements.
    ///
    /// # Panics
    /// When the rows do not come out even.
    #[must_use]
    pub fn of_columns(data: &'a [T], columns: usize) -> Self {
        Self::new(data, data.len() / columns, columns)
    }

    /// The transpose; nothing moves.
    #[must_use]
    pub fn t(self) -> Self {
        Self {
            transposed: !self.transposed,
            ..self
        }
    }

    /// Rows and columns, after transposition.
    pub(super) fn shape(&self) -> (usize, usize) {
        if self.transposed {
            (self.columns, self.rows)
        } else {
            (self.rows, self.columns)
        }
    }
}

impl<T: Element> Matrix<'_, T> {
    /// Columns `from.1..from.1 + depth` of `rows` rows from `from.0` on, side by side:
    /// `packed[k][i]`, `height` of them, zeros where there are no more rows.
    #[inline(always)]
    pub(super) fn pack_rows(
        &self,
        from: (usize, usize),
        rows: usize,
        height: usize,
        packed: &mut [T],
    ) {
        let depth = packed.len() / height;
        if self.transposed {
            let lines = self.data[from.1 * self.columns..].chunks(self.columns);
            for (packed, line) in packed.chunks_exact_mut(height).zip(lines) {
                packed[..rows].copy_from_slice(&line[from.0..from.0 + rows]);
                packed[rows..].fill(T::default());
            }
            return;
        }
        for i in 0..height {
            let slots = packed[i..].iter_mut().step_by(height);
            if i < rows {
                let line = &self.data[(from.0 + i) * self.columns + from.1..][..depth];
                slots.zip(line).for_each(|(slot, &value)| *slot = value);
            } else {
                slots.for_each(|slot| *slot = T::default());
            }
        }
    }

    /// The matrix as the right side of products. Worth keeping where there are several.
    #[must_use]
    pub fn pack(self) -> Packed<T> {
        let (depth, columns) = self.shape();
        let mut panels = vec![T::default(); columns.div_ceil(width::<T>()) * depth * width::<T>()];
        panels
            .par_chunks_mut((depth * width::<T>()).max(1))
            .enumerate()
            .with_min_len((1usize << 16).div_ceil(depth.max(1) * width::<T>()))
            .for_each(|(index, panel)| self.pack_columns(index * width::<T>(), panel));
        Packed {
            panels,
            depth,
            columns,
        }
    }

    fn pack_columns(&self, from: usize, panel: &mut [T]) {
        let count = width::<T>().min(self.shape().1 - from);
        if !self.transposed {
            let lines = self.data.chunks_exact(self.columns);
            for (panel, line) in panel.chunks_exact_mut(width::<T>()).zip(lines) {
                panel[..count].copy_from_slice(&line[from..from + count]);
            }
            return;
        }
        let lines = &self.data[from * self.columns..][..count * self.columns];
        for (block, panel) in panel.chunks_mut(NEAR * width::<T>()).enumerate() {
            for (j, line) in lines.chunks_exact(self.columns).enumerate() {
                let slots = panel[j..].iter_mut().step_by(width::<T>());
                let values = &line[block * NEAR..];
                slots.zip(values).for_each(|(slot, &value)| *slot = value);
            }
        }
    }
}

/// A matrix in panels of some columns, `[panels, depth, width]`, filled up with zeros.
#[derive(Clone, Debug)]
pub struct Packed<T> {
    panels: Vec<T>,
    depth: usize,
    columns: usize,
}

impl<T> Packed<T> {
    /// Rows and columns.
    pub(super) fn shape(&self) -> (usize, usize) {
        (self.depth, self.columns)
    }

    /// Rows `rows` of panel `index`, `[rows, width]`.
    #[inline(always)]
    pub(super) fn panel(&self, index: usize, rows: std::ops::Range<usize>) -> &[T] {
        let panel = &self.panels[index * self.depth * width::<T>()..];
        &panel[rows.start * width::<T>()..rows.end * width::<T>()]
    }
}
