//! Matrix products of row-major slices, through `faer`.
//!
//! A product's result depends on its operands and shapes alone, whatever the threads: callers divide
//! the work in a fixed way, and how `faer` cuts a shared product into blocks does not depend on them
//! either (a training's files are compared to the byte in `tests/model/train.rs`).

use faer::linalg::matmul::matmul;
use faer::traits::ComplexField;
use faer::{Accum, MatMut, MatRef, Par};

/// A row-major matrix, or the transpose of one.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a, T> {
    data: &'a [T],
    rows: usize,
    columns: usize,
    transposed: bool,
}

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

    fn view(self) -> MatRef<'a, T> {
        let view = MatRef::from_row_major_slice(self.data, self.rows, self.columns);
        if self.transposed {
            view.transpose()
        } else {
            view
        }
    }
}

fn compute<T: ComplexField + Copy>(
    out: &mut [T],
    accum: Accum,
    a: Matrix<T>,
    b: Matrix<T>,
    par: Par,
) {
    let (a, b) = (a.view(), b.view());
    let out = MatMut::from_row_major_slice_mut(out, a.nrows(), b.ncols());
    matmul(out, accum, a, b, T::one_impl(), par);
}

/// `out = a * b` on one thread; `out` is row-major `[rows of a, columns of b]`.
///
/// # Panics
/// When the shapes do not fit.
pub fn product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Replace, a, b, Par::Seq);
}

/// `out += a * b`, shaped as in [`product`].
///
/// # Panics
/// When the shapes do not fit.
pub fn add_product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Add, a, b, Par::Seq);
}

/// Multiplications from which on a product is worth sharing.
const WORTH_SHARING: usize = 1 << 20;

/// All threads of the pool that this runs in, where the product is worth it.
fn pool<T>(a: &Matrix<T>, b: &Matrix<T>) -> Par {
    let columns = if b.transposed { b.rows } else { b.columns };
    let threads = rayon::current_num_threads();
    if threads == 1 || a.data.len().saturating_mul(columns) < WORTH_SHARING {
        Par::Seq
    } else {
        Par::rayon(threads)
    }
}

/// [`product`] on all threads of the pool.
///
/// # Panics
/// When the shapes do not fit.
pub fn shared_product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Replace, a, b, pool(&a, &b));
}

/// [`add_product`] on all threads of the pool.
///
/// # Panics
/// When the shapes do not fit.
pub fn shared_add_product<T: ComplexField + Copy>(out: &mut [T], a: Matrix<T>, b: Matrix<T>) {
    compute(out, Accum::Add, a, b, pool(&a, &b));
}
