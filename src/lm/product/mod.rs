//! Matrix products of row-major slices: blocks of the left side and panels of the right one are packed
//! into the order in which a tile of sums reads them (K. Goto, R. van de Geijn, "Anatomy of
//! high-performance matrix multiplication", ACM TOMS 34(3), 2008).
//!
//! A sum's order of additions depends on its length alone: not on threads, and not on the rows and
//! columns around it (a training's files are compared to the byte in `tests/model/train.rs`).

mod kernel;
mod matrix;

pub use kernel::Element;
pub use matrix::{Matrix, Packed};

use kernel::{most_rows, tile, width};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

/// Terms of a sum between two additions to the output: a block of the left side stays in the cache.
const DEPTH: usize = 256;
/// Rows of a block.
const ROWS: usize = 96;
/// Panels of a block, where the rows alone do not make enough of them.
const PANELS: usize = 8;
/// Multiplications from which on a product is worth sharing among threads.
const WORTH_SHARING: usize = 1 << 20;

/// `out = a * b` on all threads of the pool; `out` is row-major `[rows of a, columns of b]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn product<T: Element>(out: &mut [T], a: Matrix<T>, b: &Packed<T>) {
    compute(out, false, a, b);
}

/// `out += a * b`, shaped as in [`product`].
///
/// # Panics
/// When the shapes do not fit.
pub fn add_product<T: Element>(out: &mut [T], a: Matrix<T>, b: &Packed<T>) {
    compute(out, true, a, b);
}

fn compute<T: Element>(out: &mut [T], add: bool, a: Matrix<T>, b: &Packed<T>) {
    let ((rows, depth), columns) = (a.shape(), b.shape().1);
    assert_eq!(depth, b.shape().0, "a product of matrices that do not fit");
    assert_eq!(out.len(), rows * columns, "an output [{rows}, {columns}]");
    if out.is_empty() {
        return;
    }
    if depth == 0 {
        if !add {
            out.fill(T::default());
        }
        return;
    }
    let shared = rows * columns * depth >= WORTH_SHARING;
    let split = shared && rows < 4 * ROWS;
    let piece = if split {
        PANELS * width::<T>()
    } else {
        columns
    };
    let mut blocks: Vec<Block<T>> = Vec::new();
    for (index, out) in out.chunks_mut(ROWS * columns).enumerate() {
        let first = blocks.len();
        blocks.extend((0..columns).step_by(piece).map(|column| Block {
            out: Vec::with_capacity(ROWS),
            row: index * ROWS,
            panel: column / width::<T>(),
            add,
            a,
            b,
        }));
        for row in out.chunks_exact_mut(columns) {
            for (block, piece) in blocks[first..].iter_mut().zip(row.chunks_mut(piece)) {
                block.out.push(piece);
            }
        }
    }
    if shared {
        blocks
            .into_par_iter()
            .for_each(|block| Arch::new().dispatch(block));
    } else {
        for block in blocks {
            Arch::new().dispatch(block);
        }
    }
}

/// Some rows of some panels of a product.
struct Block<'a, T> {
    /// Pieces of the output's rows.
    out: Vec<&'a mut [T]>,
    row: usize,
    panel: usize,
    add: bool,
    a: Matrix<'a, T>,
    b: &'a Packed<T>,
}

impl<T: Element> WithSimd for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        let whole = self.b.shape().0;
        let mut packed = vec![T::default(); (self.out.len() + most_rows::<S>()) * DEPTH.min(whole)];
        for from in (0..whole).step_by(DEPTH) {
            let depth = from..(from + DEPTH).min(whole);
            let add = self.add || from > 0;
            self.tiles(simd, depth, &mut packed, add);
        }
    }
}

impl<T: Element> Block<'_, T> {
    /// Terms `depth` of all sums.
    #[inline(always)]
    fn tiles<S: Simd>(
        &mut self,
        simd: S,
        depth: std::ops::Range<usize>,
        packed: &mut [T],
        add: bool,
    ) {
        let rows = self.out.len();
        let heights = || {
            (0..rows)
                .step_by(most_rows::<S>())
                .map(move |row| (row, height::<S>(rows - row)))
        };
        for (row, height) in heights() {
            let packed = &mut packed[row * depth.len()..][..height * depth.len()];
            let here = (rows - row).min(height);
            let from = (self.row + row, depth.start);
            self.a.pack_rows(from, here, height, packed);
        }
        let mut sums = [T::default(); 12 * 32];
        for panel in 0..self.out[0].len().div_ceil(width::<T>()) {
            let b = self.b.panel(self.panel + panel, depth.clone());
            for (row, height) in heights() {
                let a = &packed[row * depth.len()..][..height * depth.len()];
                tile(simd, height, a, b, &mut sums);
                let sums = sums.chunks_exact(width::<T>());
                for (out, sums) in self.out[row..].iter_mut().zip(sums).take(height) {
                    put(&mut out[panel * width::<T>()..], sums, add);
                }
            }
        }
    }
}

/// Rows of the tile that takes what is left: all, two thirds or one third of the most.
#[inline(always)]
fn height<S: Simd>(left: usize) -> usize {
    let third = most_rows::<S>() / 3;
    left.div_ceil(third).min(3) * third
}

#[inline(always)]
fn put<T: Element>(out: &mut [T], sums: &[T], add: bool) {
    if add {
        out.iter_mut().zip(sums).for_each(|(out, &sum)| *out += sum);
    } else {
        out.iter_mut().zip(sums).for_each(|(out, &sum)| *out = sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantize::SplitMix;

    fn codes<T: From<i8>>(noise: &mut SplitMix, count: usize) -> Vec<T> {
        (0..count)
            .map(|_| T::from(noise.between(-99, 99) as i8))
            .collect()
    }

    /// Against the definition, where every sum is exact.
    fn exact<T: Element + From<i8> + Into<f64> + PartialEq + std::fmt::Debug>(
        (rows, depth, columns): (usize, usize, usize),
        noise: &mut SplitMix,
    ) {
        let a: Vec<T> = codes(noise, rows * depth);
        let b: Vec<T> = codes(noise, depth * columns);
        let at: Vec<T> = (0..a.len())
            .map(|i| a[i % rows * depth + i / rows])
            .collect();
        let bt: Vec<T> = (0..b.len())
            .map(|i| b[i % depth * columns + i / depth])
            .collect();
        let mut wanted = vec![0.0f64; rows * columns];
        for (i, slot) in wanted.iter_mut().enumerate() {
            let (row, column) = (i / columns, i % columns);
            *slot = (0..depth)
                .map(|k| a[row * depth + k].into() * b[k * columns + column].into())
                .sum();
        }
        let lefts = [
            Matrix::new(&a, rows, depth),
            Matrix::new(&at, depth, rows).t(),
        ];
        let rights = [
            Matrix::new(&b, depth, columns).pack(),
            Matrix::new(&bt, columns, depth).t().pack(),
        ];
        for (left, right) in lefts
            .iter()
            .flat_map(|a| rights.iter().map(move |b| (*a, b)))
        {
            let mut out = vec![T::from(3); rows * columns];
            product(&mut out, left, right);
            let got: Vec<f64> = out.iter().map(|&v| v.into()).collect();
            assert!(got == wanted, "[{rows}, {depth}] x [{depth}, {columns}]");
            add_product(&mut out, left, right);
            let twice = wanted.iter().map(|v| 2.0 * v);
            assert!(out.iter().map(|&v| v.into()).eq(twice));
        }
    }

    #[test]
    fn products_are_exact_at_every_edge() {
        let mut noise = SplitMix(7);
        for shape in [
            (1, 1, 1),
            (12, 256, 32),
            (13, 257, 33),
            (95, 3, 31),
            (97, 300, 65),
            (20, 513, 300),
            (400, 40, 70),
            (3, 0, 5),
        ] {
            exact::<f32>(shape, &mut noise);
            exact::<f64>(shape, &mut noise);
        }
        for _ in 0..40 {
            let mut side = |most| noise.between(1, most) as usize;
            let shape = (side(120), side(300), side(120));
            exact::<f32>(shape, &mut noise);
        }
    }
}
